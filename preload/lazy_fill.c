/* Decrypting windows: into memory of its own, which is then moved into its place. */
#include "lazy_fill.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ahead.h"
#include "guard.h"
#include "lazy.h"
#include "log.h"
#include "pages.h"
#include "pool.h"
#include "raw.h"
#include "resident.h"
#include "stats.h"

/* Windows next to each other, all claimed by this thread, that are filled at once. */
struct batch {
	struct shim_lazy *lazy;
	size_t first, count;
	uintptr_t start;
	size_t len;
	int prot;
	enum shim_stat by; /* what its windows are counted as */
};

static bool failed(long result)
{
	return result < 0 && result >= -4095;
}

static bool join(struct batch *batch, size_t i)
{
	struct shim_window *window = &batch->lazy->windows[i];
	if (!shim_window_try(window, SHIM_WINDOW_EMPTY))
		return false;
	if (atomic_load(&window->prot) == batch->prot)
		return true;
	shim_window_set(window, SHIM_WINDOW_EMPTY);
	return false;
}

/* Claim what of [first, end) is next to window `number`, without a gap. */
static void gather(struct batch *batch, struct shim_lazy *lazy, size_t number, size_t first, size_t end,
		   enum shim_stat by)
{
	*batch = (struct batch){.lazy = lazy, .first = number, .count = 1,
				.prot = atomic_load(&lazy->windows[number].prot), .by = by};
	while (batch->first > first && join(batch, batch->first - 1)) {
		batch->first--;
		batch->count++;
	}
	while (batch->first + batch->count < end && join(batch, batch->first + batch->count))
		batch->count++;
	batch->start = shim_window_start(lazy, batch->first);
	batch->len = shim_window_end(lazy, batch->first + batch->count - 1) - batch->start;
}

static void settle(const struct batch *batch, size_t first, size_t count, enum shim_window_state state)
{
	for (size_t i = first; i < first + count; i++)
		shim_window_set(&batch->lazy->windows[i], state);
}

static int read_batch(const struct batch *batch, uintptr_t stage, bool used, unsigned threads, bool tell)
{
	const struct shim_lazy *lazy = batch->lazy;
	uint64_t from = shim_lazy_offset(lazy, batch->start);
	uint64_t left = (uint64_t)lazy->file->identity.st_size - from;
	size_t len = left < batch->len ? (size_t)left : batch->len;
	if (used)
		memset((char *)stage + len, 0, batch->len - len);
	return shim_file_fill_own(lazy->file, (void *)stage, len, from, threads, tell);
}

/* While there is a bound, the first write shall be seen: resident.h. */
static int granted(const struct batch *batch)
{
	if (shim_resident_most() == 0)
		return batch->prot;
	if ((batch->prot & (PROT_READ | PROT_EXEC)) != 0)
		return batch->prot & ~PROT_WRITE;
	for (size_t i = 0; i < batch->count; i++)
		shim_resident_stays(batch->lazy, batch->first + i);
	return batch->prot;
}

static int move(const struct batch *batch, uintptr_t stage)
{
	int prot = granted(batch);
	if (prot != (PROT_READ | PROT_WRITE)) {
		int error = -(int)SHIM_RAW(SYS_mprotect, stage, batch->len, prot, 0, 0, 0);
		if (error != 0)
			return error;
	}
	long moved = SHIM_RAW(SYS_mremap, stage, batch->len, batch->len, MREMAP_MAYMOVE | MREMAP_FIXED, batch->start, 0);
	return failed(moved) ? (int)-moved : 0;
}

/* Memory that was used already, when there is some: *used. Under a bound nothing is taken that nobody counts. */
static int allocate(const struct batch *batch, struct shim_stage *stage, bool *used)
{
	uintptr_t start = batch->start % SHIM_HUGE_PAGE == 0 ? shim_pool_take(batch->len) : 0;
	*used = start != 0;
	if (shim_resident_most() == 0 && !*used)
		return shim_pages_stage(stage, batch->len, batch->start);
	int error = *used ? 0 : shim_pages_allocate(&start, batch->len, batch->start);
	*stage = (struct shim_stage){start, batch->len, start, start + batch->len};
	return error;
}

/* 0, or an errno; *bad: it is logged, as it is the file's fault. */
static int fill(const struct batch *batch, unsigned threads, bool tell, bool *bad)
{
	struct shim_stage stage;
	bool used;
	int error = allocate(batch, &stage, &used);
	*bad = false;
	if (error != 0)
		return error;
	error = read_batch(batch, stage.start, used, threads, tell);
	*bad = error != 0;
	if (error == 0)
		error = move(batch, stage.start);
	shim_pages_unstage(&stage, error == 0);
	return error;
}

static void placed(const struct batch *batch)
{
	struct shim_lazy *lazy = batch->lazy;
	for (size_t i = 1; i < batch->count; i++)
		atomic_store(&lazy->windows[batch->first + i].piece, 0);
	atomic_store(&lazy->windows[batch->first].piece, (uint16_t)(batch->count <= UINT16_MAX ? batch->count : 0));
	atomic_fetch_add(&lazy->pieces, 1);
	shim_stats_resident(lazy->file, (int64_t)batch->count, (int64_t)batch->len);
	shim_stats_add(lazy->file, SHIM_STAT_WINDOW_BYTES, batch->len);
	shim_stats_add(lazy->file, batch->by, batch->count);
	settle(batch, batch->first, batch->count, SHIM_WINDOW_READY);
	shim_resident_enter(lazy, batch->first);
}

void shim_lazy_fill(void *argument)
{
	struct shim_fill *wanted = argument;
	struct shim_lazy *lazy = wanted->lazy;
	struct batch batch;
	size_t first = wanted->first, count = wanted->count;
	bool bad;
	shim_lazy_plan_long(lazy, wanted->number, &first, &count);
	gather(&batch, lazy, wanted->number, first, first + count, wanted->by);
	shim_resident_want(batch.len);
	wanted->error = fill(&batch, wanted->threads, batch.count == 1, &bad);
	if (wanted->error == 0) {
		placed(&batch);
		return;
	}
	shim_resident_less(batch.len);
	if (batch.count > 1) {
		/* It is another window's fault, perhaps. */
		settle(&batch, batch.first, wanted->number - batch.first, SHIM_WINDOW_EMPTY);
		settle(&batch, wanted->number + 1, batch.first + batch.count - wanted->number - 1, SHIM_WINDOW_EMPTY);
		wanted->first = wanted->number;
		wanted->count = 1;
		gather(&batch, lazy, wanted->number, wanted->number, wanted->number + 1, wanted->by);
		shim_resident_want(batch.len);
		wanted->error = fill(&batch, wanted->threads, true, &bad);
		if (wanted->error == 0) {
			placed(&batch);
			return;
		}
		shim_resident_less(batch.len);
	}
	if (!bad)
		shim_log(SHIM_ERROR, lazy->file->path != NULL ? lazy->file->path : "(unknown)",
			 "decrypted memory cannot be put into its place: %s", strerror(wanted->error));
	/* Without memory it may go better another time. */
	settle(&batch, batch.first, batch.count, bad ? SHIM_WINDOW_FAILED : SHIM_WINDOW_EMPTY);
}

/* --- ahead of a reader --- */

enum { AHEAD_OF_BOUND = 8 };

static void fill_quietly(struct shim_lazy *lazy, size_t number, size_t end)
{
	struct batch batch;
	bool bad;
	size_t first = number, count = end - number;
	shim_lazy_plan_long(lazy, number, &first, &count);
	if (shim_resident_most() != 0 && count * lazy->size > shim_resident_most() / AHEAD_OF_BOUND) {
		/* It would take the room of what somebody needs now. */
		shim_window_set(&lazy->windows[number], SHIM_WINDOW_EMPTY);
		return;
	}
	gather(&batch, lazy, number, first, first + count, SHIM_STAT_WINDOWS_AHEAD);
	shim_resident_want(batch.len);
	if (fill(&batch, 1, false, &bad) == 0) {
		placed(&batch);
		return;
	}
	/* Whoever touches it will be told. */
	shim_resident_less(batch.len);
	settle(&batch, batch.first, batch.count, SHIM_WINDOW_EMPTY);
}

void shim_lazy_fill_ahead(unsigned mapping, size_t first, size_t count)
{
	struct shim_guard guard;
	struct shim_lazy *lazy = shim_lazy_get(mapping);
	if (lazy == NULL)
		return;
	shim_guard_enter(&guard, 0);
	size_t end = first + count < lazy->count ? first + count : lazy->count;
	for (size_t i = first; i < end; i++)
		if (shim_window_try(&lazy->windows[i], SHIM_WINDOW_EMPTY))
			fill_quietly(lazy, i, end);
		else if (i == first)
			shim_stats_add(lazy->file, SHIM_STAT_AHEAD_LATE, 1);
	shim_guard_leave(&guard);
	shim_lazy_release(lazy);
}

/* --- when it is unmapped --- */

/* The piece that begins with window `first`, whole, as it was moved: the pool may have it. */
static void salvage_piece(struct shim_lazy *lazy, size_t first, size_t n)
{
	size_t have = 0;
	for (size_t i = first; i < first + n; i++)
		if (atomic_load(&lazy->windows[i].kept) || atomic_load(&lazy->windows[i].pins) != 0)
			return;
	while (have < n && (shim_window_try(&lazy->windows[first + have], SHIM_WINDOW_READY)
			    || shim_window_try(&lazy->windows[first + have], SHIM_WINDOW_COOL)))
		have++;
	uintptr_t start = shim_window_start(lazy, first);
	size_t len = shim_window_end(lazy, first + n - 1) - start;
	bool given = have == n && shim_pool_give(start, len);
	if (given) {
		shim_resident_less(len);
		shim_stats_resident(lazy->file, -(int64_t)n, -(int64_t)len);
	}
	for (size_t i = first; i < first + have; i++)
		shim_window_set(&lazy->windows[i], given ? SHIM_WINDOW_EMPTY : SHIM_WINDOW_READY);
}

/* Of a piece its first window tells. */
static void salvage_one(struct shim_lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	size_t n = atomic_load(&lazy->windows[i].piece);
	if (n > 0 && i + n <= lazy->count && shim_window_start(lazy, i) >= start && shim_window_end(lazy, i + n - 1) <= end)
		salvage_piece(lazy, i, n);
}

void shim_lazy_salvage(uintptr_t start, uintptr_t end)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	if (shim_lazy_any() && shim_ahead_there()) /* or nobody would give it back */
		shim_lazy_for_each(start, (end + page - 1) / page * page, salvage_one);
}
