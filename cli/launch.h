/* What is needed to put a program under the library. */
#ifndef CT_LAUNCH_H
#define CT_LAUNCH_H

#include <limits.h>

#include "error.h"

/* The absolute path of the library, which lies beside this program or in ../lib. CT_E_ARGUMENT says why there is
 * none. */
int launch_find_library(char path[static PATH_MAX], struct ct_error *err);

/* Put `library` in front of what LD_PRELOAD names. CT_E_NOMEM. */
int launch_preload(const char *library, struct ct_error *err);

/* Have ld.so load what LD_PRELOAD names into a process, and look whether `library` is there: ld.so goes on without
 * a library that it cannot load. CT_E_ARGUMENT: it is not. */
int launch_check(const char *library, struct ct_error *err);

/* Make the key file `keys` the environment's one source of keys. */
int launch_give_keys(const char *keys, struct ct_error *err);

#endif
