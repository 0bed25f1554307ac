#include "hash.h"

#include "internal.h"

const char *ct_hash_name(enum ct_hash hash)
{
	static const char *const names[] = {"MD5", "SHA1", "SHA256", "SHA384", "SHA512"};
	return names[hash];
}

int ct_hash(const struct ct_crypto *crypto, enum ct_hash hash, const void *bytes, size_t len,
	    uint8_t digest[static CT_HASH_MOST], size_t *size, struct ct_error *err)
{
	if (EVP_Q_digest(crypto->lib, ct_hash_name(hash), NULL, bytes, len, digest, size) != 1)
		return ct_fail_openssl(err, ct_hash_name(hash));
	return 0;
}

int ct_hmac(const struct ct_crypto *crypto, enum ct_hash hash, const void *key, size_t key_len, const void *bytes,
	    size_t len, uint8_t mac[static CT_HASH_MOST], size_t *size, struct ct_error *err)
{
	/* An empty key may not be NULL. */
	if (EVP_Q_mac(crypto->lib, "HMAC", NULL, ct_hash_name(hash), NULL, key_len ? key : "", key_len, bytes, len, mac,
		      CT_HASH_MOST, size) == NULL)
		return ct_fail_openssl(err, "HMAC");
	return 0;
}

int ct_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
