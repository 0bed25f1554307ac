/* The cryptographic library's context: algorithms looked up once, used by every thread.
 *
 * It is OpenSSL 3 in a library context of its own: no configuration file is read, no exit handler
 * installed, and the host program's OpenSSL, if it has one, is not touched. */
#ifndef CT_CRYPTO_H
#define CT_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct ct_crypto;

/* A context, or -1 (CT_E_CRYPTO, CT_E_NOMEM). The caller owns it; it must outlive everything that
 * was made with it. After that it is read only and may be shared by threads and used in a child
 * after fork. */
int ct_crypto_new(struct ct_crypto **crypto, struct ct_error *err);

/* NULL is allowed. */
void ct_crypto_free(struct ct_crypto *crypto);

/* Fill `len` bytes from the system's random generator. -1: CT_E_CRYPTO. Thread-safe. */
int ct_random(const struct ct_crypto *crypto, void *bytes, size_t len, struct ct_error *err);

#endif
