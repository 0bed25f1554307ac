/* The format's ciphers by OpenSSL's EVP: every one of them, everywhere. */
#include <openssl/err.h>
#include <stdlib.h>

#include "aead_impl.h"

struct evp_aead {
	struct ct_aead aead;
	EVP_CIPHER_CTX *evp;
};

static EVP_CIPHER_CTX *evp_of(struct ct_aead *aead)
{
	return ((struct evp_aead *)aead)->evp;
}

static void evp_free(struct ct_aead *aead)
{
	EVP_CIPHER_CTX_free(evp_of(aead));
	free(aead);
}

static int evp_begin(struct ct_aead *aead, const uint8_t *nonce, struct ct_error *err)
{
	if (EVP_CipherInit_ex2(evp_of(aead), NULL, NULL, nonce, -1, NULL) != 1)
		return ct_fail_openssl(err, "setting a nonce");
	return 0;
}

static int evp_update(struct ct_aead *aead, const uint8_t *in, uint8_t *out, size_t len, struct ct_error *err)
{
	enum { PIECE = 1 << 30 }; /* EVP counts in int */
	while (len > 0) {
		int piece = len < PIECE ? (int)len : PIECE, done = 0;
		if (EVP_CipherUpdate(evp_of(aead), out, &done, in, piece) != 1 || done != piece)
			return ct_fail_openssl(err, "the cipher");
		in += piece;
		out += piece;
		len -= (size_t)piece;
	}
	return 0;
}

static int evp_seal_end(struct ct_aead *aead, uint8_t *tag, struct ct_error *err)
{
	uint8_t none[CT_TAG_LEN];
	int done = 0;
	if (EVP_CipherFinal_ex(evp_of(aead), none, &done) != 1
	    || EVP_CIPHER_CTX_ctrl(evp_of(aead), EVP_CTRL_AEAD_GET_TAG, CT_TAG_LEN, tag) != 1)
		return ct_fail_openssl(err, "making a tag");
	return 0;
}

static int evp_open_end(struct ct_aead *aead, const uint8_t *tag, struct ct_error *err)
{
	uint8_t none[CT_TAG_LEN], expected[CT_TAG_LEN];
	int done = 0;
	for (int i = 0; i < CT_TAG_LEN; i++)
		expected[i] = tag[i]; /* OpenSSL's interface wants it writable */
	if (EVP_CIPHER_CTX_ctrl(evp_of(aead), EVP_CTRL_AEAD_SET_TAG, CT_TAG_LEN, expected) != 1)
		return ct_fail_openssl(err, "setting a tag");
	if (EVP_CipherFinal_ex(evp_of(aead), none, &done) != 1) {
		ERR_clear_error();
		return ct_fail(err, CT_E_AUTH, "authentication failed");
	}
	return 0;
}

static const struct ct_aead_calls calls = {
	.free = evp_free,
	.begin = evp_begin,
	.update = evp_update,
	.seal_end = evp_seal_end,
	.open_end = evp_open_end,
};

int ct_aead_openssl_new(struct ct_aead **out, const struct ct_crypto *crypto, enum ct_cipher cipher,
			const struct ct_key *key, enum ct_direction direction, struct ct_error *err)
{
	struct evp_aead *aead = calloc(1, sizeof *aead);
	if (aead == NULL)
		return ct_fail_nomem(err);
	aead->aead.calls = &calls;
	aead->evp = EVP_CIPHER_CTX_new();
	if (aead->evp == NULL) {
		free(aead);
		return ct_fail_nomem(err);
	}
	if (EVP_CipherInit_ex2(aead->evp, crypto->ciphers[cipher], key->bytes, NULL, direction == CT_SEAL, NULL) != 1) {
		evp_free(&aead->aead);
		return ct_fail_openssl(err, "setting a key");
	}
	*out = &aead->aead;
	return 0;
}
