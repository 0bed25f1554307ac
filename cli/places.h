/* No output may take the place of an input. */
#ifndef CT_PLACES_H
#define CT_PLACES_H

#include <stdbool.h>

#include "error.h"
#include "tree.h"

/* Do both paths lead to one file? False when either does not exist. */
bool same_file(const char *a, const char *b);

/* May `out` be written from `tree`? CT_E_ARGUMENT when it is, lies in, or would overwrite what is
 * read: the tree, or one of `others` (NULL ends them, NULL paths within `count` are passed over). */
int places_check(const struct tree *tree, const char *out, const char *const *others, size_t count,
		 struct ct_error *err);

#endif
