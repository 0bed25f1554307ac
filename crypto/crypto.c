#include "crypto.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

#include "internal.h"

int ct_fail_openssl(struct ct_error *err, const char *what)
{
	unsigned long code = ERR_get_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
	ERR_clear_error();
	/* Where memory is short, it gives no reason, or that a cipher's state could not be made. */
	if (code == 0 || ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE
	    || (ERR_GET_LIB(code) == ERR_LIB_EVP && ERR_GET_REASON(code) == EVP_R_INITIALIZATION_ERROR))
		return ct_fail_nomem(err);
	return ct_fail(err, CT_E_CRYPTO, "%s failed in the cryptographic library (%s)", what,
		       reason != NULL ? reason : "no reason given");
}

int ct_crypto_new(struct ct_crypto **out, enum ct_backend backend, struct ct_error *err)
{
	static const char *const names[CT_CIPHER_COUNT] = {
		[CT_AES_128_GCM] = "AES-128-GCM",
		[CT_AES_256_GCM] = "AES-256-GCM",
		[CT_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
	};
	/* Must be OpenSSL's first initialisation in this copy of it, or it installs its exit
	 * handler and reads its configuration file. Error strings, and the names that ciphers and digests
	 * had before there were providers, are left out: they cost time. */
	if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT
					 | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ADD_ALL_CIPHERS
					 | OPENSSL_INIT_NO_ADD_ALL_DIGESTS,
				 NULL))
		return ct_fail_openssl(err, "start");

	struct ct_crypto *crypto = calloc(1, sizeof *crypto);
	if (crypto == NULL)
		return ct_fail_nomem(err);
	crypto->lib = OSSL_LIB_CTX_new();
	if (crypto->lib == NULL || !ct_provider_load(crypto->lib, &crypto->provider)) {
		ct_fail_openssl(err, "start");
		goto out;
	}
	for (int i = 0; i < CT_CIPHER_COUNT; i++) {
		crypto->ciphers[i] = EVP_CIPHER_fetch(crypto->lib, names[i], NULL);
		if (crypto->ciphers[i] == NULL) {
			ct_fail_openssl(err, names[i]);
			goto out;
		}
	}
	if (ct_backend_choose(crypto, backend, err) < 0)
		goto out;
	*out = crypto;
	return 0;
out:
	ct_crypto_free(crypto);
	return -1;
}

void ct_crypto_free(struct ct_crypto *crypto)
{
	if (crypto == NULL)
		return;
	for (int i = 0; i < CT_CIPHER_COUNT; i++)
		EVP_CIPHER_free(crypto->ciphers[i]);
	if (crypto->provider != NULL)
		OSSL_PROVIDER_unload(crypto->provider);
	OSSL_LIB_CTX_free(crypto->lib);
	free(crypto);
}

int ct_random(const struct ct_crypto *crypto, void *bytes, size_t len, struct ct_error *err)
{
	if (RAND_bytes_ex(crypto->lib, bytes, len, 256) != 1)
		return ct_fail_openssl(err, "the random generator");
	return 0;
}
