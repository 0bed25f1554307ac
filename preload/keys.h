/* The operator's keys, from CRYPTOTENSOR_KEYS and CRYPTOTENSOR_KEY_JKU. */
#ifndef SHIM_KEYS_H
#define SHIM_KEYS_H

#include "keyset.h"

/* Read both sources into `keys`, which starts empty; neither set is no error. The caller clears it, also
 * after a failure (CT_E_KEY, CT_E_NOMEM). */
int shim_keys_read(struct ct_keyset *keys, struct ct_error *err);

#endif
