/* Hashes and message authentication codes by name, for what others made with them. MD5 and SHA-1 are broken: they tell equal
 * things apart from nothing. Thread-safe. */
#ifndef CT_HASH_H
#define CT_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"

enum ct_hash { CT_MD5, CT_SHA1, CT_SHA256, CT_SHA384, CT_SHA512 };
enum { CT_HASH_MOST = 64 };

/* What OpenSSL calls it. */
const char *ct_hash_name(enum ct_hash hash);

/* *size is that of the digest. CT_E_CRYPTO. */
int ct_hash(const struct ct_crypto *crypto, enum ct_hash hash, const void *bytes, size_t len,
	    uint8_t digest[static CT_HASH_MOST], size_t *size, struct ct_error *err);

/* HMAC (RFC 2104) with a key of any length. */
int ct_hmac(const struct ct_crypto *crypto, enum ct_hash hash, const void *key, size_t key_len, const void *bytes,
	    size_t len, uint8_t mac[static CT_HASH_MOST], size_t *size, struct ct_error *err);

/* Compares in a time that tells nothing of where they differ. */
int ct_equal(const void *a, const void *b, size_t len);

#endif
