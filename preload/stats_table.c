#include "stats_table.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "log.h"
#include "process.h"
#include "raw.h"

_Atomic(struct shim_stats_table *) shim_stats_table;
atomic_bool shim_stats_due, shim_stats_pending;
struct shim_stats_own shim_stats_own[SHIM_STATS_SLOTS - 1];
struct shim_lock shim_stats_lock;

static char folder[PATH_MAX]; /* CTSHIM_STATS_DIR, of the first model */

static struct shim_stats_table *new_table(void)
{
	long got = raw_mmap(NULL, sizeof(struct shim_stats_table), PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return got < 0 && got >= -4095 ? NULL : (struct shim_stats_table *)got;
}

/* The models of one table go into another that nobody has yet. */
static void copy_slots(struct shim_stats_table *to, const struct shim_stats_table *from)
{
	for (unsigned i = 0; i < SHIM_STATS_SLOTS - 1; i++) {
		if (atomic_load(&from->slots[i].state) == SHIM_STATS_FREE)
			continue;
		to->slots[i].size = from->slots[i].size;
		to->slots[i].sealed = from->slots[i].sealed;
		memcpy(to->slots[i].path, from->slots[i].path, SHIM_STATS_PATH);
		atomic_store(&to->slots[i].state, atomic_load(&from->slots[i].state));
	}
}

/* What was counted in a table that was left goes on in the other. Whoever is about to add to it still will: that is lost. */
static void move_counts(struct shim_stats_table *to, struct shim_stats_table *from)
{
	for (unsigned i = 0; i < SHIM_STATS_SLOTS - 1; i++) {
		_Atomic uint64_t *into = to->slots[i].counts, *out = from->slots[i].counts;
		if (atomic_load(&from->slots[i].state) == SHIM_STATS_FREE)
			continue;
		for (unsigned which = 0; which < SHIM_STATS; which++) {
			uint64_t value = atomic_exchange(&out[which], 0);
			if (which == SHIM_STAT_WINDOWS_MOST || which == SHIM_STAT_RESIDENT_MOST)
				shim_stats_raise(&into[which], value);
			else
				atomic_fetch_add(&into[which], value);
		}
	}
}

void shim_stats_publish(void)
{
	struct shim_guard guard;
	const char *reason;
	if (!shim_process_owns() || !atomic_exchange(&shim_stats_pending, false))
		return;
	shim_guard_enter(&guard, 0);
	struct shim_stats_table *made = shim_stats_file_make(folder, &reason);
	if (made == NULL) {
		shim_log(SHIM_ERROR, folder, "no figures can be kept there (CTSHIM_STATS_DIR): %s", reason);
		folder[0] = '\0'; /* children need not try */
	} else {
		struct shim_guard inner;
		shim_lock_take(&shim_stats_lock, &inner);
		struct shim_stats_table *before = atomic_load(&shim_stats_table);
		copy_slots(made, before);
		atomic_store(&shim_stats_table, made);
		move_counts(made, before);
		shim_lock_give(&shim_stats_lock, &inner);
	}
	shim_guard_leave(&guard);
}

/* With the lock held: a slot that was never used or whose model is gone; the number, 0 for none. */
static unsigned find_slot(struct shim_stats_table *table)
{
	static unsigned turn;
	for (unsigned i = 0; i < SHIM_STATS_SLOTS - 1; i++)
		if (atomic_load(&table->slots[i].state) == SHIM_STATS_FREE)
			return i + 1;
	for (unsigned i = 0; i < SHIM_STATS_SLOTS - 1; i++) {
		unsigned slot = turn++ % (SHIM_STATS_SLOTS - 1);
		if (atomic_load(&table->slots[slot].state) == SHIM_STATS_GONE)
			return slot + 1;
	}
	return 0;
}

static void set_path(char to[static SHIM_STATS_PATH], const char *path)
{
	size_t len = strlen(path);
	memset(to, 0, SHIM_STATS_PATH);
	if (len < SHIM_STATS_PATH)
		memcpy(to, path, len);
	else
		snprintf(to, SHIM_STATS_PATH, "...%s", path + len - (SHIM_STATS_PATH - 4));
}

static uint64_t sealed_bytes(const struct ct_model *model)
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < model->header.count; i++)
		if (model->manifest.tensors[i].sealed)
			bytes += model->header.tensors[i].end - model->header.tensors[i].begin;
	return bytes;
}

static void show(struct shim_stats_slot *slot, const struct shim_stats_own *own)
{
	slot->size = own->size;
	slot->sealed = own->sealed;
	memcpy(slot->path, own->path, SHIM_STATS_PATH);
	atomic_store(&slot->state, SHIM_STATS_OPEN);
}

/* With the lock held. */
static unsigned take_slot(const struct shim_file *file, bool tell)
{
	struct shim_stats_table *table = atomic_load(&shim_stats_table);
	if (table == NULL && (table = new_table()) == NULL)
		return 0;
	atomic_store(&shim_stats_table, table);
	unsigned number = find_slot(table);
	if (number == 0)
		return 0;
	struct shim_stats_slot *slot = &table->slots[number - 1];
	atomic_fetch_add(&slot->generation, 1);
	for (unsigned i = 0; i < SHIM_STATS; i++)
		atomic_store(&slot->counts[i], 0);
	struct shim_stats_own *own = &shim_stats_own[number - 1];
	memset(own, 0, sizeof *own);
	own->size = (uint64_t)file->identity.st_size;
	own->sealed = sealed_bytes(ct_view_model(file->view));
	set_path(own->path, file->path != NULL ? file->path : "(unknown)");
	atomic_store(&own->tell, tell);
	show(slot, own);
	atomic_fetch_add(&slot->generation, 1);
	own->file = file;
	return number;
}

void shim_stats_enter(struct shim_file *file, const struct shim_config *config)
{
	struct shim_guard guard;
	unsigned slot = 0;
	if (!config->stats && config->stats_dir == NULL)
		return;
	file->seen = shim_seen_new(ct_view_model(file->view));
	if (file->seen == NULL)
		return;
	shim_lock_take(&shim_stats_lock, &guard);
	bool first = atomic_load(&shim_stats_table) == NULL;
	slot = take_slot(file, config->stats);
	if (slot != 0 && first && config->stats_dir != NULL && strlen(config->stats_dir) < sizeof folder) {
		strcpy(folder, config->stats_dir);
		atomic_store(&shim_stats_pending, true);
	}
	shim_lock_give(&shim_stats_lock, &guard);
	atomic_store(&file->stats, slot);
	if (atomic_load(&shim_stats_pending))
		shim_stats_publish();
}

/* Memory that a child has from its parent. */
static void set_level(_Atomic uint64_t *counts, uint64_t now)
{
	atomic_store(&counts[0], now);
	atomic_store(&counts[1], now);
}

/* The parent's table stays mapped: a handler that forked may return to a thread that was about to count. */
void shim_stats_after_fork(void)
{
	shim_lock_after_fork(&shim_stats_lock);
	struct shim_stats_table *parent = atomic_load(&shim_stats_table);
	shim_stats_file_after_fork();
	if (parent == NULL)
		return;
	struct shim_stats_table *mine = new_table();
	for (unsigned i = 0; mine != NULL && i < SHIM_STATS_SLOTS - 1; i++) {
		struct shim_stats_own *own = &shim_stats_own[i];
		if (own->file == NULL)
			continue;
		show(&mine->slots[i], own);
		set_level(&mine->slots[i].counts[SHIM_STAT_WINDOWS_NOW], atomic_load(&own->windows));
		set_level(&mine->slots[i].counts[SHIM_STAT_RESIDENT_NOW], atomic_load(&own->resident));
		memset(own->told, 0, sizeof own->told);
		atomic_store(&own->due, false);
		shim_seen_forget(own->file->seen);
	}
	for (unsigned i = 0; mine == NULL && i < SHIM_STATS_SLOTS - 1; i++)
		atomic_store(&shim_stats_own[i].tell, false); /* what the parent counts is not to be told here */
	atomic_store(&shim_stats_table, mine != NULL ? mine : parent);
	atomic_store(&shim_stats_due, false);
	atomic_store(&shim_stats_pending, mine != NULL && folder[0] != '\0');
}
