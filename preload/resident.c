#include "resident.h"

#include <sys/mman.h>

#include "guard.h"
#include "lazy_table.h"
#include "pages.h"
#include "pool.h"
#include "raw.h"
#include "stats.h"

enum {
	QUEUE = 1 << 16,
	CACHE_SHARE = 16,
	POOL_SHARE = 8,
	LAST = 2, /* pieces: they stay, as one instruction may need several, whatever else fills the room */
};

atomic_size_t shim_resident_bound;

/* Pieces, the oldest first. */
static struct place {
	unsigned mapping;
	size_t first;
} queue[QUEUE];
static unsigned oldest, count;
static atomic_size_t resident, kept; /* bytes that are there; and those of them that stay */
static struct shim_lock lock;

size_t shim_resident_cache(size_t bound)
{
	return bound / CACHE_SHARE;
}

void shim_resident_set(size_t bound)
{
	if (bound == 0)
		return;
	/* What is kept beside, memory that waits for its next use among it, is part of it. */
	atomic_store(&shim_resident_bound, bound - shim_resident_cache(bound) - bound / POOL_SHARE);
	shim_pool_limit(bound / POOL_SHARE);
}

static bool pop(struct place *place)
{
	struct shim_guard guard;
	shim_lock_take(&lock, &guard);
	bool any = count > 0;
	if (any) {
		*place = queue[oldest];
		oldest = (oldest + 1) % QUEUE;
		count--;
	}
	shim_lock_give(&lock, &guard);
	return any;
}

/* When the queue is full the piece stays. */
static void push(struct place place)
{
	struct shim_guard guard;
	shim_lock_take(&lock, &guard);
	if (count < QUEUE)
		queue[(oldest + count++) % QUEUE] = place;
	shim_lock_give(&lock, &guard);
}

static void set_all(struct shim_lazy *lazy, size_t first, size_t n, enum shim_window_state state)
{
	for (size_t i = 0; i < n; i++)
		shim_window_set(&lazy->windows[first + i], state);
}

/* Claim all windows of a piece. False: they are not all in this state, or somebody holds one; nothing was done. */
static bool claim_piece(struct shim_lazy *lazy, size_t first, size_t n, enum shim_window_state from)
{
	size_t have = 0;
	bool free = true;
	while (free && have < n && shim_window_try(&lazy->windows[first + have], from))
		free = atomic_load(&lazy->windows[first + have++].pins) == 0;
	if (free && have == n)
		return true;
	set_all(lazy, first, have, from);
	return false;
}

/* Will it never be let go of as a whole? */
static bool is_settled(const struct shim_lazy *lazy, size_t first, size_t n)
{
	for (size_t i = first; i < first + n; i++) {
		uint32_t state = atomic_load(&lazy->windows[i].state);
		if (atomic_load(&lazy->windows[i].kept) || state == SHIM_WINDOW_GONE || state == SHIM_WINDOW_FAILED)
			return true;
	}
	return false;
}

static void protect(struct shim_lazy *lazy, size_t first, size_t n, int prot)
{
	uintptr_t start = shim_window_start(lazy, first);
	SHIM_RAW(SYS_mprotect, start, shim_window_end(lazy, first + n - 1) - start, prot, 0, 0, 0);
}

/* Without its pages it is as it was before it was decrypted. */
static void let_go(struct shim_lazy *lazy, size_t first, size_t n)
{
	uintptr_t start = shim_window_start(lazy, first);
	size_t len = shim_window_end(lazy, first + n - 1) - start;
	if (!shim_pool_give(start, len))
		raw_mmap((void *)start, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	atomic_store(&lazy->windows[first].piece, 0);
	atomic_fetch_sub(&lazy->pieces, 1);
	shim_resident_less(len);
	shim_stats_resident(lazy->file, -(int64_t)n, -(int64_t)len);
	set_all(lazy, first, n, SHIM_WINDOW_EMPTY);
}

/* The oldest piece's turn. */
static void turn(struct shim_lazy *lazy, struct place place)
{
	size_t n = place.first < lazy->count ? atomic_load(&lazy->windows[place.first].piece) : 0;
	if (n == 0 || place.first + n > lazy->count || is_settled(lazy, place.first, n))
		return;
	if (claim_piece(lazy, place.first, n, SHIM_WINDOW_COOL)) {
		let_go(lazy, place.first, n);
	} else if (claim_piece(lazy, place.first, n, SHIM_WINDOW_READY)) {
		protect(lazy, place.first, n, PROT_NONE);
		set_all(lazy, place.first, n, SHIM_WINDOW_COOL);
		push(place);
	} else {
		push(place);
	}
}

/* What stays must not take all the room: whoever needs two windows at once would never have both. */
static size_t room(void)
{
	size_t most = shim_resident_most(), least = atomic_load(&kept) + most / 4;
	return most > least ? most : least;
}

void shim_resident_want(size_t len)
{
	size_t now = atomic_fetch_add(&resident, len) + len;
	struct place place;
	if (shim_resident_most() == 0)
		return;
	/* Twice around: once to cool, once to see what has stayed so. */
	for (unsigned left = 2 * count; now > room() && left > 0 && count > LAST && pop(&place); left--) {
		struct shim_lazy *lazy = shim_lazy_get(place.mapping);
		if (lazy != NULL) {
			turn(lazy, place);
			shim_lazy_release(lazy);
		}
		now = atomic_load(&resident);
	}
}

void shim_resident_less(size_t len)
{
	atomic_fetch_sub(&resident, len);
}

void shim_resident_enter(struct shim_lazy *lazy, size_t first)
{
	if (shim_resident_most() != 0)
		push((struct place){shim_lazy_number(lazy), first});
}

/* What a window that is there may have: writes are seen by their first fault only. */
static int granted(const struct shim_window *window)
{
	int prot = atomic_load(&window->prot);
	return atomic_load(&window->kept) ? prot : prot & ~PROT_WRITE;
}

/* All of a piece at once, but for what became something else meanwhile. */
void shim_resident_warm(struct shim_lazy *lazy, size_t i)
{
	size_t first = i, end = i;
	if (!shim_window_try(&lazy->windows[i], SHIM_WINDOW_COOL))
		return;
	while (atomic_load(&lazy->windows[first].piece) == 0 && first > 0
	       && shim_window_try(&lazy->windows[first - 1], SHIM_WINDOW_COOL))
		first--;
	for (end = i + 1; end < lazy->count && atomic_load(&lazy->windows[end].piece) == 0; end++)
		if (!shim_window_try(&lazy->windows[end], SHIM_WINDOW_COOL))
			break;
	protect(lazy, first, end - first, granted(&lazy->windows[i]));
	set_all(lazy, first, end - first, SHIM_WINDOW_READY);
}

void shim_resident_stays(struct shim_lazy *lazy, size_t i)
{
	if (!atomic_exchange(&lazy->windows[i].kept, true))
		atomic_fetch_add(&kept, shim_window_end(lazy, i) - shim_window_start(lazy, i));
}

bool shim_resident_keep(struct shim_lazy *lazy, size_t i)
{
	struct shim_window *window = &lazy->windows[i];
	shim_resident_stays(lazy, i);
	if (shim_resident_most() == 0)
		return true;
	shim_resident_warm(lazy, i);
	if (!shim_window_try(window, SHIM_WINDOW_READY))
		return false;
	protect(lazy, i, 1, atomic_load(&window->prot));
	shim_window_set(window, SHIM_WINDOW_READY);
	return true;
}

void shim_resident_gone(struct shim_lazy *lazy, size_t i, bool there)
{
	size_t len = shim_window_end(lazy, i) - shim_window_start(lazy, i);
	if (there)
		shim_resident_less(len);
	if (atomic_load(&lazy->windows[i].kept))
		atomic_fetch_sub(&kept, len);
}

void shim_resident_after_fork(void)
{
	if (shim_lock_after_fork(&lock))
		oldest = count = 0; /* perhaps half changed: what is there stays */
}
