/* Threads of the shim's that decrypt ahead of who reads in sequence. They are a convenience: without them, as in a forked
 * child, whoever touches a window decrypts it. They end a while after the last lazy mapping. */
#ifndef SHIM_AHEAD_H
#define SHIM_AHEAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* A sequence of touches in one mapping, as seen so far. */
struct shim_run {
	size_t next;  /* the window with which it would go on */
	size_t ahead; /* windows that were asked for beyond it */
};

enum { SHIM_RUNS = 4 }; /* of one mapping: several threads may read different parts of it */

struct shim_runs {
	struct shim_run runs[SHIM_RUNS];
	unsigned turn;
	atomic_flag busy;
	atomic_size_t passed; /* windows that touches have gone past without waiting, since somebody took the number */
};

/* Window `touched` of a mapping with windows of `size` bytes was touched: *first and the number of those that are worth
 * decrypting now; 0 for what looks random, and while another thread asks the same. Async-signal-safe; signals blocked. */
size_t shim_ahead_guess(struct shim_runs *runs, size_t touched, size_t size, size_t *first);

/* What the threads do, for each window that was asked for; false: there is no such window. */
typedef void shim_ahead_work(unsigned mapping, size_t window);

/* Make up to `threads` threads, if there are none. Not in a signal handler. */
void shim_ahead_start(unsigned threads, shim_ahead_work *work);

/* Ask for a window. What does not fit the queue is forgotten. Async-signal-safe; signals blocked. */
void shim_ahead_ask(unsigned mapping, size_t window);

/* Nothing is mapped lazily any more: idle threads are to see that. */
void shim_ahead_rest(void);

/* In a forked child there are no threads. */
void shim_ahead_after_fork(void);

#endif
