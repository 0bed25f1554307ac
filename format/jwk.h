/* Key files: JSON Web Keys and sets of them (RFC 7517, RFC 8037), in the spelling that RFC tools
 * write and in the one that the format's deployed files carry (FORMAT facts, "Keys"). */
#ifndef CT_JWK_H
#define CT_JWK_H

#include <stdbool.h>

#include "buffer.h"
#include "keyset.h"

/* Parse a JWK or a JWK Set of `len` bytes and append its keys to `set`, which the caller owns (and
 * clears, also after a failure). Keys that are neither `oct` nor Ed25519 are passed over. `what`
 * names the text in errors (CT_E_KEY). Not for use on one set by two threads. */
int ct_jwk_parse(struct ct_keyset *set, const char *text, size_t len, const char *what,
		 struct ct_error *err);

/* Append a JWK Set with the keys of `set`. With `for_readers` signing keys go without their seed:
 * what a consumer of models needs. The buffer holds secrets: ct_buffer_wipe() it. */
void ct_jwk_put(const struct ct_keyset *set, bool for_readers, struct ct_buffer *out);

#endif
