/* The encrypted file behind a descriptor, as the source of a model's bytes. */
#ifndef SHIM_CIPHERTEXT_H
#define SHIM_CIPHERTEXT_H

#include "source.h"

/* The file that *fd reads, of `size` bytes, past all hooks. `fd` must live as long as the source. Its errors say
 * which errno the kernel gave. Thread-safe. */
struct ct_source shim_source(int *fd, uint64_t size);

#endif
