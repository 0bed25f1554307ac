/* What a touch of a lazy mapping is worth: how much to decrypt at once, and how much ahead of a reader.
 *
 * Touches in sequence mean that the next ones can be foreseen, others do not. What only the shim knows helps: where tensors
 * end. A reader who has not gone on from one tensor to the next yet is not led beyond its end; and one who leaves tensor
 * after tensor at the same place (who takes the same share of each) is not led beyond that. Where a tensor begins everybody
 * touches it, whatever he wants of it: that is no sequence; but one who has touched two or three like that goes on to the next. */
#ifndef SHIM_LAZY_PLAN_H
#define SHIM_LAZY_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stretch of the file. */
struct shim_stretch {
	uint64_t start, end;
};

/* A sequence of touches, as seen so far. Windows by number, tensors by file offset. */
struct shim_run {
	size_t first;    /* window with which it began */
	size_t next;     /* with which it would go on; 0: the run is not in use */
	unsigned touches;
	size_t end;      /* what lies between was asked for */
	size_t ahead;    /* windows that were asked for beyond `next`, last time */
	uint64_t tensor, tensor_end; /* the one that it is in; 0, 0: between them, or in small ones */
	bool goes_on;    /* it has gone on from one tensor to the next */
};

enum { SHIM_RUNS = 4 }; /* of one mapping: several threads may read different parts of it */

struct shim_runs {
	struct shim_run runs[SHIM_RUNS];
	unsigned turn;
	size_t beginning; /* where the tensor begins that was touched there last; or asked for */
	unsigned begun;   /* so many such touches have come one after another */
	bool small_ones;  /* the small tensors before it were touched, too */
	struct shim_stretch tensor; /* the one that is being read */
	uint64_t taken;          /* up to where, in bytes from its beginning */
	uint64_t left_at, usual; /* share of it after which the one before was left; and usually; 0: unknown */
	uint64_t left_length;    /* of the one before, in bytes */
	atomic_flag busy;
};

struct shim_lazy;

/* Windows [first, first + count) are to be decrypted now, `count` at least 1 with the touched one among them, and
 * [ahead, ahead + ahead_count) by others. */
struct shim_plan {
	size_t first, count;
	size_t ahead, ahead_count;
	size_t beginning, beginnings; /* so many tensors' beginnings from this one on by others, too: shim_lazy_plan_beginning() */
	bool small_ones;
	size_t passed; /* windows that the run of touches has gone past without one */
};

/* Bytes that one thread decrypts at once ahead of a reader, counted from the mapping's start: so many that each part can become
 * a mapping. `far`: there is plenty to decrypt, and the parts are larger. */
size_t shim_lazy_plan_part(const struct shim_lazy *lazy, bool far);

/* `at` was touched. While another thread asks the same, and in random order, nothing is foreseen. Async-signal-safe; signals
 * blocked. */
struct shim_plan shim_lazy_plan(struct shim_lazy *lazy, uintptr_t at);

/* What is to be decrypted for the beginning number `number`, of a tensor or the small ones before it, and these or not: *first
 * and *count; returns where the next one begins, or 0. */
size_t shim_lazy_plan_beginning(const struct shim_lazy *lazy, size_t number, bool small_ones, size_t *first, size_t *count);

/* The same where any tensor begins, with `address`: what a touch there has decrypted if nothing is foreseen. */
void shim_lazy_plan_start(const struct shim_lazy *lazy, uintptr_t address, size_t *first, size_t *count);

/* Windows that a message covers which is too long to be opened for a window alone: *first and *count grow to all that lie
 * whole in such messages as the touched window has a part of. */
void shim_lazy_plan_long(const struct shim_lazy *lazy, size_t touched, size_t *first, size_t *count);

#endif
