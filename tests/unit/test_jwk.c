/* Key files: JWK and JWK Set, in the spelling of RFC tools and in that of deployed files. */
#include <stdio.h>
#include <stdlib.h>

#include "jwk.h"
#include "support.h"

#define K32     "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" /* 0, 1, … 31 */
#define K32_URL "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define K16     "AAECAwQFBgcICQoLDA0ODw=="
/* 32 bytes in which '+' and '/', '-' and '_' occur */
#define HIGH     "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8="
#define HIGH_URL "-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8"

static int parse(struct ct_keyset *set, const char *text, struct ct_error *err)
{
	size_t len = strlen(text);
	char *copy = malloc(len > 0 ? len : 1);
	memcpy(copy, text, len);
	*err = (struct ct_error){0};
	int status = ct_jwk_parse(set, copy, len, "keys.jwk", err);
	free(copy);
	return status;
}

/* Each: one master key of the bytes 0, 1, … called "a", or without a name. */
static const struct {
	const char *text, *kid;
	size_t len;
	int cipher; /* -1: it names none */
} masters[] = {
	{"{\"kty\":\"oct\",\"alg\":\"aes256gcm\",\"kid\":\"a\",\"k\":\"" K32 "\"}", "a", 32, CT_AES_256_GCM},
	{"{\"kty\":\"oct\",\"alg\":\"A256GCM\",\"kid\":\"a\",\"k\":\"" K32_URL "\"}", "a", 32, CT_AES_256_GCM},
	{"{\"kty\":\"oct\",\"alg\":\"aes128gcm\",\"kid\":\"a\",\"k\":\"" K16 "\"}", "a", 16, CT_AES_128_GCM},
	{"{\"kty\":\"oct\",\"alg\":\"A128GCM\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}", NULL, 16, CT_AES_128_GCM},
	{"{\"kty\":\"oct\",\"alg\":\"chacha20poly1305\",\"k\":\"" K32 "\"}", NULL, 32, CT_CHACHA20_POLY1305},
	{"{\"kty\":\"oct\",\"alg\":\"C20P\",\"k\":\"" K32 "\"}", NULL, 32, CT_CHACHA20_POLY1305},
	{"{\"kty\":\"OCT\",\"alg\":\"AES-256-GCM\",\"k\":\"" K32 "\"}", NULL, 32, CT_AES_256_GCM},
	{"{\"kty\":\"oct\",\"k\":\"" K32 "\"}", NULL, 32, -1},
	{"{\"kty\":\"oct\",\"k\":\"" K16 "\"}", NULL, 16, -1},
	{"{\"kty\":\"oct\",\"alg\":null,\"kid\":null,\"k\":\"" K16 "\"}", NULL, 16, -1},
	/* members that RFC 7517 tools add */
	{"{\"kty\":\"oct\",\"use\":\"enc\",\"key_ops\":[\"encrypt\"],\"ext\":true,\"n\":1.5,\"k\":\"" K32 "\"}",
	 NULL, 32, -1},
	{" { \"keys\" : [ {\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"" K32 "\"} ] } \n", "a", 32, -1},
	{"{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\"},"
	 "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\"},"
	 "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" K32_URL "\"},"
	 "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"AAAA\"},"
	 "{\"kty\":\"okp\",\"alg\":\"x448\",\"x\":\"AAAA\"},"
	 "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"AAAA\"},"
	 "{\"kty\":\"oct\",\"alg\":\"A256KW\",\"k\":\"" K32_URL "\"},"
	 "{\"kty\":\"future\"},"
	 "{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"" K32 "\"}]}", "a", 32, -1},
};

START_TEST(master)
{
	struct ct_keyset set = {0};
	struct ct_error err;
	ck_assert_msg(parse(&set, masters[_i].text, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(set.count, 1);
	const struct ct_keyset_entry *entry = &set.entries[0];
	ck_assert_int_eq(entry->kind, CT_MASTER_KEY);
	if (masters[_i].kid == NULL)
		ck_assert_ptr_null(entry->kid);
	else
		ck_assert_str_eq(entry->kid, masters[_i].kid);
	ck_assert_uint_eq(entry->master.len, masters[_i].len);
	for (size_t i = 0; i < entry->master.len; i++)
		ck_assert_uint_eq(entry->master.bytes[i], i);
	ck_assert(entry->has_cipher == (masters[_i].cipher >= 0));
	if (entry->has_cipher)
		ck_assert_int_eq((int)entry->cipher, masters[_i].cipher);
	ck_assert(!entry->has_public && !entry->has_seed);
	ct_keyset_clear(&set);
}
END_TEST

static const struct {
	const char *text;
	bool has_public, has_seed;
} signers[] = {
	{"{\"kty\":\"okp\",\"alg\":\"ed25519\",\"kid\":\"s\",\"x\":\"" HIGH "\",\"d\":\"" K32 "\"}", true, true},
	{"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"s\",\"x\":\"" HIGH_URL "\",\"d\":\"" K32_URL "\"}", true,
	 true},
	{"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"kid\":\"s\",\"x\":\"" HIGH_URL "\"}", true, false},
	{"{\"kty\":\"OKP\",\"alg\":\"EdDSA\",\"kid\":\"s\",\"x\":\"" HIGH_URL "\"}", true, false},
	{"{\"kty\":\"okp\",\"kid\":\"s\",\"x\":\"" HIGH "\"}", true, false},
	{"{\"kty\":\"okp\",\"alg\":\"ed25519\",\"kid\":\"s\",\"d\":\"" K32 "\"}", false, true},
	{"{\"keys\":[{\"kty\":\"okp\",\"alg\":\"ed25519\",\"kid\":\"s\",\"x\":\"" HIGH "\"}]}", true, false},
};

START_TEST(signer)
{
	struct ct_keyset set = {0};
	struct ct_error err;
	ck_assert_msg(parse(&set, signers[_i].text, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(set.count, 1);
	const struct ct_keyset_entry *entry = &set.entries[0];
	const char *public_key = "\xfb\xff\xbf\xfb\xff\xbf\xfb\xff\xbf\xfb\xff\xbf\xfb\xff\xbf\xfb"
				 "\xff\xbf\xfb\xff\xbf\xfb\xff\xbf\xfb\xff\xbf\xfb\xff\xbf\xfb\xff";
	ck_assert_int_eq(entry->kind, CT_SIGNING_KEY);
	ck_assert_str_eq(entry->kid, "s");
	ck_assert(entry->has_public == signers[_i].has_public);
	ck_assert(entry->has_seed == signers[_i].has_seed);
	if (entry->has_public)
		ck_assert_mem_eq(entry->public_key, public_key, 32);
	for (size_t i = 0; entry->has_seed && i < 32; i++)
		ck_assert_uint_eq(entry->seed.bytes[i], i);
	ck_assert_uint_eq(entry->seed.len, entry->has_seed ? 32 : 0);
	ct_keyset_clear(&set);
}
END_TEST

static const struct {
	const char *text, *part;
} refused[] = {
	{"", "ends too early"},
	{"[]", "neither a JWK nor a JWK Set"},
	{"{}", "neither a JWK nor a JWK Set"},
	{"\"x\"", "neither a JWK nor a JWK Set"},
	{"null", "neither a JWK nor a JWK Set"},
	{"{\"keys\":null}", "neither a JWK nor a JWK Set"},
	{"{\"keys\":{}}", "'keys' is not an array"},
	{"{\"keys\":\"x\"}", "'keys' is not an array"},
	{"{\"keys\":[1]}", "a key without kty"},
	{"{\"keys\":[[]]}", "a key without kty"},
	{"{\"keys\":[null]}", "a key without kty"},
	{"{\"keys\":[{}]}", "a key without kty"},
	{"{\"keys\":[{\"kty\":1}]}", "a key without kty"},
	{"{\"kty\":\"oct\",\"kty\":\"oct\",\"k\":\"" K32 "\"}", "'kty' is there twice"},
	{"{\"kty\":\"oct\",\"k\":\"" K32 "\"}}", "behind the end"},
	{"{\"kty\":\"oct\",\"k\":\"" K32 "\"", "',' or an end"},
	{"{\"kty\":\"oct\",\"kid\":\"a\"}", "the oct key 'a' has no 'k'"},
	{"{\"kty\":\"oct\",\"k\":7}", "the oct key '(no kid)' has no 'k'"},
	{"{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"\"}", "the oct key 'a' has 0 bytes, not 16 or 32"},
	{"{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAAA\"}", "the oct key 'a' has 3 bytes, not 16 or 32"},
	{"{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"" K32 "AA\"}", "'k' of key 'a' is not base64 of at most 32"},
	{"{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\"}",
	 "'k' of key 'a' is not base64 of at most 32"},
	{"{\"kty\":\"oct\",\"k\":\"" K32_URL "==\"}", "is not base64"},
	{"{\"kty\":\"oct\",\"k\":\" " K32 "\"}", "is not base64"},
	{"{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9\"}", "is not base64"},
	{"{\"kty\":\"oct\",\"kid\":\"a\",\"alg\":\"aes256gcm\",\"k\":\"" K16 "\"}", "has 16 bytes, aes256gcm needs 32"},
	{"{\"kty\":\"oct\",\"kid\":\"a\",\"alg\":\"A128GCM\",\"k\":\"" K32 "\"}", "has 32 bytes, aes128gcm needs 16"},
	{"{\"kty\":\"okp\",\"kid\":\"s\"}", "the okp key 's' has neither 'x' nor 'd'"},
	{"{\"kty\":\"okp\",\"kid\":\"s\",\"x\":\"" K16 "\"}", "'x' of key 's' has 16 bytes, not 32"},
	{"{\"kty\":\"okp\",\"kid\":\"s\",\"d\":\"" K16 "\"}", "'d' of key 's' has 16 bytes, not 32"},
	{"{\"kty\":\"okp\",\"kid\":\"s\",\"x\":\"!\"}", "'x' of key 's' is not base64"},
	{"{\"kty\":\"okp\",\"kid\":\"s\",\"x\":\"" K32 "\",\"d\":\"*\"}", "'d' of key 's' is not base64"},
	{"{\"keys\":[{\"kty\":\"oct\",\"k\":\"" K32 "\"},{\"kty\":\"okp\"}]}", "neither 'x' nor 'd'"},
};

/* Bad key files are missing keys (EACCES), not bad models; they never show key material. */
START_TEST(refusal)
{
	struct ct_keyset set = {0};
	struct ct_error err;
	assert_error(parse(&set, refused[_i].text, &err), &err, CT_E_KEY, refused[_i].part);
	ck_assert_msg(strncmp(err.message, "keys.jwk: ", 10) == 0, "%s", err.message);
	ck_assert_ptr_null(strstr(err.message, "AAECAwQF"));
	ct_keyset_clear(&set);
}
END_TEST

START_TEST(set_keeps_order)
{
	struct ct_keyset set = {0};
	struct ct_error err;
	ck_assert_int_eq(parse(&set, "{\"kty\":\"oct\",\"kid\":\"0\",\"k\":\"" K32 "\"}", &err), 0);
	ck_assert_int_eq(parse(&set,
			       "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"1\",\"k\":\"" K16 "\"},"
			       "{\"kty\":\"okp\",\"kid\":\"2\",\"jku\":\"file:///k\",\"x\":\"" K32 "\"},"
			       "{\"kty\":\"oct\",\"kid\":\"3\",\"k\":\"" K32 "\"}]}", &err), 0);
	ck_assert_int_eq(parse(&set, "{\"keys\":[]}", &err), 0);
	ck_assert_uint_eq(set.count, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(set.entries[i].kid[0], (char)('0' + i));
	ck_assert_str_eq(set.entries[2].jku, "file:///k");
	ct_keyset_clear(&set);
	ck_assert_uint_eq(set.count, 0);
	ct_keyset_clear(&set);
}
END_TEST

static void compare(const struct ct_keyset *a, const struct ct_keyset *b, bool seeds)
{
	ck_assert_uint_eq(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct ct_keyset_entry *x = &a->entries[i], *y = &b->entries[i];
		ck_assert_int_eq(x->kind, y->kind);
		ck_assert_str_eq(x->kid, y->kid);
		ck_assert(x->has_cipher == y->has_cipher);
		if (x->has_cipher)
			ck_assert_int_eq((int)x->cipher, (int)y->cipher);
		ck_assert_uint_eq(x->master.len, y->master.len);
		ck_assert_mem_eq(x->master.bytes, y->master.bytes, CT_KEY_MAX);
		ck_assert(x->has_public == y->has_public);
		ck_assert_mem_eq(x->public_key, y->public_key, 32);
		ck_assert(y->has_seed == (x->has_seed && seeds));
		if (y->has_seed)
			ck_assert_mem_eq(x->seed.bytes, y->seed.bytes, 32);
		else
			ck_assert(all_zero(&y->seed, sizeof y->seed));
	}
}

START_TEST(round_trip)
{
	struct ct_keyset keys, back = {0};
	struct ct_error err;
	struct ct_buffer text = {0};
	test_keys(&keys);
	keys.entries[0].has_cipher = false;
	free(keys.entries[1].kid);
	keys.entries[1].kid = strdup("tricky \"kid\"\\\n\xc3\xa9");
	ct_jwk_put(&keys, false, &text);
	ck_assert_int_eq(ct_buffer_check(&text, &err), 0);
	ck_assert_msg(parse(&back, text.data, &err) == 0, "%s", err.message);
	compare(&keys, &back, true);
	ct_keyset_clear(&back);
	ct_buffer_wipe(&text);
	ck_assert_ptr_null(text.data);
	ck_assert_uint_eq(text.len, 0);
	ct_keyset_clear(&keys);
}
END_TEST

START_TEST(for_readers)
{
	struct ct_keyset keys, back = {0};
	struct ct_error err;
	struct ct_buffer text = {0};
	test_keys(&keys);
	ct_jwk_put(&keys, true, &text);
	ck_assert_ptr_null(strstr(text.data, "\"d\""));
	/* the seed is 32 times 0x5a: "WlpaWlpa…" */
	ck_assert_ptr_null(strstr(text.data, "WlpaWlpa"));
	ck_assert_msg(parse(&back, text.data, &err) == 0, "%s", err.message);
	compare(&keys, &back, false);
	ct_keyset_clear(&back);
	ct_buffer_wipe(&text);
	/* Without `for_readers` it is there, so that the search above can find it. */
	ct_jwk_put(&keys, false, &text);
	ck_assert_ptr_nonnull(strstr(text.data, "\"d\":\"WlpaWlpa"));
	ct_buffer_wipe(&text);
	ct_keyset_clear(&keys);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jwk");
	TCase *tcase = add_case(suite, "jwk");
	tcase_add_loop_test(tcase, master, 0, COUNT(masters));
	tcase_add_loop_test(tcase, signer, 0, COUNT(signers));
	tcase_add_loop_test(tcase, refusal, 0, COUNT(refused));
	tcase_add_test(tcase, set_keeps_order);
	tcase_add_test(tcase, round_trip);
	tcase_add_test(tcase, for_readers);
	return run_suite(suite);
}
