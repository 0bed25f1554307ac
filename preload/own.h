/* Descriptors of the shim's own, for ciphertext that is read when the program has closed its descriptor. They
 * have high numbers, and close(), close_range() and dup2() keep away from them: to the program they are not open.
 *
 * All of it is lock-free and async-signal-safe. */
#ifndef SHIM_OWN_H
#define SHIM_OWN_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>

/* The lowest number that is the shim's own; INT_MAX when there is none. */
extern atomic_int shim_own_lowest;

/* Another descriptor of the file that `fd` reads, closed on exec: a description of its own where /proc can give one, so
 * that the program's locks stay its own, or a duplicate. -1 when there is no number left. */
int shim_own_open(int fd);

/* A duplicate of `fd` with a number of the shim's own; -1 when there is none left. */
int shim_own_keep(int fd);

/* Close an own descriptor; or only forget that it is one. */
void shim_own_close(int fd);
void shim_own_forget(int fd);

bool shim_own_has(int fd);

static inline bool shim_is_own(int fd)
{
	return fd >= atomic_load_explicit(&shim_own_lowest, memory_order_relaxed) && shim_own_has(fd);
}

/* The lowest own number from `from` on; INT_MAX when there is none. */
int shim_own_next(int from);

/* The program wants the number `fd`: what the shim had there goes on under another number. False when there is none
 * left. `moved` is called before the old number is free. */
bool shim_own_move(int fd, void (*moved)(int from, int to));

#endif
