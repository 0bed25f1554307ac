/* The file that a process keeps of what it serves, DIR/ctshim.PID: written by the library through a shared mapping, read
 * by `ctshim stats`. It holds names of files, sizes and figures, nothing else.
 *
 * The process holds a POSIX write lock on all of it as long as it lives, which ends with it however it ends, and when it
 * executes another program: a file without a lock is a leftover. Who asks for the lock is told the holder's number as it
 * is for him, in whichever PID namespace. (Whoever opens the file in that very process and closes it again ends the lock.) */
#ifndef SHIM_STATS_LAYOUT_H
#define SHIM_STATS_LAYOUT_H

#include <stdatomic.h>
#include <stdint.h>

#define SHIM_STATS_MAGIC "CTSTATS"
#define SHIM_STATS_PREFIX "ctshim."

enum {
	SHIM_STATS_VERSION = 1,
	SHIM_STATS_SLOTS = 256, /* the first is the file's head */
	SHIM_STATS_PATH = 512,
};

enum shim_stat {
#define STAT(name, json) SHIM_STAT_##name,
#include "stats.def"
#undef STAT
	SHIM_STATS
};

enum shim_stats_state { SHIM_STATS_FREE, SHIM_STATS_OPEN, SHIM_STATS_GONE };

/* One model. While `generation` is odd it is being exchanged for another; when it has changed meanwhile, what was read
 * is two halves. */
struct shim_stats_slot {
	_Atomic uint32_t generation;
	_Atomic uint32_t state; /* enum shim_stats_state; GONE: the library has let go of it */
	uint64_t size, sealed;  /* of the file, and of its encrypted tensors; bytes */
	char path[SHIM_STATS_PATH]; /* its end, behind "...", when it is longer */
	_Atomic uint64_t counts[SHIM_STATS];
	uint64_t reserved[60 - SHIM_STATS];
};
_Static_assert(sizeof(struct shim_stats_slot) == 8 + 16 + SHIM_STATS_PATH + 60 * 8, "no padding");

struct shim_stats_head {
	char magic[8];    /* written last */
	uint32_t version; /* the rest is as the version has it */
	uint32_t slots, counts;
	int32_t pid;      /* as the process itself knows it */
	uint64_t began;   /* when the file was made, in seconds since 1970 */
};

struct shim_stats_table {
	union {
		struct shim_stats_head head;
		struct shim_stats_slot unused;
	};
	struct shim_stats_slot slots[SHIM_STATS_SLOTS - 1];
};

#endif
