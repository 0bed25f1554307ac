/* Ciphers and signatures against published vectors. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "aead.h"
#include "ed25519.h"
#include "support.h"

/* McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", as submitted to NIST: test cases
 * 1 to 3 (AES-128) and 13 to 15 (AES-256), those without associated data. */
#define GCM_PLAIN                                                                                      \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"                             \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define ZERO16  "00000000000000000000000000000000"

static const struct {
	enum ct_cipher cipher;
	const char *key, *nonce, *plain, *sealed, *tag;
} gcm[] = {
	{CT_AES_128_GCM, ZERO16, "000000000000000000000000", "", "", "58e2fccefa7e3061367f1d57a4e7455a"},
	{CT_AES_128_GCM, ZERO16, "000000000000000000000000", ZERO16, "0388dace60b6a392f328c2b971b2fe78",
	 "ab6e47d42cec13bdf53a67b21257bddf"},
	{CT_AES_128_GCM, GCM_KEY, "cafebabefacedbaddecaf888", GCM_PLAIN,
	 "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	 "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985",
	 "4d5c2af327cd64a62cf35abd2ba6fab4"},
	{CT_AES_256_GCM, ZERO16 ZERO16, "000000000000000000000000", "", "",
	 "530f8afbc74536b9a963b4f1c4cb738b"},
	{CT_AES_256_GCM, ZERO16 ZERO16, "000000000000000000000000", ZERO16,
	 "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
	{CT_AES_256_GCM, GCM_KEY GCM_KEY, "cafebabefacedbaddecaf888", GCM_PLAIN,
	 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	 "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
	 "b094dac5d93471bdec1a502270e3cc6c"},
};

struct vector {
	struct ct_key key;
	uint8_t nonce[CT_NONCE_LEN], plain[128], sealed[128], tag[CT_TAG_LEN];
	size_t len;
};

static void check_vector(enum ct_cipher cipher, const struct vector *v)
{
	struct ct_error err = {0};
	uint8_t out[128], tag[CT_TAG_LEN];
	ck_assert_int_eq(ct_seal(test_crypto(), cipher, &v->key, v->nonce, v->plain, out, v->len, tag,
				 &err),
			 0);
	ck_assert(memcmp(out, v->sealed, v->len) == 0);
	ck_assert_mem_eq(tag, v->tag, CT_TAG_LEN);
	ck_assert_int_eq(ct_open(test_crypto(), cipher, &v->key, v->nonce, v->sealed, out, v->len,
				 v->tag, &err),
			 0);
	ck_assert(memcmp(out, v->plain, v->len) == 0);
	/* in place */
	memcpy(out, v->sealed, sizeof out);
	ck_assert_int_eq(ct_open(test_crypto(), cipher, &v->key, v->nonce, out, out, v->len, v->tag, &err),
			 0);
	ck_assert(memcmp(out, v->plain, v->len) == 0);
}

START_TEST(gcm_vector)
{
	struct vector v = {.key.len = ct_cipher_key_len(gcm[_i].cipher)};
	ck_assert_uint_eq(from_hex(gcm[_i].key, v.key.bytes, sizeof v.key.bytes), v.key.len);
	from_hex(gcm[_i].nonce, v.nonce, sizeof v.nonce);
	v.len = from_hex(gcm[_i].plain, v.plain, sizeof v.plain);
	from_hex(gcm[_i].sealed, v.sealed, sizeof v.sealed);
	from_hex(gcm[_i].tag, v.tag, sizeof v.tag);
	check_vector(gcm[_i].cipher, &v);
}
END_TEST

static void poly1305(const uint8_t key[32], const uint8_t *text, size_t len, uint8_t tag[16])
{
	size_t size = 0;
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "POLY1305", NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
	ck_assert_int_eq(EVP_MAC_init(context, key, 32, NULL), 1);
	ck_assert_int_eq(EVP_MAC_update(context, text, len), 1);
	ck_assert_int_eq(EVP_MAC_final(context, tag, &size, 16), 1);
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(mac);
}

/* RFC 8439 section 2.8.2 has associated data, which this format has not; ciphertext and one-time key
 * do not depend on it. The tag without it is Poly1305 (checked by section 2.5.2) of the padded
 * ciphertext and the two lengths, under the one-time key that section 2.8.2 gives. */
START_TEST(chacha_vector)
{
	static const char text[] = "Ladies and Gentlemen of the class of '99: If I could offer you only one "
				   "tip for the future, sunscreen would be it.";
	uint8_t key[32], tag[16], expected[16], input[144] = {0};
	from_hex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b", key, sizeof key);
	from_hex("a8061dc1305136c6c22b8baf0c0127a9", expected, sizeof expected);
	poly1305(key, (const uint8_t *)"Cryptographic Forum Research Group", 34, tag);
	ck_assert_mem_eq(tag, expected, 16);

	struct vector v = {.key.len = 32, .len = sizeof text - 1};
	from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", v.key.bytes, 32);
	from_hex("070000004041424344454647", v.nonce, sizeof v.nonce);
	memcpy(v.plain, text, v.len);
	ck_assert_uint_eq(v.len, 114);
	from_hex("d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
		 "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
		 "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
		 "3ff4def08e4b7a9de576d26586cec64b6116",
		 v.sealed, sizeof v.sealed);
	from_hex("7bac2b252db447af09b67a55a4e955840ae1d6731075d9eb2a9375783ed553ff", key, sizeof key);
	memcpy(input, v.sealed, v.len); /* 114 bytes, padded to 128 */
	input[136] = 114;               /* then the lengths, 0 and 114, in 8 bytes each */
	poly1305(key, input, sizeof input, v.tag);
	check_vector(CT_CHACHA20_POLY1305, &v);
}
END_TEST

/* --- any cipher --- */

static struct ct_key some_key(enum ct_cipher cipher)
{
	struct ct_key key = {.len = ct_cipher_key_len(cipher)};
	memset(key.bytes, 0x42, key.len);
	return key;
}

/* Each bit of the tag, some of the text, of the nonce and of the key. */
START_TEST(tampering)
{
	enum ct_cipher cipher = (enum ct_cipher)_i;
	struct ct_key key = some_key(cipher), other = key;
	struct ct_error err = {0};
	uint8_t nonce[CT_NONCE_LEN] = {1}, tag[CT_TAG_LEN], plain[50], sealed[50], out[50];
	memset(plain, 'p', sizeof plain);
	ck_assert_int_eq(ct_seal(test_crypto(), cipher, &key, nonce, plain, sealed, sizeof plain, tag,
				 &err),
			 0);
	for (unsigned bit = 0; bit < 128; bit++) {
		uint8_t flip = (uint8_t)(1u << bit % 8);
		tag[bit / 8] ^= flip;
		memset(out, 'o', sizeof out);
		assert_error(ct_open(test_crypto(), cipher, &key, nonce, sealed, out, sizeof out, tag, &err),
			     &err, CT_E_AUTH, "authentication failed");
		ck_assert(all_zero(out, sizeof out));
		tag[bit / 8] ^= flip;

		sealed[bit % sizeof sealed] ^= flip;
		memset(out, 'o', sizeof out);
		assert_error(ct_open(test_crypto(), cipher, &key, nonce, sealed, out, sizeof out, tag, &err),
			     &err, CT_E_AUTH, "authentication failed");
		ck_assert(all_zero(out, sizeof out));
		sealed[bit % sizeof sealed] ^= flip;
	}
	nonce[11] ^= 1;
	assert_error(ct_open(test_crypto(), cipher, &key, nonce, sealed, out, sizeof out, tag, &err), &err,
		     CT_E_AUTH, "authentication failed");
	nonce[11] ^= 1;
	other.bytes[other.len - 1] ^= 1;
	assert_error(ct_open(test_crypto(), cipher, &other, nonce, sealed, out, sizeof out, tag, &err),
		     &err, CT_E_AUTH, "authentication failed");
	assert_error(ct_open(test_crypto(), cipher, &key, nonce, sealed, out, sizeof out - 1, tag, &err),
		     &err, CT_E_AUTH, "authentication failed");
	ck_assert_int_eq(
		ct_open(test_crypto(), cipher, &key, nonce, sealed, out, sizeof out, tag, &err), 0);
	ck_assert_mem_eq(out, plain, sizeof out);
}
END_TEST

START_TEST(wrong_key_size)
{
	enum ct_cipher cipher = (enum ct_cipher)_i;
	static const size_t sizes[] = {0, 1, 15, 16, 17, 24, 31, 32};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct ct_key key = {.len = sizes[i]};
		struct ct_error err = {0};
		struct ct_aead *aead = NULL;
		int status = ct_aead_new(&aead, test_crypto(), cipher, &key, CT_SEAL, &err);
		if (sizes[i] == ct_cipher_key_len(cipher)) {
			ck_assert_int_eq(status, 0);
		} else {
			assert_error(status, &err, CT_E_KEY, ct_cipher_name(cipher));
			ck_assert_ptr_null(aead);
		}
		ct_aead_free(aead);
	}
}
END_TEST

/* In pieces of any size, one context for many messages, some of them given up half way. */
START_TEST(pieces)
{
	enum ct_cipher cipher = (enum ct_cipher)_i;
	struct rng rng = rng_new("pieces");
	struct ct_key key = some_key(cipher);
	struct ct_error err;
	struct ct_aead *seal, *open;
	enum { MAX = 3000 };
	uint8_t plain[MAX], whole[MAX], parts[MAX], tag[CT_TAG_LEN], tag2[CT_TAG_LEN];
	ck_assert_int_eq(ct_aead_new(&seal, test_crypto(), cipher, &key, CT_SEAL, &err), 0);
	ck_assert_int_eq(ct_aead_new(&open, test_crypto(), cipher, &key, CT_OPEN, &err), 0);
	for (int round = 0; round < 200; round++) {
		size_t len = rng_below(&rng, MAX + 1);
		uint8_t nonce[CT_NONCE_LEN];
		rng_fill(&rng, nonce, sizeof nonce);
		rng_fill(&rng, plain, len);
		ck_assert_int_eq(ct_seal(test_crypto(), cipher, &key, nonce, plain, whole, len, tag, &err),
				 0);
		ck_assert_int_eq(ct_aead_begin(seal, nonce, &err), 0);
		ck_assert_int_eq(ct_aead_begin(open, nonce, &err), 0);
		if (round % 5 == 0 && len > 10) {
			ck_assert_int_eq(ct_aead_update(open, whole, parts, 10, &err), 0);
			ck_assert_int_eq(ct_aead_update(seal, plain, parts, 10, &err), 0);
			ck_assert_int_eq(ct_aead_begin(seal, nonce, &err), 0);
			ck_assert_int_eq(ct_aead_begin(open, nonce, &err), 0);
		}
		for (size_t at = 0, step; at < len; at += step) {
			step = 1 + rng_below(&rng, len - at);
			ck_assert_int_eq(ct_aead_update(seal, plain + at, parts + at, step, &err), 0);
		}
		ck_assert_int_eq(ct_aead_seal_end(seal, tag2, &err), 0);
		ck_assert(memcmp(parts, whole, len) == 0);
		ck_assert_mem_eq(tag2, tag, sizeof tag);
		for (size_t at = 0, step; at < len; at += step) {
			step = 1 + rng_below(&rng, len - at);
			ck_assert_int_eq(ct_aead_update(open, parts + at, parts + at, step, &err), 0);
		}
		if (round % 3 == 0) {
			tag[round % CT_TAG_LEN] ^= 0x10;
			assert_error(ct_aead_open_end(open, tag, &err), &err, CT_E_AUTH, "authentication");
		} else {
			ck_assert_int_eq(ct_aead_open_end(open, tag, &err), 0);
			ck_assert(memcmp(parts, plain, len) == 0);
		}
	}
	ct_aead_free(seal);
	ct_aead_free(open);
	ct_aead_free(NULL);
}
END_TEST

static const struct {
	const char *name;
	int cipher;
} names[] = {
	{"aes128gcm", CT_AES_128_GCM}, {"AES128GCM", CT_AES_128_GCM}, {"aes-128-gcm", CT_AES_128_GCM},
	{"A128GCM", CT_AES_128_GCM},   {"aes256gcm", CT_AES_256_GCM}, {"AES-256-GCM", CT_AES_256_GCM},
	{"a256gcm", CT_AES_256_GCM},   {"chacha20poly1305", CT_CHACHA20_POLY1305},
	{"ChaCha20-Poly1305", CT_CHACHA20_POLY1305}, {"C20P", CT_CHACHA20_POLY1305},
	{"-a-e-s-2-5-6-g-c-m-------------------------------------", CT_AES_256_GCM},
	{"", -1}, {"-", -1}, {"aes", -1}, {"aes192gcm", -1}, {"aes256gcmx", -1}, {"aes256 gcm", -1},
	{"aes256cbc", -1}, {"xchacha20poly1305", -1}, {"aes256gcmaes256gcmaes256gcmaes256gcmaes256gcm", -1},
};

START_TEST(name)
{
	enum ct_cipher cipher = CT_CIPHER_COUNT;
	int status = ct_cipher_parse(names[_i].name, &cipher);
	if (names[_i].cipher < 0) {
		ck_assert_int_eq(status, -1);
		return;
	}
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq((int)cipher, names[_i].cipher);
}
END_TEST

START_TEST(facts)
{
	ck_assert_str_eq(ct_cipher_name(CT_AES_128_GCM), "aes128gcm");
	ck_assert_str_eq(ct_cipher_name(CT_AES_256_GCM), "aes256gcm");
	ck_assert_str_eq(ct_cipher_name(CT_CHACHA20_POLY1305), "chacha20poly1305");
	ck_assert_uint_eq(ct_cipher_key_len(CT_AES_128_GCM), 16);
	ck_assert_uint_eq(ct_cipher_key_len(CT_AES_256_GCM), 32);
	ck_assert_uint_eq(ct_cipher_key_len(CT_CHACHA20_POLY1305), 32);
	ck_assert_uint_eq(ct_aead_message_max(CT_AES_128_GCM), UINT64_C(68719476704));
	ck_assert_uint_eq(ct_aead_message_max(CT_AES_256_GCM), UINT64_C(68719476704));
	ck_assert_uint_eq(ct_aead_message_max(CT_CHACHA20_POLY1305), UINT64_C(274877906880));
}
END_TEST

/* RFC 8032 section 7.1, TEST 1 to 3. */
static const struct {
	const char *seed, *public_key, *message, *signature;
} ed25519[] = {
	{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
	 "d25bf5f0595bbe24655141438e7a100b"},
	{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
	 "387b2eaeb4302aeeb00d291612bb0c00"},
	{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
	 "4a7c15e9716ed28dc027beceea1ec40a"},
};

START_TEST(ed25519_vector)
{
	struct ct_error err = {0};
	uint8_t seed[32], expected[32], public_key[32], message[4], signature[64], made[64];
	from_hex(ed25519[_i].seed, seed, sizeof seed);
	from_hex(ed25519[_i].public_key, expected, sizeof expected);
	size_t len = from_hex(ed25519[_i].message, message, sizeof message);
	from_hex(ed25519[_i].signature, signature, sizeof signature);
	ck_assert_int_eq(ct_ed25519_public(test_crypto(), seed, public_key, &err), 0);
	ck_assert_mem_eq(public_key, expected, sizeof expected);
	ck_assert_int_eq(ct_ed25519_sign(test_crypto(), seed, message, len, made, &err), 0);
	ck_assert_mem_eq(made, signature, sizeof made);
	ck_assert_int_eq(ct_ed25519_verify(test_crypto(), public_key, message, len, signature, &err), 0);

	for (unsigned bit = 0; bit < 512; bit++) {
		signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_error(ct_ed25519_verify(test_crypto(), public_key, message, len, signature, &err),
			     &err, CT_E_SIGNATURE, "does not verify");
		signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	message[len] = 0;
	assert_error(ct_ed25519_verify(test_crypto(), public_key, message, len + 1, signature, &err), &err,
		     CT_E_SIGNATURE, "does not verify");
	seed[0] ^= 1;
	ck_assert_int_eq(ct_ed25519_public(test_crypto(), seed, public_key, &err), 0);
	assert_error(ct_ed25519_verify(test_crypto(), public_key, message, len, signature, &err), &err,
		     CT_E_SIGNATURE, "does not verify");
}
END_TEST

START_TEST(wipe)
{
	struct ct_key key = some_key(CT_AES_256_GCM);
	ct_key_wipe(&key);
	ck_assert(all_zero(&key, sizeof key));
	ct_wipe(NULL, 0);
}
END_TEST

START_TEST(randomness)
{
	struct ct_error err;
	uint8_t a[32] = {0}, b[32] = {0};
	ck_assert_int_eq(ct_random(test_crypto(), a, sizeof a, &err), 0);
	ck_assert_int_eq(ct_random(test_crypto(), b, sizeof b, &err), 0);
	ck_assert(memcmp(a, b, sizeof a) != 0);
	ck_assert(!all_zero(a + 16, 16));
	ck_assert_int_eq(ct_random(test_crypto(), a, 0, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cipher");
	TCase *tcase = add_case(suite, "cipher");
	tcase_add_loop_test(tcase, gcm_vector, 0, COUNT(gcm));
	tcase_add_test(tcase, chacha_vector);
	tcase_add_loop_test(tcase, tampering, 0, CT_CIPHER_COUNT);
	tcase_add_loop_test(tcase, wrong_key_size, 0, CT_CIPHER_COUNT);
	tcase_add_loop_test(tcase, pieces, 0, CT_CIPHER_COUNT);
	tcase_add_loop_test(tcase, name, 0, COUNT(names));
	tcase_add_test(tcase, facts);
	tcase_add_loop_test(tcase, ed25519_vector, 0, COUNT(ed25519));
	tcase_add_test(tcase, wipe);
	tcase_add_test(tcase, randomness);
	return run_suite(suite);
}
