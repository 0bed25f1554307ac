/* Run tasks on several threads, which live only for the call: nothing stays behind in the process,
 * nothing is lost by a fork. */
#ifndef CT_PARALLEL_H
#define CT_PARALLEL_H

#include <stdint.h>

#include "error.h"

/* One task; called by several threads at once with different numbers. 0, or -1 with *err. */
typedef int ct_task(void *context, uint64_t task, struct ct_error *err);

/* Run tasks 0 … count-1 on at most `threads` threads, the caller's included, which take them in order.
 * After a failure no further task begins; the error with the lowest task number is returned. Works
 * with fewer threads when no more can be made. Signals are blocked in the helpers. */
int ct_parallel(unsigned threads, uint64_t count, ct_task *run, void *context,
		struct ct_error *err);

/* Threads to use when nobody says how many: the processors that the process may use, at most 16. */
unsigned ct_parallel_default(void);

#endif
