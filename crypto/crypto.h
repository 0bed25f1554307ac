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

/* What runs AES-GCM: everything else is always OpenSSL's. */
enum ct_backend {
	CT_BACKEND_AUTO,     /* the fastest there is */
	CT_BACKEND_OPENSSL,
	CT_BACKEND_IPSEC_MB, /* intel-ipsec-mb: where it is part of the build, on processors with VAES and AVX-512 */
	CT_BACKEND_COUNT
};

/* "auto", "openssl", "ipsec-mb". Static. */
const char *ct_backend_name(enum ct_backend backend);

/* 0, or -1 when the name is unknown. */
int ct_backend_parse(const char *name, enum ct_backend *backend);

/* A context, or -1 (CT_E_CRYPTO, CT_E_NOMEM; CT_E_ARGUMENT when `backend` cannot be used here, saying why).
 * CT_BACKEND_AUTO can always be. The caller owns it; it must outlive everything that
 * was made with it. After that it is read only and may be shared by threads and used in a child
 * after fork. */
int ct_crypto_new(struct ct_crypto **crypto, enum ct_backend backend, struct ct_error *err);

/* The one that was chosen: never CT_BACKEND_AUTO. */
enum ct_backend ct_crypto_backend(const struct ct_crypto *crypto);

/* NULL is allowed. */
void ct_crypto_free(struct ct_crypto *crypto);

/* Fill `len` bytes from the system's random generator. -1: CT_E_CRYPTO. Thread-safe. */
int ct_random(const struct ct_crypto *crypto, void *bytes, size_t len, struct ct_error *err);

#endif
