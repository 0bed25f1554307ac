/* The nonces of a chunked tensor. Pure but for the random draw; thread-safe.
 * Source: FORMAT facts, `__encryption__`: base[0..8] || be32(be32(base[8..12]) + i). */
#ifndef CT_NONCE_H
#define CT_NONCE_H

#include <stdint.h>

#include "cipher.h"
#include "crypto.h"

/* Nonce of chunk `index` (from 0). -1 with CT_E_FORMAT when the 32-bit counter would pass its end:
 * going on would use a nonce twice. */
int ct_nonce_chunk(const uint8_t base[static CT_NONCE_LEN], uint64_t index,
		   uint8_t nonce[static CT_NONCE_LEN], struct ct_error *err);

/* A random base under which `chunks` chunks do not overflow. CT_E_ARGUMENT when there are more than
 * 2^32 of them. */
int ct_nonce_draw_base(const struct ct_crypto *crypto, uint64_t chunks,
		       uint8_t base[static CT_NONCE_LEN], struct ct_error *err);

#endif
