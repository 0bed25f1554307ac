/* Ed25519 signatures (RFC 8032, the pure variant). Thread-safe. */
#ifndef CT_ED25519_H
#define CT_ED25519_H

#include <stddef.h>
#include <stdint.h>

#include "crypto.h"

enum { CT_ED25519_KEY_LEN = 32, CT_ED25519_SIGNATURE_LEN = 64 };

/* 0 when `signature` is that of `message` under `public_key`; CT_E_SIGNATURE when not, CT_E_KEY when
 * the key is no point of the curve. */
int ct_ed25519_verify(const struct ct_crypto *crypto,
		      const uint8_t public_key[static CT_ED25519_KEY_LEN], const void *message,
		      size_t len, const uint8_t signature[static CT_ED25519_SIGNATURE_LEN],
		      struct ct_error *err);

int ct_ed25519_sign(const struct ct_crypto *crypto, const uint8_t seed[static CT_ED25519_KEY_LEN],
		    const void *message, size_t len,
		    uint8_t signature[static CT_ED25519_SIGNATURE_LEN], struct ct_error *err);

/* The public key that belongs to a seed. */
int ct_ed25519_public(const struct ct_crypto *crypto, const uint8_t seed[static CT_ED25519_KEY_LEN],
		      uint8_t public_key[static CT_ED25519_KEY_LEN], struct ct_error *err);

#endif
