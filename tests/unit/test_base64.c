/* Base64: RFC 4648, strict. */
#include <stdlib.h>

#include "base64.h"
#include "support.h"

/* RFC 4648 section 10, and both of the last two letters of the alphabet. */
static const struct {
	const char *bytes, *text;
} vectors[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xef\xbe\xff\xff\xff", "++++////"},
};

START_TEST(vector)
{
	const char *bytes = vectors[_i].bytes, *text = vectors[_i].text;
	char encoded[16];
	uint8_t decoded[16];
	size_t size = 99;
	ck_assert_uint_eq(ct_base64_len(strlen(bytes)), strlen(text));
	ct_base64_encode((const uint8_t *)bytes, strlen(bytes), encoded);
	ck_assert_str_eq(encoded, text);
	for (int form = CT_BASE64_STANDARD; form <= CT_BASE64_ANY; form++) {
		ck_assert_int_eq(ct_base64_decode(text, strlen(text), (enum ct_base64_form)form, decoded,
						  strlen(bytes), &size),
				 0);
		ck_assert_uint_eq(size, strlen(bytes));
		ck_assert_mem_eq(decoded, bytes, size);
	}
}
END_TEST

/* Key files only. */
static const struct {
	const char *text, *bytes;
} loose[] = {
	{"Zg", "f"}, {"Zm8", "fo"}, {"Zm9vYg", "foob"}, {"----____", "\xfb\xef\xbe\xff\xff\xff"},
	{"-_8", "\xfb\xff"}, {"-_8=", "\xfb\xff"},
};

START_TEST(loose_form)
{
	uint8_t decoded[16];
	size_t size = 99, len = strlen(loose[_i].text);
	ck_assert_int_eq(ct_base64_decode(loose[_i].text, len, CT_BASE64_STANDARD, decoded,
					  sizeof decoded, &size),
			 -1);
	ck_assert_int_eq(
		ct_base64_decode(loose[_i].text, len, CT_BASE64_ANY, decoded, sizeof decoded, &size), 0);
	ck_assert_uint_eq(size, strlen(loose[_i].bytes));
	ck_assert_mem_eq(decoded, loose[_i].bytes, size);
}
END_TEST

static const char *const refused[] = {
	"Z",        "Zm9vY",     "Zh==",      "Zm9=",      "Zh",       "Zm9",      "Zg=",
	"Zg===",    "=",         "==",        "===",       "====",     "Z===",     "Zg==Zg==",
	"Zm9v=",    "Zm9v==",    "Zm9v====",  " Zm9v",     "Zm9v ",    "Zm9v\n",   "Zm 9v",
	"Zm9v\n   ", "Zm9\n",    "Zm9.",      "Zm9\x80",   "=Zm9",     "Z=m9",     "Zm=v",
	"Zg=v",     "Zm9vYmF",   "\xff\xff\xff\xff",
};

/* "Zm9vYmF" and such: right length, but bits left over; or wrong length; or a stray character. */
START_TEST(refusal)
{
	uint8_t decoded[32];
	size_t size = 99, len = strlen(refused[_i]);
	for (int form = CT_BASE64_STANDARD; form <= CT_BASE64_ANY; form++)
		ck_assert_msg(ct_base64_decode(refused[_i], len, (enum ct_base64_form)form, decoded,
					       sizeof decoded, &size)
				      == -1,
			      "'%s' was accepted", refused[_i]);
}
END_TEST

START_TEST(zero_byte)
{
	uint8_t decoded[8];
	size_t size;
	ck_assert_int_eq(ct_base64_decode("Zm\0v", 4, CT_BASE64_ANY, decoded, sizeof decoded, &size),
			 -1);
}
END_TEST

START_TEST(room)
{
	uint8_t decoded[7] = {0, 0, 0, 0, 0, 0xaa, 0xaa};
	size_t size = 0;
	ck_assert_int_eq(ct_base64_decode("Zm9vYmFy", 8, CT_BASE64_STANDARD, decoded, 5, &size), -1);
	ck_assert_uint_eq(decoded[5], 0xaa);
	ck_assert_int_eq(ct_base64_decode("Zm9vYmFy", 8, CT_BASE64_STANDARD, decoded, 6, &size), 0);
	ck_assert_uint_eq(size, 6);
	ck_assert_uint_eq(decoded[6], 0xaa);
	ck_assert_int_eq(ct_base64_decode("", 0, CT_BASE64_STANDARD, decoded, 0, &size), 0);
	ck_assert_uint_eq(size, 0);
}
END_TEST

/* Every byte in every place of a group: what decodes must be what encodes to the same text. */
START_TEST(canonical)
{
	for (int place = 0; place < 4; place++) {
		for (int c = 0; c < 256; c++) {
			char text[4] = {'A', 'A', 'A', 'A'}, again[8];
			uint8_t decoded[3];
			size_t size;
			text[place] = (char)c;
			if (ct_base64_decode(text, 4, CT_BASE64_STANDARD, decoded, 3, &size) < 0)
				continue;
			ct_base64_encode(decoded, size, again);
			ck_assert_mem_eq(again, text, 4);
		}
	}
}
END_TEST

START_TEST(random_bytes)
{
	struct rng rng = rng_new("base64");
	for (int round = 0; round < 2000; round++) {
		uint8_t bytes[100], decoded[100];
		char text[140];
		size_t len = rng_below(&rng, sizeof bytes + 1), size = 0;
		rng_fill(&rng, bytes, len);
		ct_base64_encode(bytes, len, text);
		ck_assert_uint_eq(strlen(text), ct_base64_len(len));
		ck_assert_int_eq(ct_base64_decode(text, strlen(text), CT_BASE64_STANDARD, decoded, len,
						  &size),
				 0);
		ck_assert_uint_eq(size, len);
		ck_assert(memcmp(decoded, bytes, len) == 0);
	}
}
END_TEST

/* Longer than OpenSSL is given at once. */
START_TEST(long_text)
{
	size_t len = (3u << 20) * 2 + 1, size = 0;
	uint8_t *bytes = malloc(len), *decoded = malloc(len);
	char *text = malloc(ct_base64_len(len) + 1);
	struct rng rng = rng_fixed(1);
	rng_fill(&rng, bytes, len);
	ct_base64_encode(bytes, len, text);
	ck_assert_uint_eq(strlen(text), ct_base64_len(len));
	ck_assert_int_eq(
		ct_base64_decode(text, strlen(text), CT_BASE64_STANDARD, decoded, len, &size), 0);
	ck_assert_uint_eq(size, len);
	ck_assert(memcmp(decoded, bytes, len) == 0);
	free(bytes);
	free(decoded);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base64");
	TCase *tcase = add_case(suite, "base64");
	tcase_add_loop_test(tcase, vector, 0, COUNT(vectors));
	tcase_add_loop_test(tcase, loose_form, 0, COUNT(loose));
	tcase_add_loop_test(tcase, refusal, 0, COUNT(refused));
	tcase_add_test(tcase, zero_byte);
	tcase_add_test(tcase, room);
	tcase_add_test(tcase, canonical);
	tcase_add_test(tcase, random_bytes);
	tcase_add_test(tcase, long_text);
	return run_suite(suite);
}
