#include "stats.h"

#include <string.h>

#include "guard.h"
#include "log.h"
#include "process.h"
#include "raw.h"
#include "stats_table.h"

static bool is_level(unsigned which)
{
	return which == SHIM_STAT_WINDOWS_NOW || which == SHIM_STAT_WINDOWS_MOST || which == SHIM_STAT_RESIDENT_NOW
	       || which == SHIM_STAT_RESIDENT_MOST;
}

/* counts[0] is the level, counts[1] the highest that it had. */
static void add_level(_Atomic uint64_t *own, _Atomic uint64_t *counts, int64_t more)
{
	uint64_t value = atomic_fetch_add_explicit(own, (uint64_t)more, memory_order_relaxed) + (uint64_t)more;
	atomic_fetch_add_explicit(&counts[0], (uint64_t)more, memory_order_relaxed);
	if (value <= INT64_MAX) /* for a moment two threads may give and take in the wrong order */
		shim_stats_raise(&counts[1], value);
}

void shim_stats_resident(const struct shim_file *file, int64_t windows, int64_t bytes)
{
	_Atomic uint64_t *counts = shim_stats_counts(file);
	if (counts == NULL)
		return;
	struct shim_stats_own *own = &shim_stats_own[atomic_load_explicit(&file->stats, memory_order_relaxed) - 1];
	if (windows != 0)
		add_level(&own->windows, &counts[SHIM_STAT_WINDOWS_NOW], windows);
	add_level(&own->resident, &counts[SHIM_STAT_RESIDENT_NOW], bytes);
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

bool shim_stats_observe(struct shim_account *account, struct shim_file *file, enum shim_use use)
{
	if (atomic_load_explicit(&file->stats, memory_order_relaxed) == 0)
		return false;
	if (atomic_load_explicit(&shim_stats_pending, memory_order_relaxed))
		shim_stats_publish();
	*account = (struct shim_account){file, use, {opened, account}};
	return true;
}

/* --- lines --- */

/* With the lock held: what was counted since the last line; false: nothing. */
static bool take_news(unsigned number, uint64_t news[static SHIM_STATS])
{
	const struct shim_stats_slot *slot = &atomic_load(&shim_stats_table)->slots[number - 1];
	struct shim_stats_own *own = &shim_stats_own[number - 1];
	uint64_t any = 0;
	for (unsigned i = 0; i < SHIM_STATS; i++) {
		uint64_t now = atomic_load_explicit(&slot->counts[i], memory_order_relaxed);
		news[i] = is_level(i) ? now : now - own->told[i];
		own->told[i] = now;
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
	struct shim_stats_own *own = &shim_stats_own[number - 1];
	shim_lock_take(&shim_stats_lock, &guard);
	bool wanted = own->tell && own->file != NULL
		      && (always || atomic_load(&own->file->references) == 0) && take_news(number, news);
	if (wanted)
		memcpy(path, own->path, sizeof path);
	shim_lock_give(&shim_stats_lock, &guard);
	if (!wanted)
		return;
	shim_stats_line(text, news);
	shim_say(path, "%s", text);
}

void shim_stats_released(unsigned slot)
{
	if (!atomic_load_explicit(&shim_stats_own[slot - 1].tell, memory_order_relaxed))
		return;
	atomic_store(&shim_stats_own[slot - 1].due, true);
	atomic_store(&shim_stats_due, true);
}

void shim_stats_tell_now(void)
{
	if (!shim_process_owns() || !atomic_exchange(&shim_stats_due, false))
		return;
	for (unsigned i = 1; i < SHIM_STATS_SLOTS; i++)
		if (atomic_load_explicit(&shim_stats_own[i - 1].due, memory_order_relaxed)
		    && atomic_exchange(&shim_stats_own[i - 1].due, false))
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
	shim_lock_take(&shim_stats_lock, &guard);
	shim_stats_own[slot - 1].file = NULL;
	atomic_store(&atomic_load(&shim_stats_table)->slots[slot - 1].state, SHIM_STATS_GONE);
	shim_lock_give(&shim_stats_lock, &guard);
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
