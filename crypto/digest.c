#include "digest.h"

#include "internal.h"

int ct_sha256(const struct ct_crypto *crypto, const void *bytes, size_t len,
	      uint8_t digest[static CT_SHA256_LEN], struct ct_error *err)
{
	size_t size = 0;
	if (EVP_Q_digest(crypto->lib, "SHA256", NULL, bytes, len, digest, &size) != 1
	    || size != CT_SHA256_LEN)
		return ct_fail_openssl(err, "SHA-256");
	return 0;
}
