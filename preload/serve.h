/* Answering reads of an encrypted model with plaintext, with the kernel's results and errors. */
#ifndef SHIM_SERVE_H
#define SHIM_SERVE_H

#include <stdint.h>
#include <sys/uio.h>

#include "file.h"

/* A result beside read(2)'s: look the descriptor up again, it reads another file by now. */
enum { SHIM_AGAIN = -2 };

/* Offset that means "at the descriptor's position, and move it". */
enum { SHIM_AT_POSITION = -1 };

/* Parts and flags that came from a program: 0, or the errno with which the kernel refuses them (an array that
 * cannot be read, too many parts, lengths that overflow, flags that it does not know). One system call. */
int shim_check_parts(int fd, const struct iovec *parts, int count, int flags);

/* The same of one buffer. No system call for addresses that are certainly a program's. */
int shim_check_buffer(int fd, const void *bytes, size_t len);

/* Read into `parts` that were found good, at `offset`; bytes read, fewer where a buffer ends early, or -1 with
 * errno. The position is the kernel's own, so dup and fork share it. */
ssize_t shim_serve(struct shim_file *file, int fd, const struct iovec *parts, int count,
		   int64_t offset);

#endif
