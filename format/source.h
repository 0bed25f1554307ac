/* Where a model's bytes come from and go to. format/ itself never opens, reads or writes a file: the
 * shim must reach the kernel past its own hooks, tests read from memory. */
#ifndef CT_SOURCE_H
#define CT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

/* How bytes that will be read are wanted. */
enum ct_nearing {
	CT_NEAR_ALONE,  /* at once; what is behind them is not */
	CT_NEAR_BEHIND, /* a sequence of reads will come to them */
	CT_NEAR_TURN,   /* the same, and several threads are at it. One at a time calls, and may be made to wait for them */
};

/* Messages of one tensor that were opened. */
struct ct_opened {
	size_t tensor;
	uint64_t first, count, bytes; /* messages; what they hold together */
	bool whole;                   /* straight to whoever reads; false: into a cache, as a part of it was wanted */
	uint64_t nanoseconds;         /* that a thread took for it, the reading of ciphertext included */
};

/* Told of them by any of the working threads, as soon as they are authentic. */
struct ct_observer {
	void (*opened)(void *context, const struct ct_opened *what);
	void *context;
};

/* The bytes of one file, `size` of them. */
struct ct_source {
	/* Read exactly `len` bytes at `offset`; ending early is an error (CT_E_IO). Called by several
	 * threads at once. */
	int (*read_at)(void *context, void *bytes, size_t len, uint64_t offset,
		       struct ct_error *err);
	/* Make sure that `bytes` can be written, before plaintext is copied there by other means than
	 * read_at(); NULL when that is known. What they hold is lost. A fault is CT_E_IO with EFAULT. */
	int (*check_writable)(void *context, void *bytes, size_t len, struct ct_error *err);
	/* These bytes will be read soon: let the device begin. It may do nothing; NULL where it always would. */
	void (*near)(void *context, enum ct_nearing how, uint64_t offset, uint64_t len);
	void *context;
	uint64_t size;
	/* Who counts what a view opens for this reader; NULL: nobody, and no clock is asked. */
	const struct ct_observer *observer;
};

/* Where output goes. */
struct ct_sink {
	/* Write exactly `len` bytes at `offset`, in any order, by several threads at once. */
	int (*write_at)(void *context, const void *bytes, size_t len, uint64_t offset,
			struct ct_error *err);
	void *context;
};

/* Told now and then, by any of the working threads, that `more` further bytes are done. Anything but
 * 0 stops the work (CT_E_STOPPED). */
struct ct_progress {
	int (*advance)(void *context, uint64_t more);
	void *context;
};

#endif
