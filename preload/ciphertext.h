/* The encrypted file behind a descriptor, as the source of a model's bytes. */
#ifndef SHIM_CIPHERTEXT_H
#define SHIM_CIPHERTEXT_H

#include <stdatomic.h>

#include "source.h"

enum { SHIM_UNKNOWN, SHIM_WARM, SHIM_COLD, SHIM_FAR, SHIM_UNTOLD };

struct shim_ciphertext {
	int fd;
	atomic_int place; /* where it lies: one of those above; zero to begin with */
};

/* The file that `ciphertext` reads, of `size` bytes, past all hooks. `ciphertext` must live as long as the source, and is
 * for one piece of work: what is found out about where the bytes lie holds for that. Its errors say which errno the
 * kernel gave. Thread-safe. */
struct ct_source shim_source(struct shim_ciphertext *ciphertext, uint64_t size);

#endif
