/* Decrypting a window of a lazy mapping. */
#ifndef SHIM_LAZY_FILL_H
#define SHIM_LAZY_FILL_H

#include "lazy_table.h"
#include "stats_layout.h"

struct shim_fill {
	struct shim_lazy *lazy;
	size_t number;    /* of a window that the caller has claimed */
	unsigned threads; /* to do it on, at most */
	enum shim_stat by; /* what it is counted as */
	int error;        /* what came of it: 0, or an errno that is logged */
};

/* Decrypt the window of a struct shim_fill and set its state. Signals blocked. */
void shim_lazy_fill(void *fill);

/* A thread of the shim's own: fill a window if it is still there and still empty. */
void shim_lazy_fill_ahead(unsigned mapping, size_t number);

#endif
