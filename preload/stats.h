/* What the process serves, counted: CTSHIM_STATS and CTSHIM_STATS_DIR. Where neither is set, nothing is kept and no clock
 * is asked. The figures are stats.def's. */
#ifndef SHIM_STATS_H
#define SHIM_STATS_H

#include <stdatomic.h>

#include "file.h"
#include "stats_layout.h"

/* Where figures are now: in anonymous memory, or in the process's file. NULL: nowhere. */
extern _Atomic(struct shim_stats_table *) shim_stats_table;

/* Is something to be told, or the process's file to be made? */
extern atomic_bool shim_stats_due, shim_stats_pending;

static inline _Atomic uint64_t *shim_stats_counts(const struct shim_file *file)
{
	unsigned slot = atomic_load_explicit(&file->stats, memory_order_relaxed);
	return slot == 0 ? NULL : atomic_load_explicit(&shim_stats_table, memory_order_acquire)->slots[slot - 1].counts;
}

/* Add to one figure. Async-signal-safe, as all of this but enter and leave. */
static inline void shim_stats_add(const struct shim_file *file, enum shim_stat which, uint64_t n)
{
	_Atomic uint64_t *counts = shim_stats_counts(file);
	if (counts != NULL)
		atomic_fetch_add_explicit(&counts[which], n, memory_order_relaxed);
}

/* So many windows, and bytes of plaintext in mappings, more; or, negative, fewer. */
void shim_stats_resident(const struct shim_file *file, int64_t windows, int64_t bytes);

/* A read of the view begins, for `use`: *observer is to be the source's, unless the result is false. */
enum shim_use { SHIM_USE_READ, SHIM_USE_MAPPING, SHIM_USE_MEMORY_FILE, SHIM_USE_WINDOW };
struct shim_account {
	struct shim_file *file;
	enum shim_use use;
	struct ct_observer observer;
};
bool shim_stats_observe(struct shim_account *account, struct shim_file *file, enum shim_use use);

/* From now on `file`, whose view and path are set, is counted, if the environment asks for it. Under a guard. */
void shim_stats_enter(struct shim_file *file, const struct shim_config *config);

/* The registry lets go of the file: nobody counts for it any more. */
void shim_stats_leave(struct shim_file *file);

/* Nothing refers to the file in slot `slot` any more: CTSHIM_STATS wants a line, which shim_stats_tell() writes as soon
 * as no lock is held. */
void shim_stats_released(unsigned slot);
void shim_stats_tell_now(void);

static inline void shim_stats_tell(void)
{
	if (atomic_load_explicit(&shim_stats_due, memory_order_relaxed))
		shim_stats_tell_now();
}

/* The own descriptor `from` is `to` now. */
void shim_stats_own_moved(int from, int to);

/* In a forked child: it counts for itself, from nothing, in a file of its own, which is
 * made when it decrypts something. */
void shim_stats_after_fork(void);

/* Which bytes were opened for the first time? One bit for each message. (stats_seen.c) */
struct shim_seen;
struct shim_seen *shim_seen_new(const struct ct_model *model); /* NULL: no memory */
void shim_seen_free(struct shim_seen *seen);
void shim_seen_forget(struct shim_seen *seen);
uint64_t shim_seen_add(struct shim_seen *seen, const struct ct_opened *what); /* bytes */

/* Make DIR/ctshim.PID, and remove what processes left there that are no more. NULL and a reason: it cannot be. (stats_file.c)
 * Lock and mapping stay for good. */
struct shim_stats_table *shim_stats_file_make(const char *dir, const char **reason);
void shim_stats_file_remove(void);    /* if this process has one */
void shim_stats_file_after_fork(void); /* it is the parent's */

/* One line of text of what `counts` say. (stats_line.c) */
enum { SHIM_STATS_LINE = 1024 };
void shim_stats_line(char text[static SHIM_STATS_LINE], const uint64_t counts[static SHIM_STATS]);

#endif
