/* From an encrypted file to its view: parse, verify, ask the policies, unwrap. */
#ifndef SHIM_BUILD_H
#define SHIM_BUILD_H

#include <sys/stat.h>

#include "config.h"
#include "view.h"

/* Build the view of the file that `fd` reads; `st` is fstat's word on it, `path` its resolved name. *view is NULL
 * when the file turns out to be plain. A header that is being exchanged meanwhile, or whose exchange was
 * interrupted, comes from the journal beside the file. -1 with *err. Thread-safe. */
int shim_build_view(struct ct_view **view, int fd, const struct stat *st, const char *path,
		    const struct shim_config *config, struct ct_error *err);

/* Ask the policies once more, of a model that was built earlier and is opened again: time, the process and the
 * operator's policy may have changed. 0, or -1 with *err. Signals should be blocked. */
int shim_build_allowed(const struct ct_model *model, const char *path, struct ct_error *err);

#endif
