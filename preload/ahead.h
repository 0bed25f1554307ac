/* Threads of the shim's that decrypt ahead of who reads in sequence. They are a convenience: without them, as in a forked
 * child, whoever touches a window decrypts it. They end a while after the last lazy mapping,
 * and then, or when nobody has used it for longer, they give the pool's memory back (pool.h). */
#ifndef SHIM_AHEAD_H
#define SHIM_AHEAD_H

#include <stdbool.h>
#include <stddef.h>

/* What the threads do with windows that were asked for. */
typedef void shim_ahead_work(unsigned mapping, size_t first, size_t count);

/* Make up to `threads` threads, if there are none. Not in a signal handler. */
void shim_ahead_start(unsigned threads, shim_ahead_work *work);

/* Are there any? */
bool shim_ahead_there(void);

/* Ask for windows. What does not fit the queue is forgotten. Async-signal-safe; signals blocked. */
void shim_ahead_ask(unsigned mapping, size_t first, size_t count);

/* Nothing is mapped lazily any more: idle threads are to see that. */
void shim_ahead_rest(void);

/* In a forked child there are no threads. */
void shim_ahead_after_fork(void);

#endif
