/* Rotation: other keys, another signer or another policy for an encrypted file, whose tensor data stays as it
 * is (FORMAT facts, "Rewrap"). */
#ifndef CT_REWRAP_H
#define CT_REWRAP_H

#include "buffer.h"
#include "keyset.h"
#include "model.h"

struct ct_rewrap_options {
	const struct ct_crypto *crypto;
	/* The new keys: the first master key that fits the file's cipher, the first that can sign. */
	const struct ct_keyset *keys;
	const char *policy_local; /* Rego; NULL: the file's policy stays */
};

struct ct_rewrap {
	struct ct_buffer head;          /* the new header, padded, with its length field */
	bool in_place;                  /* it is as long as the old one */
	uint64_t spare;                 /* bytes of it that are padding */
	struct ct_key_name master, signer; /* how it names the new keys */
};

/* Unlock `model`, asking no policy: rewrapping is how an owner gets rid of one. *done says that the
 * file is as the options want it already, in which case the new keys alone opened it; else the old keys
 * (`old`) or the new ones did. CT_E_KEY, CT_E_SIGNATURE of the old keys when neither opens it. */
int ct_rewrap_unlock(struct ct_model *model, const struct ct_keyset *old,
		     const struct ct_rewrap_options *options, bool *done, struct ct_error *err);

/* Make the new header of the unlocked `model`. It keeps the old one's length when it fits. The caller clears
 * `rewrap` in each case. CT_E_KEY, CT_E_ARGUMENT (too long for the format). */
int ct_rewrap_make(struct ct_rewrap *rewrap, const struct ct_model *model,
		   const struct ct_rewrap_options *options, struct ct_error *err);

void ct_rewrap_clear(struct ct_rewrap *rewrap);

#endif
