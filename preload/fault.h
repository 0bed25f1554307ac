/* The signal by which a program touches what is not decrypted yet, shared with the program: it goes on believing that
 * its own handler is installed, and all that is not the shim's goes there. */
#ifndef SHIM_FAULT_H
#define SHIM_FAULT_H

#include <signal.h>
#include <stdbool.h>

/* Stand in front of the program's handler of SIGSEGV from now on. False when that fails. */
bool shim_fault_watch(void);

/* Does the shim stand there? Then what the program asks for concerns this only: *old becomes its action, and its
 * action becomes *action; either can be NULL. */
bool shim_fault_exchange(const struct sigaction *action, struct sigaction *old);

/* Does the processor tell reads that fault from writes? */
bool shim_fault_tells_writes(void);

/* In a forked child: another thread may have held the lock. */
void shim_fault_after_fork(void);

/* True when no mask may block the signal: from the start of a program that may map lazily. */
bool shim_fault_is_kept_open(void);
void shim_fault_keep_open(void);

/* A set of signals to block, which may be NULL: itself, or a copy in *open without the one that is kept open. */
const sigset_t *shim_fault_open_in(const sigset_t *set, sigset_t *open);

#endif
