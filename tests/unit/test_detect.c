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
	tcase_add_test(tcase, smallest);
	return run_suite(suite);
}
