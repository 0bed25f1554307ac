#include "aead.h"

#include "aead_impl.h"

int ct_aead_new(struct ct_aead **out, const struct ct_crypto *crypto, enum ct_cipher cipher,
		const struct ct_key *key, enum ct_direction direction, struct ct_error *err)
{
	int status;
	if (key->len != ct_cipher_key_len(cipher))
		return ct_fail(err, CT_E_KEY, "the key has %zu bytes, %s needs %zu", key->len,
			       ct_cipher_name(cipher), ct_cipher_key_len(cipher));
	if (crypto->backend == CT_BACKEND_IPSEC_MB && cipher != CT_CHACHA20_POLY1305)
		status = ct_aead_ipsec_mb_new(out, cipher, key, direction, err);
	else
		status = ct_aead_openssl_new(out, crypto, cipher, key, direction, err);
	if (status == 0)
		(*out)->max = ct_aead_message_max(cipher);
	return status;
}

void ct_aead_free(struct ct_aead *aead)
{
	if (aead != NULL)
		aead->calls->free(aead);
}

int ct_aead_begin(struct ct_aead *aead, const uint8_t nonce[static CT_NONCE_LEN],
		  struct ct_error *err)
{
	aead->begun = aead->calls->begin(aead, nonce, err) == 0;
	aead->left = aead->max;
	return aead->begun ? 0 : -1;
}

/* Without a nonce of its own no message is transformed, whatever the implementation would do. */
static int need_message(const struct ct_aead *aead, struct ct_error *err)
{
	return aead->begun ? 0 : ct_fail(err, CT_E_CRYPTO, "the cipher was used without a nonce");
}

int ct_aead_update(struct ct_aead *aead, const uint8_t *in, uint8_t *out, size_t len,
		   struct ct_error *err)
{
	if (need_message(aead, err) < 0)
		return -1;
	if (len > aead->left) {
		aead->begun = false;
		return ct_fail(err, CT_E_CRYPTO, "the message is longer than the cipher allows");
	}
	aead->left -= len;
	return len == 0 ? 0 : aead->calls->update(aead, in, out, len, err);
}

int ct_aead_seal_end(struct ct_aead *aead, uint8_t tag[static CT_TAG_LEN], struct ct_error *err)
{
	if (need_message(aead, err) < 0)
		return -1;
	aead->begun = false;
	return aead->calls->seal_end(aead, tag, err);
}

int ct_aead_open_end(struct ct_aead *aead, const uint8_t tag[static CT_TAG_LEN],
		     struct ct_error *err)
{
	if (need_message(aead, err) < 0)
		return -1;
	aead->begun = false;
	return aead->calls->open_end(aead, tag, err);
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
