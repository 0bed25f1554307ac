/* A bound for the plaintext of lazy mappings that is in memory at once: CTSHIM_RESIDENT. Pieces that are as they were
 * decrypted, and have not been touched for longest, go back to "not decrypted".
 *
 * Without the kernel's help only a fault tells that something is touched: the oldest piece loses its access (it is COOL), and
 * goes when its turn comes again and nobody has touched it meanwhile. For the same reason what the program may write to
 * is read-only at first; what was written to stays. */
#ifndef SHIM_RESIDENT_H
#define SHIM_RESIDENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct shim_lazy;

extern atomic_size_t shim_resident_bound; /* bytes for windows; 0: no bound */

static inline size_t shim_resident_most(void)
{
	return atomic_load_explicit(&shim_resident_bound, memory_order_relaxed);
}

/* The bound that the environment asks for, in bytes, 0 for none; before the first mapping it applies to. */
void shim_resident_set(size_t bound);

/* What the shim keeps of one file beside its windows (ct_view_options.cache); 0: as it sees fit. */
size_t shim_resident_cache(size_t bound);

/* `len` bytes are about to be decrypted: let go of as many, if need be. */
void shim_resident_want(size_t len);

/* They are not in memory after all, or not any more. */
void shim_resident_less(size_t len);

/* The piece that begins with window `first` is in its place. */
void shim_resident_enter(struct shim_lazy *lazy, size_t first);

/* A window that is COOL was touched: it may be used again. */
void shim_resident_warm(struct shim_lazy *lazy, size_t window);

/* A window stays from now on, whatever is done to it. */
void shim_resident_stays(struct shim_lazy *lazy, size_t window);

/* The program writes to a window that is there, or does something with it that it must stay for. False: it is not there
 * any more, or not yet. */
bool shim_resident_keep(struct shim_lazy *lazy, size_t window);

/* A window is the program's own affair from now on; was it there? */
void shim_resident_gone(struct shim_lazy *lazy, size_t window, bool there);

void shim_resident_after_fork(void);

#endif
