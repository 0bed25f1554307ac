/* What the files of crypto/ share about OpenSSL; nothing outside crypto/ includes this. */
#ifndef CT_CRYPTO_INTERNAL_H
#define CT_CRYPTO_INTERNAL_H

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdbool.h>

#include "cipher.h"
#include "crypto.h"

struct ct_crypto {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *provider; /* or NULL: libcrypto's own choice */
	enum ct_backend backend; /* for AES-GCM: never CT_BACKEND_AUTO */
	EVP_CIPHER *ciphers[CT_CIPHER_COUNT];
};

/* CT_E_CRYPTO: `what` failed inside OpenSSL. Returns -1. */
int ct_fail_openssl(struct ct_error *err, const char *what);

/* Give a new library context its algorithms, before the first one is fetched: OpenSSL's own, as far as they are used here
 * (provider.c). *provider is to be unloaded before the context is freed; NULL where libcrypto chooses for itself. False:
 * OpenSSL says why. Safe in several threads at once. */
bool ct_provider_load(OSSL_LIB_CTX *lib, OSSL_PROVIDER **provider);

/* Set crypto->backend, everything else of it being ready. CT_E_ARGUMENT: not this one, not here;
 * CT_E_CRYPTO: it was tried, and is wrong. */
int ct_backend_choose(struct ct_crypto *crypto, enum ct_backend wanted, struct ct_error *err);

#endif
