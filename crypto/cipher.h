/* The three ciphers of the format: names and sizes. Pure functions, thread-safe.
 * Source: the format's `__crypto_keys__.enc.alg`; RFC 7518 section 5.3 and RFC 8439 for the
 * algorithms; nonce and tag are 12 and 16 bytes in all of them. */
#ifndef CT_CIPHER_H
#define CT_CIPHER_H

#include <stddef.h>

enum ct_cipher {
	CT_AES_128_GCM,
	CT_AES_256_GCM,
	CT_CHACHA20_POLY1305,
	CT_CIPHER_COUNT
};

enum { CT_NONCE_LEN = 12, CT_TAG_LEN = 16 };

/* Key size in bytes: 16 or 32. */
size_t ct_cipher_key_len(enum ct_cipher cipher);

/* The name that headers carry: "aes128gcm", "aes256gcm", "chacha20poly1305". Static. */
const char *ct_cipher_name(enum ct_cipher cipher);

/* Find a cipher by name, without regard to case and '-'; the names that RFC 7518 tools write
 * ("A128GCM", "A256GCM", "C20P") are known too. 0, or -1 when the name is unknown. */
int ct_cipher_parse(const char *name, enum ct_cipher *cipher);

#endif
