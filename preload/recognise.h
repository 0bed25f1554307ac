/* From a descriptor to what it is: plain, an encrypted model that is served, or one that is refused. */
#ifndef SHIM_RECOGNISE_H
#define SHIM_RECOGNISE_H

#include "file.h"

/* A new descriptor came from a successful open with `flags` (or fd is -1, which passes through). It is
 * recognised and, if it is an encrypted model, served from now on. Returns fd; or -1 with errno, the
 * descriptor closed and the reason logged. On success errno is untouched. */
int shim_opened(int fd, int flags);

/* The same without closing: 0, the errno of the refusal, or SHIM_CHANGED when the number got another file
 * while it was looked at. */
enum { SHIM_CHANGED = -1 };
int shim_recognise(int fd, int flags);

/* Serve `file` on descriptor `fd` from now on, in `mode`. 0, or an errno. */
int shim_attach(struct shim_file *file, int fd, enum shim_mode mode);

/* The encrypted file that `fd` reads, with a reference for the caller; NULL when it reads none. A
 * descriptor that the shim has not seen yet is recognised now. When that is refused, *refusal is
 * the errno for the program (otherwise 0) and the result is NULL. */
struct shim_file *shim_lookup(int fd, int *refusal);

/* For calls that cannot be served: `error` when `fd` reads an encrypted model, the errno of the refusal when it
 * would but for that, 0 when it is none of ours. */
int shim_refused(int fd, int error);

#endif
