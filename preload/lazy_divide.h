/* How a lazy mapping is divided into windows: at even distances, so that huge pages are whole; and where the header ends or
 * a long tensor begins, as that is where readers begin: what lies before would have to be decrypted with it. */
#ifndef SHIM_LAZY_DIVIDE_H
#define SHIM_LAZY_DIVIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "model.h"

struct shim_lazy;

/* Make `windows` and `count` for `len` bytes, a multiple of `page`, from `offset` on; these and `size` are set. Every window
 * is EMPTY. The caller unmaps `windows`, of `count` entries. False: no memory. */
bool shim_lazy_divide(struct shim_lazy *lazy, const struct ct_model *model, size_t len);

#endif
