/* Strict JSON: RFC 8259's grammar, RFC 3629's UTF-8, and what the format asks for beyond them. */
#include <stdlib.h>

#include "json.h"
#include "support.h"

enum { ANY = 0, EXACT = CT_JSON_EXACT_NUMBERS };

static cJSON *parse(const char *text, int flags, struct ct_error *err)
{
	/* An allocation of exactly the text: sanitizers see a read behind it. */
	size_t len = strlen(text);
	char *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, text, len);
	*err = (struct ct_error){0};
	cJSON *tree = ct_json_parse(copy, len, flags, "what", err);
	free(copy);
	return tree;
}

#define DEEP16 "[[[[[[[[[[[[[[[["
#define DEEP16_END "]]]]]]]]]]]]]]]]"

static const struct {
	int flags;
	const char *text;
} accepted[] = {
	{EXACT, "{}"},
	{EXACT, "[]"},
	{EXACT, " \t\r\n{ \"a\" : [ 0 , 1 ] } \n"},
	{EXACT, "\"\""},
	{EXACT, "0"},
	{EXACT, "9007199254740992"},
	{EXACT, "true"},
	{EXACT, "[true,false,null]"},
	{EXACT, "\"\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u0001 \\u00e9 \\uD834\\udd1e\""},
	{EXACT, "\"\x7f \xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf\""},
	{EXACT, "\"\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\""},
	{EXACT, "{\"a\":1,\"A\":2,\"\":3}"},
	{EXACT, "[{\"a\":1},{\"a\":1}]"},
	{EXACT, "{\"a\":{\"a\":{\"a\":0}}}"},
	{EXACT, DEEP16 DEEP16_END},
	{ANY, "[-0,-1,1.5,1e3,1E+3,1e-3,0.1e1,18446744073709551616]"},
};

START_TEST(acceptance)
{
	struct ct_error err;
	cJSON *tree = parse(accepted[_i].text, accepted[_i].flags, &err);
	ck_assert_msg(tree != NULL, "%s: %s", accepted[_i].text, err.message);
	cJSON_Delete(tree);
}
END_TEST

/* Some releases of cJSON take at most 63 characters: that is no lack of memory. */
START_TEST(long_number)
{
	struct ct_error err;
	char text[83];
	memset(text, '1', sizeof text);
	text[0] = '[';
	text[sizeof text - 2] = ']';
	text[sizeof text - 1] = '\0';
	cJSON *tree = parse(text, ANY, &err);
	ck_assert_msg(tree != NULL || err.code == CT_E_FORMAT, "%s", err.message);
	cJSON_Delete(tree);
}
END_TEST

static const struct {
	int flags;
	const char *text, *part;
} refused[] = {
	/* grammar */
	{ANY, "", "ends too early at byte 0"},
	{ANY, "  ", "ends too early at byte 2"},
	{ANY, "{", "a key was expected"},
	{ANY, "[", "ends too early"},
	{ANY, "[1", "',' or an end"},
	{ANY, "[1,", "ends too early"},
	{ANY, "[1,]", "not JSON"},
	{ANY, "[,1]", "not JSON"},
	{ANY, "[1 2]", "',' or an end"},
	{ANY, "[1}", "',' or an end"},
	{ANY, "{\"a\":1]", "',' or an end"},
	{ANY, "{\"a\"}", "':' was expected"},
	{ANY, "{\"a\":}", "not JSON"},
	{ANY, "{\"a\":1,}", "a key was expected"},
	{ANY, "{a:1}", "a key was expected"},
	{ANY, "{'a':1}", "a key was expected"},
	{ANY, "{1:1}", "a key was expected"},
	{ANY, "{}{}", "text behind the end at byte 2"},
	{ANY, "{} x", "text behind the end at byte 3"},
	{ANY, "]", "not JSON"},
	{ANY, "nul", "not JSON"},
	{ANY, "True", "not JSON"},
	{ANY, "nulll", "text behind the end"},
	{ANY, "NaN", "not JSON"},
	{ANY, "Infinity", "not JSON"},
	{ANY, "/**/1", "not JSON"},
	{ANY, "\xef\xbb\xbf{}", "not JSON"},
	{ANY, "\f{}", "not JSON"},
	{ANY, "[\v1]", "not JSON"},
	/* numbers */
	{ANY, "+1", "not JSON"},
	{ANY, ".5", "not JSON"},
	{ANY, "1.", "a broken number"},
	{ANY, "1.e3", "a broken number"},
	{ANY, "1e", "a broken number"},
	{ANY, "1e+", "a broken number"},
	{ANY, "-", "a broken number"},
	{ANY, "--1", "a broken number"},
	{ANY, "01", "leading zero"},
	{ANY, "-01", "leading zero"},
	{ANY, "00", "leading zero"},
	{ANY, "0x10", "text behind the end"},
	{EXACT, "1.0", "not an exact integer"},
	{EXACT, "1e3", "not an exact integer"},
	{EXACT, "1E0", "not an exact integer"},
	{EXACT, "-1", "not an exact integer"},
	{EXACT, "-0", "not an exact integer"},
	{EXACT, "9007199254740993", "not an exact integer"},
	{EXACT, "18446744073709551616", "not an exact integer"},
	{EXACT, "18446744073709551617", "not an exact integer"},
	{EXACT, "340282366920938463463374607431768211457", "not an exact integer"},
	{EXACT, "01", "leading zero"},
	/* strings */
	{ANY, "\"", "without an end"},
	{ANY, "\"abc", "without an end"},
	{ANY, "\"\\\"", "without an end"},
	{ANY, "\"\\", "unknown escape"},
	{ANY, "\"\\x\"", "unknown escape"},
	{ANY, "\"\\'\"", "unknown escape"},
	{ANY, "\"\n\"", "control character"},
	{ANY, "\"\t\"", "control character"},
	{ANY, "\"\x1f\"", "control character"},
	{ANY, "\"\\u\"", "broken \\u escape"},
	{ANY, "\"\\u12", "broken \\u escape"},
	{ANY, "\"\\u12g4\"", "broken \\u escape"},
	{ANY, "\"\\u 123\"", "broken \\u escape"},
	{ANY, "\"\\u+123\"", "broken \\u escape"},
	{ANY, "\"\\u0000\"", "\\u0000 in a string"},
	{ANY, "{\"a\\u0000b\":1}", "\\u0000 in a string"},
	{ANY, "\"\\ud800\"", "surrogate"},
	{ANY, "\"\\udbff x\"", "surrogate"},
	{ANY, "\"\\udc00\"", "surrogate"},
	{ANY, "\"\\udfff\"", "surrogate"},
	{ANY, "\"\\ud800\\ud800\"", "surrogate"},
	{ANY, "\"\\ud800\\u0041\"", "surrogate"},
	{ANY, "\"\\ud800\\n\"", "surrogate"},
	{ANY, "\"\\ud834\\udd1\"", "broken \\u escape"},
	/* UTF-8 */
	{ANY, "\"\x80\"", "invalid UTF-8 at byte 1"},
	{ANY, "\"ab\xbf\"", "invalid UTF-8 at byte 3"},
	{ANY, "\"\xc0\xaf\"", "invalid UTF-8"},
	{ANY, "\"\xc1\xbf\"", "invalid UTF-8"},
	{ANY, "\"\xe0\x9f\xbf\"", "invalid UTF-8"},
	{ANY, "\"\xf0\x8f\xbf\xbf\"", "invalid UTF-8"},
	{ANY, "\"\xed\xa0\x80\"", "invalid UTF-8"},
	{ANY, "\"\xed\xbf\xbf\"", "invalid UTF-8"},
	{ANY, "\"\xf4\x90\x80\x80\"", "invalid UTF-8"},
	{ANY, "\"\xf5\x80\x80\x80\"", "invalid UTF-8"},
	{ANY, "\"\xff\"", "invalid UTF-8"},
	{ANY, "\"\xfe\xfe\"", "invalid UTF-8"},
	{ANY, "\"\xc3\"", "invalid UTF-8"},
	{ANY, "\"\xe2\x82\"", "invalid UTF-8"},
	{ANY, "\"\xf0\x9f\x98\"", "invalid UTF-8"},
	{ANY, "\"\xc3", "invalid UTF-8"},
	{ANY, "\"\xe2\x82", "invalid UTF-8"},
	{ANY, "\"\xf0\x9f\x98", "invalid UTF-8"},
	{ANY, "\"\xe2\x28\xa1\"", "invalid UTF-8"},
	{ANY, "\"\xe2\x82\x28\"", "invalid UTF-8"},
	{ANY, "{\"\xc0\x80\":1}", "invalid UTF-8"},
	/* beyond the RFC */
	{ANY, "[" DEEP16 DEEP16_END "]", "nested too deeply at byte 16"},
	{ANY, "{\"a\":1,\"a\":1}", "the key 'a' is there twice"},
	{ANY, "{\"a\":1,\"b\":2,\"\\u0061\":3}", "the key 'a' is there twice"},
	{ANY, "{\"\":1,\"\":1}", "the key '' is there twice"},
	{ANY, "[[{\"x\":{\"k\":1,\"l\":2,\"k\":3}}]]", "the key 'k' is there twice"},
	{ANY, "{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1}x", "behind the end"},
	{ANY, "{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"1\":1}", "'1' is there twice"},
	{ANY, "{\"1\":1,\"2\":1,\"3\":1,\"4\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"1\":1}",
	 "'1' is there twice"},
	{ANY, "{\"1\":1,\"2\":1,\"3\":1,\"9\":1,\"5\":1,\"6\":1,\"7\":1,\"8\":1,\"4\":1,\"9\":1}",
	 "'9' is there twice"},
};

START_TEST(refusal)
{
	struct ct_error err;
	cJSON *tree = parse(refused[_i].text, refused[_i].flags, &err);
	int status = tree == NULL ? -1 : 0;
	cJSON_Delete(tree);
	assert_error(status, &err, CT_E_FORMAT, refused[_i].part);
	ck_assert_msg(strncmp(err.message, "what: ", 6) == 0, "%s", err.message);
}
END_TEST

START_TEST(zero_bytes)
{
	struct ct_error err;
	assert_error(ct_json_check("{}\0", 3, ANY, "what", &err), &err, CT_E_FORMAT, "behind the end");
	assert_error(ct_json_check("\"\0\"", 3, ANY, "what", &err), &err, CT_E_FORMAT, "control");
	assert_error(ct_json_check("\0{}", 3, ANY, "what", &err), &err, CT_E_FORMAT, "not JSON");
	assert_error(ct_json_check("\"\\\0\"", 4, ANY, "what", &err), &err, CT_E_FORMAT, "escape");
	assert_error(ct_json_check("[1\0]", 4, ANY, "what", &err), &err, CT_E_FORMAT, "an end");
}
END_TEST

/* Nesting is refused before anything recurses. */
START_TEST(very_deep)
{
	struct ct_error err;
	size_t len = 1 << 20;
	char *text = malloc(len);
	memset(text, '[', len);
	assert_error(ct_json_check(text, len, ANY, "what", &err), &err, CT_E_FORMAT, "deeply");
	free(text);
}
END_TEST

/* RFC 3629 by arithmetic: decode, ask whether that is how the value is written. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t need = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf8 ? 4 : 0;
	if (need == 0 || need > left)
		return 0;
	if (need == 1)
		return 1;
	uint32_t value = p[0] & (0x7fu >> need);
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3fu);
	}
	bool fits = value >= least[need] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
	return fits ? need : 0;
}

static void compare_utf8(const unsigned char *bytes, size_t len)
{
	struct ct_error err;
	char text[8];
	bool valid = true;
	for (size_t at = 0, step; valid && at < len; at += step) {
		step = utf8_len(bytes + at, len - at);
		valid = step > 0 && bytes[at] >= 0x20 && bytes[at] != '"' && bytes[at] != '\\';
	}
	text[0] = '"';
	memcpy(text + 1, bytes, len);
	text[len + 1] = '"';
	int status = ct_json_check(text, len + 2, ANY, "what", &err);
	if ((status == 0) != valid)
		ck_abort_msg("%02x %02x %02x %02x, %zu bytes: %s", bytes[0], bytes[1], bytes[2], bytes[3],
			     len, status == 0 ? "accepted" : err.message);
}

START_TEST(utf8)
{
	static const unsigned char edges[] = {0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
	for (unsigned a = 0x23; a < 256; a++) {
		for (unsigned b = 0x7e; b < 256; b++) {
			unsigned char bytes[4] = {(unsigned char)a, (unsigned char)b, 0, 0};
			if (a == '\\')
				continue;
			compare_utf8(bytes, 1);
			compare_utf8(bytes, 2);
			for (size_t c = 0; a >= 0xc0 && c < COUNT(edges); c++) {
				bytes[2] = edges[c];
				compare_utf8(bytes, 3);
				for (size_t d = 0; a >= 0xe0 && d < COUNT(edges); d++) {
					bytes[3] = edges[d];
					compare_utf8(bytes, 4);
				}
			}
		}
	}
}
END_TEST

/* --- members one at a time --- */

struct walk {
	const cJSON *next; /* the member that is expected */
	unsigned stop_at, seen;
};

static int compare_member(void *context, cJSON *item, struct ct_error *err)
{
	struct walk *walk = context;
	if (walk->stop_at > 0 && ++walk->seen == walk->stop_at)
		return ct_fail(err, CT_E_ARGUMENT, "enough");
	ck_assert_ptr_nonnull(walk->next);
	ck_assert_str_eq(item->string, walk->next->string);
	ck_assert(cJSON_Compare(item, walk->next, true));
	walk->next = walk->next->next;
	return 0;
}

static int each(const char *text, size_t len, struct walk *walk, struct ct_error *err)
{
	char *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, text, len);
	int status = ct_json_each(copy, len, ANY, "what", NULL, compare_member, walk, err);
	free(copy);
	return status;
}

static const struct {
	const char *text, *part; /* part NULL: it is read */
} objects[] = {
	{"{}", NULL},
	{" { } ", NULL},
	{"{\"a\":1}", NULL},
	{"\t{ \"a\" : 1 ,\n\"b\":[ ] , \"\":{ } }\r\n", NULL},
	{"{\"}\":\"]\\\"}\",\"\\\\\":\"\\\\\",\"x\":[{\"y\":\"[{,\"},[[]],-1.5e3,null]}", NULL},
	{"{\"a\":true,\"b\":false,\"c\":null,\"d\":0,\"e\":\"\\u00e9\"}", NULL},
	{"{\"a\":1,\"a\":2}", NULL}, /* left to the caller */
	{"{\"a\":{\"b\":1,\"b\":1}}", "the key 'b' is there twice"},
	{"{\"a\":[{\"b\":1,\"b\":1}]}", "the key 'b' is there twice"},
	{"[]", "not a JSON object"},
	{"\"{}\"", "not a JSON object"},
	{"1", "not a JSON object"},
	{"", "ends too early"},
	{"{\"a\":1", "',' or an end"},
	{"{\"a\":1}x", "behind the end"},
};

START_TEST(members)
{
	struct ct_error err = {0};
	const char *text = objects[_i].text;
	cJSON *tree = cJSON_ParseWithLength(text, strlen(text));
	struct walk walk = {.next = cJSON_IsObject(tree) ? tree->child : NULL};
	int status = each(text, strlen(text), &walk, &err);
	if (objects[_i].part != NULL) {
		assert_error(status, &err, CT_E_FORMAT, objects[_i].part);
	} else {
		ck_assert_msg(status == 0, "%s", err.message);
		ck_assert_ptr_null(walk.next);
	}
	cJSON_Delete(tree);
}
END_TEST

START_TEST(members_stop)
{
	struct ct_error err = {0};
	struct walk walk = {.stop_at = 1};
	assert_error(each("{\"a\":1,\"b\":2}", 13, &walk, &err), &err, CT_E_ARGUMENT, "enough");
	ck_assert_uint_eq(walk.seen, 1);
}
END_TEST

/* Valid texts with bytes changed, removed or doubled: what is accepted, cJSON must accept too, and
 * member by member it is the same. */
START_TEST(mutations)
{
	static const char base[] = "{\"k\\u00e9\":[0,12,{\"x\":null,\"\xc3\xa9\":true}],\"y\":\"a\\nb\"}";
	struct rng rng = rng_new("json mutations");
	size_t taken = 0;
	for (int round = 0; round < 20000; round++) {
		char text[sizeof base + 2];
		size_t len = sizeof base - 1;
		memcpy(text, base, len);
		for (uint64_t edits = 1 + rng_below(&rng, 3); edits > 0; edits--) {
			size_t at = rng_below(&rng, len);
			switch (rng_below(&rng, 3)) {
			case 0:
				text[at] = (char)rng_next(&rng);
				break;
			case 1:
				memmove(text + at, text + at + 1, len - at - 1);
				len--;
				break;
			default:
				if (len < sizeof text) {
					memmove(text + at + 1, text + at, len - at);
					len++;
				}
			}
		}
		struct ct_error err;
		if (ct_json_check(text, len, ANY, "what", &err) < 0)
			continue;
		taken++;
		cJSON *tree = cJSON_ParseWithLength(text, len);
		ck_assert_msg(tree != NULL, "cJSON does not take: %.*s", (int)len, text);
		struct walk walk = {.next = cJSON_IsObject(tree) ? tree->child : NULL};
		if (each(text, len, &walk, &err) == 0)
			ck_assert_ptr_null(walk.next);
		else
			ck_assert_msg(strstr(err.message, "twice") != NULL || !cJSON_IsObject(tree), "%s: %.*s",
				      err.message, (int)len, text);
		cJSON_Delete(tree);
	}
	ck_assert_uint_gt(taken, 100);
}
END_TEST

START_TEST(get_and_number)
{
	struct ct_error err;
	uint64_t value = 7;
	cJSON *tree = parse("{\"n\":9007199254740992,\"N\":1,\"z\":null,\"s\":\"1\",\"t\":true}", EXACT, &err);
	ck_assert_ptr_nonnull(tree);
	ck_assert_int_eq(ct_json_u64(ct_json_get(tree, "n"), &value), 0);
	ck_assert_uint_eq(value, UINT64_C(9007199254740992));
	ck_assert_int_eq(ct_json_u64(ct_json_get(tree, "N"), &value), 0);
	ck_assert_uint_eq(value, 1);
	ck_assert_ptr_null(ct_json_get(tree, "z"));
	ck_assert_ptr_null(ct_json_get(tree, "S"));
	ck_assert_ptr_null(ct_json_get(tree, "none"));
	ck_assert_int_eq(ct_json_u64(ct_json_get(tree, "s"), &value), -1);
	ck_assert_int_eq(ct_json_u64(ct_json_get(tree, "t"), &value), -1);
	ck_assert_int_eq(ct_json_u64(NULL, &value), -1);
	ck_assert_uint_eq(value, 1);
	cJSON_Delete(tree);
}
END_TEST

static const struct {
	const char *text, *written;
} strings[] = {
	{"", "\"\""},
	{"plain", "\"plain\""},
	{"\"\\", "\"\\\"\\\\\""},
	{"a/b", "\"a/b\""},
	{"\x7f", "\"\x7f\""},
	{"\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""},
	{"\x01\x07\x0b\x0e\x1f", "\"\\u0001\\u0007\\u000b\\u000e\\u001f\""},
	{"\x1a\x1b", "\"\\u001a\\u001b\""},
	{"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
	{"\xe2\x80\xa8\xe2\x80\xa9<>&'", "\"\xe2\x80\xa8\xe2\x80\xa9<>&'\""},
};

START_TEST(put_string)
{
	struct ct_error err;
	struct ct_buffer buffer = {0};
	ct_json_put_string(&buffer, strings[_i].text);
	ck_assert_str_eq(buffer.data, strings[_i].written);
	cJSON *back = parse(buffer.data, EXACT, &err);
	ck_assert_ptr_nonnull(back);
	ck_assert_str_eq(back->valuestring, strings[_i].text);
	cJSON_Delete(back);
	ct_buffer_free(&buffer);
}
END_TEST

/* Names come from files: the message must not carry control characters to a terminal. */
START_TEST(message_is_tame)
{
	struct ct_error err;
	ck_assert_ptr_null(parse("{\"\\u001b[31m\":1,\"\\u001b[31m\":1}", EXACT, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "'?[31m'"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *tcase = add_case(suite, "json");
	tcase_add_loop_test(tcase, acceptance, 0, COUNT(accepted));
	tcase_add_test(tcase, long_number);
	tcase_add_loop_test(tcase, refusal, 0, COUNT(refused));
	tcase_add_test(tcase, zero_bytes);
	tcase_add_test(tcase, very_deep);
	tcase_add_test(tcase, utf8);
	tcase_add_loop_test(tcase, members, 0, COUNT(objects));
	tcase_add_test(tcase, members_stop);
	tcase_add_test(tcase, mutations);
	tcase_add_test(tcase, get_and_number);
	tcase_add_loop_test(tcase, put_string, 0, COUNT(strings));
	tcase_add_test(tcase, message_is_tame);
	return run_suite(suite);
}
