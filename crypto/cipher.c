#include "cipher.h"

#include <string.h>
#include <strings.h>

static const struct {
	const char *name, *jose;
	size_t key_len;
} ciphers[CT_CIPHER_COUNT] = {
	[CT_AES_128_GCM] = {"aes128gcm", "A128GCM", 16},
	[CT_AES_256_GCM] = {"aes256gcm", "A256GCM", 32},
	[CT_CHACHA20_POLY1305] = {"chacha20poly1305", "C20P", 32},
};

size_t ct_cipher_key_len(enum ct_cipher cipher)
{
	return ciphers[cipher].key_len;
}

const char *ct_cipher_name(enum ct_cipher cipher)
{
	return ciphers[cipher].name;
}

int ct_cipher_parse(const char *name, enum ct_cipher *cipher)
{
	char plain[32];
	size_t len = 0;
	for (; *name != '\0'; name++) {
		if (*name == '-')
			continue;
		if (len + 1 == sizeof plain)
			return -1;
		plain[len++] = *name;
	}
	plain[len] = '\0';
	for (int i = 0; i < CT_CIPHER_COUNT; i++) {
		if (strcasecmp(plain, ciphers[i].name) == 0 || strcasecmp(plain, ciphers[i].jose) == 0) {
			*cipher = (enum ct_cipher)i;
			return 0;
		}
	}
	return -1;
}
