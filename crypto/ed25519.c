#include "ed25519.h"

#include <openssl/err.h>

#include "internal.h"

int ct_ed25519_verify(const struct ct_crypto *crypto,
		      const uint8_t public_key[static CT_ED25519_KEY_LEN], const void *message,
		      size_t len, const uint8_t signature[static CT_ED25519_SIGNATURE_LEN],
		      struct ct_error *err)
{
	int status = -1;
	EVP_MD_CTX *md = NULL;
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key_ex(crypto->lib, "ED25519", NULL, public_key,
						       CT_ED25519_KEY_LEN);
	if (key == NULL) {
		ERR_clear_error();
		ct_fail(err, CT_E_KEY, "the verification key is not an Ed25519 key");
		goto out;
	}
	md = EVP_MD_CTX_new();
	if (md == NULL || EVP_DigestVerifyInit_ex(md, NULL, NULL, crypto->lib, NULL, key, NULL) != 1) {
		ct_fail_openssl(err, "verifying a signature");
		goto out;
	}
	if (EVP_DigestVerify(md, signature, CT_ED25519_SIGNATURE_LEN, message, len) != 1) {
		ERR_clear_error();
		ct_fail(err, CT_E_SIGNATURE, "the signature does not verify");
		goto out;
	}
	status = 0;
out:
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return status;
}

int ct_ed25519_sign(const struct ct_crypto *crypto, const uint8_t seed[static CT_ED25519_KEY_LEN],
		    const void *message, size_t len,
		    uint8_t signature[static CT_ED25519_SIGNATURE_LEN], struct ct_error *err)
{
	int status = -1;
	size_t size = CT_ED25519_SIGNATURE_LEN;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(crypto->lib, "ED25519", NULL, seed,
							CT_ED25519_KEY_LEN);
	if (md == NULL || key == NULL
	    || EVP_DigestSignInit_ex(md, NULL, NULL, crypto->lib, NULL, key, NULL) != 1
	    || EVP_DigestSign(md, signature, &size, message, len) != 1)
		ct_fail_openssl(err, "signing");
	else
		status = 0;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return status;
}

int ct_ed25519_public(const struct ct_crypto *crypto, const uint8_t seed[static CT_ED25519_KEY_LEN],
		      uint8_t public_key[static CT_ED25519_KEY_LEN], struct ct_error *err)
{
	int status = 0;
	size_t size = CT_ED25519_KEY_LEN;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(crypto->lib, "ED25519", NULL, seed,
							CT_ED25519_KEY_LEN);
	if (key == NULL || EVP_PKEY_get_raw_public_key(key, public_key, &size) != 1)
		status = ct_fail_openssl(err, "deriving a public key");
	EVP_PKEY_free(key);
	return status;
}
