/* Memory that mappings have given back, for the next one: it is there already, and fills several times as fast as memory
 * that the kernel must clear first. It is kept for a while only, and no more of it than a share of the machine's.
 *
 * What is in it is old plaintext: whoever takes some overwrites all of it. Async-signal-safe; signals blocked. */
#ifndef SHIM_POOL_H
#define SHIM_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Take the pages of [start, start + len) away from where they are, whatever the range's protection: it stays mapped, without
 * access, and empty. Private anonymous memory, one mapping to the kernel. False: nothing was done, or they are lost, and the
 * range is as said. */
bool shim_pool_give(uintptr_t start, size_t len);

/* `len` bytes, readable and writable, at a huge page's beginning; 0: there are none. */
uintptr_t shim_pool_take(size_t len);

/* Bytes in it; and at most: 0 bytes keep it empty. */
size_t shim_pool_bytes(void);
void shim_pool_limit(size_t most);

/* Give all of it to the kernel. */
void shim_pool_empty(void);

void shim_pool_after_fork(void);

#endif
