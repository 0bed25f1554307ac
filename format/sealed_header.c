#include "sealed_header.h"

#include <string.h>

#include "aead.h"
#include "base64.h"
#include "writer.h"

int ct_sealed_header_keys(const struct ct_keyset *keys, enum ct_cipher cipher,
			  const struct ct_keyset_entry **master, const struct ct_keyset_entry **signer,
			  struct ct_error *err)
{
	*signer = ct_keyset_signer(keys);
	*master = ct_keyset_find(keys, CT_MASTER_KEY, NULL, (int)cipher);
	if (*signer == NULL)
		return ct_fail(err, CT_E_KEY, "the key file has no signing seed ('d'): "
			       "use the file that keygen made, not the public one");
	if (*master == NULL)
		return ct_fail(err, CT_E_KEY, "the key file has no master key for %s: make one with keygen --alg",
			       ct_cipher_name(cipher));
	if ((*master)->master.len != ct_cipher_key_len(cipher))
		return ct_fail(err, CT_E_KEY, "the master key '%.100s' has %zu bytes, %s needs %zu: "
			       "make one with keygen --alg",
			       (*master)->kid != NULL ? (*master)->kid : "(no kid)", (*master)->master.len,
			       ct_cipher_name(cipher), ct_cipher_key_len(cipher));
	return 0;
}

int ct_sealed_header_name(struct ct_key_name *name, const struct ct_keyset_entry *key,
			  struct ct_error *err)
{
	if ((key->kid != NULL && (name->kid = strdup(key->kid)) == NULL)
	    || (key->jku != NULL && (name->jku = strdup(key->jku)) == NULL))
		return ct_fail_nomem(err);
	return 0;
}

int ct_sealed_header_wrap(const struct ct_crypto *crypto, enum ct_cipher cipher,
			  const struct ct_keyset_entry *master, const struct ct_key *data_key,
			  struct ct_sealed *sealed, struct ct_error *err)
{
	if (ct_random(crypto, sealed->key_iv, CT_NONCE_LEN, err) < 0)
		return -1;
	return ct_seal(crypto, cipher, &master->master, sealed->key_iv, data_key->bytes,
		       sealed->wrapped_key, data_key->len, sealed->key_tag, err);
}

/* The signature over the canonical header, checked against the key that readers will have. */
static int sign(const struct ct_header *header, const struct ct_metadata *extra, size_t count,
		const struct ct_crypto *crypto, const struct ct_keyset_entry *signer,
		uint8_t signature[static CT_ED25519_SIGNATURE_LEN], struct ct_error *err)
{
	struct ct_buffer canonical = {0};
	int status = -1;
	if (ct_header_put_canonical(header, extra, count, &canonical, err) < 0
	    || ct_ed25519_sign(crypto, signer->seed.bytes, canonical.data, canonical.len, signature, err) < 0)
		goto out;
	if (signer->has_public
	    && ct_ed25519_verify(crypto, signer->public_key, canonical.data, canonical.len, signature, err) < 0) {
		ct_fail(err, CT_E_KEY, "the signing key's 'x' does not belong to its 'd': correct the key file");
		goto out;
	}
	status = 0;
out:
	ct_buffer_free(&canonical);
	return status;
}

enum { KEYS, ENCRYPTION, POLICY, SIGNATURE, RESERVED };

int ct_sealed_header_make(const struct ct_header *header, struct ct_manifest *manifest,
			  const struct ct_crypto *crypto, const struct ct_keyset_entry *signer,
			  struct ct_buffer *text, struct ct_error *err)
{
	struct ct_buffer texts[SIGNATURE] = {{0}};
	char signature[90];
	int status = -1;
	ct_manifest_put_keys(manifest, &texts[KEYS]);
	ct_manifest_put_encryption(manifest, header, &texts[ENCRYPTION]);
	ct_manifest_put_policy(manifest, &texts[POLICY]);
	for (int i = 0; i < SIGNATURE; i++)
		if (ct_buffer_check(&texts[i], err) < 0)
			goto out;
	struct ct_metadata extra[RESERVED] = {
		[KEYS] = {"__crypto_keys__", texts[KEYS].data},
		[ENCRYPTION] = {"__encryption__", texts[ENCRYPTION].data},
		[POLICY] = {"__policy__", texts[POLICY].data},
		[SIGNATURE] = {"__signature__", signature},
	};
	if (sign(header, extra, SIGNATURE, crypto, signer, manifest->signature, err) < 0)
		goto out;
	ct_base64_encode(manifest->signature, sizeof manifest->signature, signature);
	ct_buffer_fill(text, 0, CT_LENGTH_FIELD);
	ct_header_put(header, extra, RESERVED, text);
	status = ct_buffer_check(text, err);
out:
	for (int i = 0; i < SIGNATURE; i++)
		ct_buffer_free(&texts[i]);
	return status;
}

uint64_t ct_sealed_header_length(size_t size)
{
	uint64_t need = (uint64_t)size + CT_WRITER_ROOM;
	return (need + CT_WRITER_ALIGN - 1) / CT_WRITER_ALIGN * CT_WRITER_ALIGN - CT_LENGTH_FIELD;
}

int ct_sealed_header_pad(struct ct_buffer *text, uint64_t length, struct ct_error *err)
{
	ct_buffer_fill(text, ' ', (size_t)length + CT_LENGTH_FIELD - text->len);
	if (ct_buffer_check(text, err) < 0)
		return -1;
	for (unsigned i = 0; i < CT_LENGTH_FIELD; i++)
		text->data[i] = (char)(length >> (8 * i));
	return 0;
}
