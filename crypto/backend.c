/* Which implementation runs AES-GCM. */
#include <openssl/crypto.h>
#include <string.h>

#include "aead_impl.h"

static const char *const names[CT_BACKEND_COUNT] = {
	[CT_BACKEND_AUTO] = "auto",
	[CT_BACKEND_OPENSSL] = "openssl",
	[CT_BACKEND_IPSEC_MB] = "ipsec-mb",
};

const char *ct_backend_name(enum ct_backend backend)
{
	return names[backend];
}

int ct_backend_parse(const char *name, enum ct_backend *backend)
{
	for (int i = 0; i < CT_BACKEND_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*backend = (enum ct_backend)i;
			return 0;
		}
	}
	return -1;
}

enum ct_backend ct_crypto_backend(const struct ct_crypto *crypto)
{
	return crypto->backend;
}

/* Long enough for every loop of an implementation, and cut where none of them likes it. */
enum { SAMPLE = 1500, CUT = 701 };

/* A message sealed in two pieces, and its tag behind it. */
static int seal_sample(const struct ct_crypto *crypto, enum ct_cipher cipher, uint8_t out[static SAMPLE + CT_TAG_LEN],
		       struct ct_error *err)
{
	struct ct_key key = {.len = ct_cipher_key_len(cipher)};
	static const uint8_t nonce[CT_NONCE_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
	struct ct_aead *aead;
	for (size_t i = 0; i < key.len; i++)
		key.bytes[i] = (uint8_t)(i * 7 + 1);
	memset(out, 0x5a, SAMPLE);
	if (ct_aead_new(&aead, crypto, cipher, &key, CT_SEAL, err) < 0)
		return -1;
	int status = ct_aead_begin(aead, nonce, err);
	if (status == 0)
		status = ct_aead_update(aead, out, out, CUT, err);
	if (status == 0)
		status = ct_aead_update(aead, out + CUT, out + CUT, SAMPLE - CUT, err);
	if (status == 0)
		status = ct_aead_seal_end(aead, out + SAMPLE, err);
	ct_aead_free(aead);
	return status;
}

/* Does it do what OpenSSL does? The library may be another version than the one it was written for. */
static int compare(const struct ct_crypto *crypto, struct ct_error *err)
{
	struct ct_crypto reference = *crypto;
	reference.backend = CT_BACKEND_OPENSSL;
	for (int cipher = CT_AES_128_GCM; cipher <= CT_AES_256_GCM; cipher++) {
		uint8_t right[SAMPLE + CT_TAG_LEN], got[SAMPLE + CT_TAG_LEN];
		if (seal_sample(&reference, (enum ct_cipher)cipher, right, err) < 0
		    || seal_sample(crypto, (enum ct_cipher)cipher, got, err) < 0)
			return -1;
		if (memcmp(got, right, sizeof right) != 0)
			return ct_fail(err, CT_E_CRYPTO, "its results are not those of OpenSSL");
	}
	return 0;
}

int ct_backend_choose(struct ct_crypto *crypto, enum ct_backend wanted, struct ct_error *err)
{
	int status = 0;
	crypto->backend = CT_BACKEND_OPENSSL;
	if (wanted == CT_BACKEND_OPENSSL)
		return 0;
	const char *obstacle = ct_ipsec_mb_obstacle();
	if (obstacle != NULL) {
		status = ct_fail(err, CT_E_ARGUMENT, "%s", obstacle);
	} else {
		crypto->backend = CT_BACKEND_IPSEC_MB;
		status = compare(crypto, err);
	}
	if (status == 0 || wanted != CT_BACKEND_AUTO)
		return status;
	crypto->backend = CT_BACKEND_OPENSSL;
	return 0;
}
