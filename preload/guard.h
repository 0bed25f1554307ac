/* What the shim does for the program may not be interrupted half-way: a signal handler that reads a model would find
 * the interrupted thread's locks taken, a cancelled thread would leave them so. Between these two calls handlers wait
 * and cancellation does too; whoever jumps out of a handler finds nothing in use. */
#ifndef SHIM_GUARD_H
#define SHIM_GUARD_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
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

/* A spin lock for a few instructions, held under a guard: it may be taken where no other lock may. Lies in zeroed
 * memory. In a forked child, give it up by shim_lock_after_fork(), which tells whether another thread had it. */
struct shim_lock {
	atomic_flag busy;
};

void shim_lock_take(struct shim_lock *lock, struct shim_guard *guard);
void shim_lock_give(struct shim_lock *lock, const struct shim_guard *guard);
bool shim_lock_after_fork(struct shim_lock *lock);

#endif
