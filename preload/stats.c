#include "stats.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "guard.h"
#include "log.h"
#include "process.h"
#include "raw.h"

_Atomic(struct shim_stats_table *) shim_stats_table;
atomic_bool shim_stats_due, shim_stats_pending;

static struct shim_lock lock;
static char folder[PATH_MAX]; /* CTSHIM_STATS_DIR, of the first model */

/* What is this memory's own, also in a forked child, whose parent goes on changing a table that both have. Under the lock,
 * but for atomic members. */
static struct private {
	const struct shim_file *file; /* NULL: none; set last */
	uint64_t size, sealed;
	char path[SHIM_STATS_PATH];
	_Atomic uint64_t windows, resident; /* now */
	atomic_bool tell; /* CTSHIM_STATS */
	atomic_bool due;
	uint64_t told[SHIM_STATS];
} privates[SHIM_STATS_SLOTS - 1];

static bool is_level(unsigned which)
{
	return which == SHIM_STAT_WINDOWS_NOW || which == SHIM_STAT_WINDOWS_MOST || which == SHIM_STAT_RESIDENT_NOW
	       || which == SHIM_STAT_RESIDENT_MOST;
}

static void raise_to(_Atomic uint64_t *most, uint64_t now)
{
	uint64_t before = atomic_load_explicit(most, memory_order_relaxed);
	while (before < now && !atomic_compare_exchange_weak(most, &before, now))
		;
}

/* counts[0] is the level, counts[1] the highest that it had. */
static void add_level(_Atomic uint64_t *own, _Atomic uint64_t *counts, int64_t more)
{
	uint64_t value = atomic_fetch_add_explicit(own, (uint64_t)more, memory_order_relaxed) + (uint64_t)more;
	atomic_fetch_add_explicit(&counts[0], (uint64_t)more, memory_order_relaxed);
	if (value <= INT64_MAX) /* for a moment two threads may give and take in the wrong order */
		raise_to(&counts[1], value);
}

void shim_stats_resident(const struct shim_file *file, int64_t windows, int64_t bytes)
{
	_Atomic uint64_t *counts = shim_stats_counts(file);
	if (counts == NULL)
		return;
	struct private *private = &privates[atomic_load_explicit(&file->stats, memory_order_relaxed) - 1];
	if (windows != 0)
		add_level(&private->windows, &counts[SHIM_STAT_WINDOWS_NOW], windows);
	add_level(&private->resident, &counts[SHIM_STAT_RESIDENT_NOW], bytes);
}

/* --- what the view opens --- */

static void opened(void *context, const struct ct_opened *what)
{
	static const enum shim_stat first[] = {
		[SHIM_USE_READ] = SHIM_STAT_READ_MESSAGES_OPENED,
		[SHIM_USE_MAPPING] = SHIM_STAT_MAPPING_MESSAGES_OPENED,
		[SHIM_USE_MEMORY_FILE] = SHIM_STAT_MEMORY_FILE_MESSAGES_OPENED,
		[SHIM_USE_WINDOW] = SHIM_STAT_WINDOW_MESSAGES_OPENED,
	};
	const struct shim_account *account = context;
	enum shim_stat which = what->whole ? first[account->use] : SHIM_STAT_PART_MESSAGES_OPENED;
	shim_stats_add(account->file, which, what->count);
	shim_stats_add(account->file, which + 1, what->bytes);
	shim_stats_add(account->file, SHIM_STAT_FIRST_OPENED, shim_seen_add(account->file->seen, what));
	shim_stats_add(account->file, SHIM_STAT_NANOSECONDS, what->nanoseconds);
}

static void publish(void);

bool shim_stats_observe(struct shim_account *account, struct shim_file *file, enum shim_use use)
{
	if (atomic_load_explicit(&file->stats, memory_order_relaxed) == 0)
		return false;
	if (atomic_load_explicit(&shim_stats_pending, memory_order_relaxed))
		publish();
	*account = (struct shim_account){file, use, {opened, account}};
	return true;
}

/* --- where figures are --- */

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
				raise_to(&into[which], value);
			else
				atomic_fetch_add(&into[which], value);
		}
	}
}

/* Figures move to the process's file, which is made. */
static void publish(void)
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
		shim_lock_take(&lock, &inner);
		struct shim_stats_table *before = atomic_load(&shim_stats_table);
		copy_slots(made, before);
		atomic_store(&shim_stats_table, made);
		move_counts(made, before);
		shim_lock_give(&lock, &inner);
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

static void show(struct shim_stats_slot *slot, const struct private *private)
{
	slot->size = private->size;
	slot->sealed = private->sealed;
	memcpy(slot->path, private->path, SHIM_STATS_PATH);
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
	struct private *private = &privates[number - 1];
	memset(private, 0, sizeof *private);
	private->size = (uint64_t)file->identity.st_size;
	private->sealed = sealed_bytes(ct_view_model(file->view));
	set_path(private->path, file->path != NULL ? file->path : "(unknown)");
	atomic_store(&private->tell, tell);
	show(slot, private);
	atomic_fetch_add(&slot->generation, 1);
	private->file = file;
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
	shim_lock_take(&lock, &guard);
	bool first = atomic_load(&shim_stats_table) == NULL;
	slot = take_slot(file, config->stats);
	if (slot != 0 && first && config->stats_dir != NULL && strlen(config->stats_dir) < sizeof folder) {
		strcpy(folder, config->stats_dir);
		atomic_store(&shim_stats_pending, true);
	}
	shim_lock_give(&lock, &guard);
	atomic_store(&file->stats, slot);
	if (atomic_load(&shim_stats_pending))
		publish();
}

/* --- lines --- */

/* With the lock held: what was counted since the last line; false: nothing. */
static bool take_news(unsigned number, uint64_t news[static SHIM_STATS])
{
	const struct shim_stats_slot *slot = &atomic_load(&shim_stats_table)->slots[number - 1];
	struct private *private = &privates[number - 1];
	uint64_t any = 0;
	for (unsigned i = 0; i < SHIM_STATS; i++) {
		uint64_t now = atomic_load_explicit(&slot->counts[i], memory_order_relaxed);
		news[i] = is_level(i) ? now : now - private->told[i];
		private->told[i] = now;
		any |= is_level(i) ? 0 : news[i];
	}
	return any != 0;
}

/* `always`: also when something refers to it. */
static void tell(unsigned number, bool always)
{
	char path[SHIM_STATS_PATH], text[SHIM_STATS_LINE];
	uint64_t news[SHIM_STATS];
	struct shim_guard guard;
	struct private *private = &privates[number - 1];
	shim_lock_take(&lock, &guard);
	bool wanted = private->tell && private->file != NULL
		      && (always || atomic_load(&private->file->references) == 0) && take_news(number, news);
	if (wanted)
		memcpy(path, private->path, sizeof path);
	shim_lock_give(&lock, &guard);
	if (!wanted)
		return;
	shim_stats_line(text, news);
	shim_say(path, "%s", text);
}

void shim_stats_released(unsigned slot)
{
	if (!atomic_load_explicit(&privates[slot - 1].tell, memory_order_relaxed))
		return;
	atomic_store(&privates[slot - 1].due, true);
	atomic_store(&shim_stats_due, true);
}

void shim_stats_tell_now(void)
{
	if (!shim_process_owns() || !atomic_exchange(&shim_stats_due, false))
		return;
	for (unsigned i = 1; i < SHIM_STATS_SLOTS; i++)
		if (atomic_load_explicit(&privates[i - 1].due, memory_order_relaxed)
		    && atomic_exchange(&privates[i - 1].due, false))
			tell(i, false);
}

void shim_stats_leave(struct shim_file *file)
{
	struct shim_guard guard;
	unsigned slot = atomic_exchange(&file->stats, 0);
	struct shim_seen *seen = file->seen;
	file->seen = NULL;
	shim_seen_free(seen);
	if (slot == 0)
		return;
	tell(slot, true);
	shim_lock_take(&lock, &guard);
	privates[slot - 1].file = NULL;
	atomic_store(&atomic_load(&shim_stats_table)->slots[slot - 1].state, SHIM_STATS_GONE);
	shim_lock_give(&lock, &guard);
}

/* The program ends. Figures stay where they are: a thread may go on, or a later destructor read. */
__attribute__((destructor)) static void end(void)
{
	int saved = errno;
	if (atomic_load(&shim_stats_table) == NULL || !shim_process_owns())
		return;
	for (unsigned i = 1; i < SHIM_STATS_SLOTS; i++)
		tell(i, true);
	shim_stats_file_remove();
	errno = saved;
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
	shim_lock_after_fork(&lock);
	struct shim_stats_table *parent = atomic_load(&shim_stats_table);
	shim_stats_file_after_fork();
	if (parent == NULL)
		return;
	struct shim_stats_table *mine = new_table();
	for (unsigned i = 0; mine != NULL && i < SHIM_STATS_SLOTS - 1; i++) {
		struct private *private = &privates[i];
		if (private->file == NULL)
			continue;
		show(&mine->slots[i], private);
		set_level(&mine->slots[i].counts[SHIM_STAT_WINDOWS_NOW], atomic_load(&private->windows));
		set_level(&mine->slots[i].counts[SHIM_STAT_RESIDENT_NOW], atomic_load(&private->resident));
		memset(private->told, 0, sizeof private->told);
		atomic_store(&private->due, false);
		shim_seen_forget(private->file->seen);
	}
	for (unsigned i = 0; mine == NULL && i < SHIM_STATS_SLOTS - 1; i++)
		atomic_store(&privates[i].tell, false); /* what the parent counts is not to be told here */
	atomic_store(&shim_stats_table, mine != NULL ? mine : parent);
	atomic_store(&shim_stats_due, false);
	atomic_store(&shim_stats_pending, mine != NULL && folder[0] != '\0');
}
