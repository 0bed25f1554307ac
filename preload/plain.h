/* The plaintext of a whole file as a sealed memfd, for whoever reaches the kernel past the hooks:
 * stdio inside libc, and everything in mode memfd. */
#ifndef SHIM_PLAIN_H
#define SHIM_PLAIN_H

#include "file.h"

/* Put a read-only memfd with the plaintext in the place of descriptor `fd`, at the same position and
 * with the same flags. 0, or an errno (then `fd` is as it was, and the reason is logged).
 * Opens of one file share one memfd while a descriptor of it is there. */
int shim_plain_replace(struct shim_file *file, int fd);

/* For stdio: if `fd`, just opened by libc or about to be handed to it, reads an encrypted model, put its
 * plaintext there, in every mode. 0, or an errno. */
int shim_plain_for_stdio(int fd);

#endif
