/* Where figures are, for stats.c: the table, and what is this memory's own. */
#ifndef SHIM_STATS_TABLE_H
#define SHIM_STATS_TABLE_H

#include "guard.h"
#include "stats.h"

/* Also in a forked child, whose parent goes on changing a table that both have. Under the lock, but for atomic members. */
struct shim_stats_own {
	const struct shim_file *file; /* NULL: none; set last */
	uint64_t size, sealed;
	char path[SHIM_STATS_PATH];
	_Atomic uint64_t windows, resident; /* now */
	atomic_bool tell; /* CTSHIM_STATS */
	atomic_bool due;  /* a line is to be written */
	uint64_t told[SHIM_STATS]; /* what the last line has said already */
};

extern struct shim_stats_own shim_stats_own[SHIM_STATS_SLOTS - 1];
extern struct shim_lock shim_stats_lock;

/* Figures move to the process's file, which is made. */
void shim_stats_publish(void);

static inline void shim_stats_raise(_Atomic uint64_t *most, uint64_t now)
{
	uint64_t before = atomic_load_explicit(most, memory_order_relaxed);
	while (before < now && !atomic_compare_exchange_weak(most, &before, now))
		;
}

#endif
