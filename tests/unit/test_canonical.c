/* The header written back: canonical for signatures, plain for views, with metadata for writers.
 * Expected bytes stand here in full. */
#include <stdlib.h>

#include "header.h"
#include "support.h"

static void parse(struct ct_header *header, const char *text, uint64_t data)
{
	struct ct_error err;
	ck_assert_msg(ct_header_parse(header, text, strlen(text), 8 + strlen(text) + data, &err) == 0,
		      "%s", err.message);
}

static const struct {
	const char *text;
	unsigned data;
	const char *canonical, *plain;
} forms[] = {
	/* nothing at all; no metadata; empty metadata */
	{"{}", 0, "{}", "{}"},
	{" { } \n", 0, "{}", "{}"},
	{"{\"__metadata__\":{}}", 0, "{}", "{}"},
	/* white space, order of fields */
	{"{ \"t\" : { \"data_offsets\" : [ 0 , 8 ] ,\t\"shape\":[ 2 ,\n1 ], \"dtype\":\"F32\" } }  ", 8,
	 "{\"t\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}",
	 "{\"t\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}"},
	/* a scalar's shape */
	{"{\"t\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4,
	 "{\"t\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
	 "{\"t\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}"},
	/* metadata by key, in byte order, without the signature; before the tensors wherever it stood */
	{"{\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
	 "\"__metadata__\":{\"b\":\"1\",\"__signature__\":\"s\",\"a\":\"2\",\"\xc3\xa9\":\"3\",\"B\":\"4\","
	 "\"__policy__\":\"p\",\"ab\":\"5\",\"__encryption__\":\"e\",\"\":\"6\",\"__crypto_keys__\":\"k\"}}",
	 1,
	 "{\"__metadata__\":{\"\":\"6\",\"B\":\"4\",\"__crypto_keys__\":\"k\",\"__encryption__\":\"e\","
	 "\"__policy__\":\"p\",\"a\":\"2\",\"ab\":\"5\",\"b\":\"1\",\"\xc3\xa9\":\"3\"},"
	 "\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
	 "{\"__metadata__\":{\"b\":\"1\",\"a\":\"2\",\"\xc3\xa9\":\"3\",\"B\":\"4\",\"ab\":\"5\",\"\":\"6\"},"
	 "\"t\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"},
	/* nothing but a signature */
	{"{\"__metadata__\":{\"__signature__\":\"s\"}}", 0, "{}", "{}"},
	/* escapes: as few as there can be, control characters named or in lower case */
	{"{\"__metadata__\":{\"q\\u0022b\\u005cs\\/\\u002f\":\"\\u0008\\u0009\\u000a\\u000c\\u000d\\b\\t\\n\\f\\r\","
	 "\"u\":\"\\u0001\\u001F\\u001a\\u000b\\u007f\\u0020\\u00E9\\u20ac\\ud83d\\uDE00<>&'\\u2028\"},"
	 "\"\\u0074\\\"\":{\"dtype\":\"\\u00558\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
	 "{\"__metadata__\":{\"q\\\"b\\\\s//\":\"\\b\\t\\n\\f\\r\\b\\t\\n\\f\\r\","
	 "\"u\":\"\\u0001\\u001f\\u001a\\u000b\x7f \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80<>&'\xe2\x80\xa8\"},"
	 "\"t\\\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
	 "{\"__metadata__\":{\"q\\\"b\\\\s//\":\"\\b\\t\\n\\f\\r\\b\\t\\n\\f\\r\","
	 "\"u\":\"\\u0001\\u001f\\u001a\\u000b\x7f \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80<>&'\xe2\x80\xa8\"},"
	 "\"t\\\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"},
	/* keys are sorted as what they say, not as they are written: '"' (22) is before '#' (23) */
	{"{\"__metadata__\":{\"#\":\"1\",\"\\\"\":\"2\"}}", 0,
	 "{\"__metadata__\":{\"\\\"\":\"2\",\"#\":\"1\"}}", "{\"__metadata__\":{\"#\":\"1\",\"\\\"\":\"2\"}}"},
	/* tensors in data order; empty ones before what begins at their place; ties as listed */
	{"{\"z\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]},"
	 "\"n\":{\"dtype\":\"F32\",\"shape\":[0,9],\"data_offsets\":[1,1]},"
	 "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]},"
	 "\"y\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
	 "\"m\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[1,1]},"
	 "\"e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[3,3]}}", 3,
	 "{\"y\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
	 "\"n\":{\"dtype\":\"F32\",\"shape\":[0,9],\"data_offsets\":[1,1]},"
	 "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]},"
	 "\"m\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[1,1]},"
	 "\"z\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]},"
	 "\"e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[3,3]}}",
	 "{\"z\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]},"
	 "\"n\":{\"dtype\":\"F32\",\"shape\":[0,9],\"data_offsets\":[1,1]},"
	 "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1,1]},"
	 "\"y\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
	 "\"m\":{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[1,1]},"
	 "\"e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[3,3]}}"},
	/* the largest integer that is exact */
	{"{\"t\":{\"dtype\":\"U8\",\"shape\":[0,9007199254740992],\"data_offsets\":[0,0]}}", 0,
	 "{\"t\":{\"dtype\":\"U8\",\"shape\":[0,9007199254740992],\"data_offsets\":[0,0]}}",
	 "{\"t\":{\"dtype\":\"U8\",\"shape\":[0,9007199254740992],\"data_offsets\":[0,0]}}"},
};

START_TEST(form)
{
	struct ct_header header;
	struct ct_error err;
	struct ct_buffer canonical = {0}, plain = {0};
	parse(&header, forms[_i].text, forms[_i].data);
	ck_assert_int_eq(ct_header_put_canonical(&header, NULL, 0, &canonical, &err), 0);
	ck_assert_str_eq(canonical.data, forms[_i].canonical);
	ck_assert_uint_eq(canonical.len, strlen(forms[_i].canonical));
	ct_header_put_plain(&header, &plain);
	ck_assert_int_eq(ct_buffer_check(&plain, &err), 0);
	ck_assert_str_eq(plain.data, forms[_i].plain);
	ck_assert_uint_le(plain.len, header.length);
	ct_header_clear(&header);

	/* Written back, it says the same. */
	struct ct_buffer again = {0};
	parse(&header, forms[_i].canonical, forms[_i].data);
	ck_assert_int_eq(ct_header_put_canonical(&header, NULL, 0, &again, &err), 0);
	ck_assert_str_eq(again.data, forms[_i].canonical);
	ct_header_clear(&header);
	ct_buffer_free(&again);
	ct_buffer_free(&canonical);
	ct_buffer_free(&plain);
}
END_TEST

static const struct ct_metadata extra[] = {
	{"__policy__", "{\"local\":\"p\"}"},
	{"a", "1"},
	{"__signature__", "s"},
};

START_TEST(extra_metadata)
{
	static const char text[] =
		"{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]},"
		"\"__metadata__\":{\"m\":\"2\",\"b\":\"3\"},"
		"\"y\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
	struct ct_header header;
	struct ct_error err;
	struct ct_buffer out = {0}, canonical = {0};
	parse(&header, text, 2);
	ct_header_put(&header, extra, COUNT(extra), &out);
	ck_assert_str_eq(out.data,
			 "{\"__metadata__\":{\"m\":\"2\",\"b\":\"3\","
			 "\"__policy__\":\"{\\\"local\\\":\\\"p\\\"}\",\"a\":\"1\",\"__signature__\":\"s\"},"
			 "\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]},"
			 "\"y\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}");
	ck_assert_int_eq(ct_header_put_canonical(&header, extra, COUNT(extra), &canonical, &err), 0);
	ck_assert_str_eq(canonical.data,
			 "{\"__metadata__\":{\"__policy__\":\"{\\\"local\\\":\\\"p\\\"}\",\"a\":\"1\",\"b\":\"3\","
			 "\"m\":\"2\"},"
			 "\"y\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
			 "\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}");
	ct_header_clear(&header);
	ct_buffer_free(&out);
	ct_buffer_free(&canonical);
}
END_TEST

/* Random names and values: the plain form fits in the place of whatever it was parsed from, however
 * that spelled it. */
START_TEST(never_longer)
{
	static const char *const atoms[] = {
		"a", "/", "\\/", "\\\"", "\\\\", "\\b", "\\u0008", "\\u001F", "\\u007f", "\x7f", "\\u00e9",
		"\xc3\xa9", "\\u20AC", "\xe2\x82\xac", "\\ud83d\\ude00", "\xf0\x9f\x98\x80", " ", "\\n", "\\u0041",
	};
	struct rng rng = rng_new("never longer");
	for (int round = 0; round < 2000; round++) {
		struct memory text;
		struct ct_header header;
		struct ct_error err;
		struct ct_buffer plain = {0};
		memory_init(&text);
		memory_put(&text, "{\"__metadata__\":{\"k", 19);
		for (int part = 0; part < 3; part++) {
			for (uint64_t n = rng_below(&rng, 10); n > 0; n--) {
				const char *atom = atoms[rng_below(&rng, COUNT(atoms))];
				memory_put(&text, atom, strlen(atom));
			}
			static const char *const joints[] = {
				"\":\"", "\"},\"t", "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"};
			memory_put(&text, joints[part], strlen(joints[part]));
		}
		ck_assert_msg(ct_header_parse(&header, (char *)text.bytes, text.size, 8 + text.size, &err)
				      == 0, "%s in %.*s", err.message, (int)text.size, (char *)text.bytes);
		ct_header_put_plain(&header, &plain);
		ck_assert_uint_le(plain.len, text.size);
		ct_buffer_free(&plain);
		ct_header_clear(&header);
		memory_free(&text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("canonical");
	TCase *tcase = add_case(suite, "canonical");
	tcase_add_loop_test(tcase, form, 0, COUNT(forms));
	tcase_add_test(tcase, extra_metadata);
	tcase_add_test(tcase, never_longer);
	return run_suite(suite);
}
