/* What implements aead.h: OpenSSL, and where there is something faster, that. For crypto/ alone. */
#ifndef CT_AEAD_IMPL_H
#define CT_AEAD_IMPL_H

#include <stdbool.h>

#include "aead.h"
#include "internal.h"

/* As in aead.h; `len` is never 0, and the message never longer than the cipher allows. begin() starts anew whatever
 * was before, the others are only called in a message that was begun. */
struct ct_aead_calls {
	void (*free)(struct ct_aead *aead);
	int (*begin)(struct ct_aead *aead, const uint8_t *nonce, struct ct_error *err);
	int (*update)(struct ct_aead *aead, const uint8_t *in, uint8_t *out, size_t len, struct ct_error *err);
	int (*seal_end)(struct ct_aead *aead, uint8_t *tag, struct ct_error *err);
	int (*open_end)(struct ct_aead *aead, const uint8_t *tag, struct ct_error *err);
};

/* The first member of what each of them allocates. */
struct ct_aead {
	const struct ct_aead_calls *calls;
	uint64_t max, left; /* bytes: of a message, and that the one under way may still have */
	bool begun;
};

/* `key` has the cipher's length. */
int ct_aead_openssl_new(struct ct_aead **aead, const struct ct_crypto *crypto, enum ct_cipher cipher,
			const struct ct_key *key, enum ct_direction direction, struct ct_error *err);

/* AES-GCM only, and only where ct_ipsec_mb_obstacle() found none. */
int ct_aead_ipsec_mb_new(struct ct_aead **aead, enum ct_cipher cipher, const struct ct_key *key,
			 enum ct_direction direction, struct ct_error *err);

/* Why intel-ipsec-mb cannot be used here ("it is not part of this build"); NULL when it can. After OpenSSL's start. */
const char *ct_ipsec_mb_obstacle(void);

#endif
