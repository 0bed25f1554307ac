/* The keys that an operator gave: master keys and signing keys, each under its key id.
 *
 * A set is filled by one thread; after that it is read only and may be shared. */
#ifndef CT_KEYSET_H
#define CT_KEYSET_H

#include <stdbool.h>
#include <stddef.h>

#include "cipher.h"
#include "ed25519.h"
#include "error.h"
#include "key.h"

enum ct_key_kind { CT_MASTER_KEY, CT_SIGNING_KEY };

struct ct_keyset_entry {
	enum ct_key_kind kind;
	char *kid; /* NULL when the key has none */
	char *jku; /* NULL; carried into headers that are written with this key */
	/* master keys */
	struct ct_key master;
	bool has_cipher; /* the key names the cipher that it is for */
	enum ct_cipher cipher;
	/* signing keys */
	bool has_public, has_seed;
	uint8_t public_key[CT_ED25519_KEY_LEN];
	struct ct_key seed;
};

struct ct_keyset {
	struct ct_keyset_entry *entries;
	size_t count;
};

/* Start empty: a zeroed struct is a valid, empty set. */

/* Append `entry`; on success the set owns its strings, and the caller wipes its own copy of the
 * secrets. */
int ct_keyset_add(struct ct_keyset *set, const struct ct_keyset_entry *entry, struct ct_error *err);

/* Wipe and release everything; the set is empty afterwards. */
void ct_keyset_clear(struct ct_keyset *set);

/* The key of `kind` that `kid` names; with `kid` NULL the first of its kind. NULL when there is
 * none. `cipher`, for master keys, skips keys that say they are for another cipher; -1 for any.
 * The result belongs to the set. */
const struct ct_keyset_entry *ct_keyset_find(const struct ct_keyset *set, enum ct_key_kind kind,
					     const char *kid, int cipher);

/* The first signing key that can sign: one with a seed. NULL when there is none. */
const struct ct_keyset_entry *ct_keyset_signer(const struct ct_keyset *set);

#endif
