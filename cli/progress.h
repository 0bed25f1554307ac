/* One bar on stderr for the whole of a job, when that is a terminal; nothing otherwise.
 * Drawn at most ten times a second, by whichever thread comes by. */
#ifndef CT_PROGRESS_H
#define CT_PROGRESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "source.h"

struct progress {
	struct ct_progress advance; /* for ct_encrypt() and its like; also stops work on a signal */
	bool shown;                 /* stderr is a terminal */
	uint64_t total, start;      /* bytes of the job; nanoseconds */
	atomic_uint_fast64_t done, next_draw;
	uint64_t before, size; /* bytes of earlier files; of this one */
	pthread_mutex_t lock;  /* guards drawing and what follows */
	const char *name;
	bool drawn;
};

/* A job of `total` bytes. `progress` must not move. */
void progress_init(struct progress *progress, uint64_t total);

/* The job turns to `name` (which must live on), of `size` bytes; what came before counts as done. */
void progress_file(struct progress *progress, const char *name, uint64_t size);

/* Erase the bar, so that other text can be written. It comes back with the next step. */
void progress_hide(struct progress *progress);

#endif
