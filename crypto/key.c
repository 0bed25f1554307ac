#include "key.h"

#include <openssl/crypto.h>

void ct_wipe(void *p, size_t len)
{
	if (len > 0)
		OPENSSL_cleanse(p, len);
}

void ct_key_wipe(struct ct_key *key)
{
	ct_wipe(key, sizeof *key);
}
