/* Authenticated encryption of one message, whole or in pieces, with the format's ciphers.
 *
 * A `struct ct_aead` is bound to one cipher, key and direction; it seals or opens any number of
 * messages, one after another. It belongs to one thread at a time. There is no associated data.
 *
 * Opening in pieces hands out plaintext before the tag is known: the caller must not let any of it
 * leave before ct_aead_open_end() said yes, and wipes it when that says no. */
#ifndef CT_AEAD_H
#define CT_AEAD_H

#include <stddef.h>
#include <stdint.h>

#include "cipher.h"
#include "crypto.h"
#include "error.h"
#include "key.h"

struct ct_aead;

enum ct_direction { CT_SEAL, CT_OPEN };

/* `key` must have the cipher's length (CT_E_KEY otherwise); it is copied into the library's own
 * schedule, which ct_aead_free() wipes. */
int ct_aead_new(struct ct_aead **aead, const struct ct_crypto *crypto, enum ct_cipher cipher,
		const struct ct_key *key, enum ct_direction direction, struct ct_error *err);

/* NULL is allowed. */
void ct_aead_free(struct ct_aead *aead);

/* Begin a message under `nonce`. Whatever message was under way is forgotten. */
int ct_aead_begin(struct ct_aead *aead, const uint8_t nonce[static CT_NONCE_LEN],
		  struct ct_error *err);

/* Transform the next `len` bytes from `in` to `out`, which may be the same address. */
int ct_aead_update(struct ct_aead *aead, const uint8_t *in, uint8_t *out, size_t len,
		   struct ct_error *err);

/* End a sealed message: its tag. */
int ct_aead_seal_end(struct ct_aead *aead, uint8_t tag[static CT_TAG_LEN], struct ct_error *err);

/* End an opened message: 0 when it is authentic under `tag` (compared in constant time by
 * OpenSSL), -1 with CT_E_AUTH when not. */
int ct_aead_open_end(struct ct_aead *aead, const uint8_t tag[static CT_TAG_LEN],
		     struct ct_error *err);

/* The largest message that the cipher allows under one nonce, in bytes: 2^36 - 32 for GCM (NIST
 * SP 800-38D section 5.2.1.1), 2^38 - 64 for ChaCha20-Poly1305 (RFC 8439 section 2.8). */
uint64_t ct_aead_message_max(enum ct_cipher cipher);

/* One whole message, sealed: out has `len` bytes. */
int ct_seal(const struct ct_crypto *crypto, enum ct_cipher cipher, const struct ct_key *key,
	    const uint8_t nonce[static CT_NONCE_LEN], const uint8_t *in, uint8_t *out, size_t len,
	    uint8_t tag[static CT_TAG_LEN], struct ct_error *err);

/* One whole message, opened; on failure `out` holds zeros. CT_E_AUTH as above. */
int ct_open(const struct ct_crypto *crypto, enum ct_cipher cipher, const struct ct_key *key,
	    const uint8_t nonce[static CT_NONCE_LEN], const uint8_t *in, uint8_t *out, size_t len,
	    const uint8_t tag[static CT_TAG_LEN], struct ct_error *err);

#endif
