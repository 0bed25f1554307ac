/* Is it an encrypted model? */
#include <stdio.h>
#include <stdlib.h>

#include "detect.h"
#include "support.h"

static const struct {
	uint64_t length;
	const char *start; /* the 8 bytes behind the length */
	bool is;
} prefixes[] = {
	{8, "{\"a\":1} ", true},
	{100, "{\"__meta", true},
	{100, " \t\r\n {\"a", true},
	{100, "        ", true},
	{100000000, "{\"__meta", true},
	{100000001, "{\"__meta", false},
	{7, "{\"a\":1} ", false},
	{0, "{\"__meta", false},
	{UINT64_MAX, "{\"__meta", false},
	{UINT64_C(1) << 63, "{\"__meta", false},
	{100, "[\"__meta", false},
	{100, "       [", false},
	{100, " x{     ", false},
	{100, "\0\0\0\0\0\0\0\0", false},
	{100, "\v{......", false},
	{0x04034b50, "\x14\0\x08\0\x08\0\0\0", false}, /* zip */
	{0x00010102464c457f, "\0\0\0\0\0\0\0\0", false}, /* ELF */
};

START_TEST(prefix)
{
	uint8_t bytes[CT_DETECT_PREFIX];
	uint64_t length = 1;
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(prefixes[_i].length >> (8 * i));
	memcpy(bytes + 8, prefixes[_i].start, 8);
	ck_assert(ct_detect_safetensors(bytes, &length) == prefixes[_i].is);
	if (prefixes[_i].is)
		ck_assert_uint_eq(length, prefixes[_i].length);
}
END_TEST

static const struct {
	const char *header;
	bool may;
} headers[] = {
	{"{\"__metadata__\":{\"__encryption__\":\"{}\"}}", true},
	{"__encryption__", true},
	{"", false},
	{"_", false},
	{"__encryption_", false},
	{"{\"__metadata__\":{\"format\":\"pt\"}}", false},
	{"{\"__metadata__\":{\"\\u005f_encryption__\":\"{}\"}}", true},
	{"{\"__metadata__\":{\"__\\u0065ncryption__\":\"{}\"}}", true},
	{"{\"__metadata__\":{\"__en\\u0063ryption__\":\"{}\"}}", true},
	{"{\"__metadata__\":{\"__encr\\u0079ption__\":\"{}\"}}", true},
	{"{\"__metadata__\":{\"__encryption_\\u005F\":\"{}\"}}", true},
	{"\\u00e9\\u00e9\\u005f", true},
	/* an escape that can be no part of the key */
	{"{\"caf\\u00e9\":1,\"\\u000a\":\"\\u0020\\u0041\"}", false},
	{"\\u00", false},
	{"\\u", false},
	{"\\u\\u\\u00", false},
};

START_TEST(encryption)
{
	/* Exactly the text: sanitizers see a read behind it. */
	size_t len = strlen(headers[_i].header);
	char *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, headers[_i].header, len);
	ck_assert(ct_detect_encryption(copy, len) == headers[_i].may);
	free(copy);
}
END_TEST

/* Whatever is encrypted is found, however its header is spelled: every letter in turn as an escape. */
START_TEST(every_spelling)
{
	static const char key[] = "__encryption__";
	for (size_t i = 0; i < sizeof key - 1; i++) {
		for (int upper = 0; upper < 2; upper++) {
			char text[64];
			snprintf(text, sizeof text, upper ? "\"%.*s\\u%04X%s\"" : "\"%.*s\\u%04x%s\"", (int)i, key,
				 (unsigned)key[i], key + i + 1);
			ck_assert_msg(ct_detect_encryption(text, strlen(text)), "%s", text);
		}
	}
}
END_TEST

/* Each of the four names is enough. */
START_TEST(every_name)
{
	static const char *const names[] = {"__crypto_keys__", "__encryption__", "__policy__", "__signature__"};
	char text[64];
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(text, sizeof text, "{\"__metadata__\":{\"%s", names[i]);
		ck_assert(ct_detect_encryption(text, strlen(text)));
		ck_assert(!ct_detect_encryption(text, strlen(text) - 1));
	}
}
END_TEST

/* Any one byte of a file's beginning may be damaged. */
START_TEST(damaged_prefix)
{
	for (int at = 0; at < CT_DETECT_PREFIX; at++) {
		for (int value = 0; value < 256; value++) {
			uint8_t bytes[CT_DETECT_PREFIX] = "\xf8\x0f\0\0\0\0\0\0{\"__meta";
			bytes[at] = (uint8_t)value;
			ck_assert(ct_detect_damaged(bytes));
		}
	}
	uint8_t three[CT_DETECT_PREFIX] = "\xf8\x0f\0\0\0\0\0\0[\"__mmmm";
	ck_assert(!ct_detect_damaged(three));
}
END_TEST

static const struct {
	const char *start; /* the 8 bytes behind the length */
	bool is;
} objects[] = {
	{"{\"__meta", true},
	{"{\"weight", true},
	{"{ \n\"weig", true},
	{" \t{\r\"wei", true},
	{"{       ", true},
	{"        ", true},
	{"       {", true},
	{"{\0\0\0\0\0\0\0", false},
	{"{1\"     ", false},
	{"{}      ", false},
	{" [\"a\":1}", false},
	{"\"{\"     ", false},
};

START_TEST(object)
{
	uint8_t bytes[CT_DETECT_PREFIX] = {0};
	memcpy(bytes + 8, objects[_i].start, 8);
	ck_assert(ct_detect_object(bytes) == objects[_i].is);
}
END_TEST

static const struct {
	const char *header;
	bool whole;
} texts[] = {
	/* metadata first: its end counts, and nothing behind it */
	{"{\"__metadata__\":{\"a\":\"b\"}}", true},
	{"{\"__metadata__\":{\"a\":\"b\"},\"w\":{\"dty", true},
	{"{\"__metadata__\":{}", true},
	{"{\"__metadata__\" : { }", true},
	{"{\"__metadata__\":null}", true},
	{"{\"__metadata__\":{\"a\":\"b\"", false},
	{"{\"__metadata__\":{\"a\":\"b}}", false},
	{"{\"__metadata__\":{\"a\":\"{}}}\",\"b\":\"c\"", false},
	{"{\"__metadata__\":{\"a\":\"\\\"}}\"", false},
	{"{\"__metadata__\":{\"a\":\"\\\\\"}", true},
	{"{\"__metadata__\":{\"a\":\"\\", false},
	{"{\"__metadata__\"", false},
	/* otherwise the end of the last tensor, and of the header */
	{"{\"w\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", true},
	{"{\"w\":{\"data_offsets\":[0,0]} \n}\t\r ", true},
	{"{ \"__metadata__\":{\"a\":\"b\"}}", true},
	{" {\n\"__metadata__\":{\"a\":\"b\"},\"w\":{\"dty", true},
	{"{ \"__metadata__\":{\"a\":\"{}}}", false},
	{"{\"__metadata_\":{\"a\":\"b\"},\"w\":{\"dty", false},
	{"{}", true},
	{" { } ", true},
	{"{\"w\":{\"data_offsets\":[0,0]}", false},
	{"{\"w\":{\"data_offsets\":[0,0]},\"v\":{\"dtype\"", false},
	{"{ \"__metadata__\":{\"a\":\"b\"", false},
	{"}", false},
	{"{", false},
	{"   ", false},
	{"", false},
};

START_TEST(whole)
{
	size_t len = strlen(texts[_i].header);
	char *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, texts[_i].header, len);
	ck_assert(ct_detect_whole(copy, len) == texts[_i].whole);
	free(copy);
}
END_TEST

/* Cut where you like, an encrypted file's header is not whole before the first name that marks it. */
START_TEST(cut_before_names)
{
	static const char text[] = "{\"__metadata__\":{\"A\":\"{\\\"b\\\":{\\\"c\\\":{}}}\",\"__policy__\":\"{}\"}}";
	size_t cuts = 0;
	for (size_t len = 0; len < sizeof text; len++) {
		if (!ct_detect_encryption(text, len)) {
			ck_assert_msg(!ct_detect_whole(text, len), "%.*s", (int)len, text);
			cuts++;
		}
	}
	ck_assert_uint_gt(cuts, 40);
	ck_assert(ct_detect_whole(text, sizeof text - 1));
}
END_TEST

/* The smallest encrypted file is not below the bound, and is detected. */
START_TEST(smallest)
{
	struct memory plain, sealed;
	memory_file(&plain, "{}", 0);
	encrypt(&plain, &sealed, &(struct sealing){CT_AES_128_GCM, 1, 0, NULL, NULL, 1});
	uint64_t length;
	ck_assert(ct_detect_safetensors(sealed.bytes, &length));
	ck_assert_uint_eq(length, sealed.size - 8);
	ck_assert(ct_detect_encryption((char *)sealed.bytes + 8, (size_t)length));
	size_t used = sealed.size;
	while (sealed.bytes[used - 1] == ' ')
		used--;
	ck_assert_uint_ge(used, CT_DETECT_SIZE_MIN);
	memory_free(&plain);
	memory_free(&sealed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("detect");
	TCase *tcase = add_case(suite, "detect");
	tcase_add_loop_test(tcase, prefix, 0, COUNT(prefixes));
	tcase_add_loop_test(tcase, encryption, 0, COUNT(headers));
	tcase_add_test(tcase, every_spelling);
	tcase_add_test(tcase, every_name);
	tcase_add_test(tcase, damaged_prefix);
	tcase_add_loop_test(tcase, object, 0, COUNT(objects));
	tcase_add_loop_test(tcase, whole, 0, COUNT(texts));
	tcase_add_test(tcase, cut_before_names);
	tcase_add_test(tcase, smallest);
	return run_suite(suite);
}
