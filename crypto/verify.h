/* Public keys of others, and signatures under them, as JSON Web Tokens have them (RFC 7518, RFC 8037). Thread-safe. */
#ifndef CT_VERIFY_H
#define CT_VERIFY_H

#include "hash.h"

struct ct_public_key;

/* From the DER of an X.509 certificate, of which nothing but the key is looked at, or of a SubjectPublicKeyInfo. The caller
 * frees *key. CT_E_KEY: there is no such key in it. */
int ct_public_key_from_certificate(const struct ct_crypto *crypto, const uint8_t *der, size_t len,
				   struct ct_public_key **key, struct ct_error *err);
int ct_public_key_from_info(const struct ct_crypto *crypto, const uint8_t *der, size_t len,
			    struct ct_public_key **key, struct ct_error *err);

/* From big-endian numbers, as JSON Web Keys have them. `curve`: "P-256", "P-384" or "P-521". */
int ct_public_key_rsa(const struct ct_crypto *crypto, const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len,
		      struct ct_public_key **key, struct ct_error *err);
int ct_public_key_ec(const struct ct_crypto *crypto, const char *curve, const uint8_t *x, size_t x_len,
		     const uint8_t *y, size_t y_len, struct ct_public_key **key, struct ct_error *err);
int ct_public_key_ed25519(const struct ct_crypto *crypto, const uint8_t *x, size_t len, struct ct_public_key **key,
			  struct ct_error *err);

/* NULL is allowed. */
void ct_public_key_free(struct ct_public_key *key);

enum ct_scheme { CT_RSA_PKCS1, CT_RSA_PSS, CT_ECDSA, CT_EDDSA };

/* 0 when `signature` is that of `message`; CT_E_SIGNATURE when not, or when the key is of another kind. ECDSA's are two
 * numbers of equal length; EdDSA has its own hash. */
int ct_public_key_verify(const struct ct_crypto *crypto, const struct ct_public_key *key, enum ct_scheme scheme,
			 enum ct_hash hash, const void *message, size_t len, const uint8_t *signature, size_t signature_len,
			 struct ct_error *err);

#endif
