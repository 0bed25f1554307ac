/* What the shim does for the program may not be interrupted half-way: a signal handler that reads a model would find
 * the interrupted thread's locks taken, a cancelled thread would leave them so. Between these two calls handlers wait
 * and cancellation does too; whoever jumps out of a handler finds nothing in use. */
#ifndef SHIM_GUARD_H
#define SHIM_GUARD_H

#include <signal.h>
#include <stddef.h>

struct shim_guard {
	sigset_t before;
	int cancel, type;
};

/* Work on `len` bytes begins. Signals that mean a fault are never kept back, and while the work is long, those
 * that have no handler are not either: what ends the process ends it at once. May be nested. */
void shim_guard_enter(struct shim_guard *guard, size_t len);

/* errno untouched. */
void shim_guard_leave(const struct shim_guard *guard);

#endif
