/* Decrypting windows of a lazy mapping. */
#ifndef SHIM_LAZY_FILL_H
#define SHIM_LAZY_FILL_H

#include "lazy_table.h"
#include "stats_layout.h"

struct shim_fill {
	struct shim_lazy *lazy;
	size_t number;       /* of a window that the caller has claimed */
	size_t first, count; /* those that go with it if nobody else is at work on them; it is one of them */
	unsigned threads;    /* to do it on, at most */
	enum shim_stat by;   /* what it is counted as */
	int error;           /* what came of it: 0, or an errno that is logged */
};

/* Decrypt the window of a struct shim_fill, and those around it, and set their states. Signals blocked. */
void shim_lazy_fill(void *fill);

/* A thread of the shim's own: fill windows that are still there and still empty. */
void shim_lazy_fill_ahead(unsigned mapping, size_t first, size_t count);

/* The pages of [start, end) are about to be unmapped: keep for later what can be used again. */
void shim_lazy_salvage(uintptr_t start, uintptr_t end);

#endif
