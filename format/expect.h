/* Telling a source what will be read, so that the disk or the network is at work while others decrypt.
 *
 * Whoever reads a range has the next CT_EXPECT_AHEAD bytes of it asked for, and nothing behind its end; whoever
 * goes on where an earlier read ended, as many bytes behind the end as that sequence has had already. */
#ifndef CT_EXPECT_H
#define CT_EXPECT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "source.h"

enum { CT_EXPECT_AHEAD = 32 * 1024 * 1024 };

/* One range that is read in sequence, by any number of threads. */
struct ct_expect {
	const struct ct_source *source;
	enum ct_nearing how;
	uint64_t end; /* file offset */
	atomic_uint_fast64_t told; /* asked for up to here; changed under the lock */
	pthread_mutex_t turn; /* with CT_NEAR_TURN */
};

/* The bytes before `told` have been asked for already, or are not wanted. Nothing has to be released. */
void ct_expect_init(struct ct_expect *expect, const struct ct_source *source, enum ct_nearing how, uint64_t told,
		    uint64_t end);

/* Somebody begins to read at `offset`. Thread-safe; async-signal-safe, as far as the source is, where one thread reads
 * the range. */
void ct_expect_reach(struct ct_expect *expect, uint64_t offset);

enum { CT_EXPECT_RUNS = 4 }; /* of one file: several threads may read different parts of it */

/* Sequences among the reads of one file. In zeroed memory there are none. */
struct ct_expect_runs {
	struct ct_expect_run {
		uint64_t next;  /* where it would go on; 0: there is no such run */
		uint64_t ahead; /* bytes behind that which are worth asking for */
		uint64_t told;  /* asked for up to here */
	} runs[CT_EXPECT_RUNS];
	unsigned turn;
	atomic_flag busy;
	atomic_flag asking; /* one at a time, that the source hears of a sequence in order */
};

/* [start, end) is about to be read, for which the source's bytes [from, to) will be, that is those and some around them.
 * If that goes on from an earlier read, they and bytes behind them are asked for, and the result is up to where bytes
 * from `start` on have been asked for by now; 0 if it stands alone. Thread-safe; async-signal-safe as far as the source
 * is. */
uint64_t ct_expect_run(struct ct_expect_runs *runs, const struct ct_source *source, uint64_t start, uint64_t end,
		       uint64_t from, uint64_t to);

#endif
