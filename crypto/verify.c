#include "verify.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "internal.h"

/* It is OpenSSL's. */
static struct ct_public_key *ours(EVP_PKEY *key)
{
	return (struct ct_public_key *)key;
}

static int no_key(struct ct_error *err, const char *of)
{
	ERR_clear_error();
	return ct_fail(err, CT_E_KEY, "%s has no usable public key", of);
}

int ct_public_key_from_certificate(const struct ct_crypto *crypto, const uint8_t *der, size_t len,
				   struct ct_public_key **key, struct ct_error *err)
{
	const unsigned char *at = der;
	X509 *certificate = X509_new_ex(crypto->lib, NULL);
	EVP_PKEY *found = NULL;
	if (certificate == NULL)
		return ct_fail_openssl(err, "X.509");
	if (len <= INT32_MAX && d2i_X509(&certificate, &at, (long)len) != NULL && at == der + len)
		found = X509_get_pubkey(certificate);
	X509_free(certificate);
	*key = ours(found);
	return found != NULL ? 0 : no_key(err, "the certificate");
}

int ct_public_key_from_info(const struct ct_crypto *crypto, const uint8_t *der, size_t len,
			    struct ct_public_key **key, struct ct_error *err)
{
	const unsigned char *at = der;
	EVP_PKEY *found = len <= INT32_MAX ? d2i_PUBKEY_ex(NULL, &at, (long)len, crypto->lib, NULL) : NULL;
	if (found != NULL && at != der + len) {
		EVP_PKEY_free(found);
		found = NULL;
	}
	*key = ours(found);
	return found != NULL ? 0 : no_key(err, "the PEM block");
}

/* A key of OpenSSL's `type` from its parts, which are freed. */
static int from_parts(const struct ct_crypto *crypto, const char *type, OSSL_PARAM_BLD *parts, struct ct_public_key **key,
		      struct ct_error *err)
{
	OSSL_PARAM *params = parts != NULL ? OSSL_PARAM_BLD_to_param(parts) : NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(crypto->lib, type, NULL);
	EVP_PKEY *found = NULL;
	if (params == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1
	    || EVP_PKEY_fromdata(context, &found, EVP_PKEY_PUBLIC_KEY, params) != 1)
		found = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	*key = ours(found);
	return found != NULL ? 0 : no_key(err, "the JSON Web Key");
}

int ct_public_key_rsa(const struct ct_crypto *crypto, const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len,
		      struct ct_public_key **key, struct ct_error *err)
{
	/* Larger ones would only cost time. */
	if (n_len == 0 || n_len > 2048 || e_len == 0 || e_len > 8)
		return no_key(err, "the JSON Web Key");
	BIGNUM *modulus = BN_bin2bn(n, (int)n_len, NULL), *exponent = BN_bin2bn(e, (int)e_len, NULL);
	OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
	int result = -1;
	if (modulus != NULL && exponent != NULL && parts != NULL
	    && OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_N, modulus) == 1
	    && OSSL_PARAM_BLD_push_BN(parts, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		result = from_parts(crypto, "RSA", parts, key, err);
	else
		ct_fail_openssl(err, "RSA");
	OSSL_PARAM_BLD_free(parts);
	BN_free(modulus);
	BN_free(exponent);
	return result;
}

int ct_public_key_ec(const struct ct_crypto *crypto, const char *curve, const uint8_t *x, size_t x_len,
		     const uint8_t *y, size_t y_len, struct ct_public_key **key, struct ct_error *err)
{
	size_t size = strcmp(curve, "P-256") == 0 ? 32 : strcmp(curve, "P-384") == 0 ? 48
							: strcmp(curve, "P-521") == 0 ? 66 : 0;
	uint8_t point[1 + 2 * 66] = {4};
	if (size == 0 || x_len == 0 || x_len > size || y_len == 0 || y_len > size)
		return no_key(err, "the JSON Web Key");
	memcpy(point + 1 + size - x_len, x, x_len);
	memcpy(point + 1 + 2 * size - y_len, y, y_len);
	OSSL_PARAM_BLD *parts = OSSL_PARAM_BLD_new();
	int result = -1;
	if (parts != NULL && OSSL_PARAM_BLD_push_utf8_string(parts, OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1
	    && OSSL_PARAM_BLD_push_octet_string(parts, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size) == 1)
		result = from_parts(crypto, "EC", parts, key, err);
	else
		ct_fail_openssl(err, "EC");
	OSSL_PARAM_BLD_free(parts);
	return result;
}

int ct_public_key_ed25519(const struct ct_crypto *crypto, const uint8_t *x, size_t len, struct ct_public_key **key,
			  struct ct_error *err)
{
	EVP_PKEY *found = EVP_PKEY_new_raw_public_key_ex(crypto->lib, "ED25519", NULL, x, len);
	*key = ours(found);
	return found != NULL ? 0 : no_key(err, "the JSON Web Key");
}

void ct_public_key_free(struct ct_public_key *key)
{
	EVP_PKEY_free((EVP_PKEY *)key);
}

/* Two numbers as OpenSSL wants them: DER. NULL when they are none. */
static uint8_t *pair_to_der(const uint8_t *signature, size_t len, size_t *der_len)
{
	unsigned char *der = NULL;
	if (len < 2 || len > 1024)
		return NULL;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, (int)(len / 2), NULL);
	BIGNUM *s = BN_bin2bn(signature + len / 2, (int)(len - len / 2), NULL);
	if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL;
		int size = i2d_ECDSA_SIG(pair, &der);
		*der_len = size > 0 ? (size_t)size : 0;
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
	return der;
}

static int is_for(const EVP_PKEY *key, enum ct_scheme scheme)
{
	switch (scheme) {
	case CT_RSA_PKCS1:
	case CT_RSA_PSS:
		return EVP_PKEY_is_a(key, "RSA");
	case CT_ECDSA:
		return EVP_PKEY_is_a(key, "EC");
	default:
		return EVP_PKEY_is_a(key, "ED25519");
	}
}

int ct_public_key_verify(const struct ct_crypto *crypto, const struct ct_public_key *key, enum ct_scheme scheme,
			 enum ct_hash hash, const void *message, size_t len, const uint8_t *signature, size_t signature_len,
			 struct ct_error *err)
{
	EVP_PKEY *pkey = (EVP_PKEY *)key;
	EVP_PKEY_CTX *options = NULL;
	uint8_t *der = NULL;
	int good = 0;
	if (!is_for(pkey, scheme))
		return ct_fail(err, CT_E_SIGNATURE, "the key is of another kind than the signature");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (context == NULL)
		return ct_fail_openssl(err, "a signature");
	if (EVP_DigestVerifyInit_ex(context, &options, scheme == CT_EDDSA ? NULL : ct_hash_name(hash), crypto->lib, NULL,
				    pkey, NULL) != 1)
		goto out;
	if (scheme == CT_RSA_PSS && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1
				     || EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_AUTO) != 1))
		goto out;
	if (scheme == CT_ECDSA) {
		der = pair_to_der(signature, signature_len, &signature_len);
		if (der == NULL)
			goto out;
		signature = der;
	}
	good = EVP_DigestVerify(context, signature, signature_len, message, len) == 1;
out:
	OPENSSL_free(der);
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return good ? 0 : ct_fail(err, CT_E_SIGNATURE, "the signature is not of this key");
}
