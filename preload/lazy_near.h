/* What lies on a network is asked for before it is touched, where tensors begin.
 *
 * Loaders touch the first byte of each tensor, one after another, before they read any of them. Each such touch costs a
 * round trip, in which the line is idle. So who has touched two of them, and nothing else in between, has more of them asked
 * for, and of these the first decrypted: no more of each than he would have decrypted by touching it. */
#ifndef SHIM_LAZY_NEAR_H
#define SHIM_LAZY_NEAR_H

#include <stdatomic.h>
#include <stdint.h>

/* A sequence of such touches. In zeroed memory there is none. */
struct shim_starts {
	uint64_t last;  /* file offset of the one touched last */
	uint64_t told;  /* up to here they were asked for, ... */
	uint64_t queued; /* ... and up to here to be decrypted by others */
	unsigned count; /* so many came one after another */
	atomic_flag busy;
};

struct shim_lazy;
struct shim_plan;

/* `at` was touched, which is worth `plan`. Costs a load where the file does not lie on a network, as far as is known.
 * Nobody waits for what is asked for. Async-signal-safe; signals blocked. */
void shim_lazy_near(struct shim_lazy *lazy, uintptr_t at, const struct shim_plan *plan);

#endif
