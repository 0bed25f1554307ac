/* The operator's keys: from a file, or from the environment. */
#ifndef CT_KEYFILE_H
#define CT_KEYFILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "asking.h"
#include "keyset.h"
#include "model.h"

/* Add the keys of a JWK or JWK Set file to `set`, which the caller clears, also after a failure. */
int keyfile_load(struct ct_keyset *set, const char *path, struct ct_error *err);

/* The keys of `path` or, when that is NULL, of CRYPTOTENSOR_KEYS and CRYPTOTENSOR_KEY_JKU, added to `set`, which the
 * caller clears, also after a failure. A message about the environment names the variable, and the file. */
int keys_read(struct ct_keyset *set, const char *path, struct ct_error *err);

/* The same; tells the person what is wrong, and returns -1. */
int keys_load(struct ct_keyset *set, const char *path);

/* A model was refused with `err` under the keys that keys_load() made from `path`. If those came from the
 * environment and one is missing: fill `all`, which the caller clears, with them and, behind them, with those
 * of key files that the model's header names below a directory in CTSHIM_KEY_PATH. False when there is nothing
 * to add. */
bool keys_more(struct ct_keyset *all, const char *path, const struct ct_model *model,
	       const struct ct_error *err);

/* Unlock with `set`, which keys_load() made from `path`, and then with keys_more(). `asking` NULL: no policy is asked. */
int keys_unlock(const struct ct_keyset *set, const char *path, struct ct_model *model,
		const struct ct_crypto *crypto, struct asking *asking, struct ct_error *err);

/* All of a small text file, NUL-terminated; `room` is what `text` holds. CT_E_ARGUMENT when it is
 * longer or has a NUL inside. */
int read_text(const char *path, char *text, size_t room, size_t *len, struct ct_error *err);

#endif
