/* Mode lazy: a mapping is anonymous memory without access, decrypted window by window where it is touched.
 *
 * A touch is a SIGSEGV, which fault.c brings here. A window is decrypted into memory of its own and moved into its place
 * whole: other threads see nothing of it or all of it. What has been moved is ordinary memory and never touched again;
 * what has not is nobody's but the shim's, so that each call that changes mappings asks here first. */
#ifndef SHIM_LAZY_H
#define SHIM_LAZY_H

#include <stdatomic.h>

#include "mapping.h"

/* How many lazy mappings there are; the one load that other calls pay. */
extern atomic_uint shim_lazy_count;

static inline bool shim_lazy_any(void)
{
	return atomic_load_explicit(&shim_lazy_count, memory_order_relaxed) != 0;
}

/* Can this be mapped lazily, and is it worth it, from `least` bytes on? `request` is valid and page aligned. */
bool shim_lazy_fits(const struct shim_file *file, const struct shim_mapping_request *request, uint64_t least);

/* Map it. MAP_FAILED, errno untouched: it has to be done eagerly. */
void *shim_map_lazy(struct shim_file *file, const struct shim_mapping_request *request,
		    const struct shim_config *config);

/* What madvise() says of the future: MADV_WILLNEED, MADV_RANDOM, or one that takes that back. */
void shim_lazy_advise(const void *address, size_t len, int advice);

/* A fault at `at`. SHIM_FAULT_OTHER: not ours, or the program was not allowed to do that. SHIM_FAULT_DONE: try again.
 * SHIM_FAULT_BROKEN: the window cannot be decrypted, the reason is logged. Async-signal-safe; signals blocked. */
enum shim_fault { SHIM_FAULT_OTHER, SHIM_FAULT_DONE, SHIM_FAULT_BROKEN };
enum shim_fault shim_lazy_fault(uintptr_t at, bool write);

/* The kernel is about to look at these bytes: decrypt what is not yet. shim_lazy_hold() makes it stay, until
 * shim_lazy_let_go() of the same bytes. */
void shim_lazy_ready(const void *bytes, size_t len);
void shim_lazy_hold(const void *bytes, size_t len);
void shim_lazy_let_go(const void *bytes, size_t len);

/* They are about to be written to, past the fault that would tell of it. */
void shim_lazy_ready_to_write(void *bytes, size_t len);

/* The pages of this range are about to be unmapped: no window will be moved there any more. */
void shim_lazy_gone(uintptr_t start, uintptr_t end);

/* What mprotect() does to windows that are not there yet: they will have `prot`. What is there is ready for the real
 * call on each part, [*start, *end), that `next` tells of: see advice.c. */
bool shim_lazy_protect(uintptr_t *start, uintptr_t *end, int prot);

/* The range becomes one ordinary mapping, as mremap() wants it. */
void shim_lazy_join(uintptr_t start, uintptr_t end);

/* In a forked child: windows that other threads had under way. */
void shim_lazy_after_fork(void);

#endif
