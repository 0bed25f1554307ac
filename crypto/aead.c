#include "aead.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "internal.h"

struct ct_aead {
	EVP_CIPHER_CTX *evp;
	enum ct_direction direction;
};

int ct_aead_new(struct ct_aead **out, const struct ct_crypto *crypto, enum ct_cipher cipher,
		const struct ct_key *key, enum ct_direction direction, struct ct_error *err)
{
	if (key->len != ct_cipher_key_len(cipher))
		return ct_fail(err, CT_E_KEY, "the key has %zu bytes, %s needs %zu", key->len,
			       ct_cipher_name(cipher), ct_cipher_key_len(cipher));
	struct ct_aead *aead = calloc(1, sizeof *aead);
	if (aead == NULL)
		return ct_fail_nomem(err);
	aead->direction = direction;
	aead->evp = EVP_CIPHER_CTX_new();
	if (aead->evp == NULL) {
		free(aead);
		return ct_fail_nomem(err);
	}
	if (EVP_CipherInit_ex2(aead->evp, crypto->ciphers[cipher], key->bytes, NULL,
			       direction == CT_SEAL, NULL)
	    != 1) {
		ct_aead_free(aead);
		return ct_fail_openssl(err, "setting a key");
	}
	*out = aead;
	return 0;
}

void ct_aead_free(struct ct_aead *aead)
{
	if (aead == NULL)
		return;
	EVP_CIPHER_CTX_free(aead->evp);
	free(aead);
}

int ct_aead_begin(struct ct_aead *aead, const uint8_t nonce[static CT_NONCE_LEN],
		  struct ct_error *err)
{
	if (EVP_CipherInit_ex2(aead->evp, NULL, NULL, nonce, -1, NULL) != 1)
		return ct_fail_openssl(err, "setting a nonce");
	return 0;
}

int ct_aead_update(struct ct_aead *aead, const uint8_t *in, uint8_t *out, size_t len,
		   struct ct_error *err)
{
	enum { PIECE = 1 << 30 }; /* EVP counts in int */
	while (len > 0) {
		int piece = len < PIECE ? (int)len : PIECE, done = 0;
		if (EVP_CipherUpdate(aead->evp, out, &done, in, piece) != 1 || done != piece)
			return ct_fail_openssl(err, "the cipher");
		in += piece;
		out += piece;
		len -= (size_t)piece;
	}
	return 0;
}

int ct_aead_seal_end(struct ct_aead *aead, uint8_t tag[static CT_TAG_LEN], struct ct_error *err)
{
	uint8_t none[CT_TAG_LEN];
	int done = 0;
	if (EVP_CipherFinal_ex(aead->evp, none, &done) != 1
	    || EVP_CIPHER_CTX_ctrl(aead->evp, EVP_CTRL_AEAD_GET_TAG, CT_TAG_LEN, tag) != 1)
		return ct_fail_openssl(err, "making a tag");
	return 0;
}

int ct_aead_open_end(struct ct_aead *aead, const uint8_t tag[static CT_TAG_LEN],
		     struct ct_error *err)
{
	uint8_t none[CT_TAG_LEN], expected[CT_TAG_LEN];
	int done = 0;
	for (int i = 0; i < CT_TAG_LEN; i++)
		expected[i] = tag[i]; /* OpenSSL's interface wants it writable */
	if (EVP_CIPHER_CTX_ctrl(aead->evp, EVP_CTRL_AEAD_SET_TAG, CT_TAG_LEN, expected) != 1)
		return ct_fail_openssl(err, "setting a tag");
	if (EVP_CipherFinal_ex(aead->evp, none, &done) != 1) {
		ERR_clear_error();
		return ct_fail(err, CT_E_AUTH, "authentication failed");
	}
	return 0;
}

uint64_t ct_aead_message_max(enum ct_cipher cipher)
{
	if (cipher == CT_CHACHA20_POLY1305)
		return (UINT64_C(1) << 38) - 64;
	return (UINT64_C(1) << 36) - 32;
}

int ct_seal(const struct ct_crypto *crypto, enum ct_cipher cipher, const struct ct_key *key,
	    const uint8_t nonce[static CT_NONCE_LEN], const uint8_t *in, uint8_t *out, size_t len,
	    uint8_t tag[static CT_TAG_LEN], struct ct_error *err)
{
	struct ct_aead *aead = NULL;
	if (ct_aead_new(&aead, crypto, cipher, key, CT_SEAL, err) < 0)
		return -1;
	int status = ct_aead_begin(aead, nonce, err);
	if (status == 0)
		status = ct_aead_update(aead, in, out, len, err);
	if (status == 0)
		status = ct_aead_seal_end(aead, tag, err);
	ct_aead_free(aead);
	return status;
}

int ct_open(const struct ct_crypto *crypto, enum ct_cipher cipher, const struct ct_key *key,
	    const uint8_t nonce[static CT_NONCE_LEN], const uint8_t *in, uint8_t *out, size_t len,
	    const uint8_t tag[static CT_TAG_LEN], struct ct_error *err)
{
	struct ct_aead *aead = NULL;
	if (ct_aead_new(&aead, crypto, cipher, key, CT_OPEN, err) < 0)
		return -1;
	int status = ct_aead_begin(aead, nonce, err);
	if (status == 0)
		status = ct_aead_update(aead, in, out, len, err);
	if (status == 0)
		status = ct_aead_open_end(aead, tag, err);
	if (status < 0)
		ct_wipe(out, len);
	ct_aead_free(aead);
	return status;
}
