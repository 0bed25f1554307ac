/* The operator's keys: from a file, or from the environment. */
#ifndef CT_KEYFILE_H
#define CT_KEYFILE_H

#include <sys/types.h>

#include "keyset.h"

/* Add the keys of a JWK or JWK Set file to `set`, which the caller clears, also after a failure. */
int keyfile_load(struct ct_keyset *set, const char *path, struct ct_error *err);

/* The keys of `path` or, when that is NULL, of CRYPTOTENSOR_KEYS and CRYPTOTENSOR_KEY_JKU. Tells the
 * person what is wrong, and returns -1. */
int keys_load(struct ct_keyset *set, const char *path);

/* All of a small text file, NUL-terminated; `room` is what `text` holds. CT_E_ARGUMENT when it is
 * longer or has a NUL inside. */
int read_text(const char *path, char *text, size_t room, size_t *len, struct ct_error *err);

#endif
