#include "lazy_table.h"

#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ahead.h"
#include "guard.h"
#include "lazy.h"
#include "lazy_divide.h"
#include "raw.h"
#include "resident.h"
#include "stats.h"

enum {
	LAZY_MAX = 4096,    /* mappings */
	WINDOWS_MAX = 12288, /* of one mapping: lazy_plan.c keeps their pieces below 2048, the kernel allows 65530 in all */
	WINDOW = 1 << 19,   /* bytes, or more: as a chunk of what the writer makes */
	WINDOWS_OF_BOUND = 64, /* while there is a bound, so many fit it */
};

atomic_uint shim_lazy_count;
static struct shim_lazy lazies[LAZY_MAX];
static atomic_uint used; /* entries from here on were never used */
static struct shim_lock lock;

uintptr_t shim_window_start(const struct shim_lazy *lazy, size_t i)
{
	return atomic_load(&lazy->start) + (uintptr_t)lazy->windows[i].page * lazy->page;
}

uintptr_t shim_window_end(const struct shim_lazy *lazy, size_t i)
{
	return i + 1 >= lazy->count ? atomic_load(&lazy->end) : shim_window_start(lazy, i + 1);
}

size_t shim_window_at(const struct shim_lazy *lazy, uintptr_t address)
{
	size_t page = (address - atomic_load(&lazy->start)) / lazy->page, low = 0, high = lazy->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (lazy->windows[middle].page <= page)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The first address from `at` on that is still the mapping's. Where it was unmapped another may be by now. */
static uintptr_t first_of(const struct shim_lazy *lazy, uintptr_t at)
{
	uintptr_t start = atomic_load(&lazy->start), end = atomic_load(&lazy->end);
	if (at < start)
		at = start;
	while (at < end) {
		size_t i = shim_window_at(lazy, at);
		if (atomic_load(&lazy->windows[i].state) != SHIM_WINDOW_GONE)
			return at;
		at = i + 1 < lazy->count ? shim_window_start(lazy, i + 1) : end;
	}
	return UINTPTR_MAX;
}

/* The mapping that has the first address from `*at` on, before `limit`; with a user more. */
struct shim_lazy *shim_lazy_find(uintptr_t *at, uintptr_t limit)
{
	struct shim_lazy *best = NULL;
	uintptr_t from = *at;
	for (unsigned i = 0, n = atomic_load(&used); i < n; i++) {
		struct shim_lazy *lazy = &lazies[i];
		if (atomic_load(&lazy->end) <= from || atomic_load(&lazy->start) >= limit)
			continue;
		atomic_fetch_add(&lazy->users, 1); /* from here on it is not given back, if it still ends somewhere */
		uintptr_t first = atomic_load(&lazy->end) > from ? first_of(lazy, from) : UINTPTR_MAX;
		if (first >= limit) {
			shim_lazy_release(lazy);
			continue;
		}
		if (best != NULL)
			shim_lazy_release(best);
		best = lazy;
		limit = first; /* another one must begin before */
		*at = first;
		if (first == from)
			break;
	}
	return best;
}

bool shim_lazy_overlaps(uintptr_t start, uintptr_t end)
{
	for (unsigned i = 0, n = atomic_load(&used); i < n; i++)
		if (atomic_load(&lazies[i].start) < end && start < atomic_load(&lazies[i].end))
			return true;
	return false;
}

void shim_lazy_release(struct shim_lazy *lazy)
{
	/* Who unmapped it meanwhile could not give it back. */
	if (atomic_fetch_sub(&lazy->users, 1) == 1 && atomic_load(&lazy->end) == 0)
		shim_lazy_reclaim();
}

unsigned shim_lazy_number(const struct shim_lazy *lazy)
{
	return (unsigned)(lazy - lazies);
}

struct shim_lazy *shim_lazy_get(unsigned number)
{
	struct shim_lazy *lazy = &lazies[number];
	atomic_fetch_add(&lazy->users, 1);
	if (atomic_load(&lazy->end) != 0)
		return lazy;
	shim_lazy_release(lazy);
	return NULL;
}

void shim_lazy_give_up(struct shim_lazy *lazy, size_t i)
{
	enum shim_window_state state;
	struct shim_window *window = &lazy->windows[i];
	if (!shim_window_claim(window, &state) && state == SHIM_WINDOW_GONE)
		return;
	bool there = state == SHIM_WINDOW_READY || state == SHIM_WINDOW_COOL;
	shim_resident_gone(lazy, i, there);
	if (there)
		shim_stats_resident(lazy->file, -1, (int64_t)shim_window_start(lazy, i) - (int64_t)shim_window_end(lazy, i));
	shim_window_set(window, SHIM_WINDOW_GONE);
	if (atomic_fetch_sub(&lazy->left, 1) == 1)
		atomic_store(&lazy->end, 0);
}

/* With the lock held: what nobody finds and nobody uses is given back. */
static void reclaim(void)
{
	for (unsigned i = 0, n = atomic_load(&used); i < n; i++) {
		struct shim_lazy *lazy = &lazies[i];
		if (lazy->windows == NULL || atomic_load(&lazy->end) != 0 || atomic_load(&lazy->users) != 0)
			continue;
		/* In this order: a child that is forked in between finds it free, and the memory lost. */
		struct shim_window *windows = lazy->windows;
		__atomic_store_n(&lazy->windows, NULL, __ATOMIC_SEQ_CST);
		raw_munmap(windows, lazy->count * sizeof *windows);
		shim_file_own_put(lazy->file);
		shim_file_drop(lazy->file); /* in a handler, perhaps, on a small stack: a line comes later */
		if (atomic_fetch_sub(&shim_lazy_count, 1) == 1)
			shim_ahead_rest();
	}
}

void shim_lazy_reclaim(void)
{
	struct shim_guard guard;
	shim_lock_take(&lock, &guard);
	reclaim();
	shim_lock_give(&lock, &guard);
}

static atomic_uint waiting; /* threads, in all windows */

static void wait_for(struct shim_window *window)
{
	atomic_fetch_add(&waiting, 1);
	SHIM_RAW(SYS_futex, &window->state, FUTEX_WAIT_PRIVATE, SHIM_WINDOW_CLAIMED, NULL, 0, 0);
	atomic_fetch_sub(&waiting, 1);
}

void shim_window_set(struct shim_window *window, enum shim_window_state state)
{
	atomic_store(&window->state, state);
	if (atomic_load(&waiting) != 0) /* who comes to wait from here on finds the new state */
		SHIM_RAW(SYS_futex, &window->state, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
}

/* Wait until nobody is at work on it; true when it was SHIM_WINDOW_EMPTY and is ours now. */
bool shim_window_claim(struct shim_window *window, enum shim_window_state *state)
{
	for (;;) {
		uint32_t now = atomic_load(&window->state);
		*state = (enum shim_window_state)now;
		if (now == SHIM_WINDOW_CLAIMED)
			wait_for(window);
		else if (now != SHIM_WINDOW_EMPTY)
			return false;
		else if (atomic_compare_exchange_weak(&window->state, &now, SHIM_WINDOW_CLAIMED))
			return true;
	}
}

bool shim_window_try(struct shim_window *window, enum shim_window_state from)
{
	uint32_t now = from;
	return atomic_compare_exchange_strong(&window->state, &now, SHIM_WINDOW_CLAIMED);
}

static size_t window_size(size_t len)
{
	size_t size = WINDOW, bound = shim_resident_most(), page = (size_t)sysconf(_SC_PAGESIZE);
	while (bound != 0 && size > bound / WINDOWS_OF_BOUND && size > page)
		size /= 2;
	while (len / size >= WINDOWS_MAX)
		size *= 2;
	return size;
}

/* With the lock held: an entry that is free. */
static struct shim_lazy *find_free(void)
{
	for (unsigned i = 0, n = atomic_load(&used); i < n; i++)
		if (lazies[i].windows == NULL)
			return &lazies[i];
	unsigned next = atomic_load(&used);
	if (next == LAZY_MAX)
		return NULL;
	atomic_store(&used, next + 1);
	return &lazies[next];
}

static bool enter(struct shim_lazy *lazy, struct shim_file *file, uintptr_t start, size_t len, uint64_t offset, int prot)
{
	lazy->page = (size_t)sysconf(_SC_PAGESIZE);
	lazy->size = window_size(len);
	lazy->offset = offset;
	if (!shim_lazy_divide(lazy, ct_view_model(file->view), len))
		return false;
	for (size_t i = 0; i < lazy->count; i++)
		atomic_store(&lazy->windows[i].prot, (unsigned char)prot);
	lazy->file = file;
	memset(&lazy->runs, 0, sizeof lazy->runs);
	memset(&lazy->starts, 0, sizeof lazy->starts);
	atomic_store(&lazy->random, false);
	atomic_store(&lazy->left, lazy->count);
	atomic_store(&lazy->pieces, 0);
	shim_file_get(file);
	atomic_store(&lazy->start, start);
	atomic_store(&lazy->end, start + len);
	atomic_fetch_add(&shim_lazy_count, 1);
	return true;
}

bool shim_lazy_enter(struct shim_file *file, uintptr_t start, size_t len, uint64_t offset, int prot)
{
	struct shim_guard guard;
	shim_lock_take(&lock, &guard);
	reclaim();
	struct shim_lazy *lazy = find_free();
	bool good = lazy != NULL && enter(lazy, file, start, len, offset, prot);
	shim_lock_give(&lock, &guard);
	return good;
}

/* A window that was claimed by a thread that is not here: moved, or not yet. */
static void settle(struct shim_lazy *lazy, size_t i)
{
	if (atomic_load(&lazy->windows[i].state) != SHIM_WINDOW_CLAIMED)
		return;
	bool there = raw_is_readable((void *)shim_window_start(lazy, i));
	if (there)
		shim_stats_resident(lazy->file, 1, (int64_t)shim_window_end(lazy, i) - (int64_t)shim_window_start(lazy, i));
	atomic_store(&lazy->windows[i].state, there ? SHIM_WINDOW_READY : SHIM_WINDOW_EMPTY);
}

void shim_lazy_table_after_fork(void)
{
	bool half_made = shim_lock_after_fork(&lock);
	atomic_store(&waiting, 0);
	for (unsigned i = 0, n = atomic_load(&used); i < n; i++) {
		struct shim_lazy *lazy = &lazies[i];
		bool found = atomic_load(&lazy->end) != 0;
		atomic_store(&lazy->users, 0);
		atomic_flag_clear(&lazy->starts.busy);
		atomic_flag_clear(&lazy->runs.busy);
		if (half_made && !found)
			lazy->windows = NULL; /* perhaps by a thread that is not here: given up */
		for (size_t w = 0; found && w < lazy->count; w++)
			settle(lazy, w);
	}
}
