/* SHA-256 (FIPS 180-4). Thread-safe. */
#ifndef CT_DIGEST_H
#define CT_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"

enum { CT_SHA256_LEN = 32 };

/* The digest of `len` bytes; `bytes` may be NULL when `len` is 0. CT_E_CRYPTO. */
int ct_sha256(const struct ct_crypto *crypto, const void *bytes, size_t len,
	      uint8_t digest[static CT_SHA256_LEN], struct ct_error *err);

#endif
