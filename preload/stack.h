/* Stacks of the shim's own. A fault is handled on whatever stack the program has, which may be small: decryption
 * runs on one of these instead. */
#ifndef SHIM_STACK_H
#define SHIM_STACK_H

#include <stdbool.h>

/* Reserve address space for the stacks; once, before the first fault. False when there is none. */
bool shim_stack_prepare(void);

/* Run call(argument) on a stack of the shim's. Waits for one when all are in use. Async-signal-safe; signals should be
 * blocked. */
void shim_stack_run(void (*call)(void *argument), void *argument);

/* In a forked child no other thread uses one. */
void shim_stack_after_fork(void);

#endif
