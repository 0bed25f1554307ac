/* The operator's keys: from CRYPTOTENSOR_KEYS and CRYPTOTENSOR_KEY_JKU, and from key files that a header names
 * below the directories of CTSHIM_KEY_PATH. */
#ifndef SHIM_KEYS_H
#define SHIM_KEYS_H

#include "keyset.h"
#include "manifest.h"

/* Read all sources into `keys`, which starts empty; none set is no error. Keys that `manifest` names come last: the
 * operator's own win. The caller clears it, also after a failure (CT_E_KEY, CT_E_NOMEM). */
int shim_keys_read(struct ct_keyset *keys, const struct ct_manifest *manifest, struct ct_error *err);

#endif
