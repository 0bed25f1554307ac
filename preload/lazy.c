#include "lazy.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ahead.h"
#include "fault.h"
#include "guard.h"
#include "log.h"
#include "pages.h"
#include "process.h"
#include "raw.h"
#include "stack.h"

enum {
	LAZY_MAX = 4096,        /* mappings */
	WINDOWS_MAX = 1024,     /* of one mapping: each is a mapping to the kernel, which allows 65530 in all */
	WIDE = 64 * 1024 * 1024, /* mappings from here on have larger windows, which cut fewer chunks in two */
};

/* Messages from here on are not worth a window: a part of one costs all of it. */
static const uint64_t LONG = 16 * 1024 * 1024;

enum state { EMPTY, CLAIMED, READY, FAILED, GONE };

struct window {
	_Atomic uint32_t state; /* enum state; a futex */
	atomic_int prot;        /* what the program may do with it */
};

/* Entries are never freed, only reused, so that a fault can look for one without a lock. */
struct lazy {
	_Atomic uintptr_t start, end; /* end 0: nobody finds it any more */
	atomic_uint users;
	uintptr_t base; /* where window 0 would begin if it were whole */
	size_t size;    /* of a window */
	size_t count;   /* of windows */
	atomic_size_t left; /* windows that are not GONE */
	uint64_t offset;    /* file offset of `start` */
	struct shim_file *file;
	struct window *windows; /* NULL: the entry is free */
	struct shim_runs runs;
	atomic_bool random; /* the program says that there is no sequence */
};

atomic_uint shim_lazy_count;
static struct lazy lazies[LAZY_MAX];
static atomic_uint used; /* entries from here on were never used */
static atomic_flag making = ATOMIC_FLAG_INIT;

static void acquire(struct shim_guard *guard)
{
	shim_guard_enter(guard, 0);
	while (atomic_flag_test_and_set(&making))
		SHIM_RAW(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static void release(const struct shim_guard *guard)
{
	atomic_flag_clear(&making);
	shim_guard_leave(guard);
}

static uintptr_t start_of(const struct lazy *lazy, size_t i)
{
	return i == 0 ? atomic_load(&lazy->start) : lazy->base + i * lazy->size;
}

static uintptr_t end_of(const struct lazy *lazy, size_t i)
{
	return i + 1 == lazy->count ? atomic_load(&lazy->end) : lazy->base + (i + 1) * lazy->size;
}

/* The first address from `at` on that is still the mapping's. Where it was unmapped another may be by now. */
static uintptr_t first_of(const struct lazy *lazy, uintptr_t at)
{
	uintptr_t start = atomic_load(&lazy->start), end = atomic_load(&lazy->end);
	if (at < start)
		at = start;
	while (at < end) {
		size_t i = (at - lazy->base) / lazy->size;
		if (atomic_load(&lazy->windows[i].state) != GONE)
			return at;
		at = lazy->base + (i + 1) * lazy->size;
	}
	return UINTPTR_MAX;
}

/* The mapping that has the first address from `*at` on, before `limit`; with a user more. */
static struct lazy *find(uintptr_t *at, uintptr_t limit)
{
	struct lazy *best = NULL;
	uintptr_t from = *at;
	for (unsigned i = 0, n = atomic_load(&used); i < n; i++) {
		struct lazy *lazy = &lazies[i];
		if (atomic_load(&lazy->end) <= from || atomic_load(&lazy->start) >= limit)
			continue;
		atomic_fetch_add(&lazy->users, 1); /* from here on it is not given back, if it still ends somewhere */
		uintptr_t first = atomic_load(&lazy->end) > from ? first_of(lazy, from) : UINTPTR_MAX;
		if (first >= limit) {
			atomic_fetch_sub(&lazy->users, 1);
			continue;
		}
		if (best != NULL)
			atomic_fetch_sub(&best->users, 1);
		best = lazy;
		limit = first; /* another one must begin before */
		*at = first;
		if (first == from)
			break;
	}
	return best;
}

static void let_go(struct lazy *lazy)
{
	atomic_fetch_sub(&lazy->users, 1);
}

/* With the lock held: what nobody finds and nobody uses is given back. */
static void reclaim(void)
{
	for (unsigned i = 0, n = atomic_load(&used); i < n; i++) {
		struct lazy *lazy = &lazies[i];
		if (lazy->windows == NULL || atomic_load(&lazy->end) != 0 || atomic_load(&lazy->users) != 0)
			continue;
		/* In this order: a child that is forked in between finds it free, and the memory lost. */
		struct window *windows = lazy->windows;
		__atomic_store_n(&lazy->windows, NULL, __ATOMIC_SEQ_CST);
		raw_munmap(windows, lazy->count * sizeof *windows);
		shim_file_own_put(lazy->file);
		shim_file_put(lazy->file);
		if (atomic_fetch_sub(&shim_lazy_count, 1) == 1)
			shim_ahead_rest();
	}
}

static void wait_for(struct window *window)
{
	SHIM_RAW(SYS_futex, &window->state, FUTEX_WAIT_PRIVATE, CLAIMED, NULL, 0, 0);
}

static void set_state(struct window *window, enum state state)
{
	atomic_store(&window->state, state);
	SHIM_RAW(SYS_futex, &window->state, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
}

/* Wait until nobody is at work on it; true when it was EMPTY and is ours now. */
static bool claim(struct window *window, enum state *state)
{
	for (;;) {
		uint32_t now = atomic_load(&window->state);
		*state = (enum state)now;
		if (now == CLAIMED)
			wait_for(window);
		else if (now != EMPTY)
			return false;
		else if (atomic_compare_exchange_weak(&window->state, &now, CLAIMED))
			return true;
	}
}

/* --- decrypting a window --- */

struct fill {
	struct lazy *lazy;
	size_t number;
	unsigned threads;
	int error;
};

static int fill_stage(const struct fill *fill, uintptr_t stage, size_t len)
{
	const struct lazy *lazy = fill->lazy;
	uint64_t from = lazy->offset + (start_of(lazy, fill->number) - atomic_load(&lazy->start));
	uint64_t left = (uint64_t)lazy->file->identity.st_size - from;
	return shim_file_read_own(lazy->file, (void *)stage, left < len ? (size_t)left : len, from, fill->threads);
}

/* The window is the caller's. */
static void fill_window(void *argument)
{
	struct fill *fill = argument;
	struct window *window = &fill->lazy->windows[fill->number];
	uintptr_t start = start_of(fill->lazy, fill->number), stage = 0;
	size_t len = end_of(fill->lazy, fill->number) - start;
	int prot = atomic_load(&window->prot), told = 0;
	const char *path = fill->lazy->file->path;
	fill->error = shim_pages_allocate(&stage, len, start);
	if (fill->error == 0)
		fill->error = told = fill_stage(fill, stage, len);
	if (fill->error == 0 && prot != (PROT_READ | PROT_WRITE))
		fill->error = -(int)SHIM_RAW(SYS_mprotect, stage, len, prot, 0, 0, 0);
	if (fill->error == 0) {
		long moved = SHIM_RAW(SYS_mremap, stage, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, start, 0);
		fill->error = moved < 0 && moved >= -4095 ? (int)-moved : 0;
	}
	if (fill->error != 0 && fill->error != told)
		shim_log(SHIM_ERROR, path != NULL ? path : "(unknown)", "decrypted memory cannot be put into its place: %s",
			 strerror(fill->error));
	if (fill->error != 0 && stage != 0)
		raw_munmap((void *)stage, len);
	set_state(window, fill->error == 0 ? READY : FAILED);
}

/* --- faults --- */

static bool allows(int prot, bool write)
{
	return write ? (prot & PROT_WRITE) != 0 : (prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) != 0;
}

/* The same address again and again, where all is as it should be: not our fault. */
static bool is_stuck(uintptr_t at)
{
	enum { MANY = 1000 };
	static _Thread_local uintptr_t last __attribute__((tls_model("initial-exec")));
	static _Thread_local unsigned times __attribute__((tls_model("initial-exec")));
	times = at == last ? times + 1 : 0;
	last = at;
	return times > MANY;
}

/* A thread of the shim's own: fills a window if it is still there and still empty. */
static void fill_ahead(unsigned mapping, size_t number)
{
	enum state state;
	struct lazy *lazy = &lazies[mapping];
	struct fill fill = {.lazy = lazy, .number = number, .threads = 1};
	atomic_fetch_add(&lazy->users, 1);
	if (atomic_load(&lazy->end) != 0 && number < lazy->count
	    && atomic_load(&lazy->windows[number].state) == EMPTY && claim(&lazy->windows[number], &state))
		fill_window(&fill);
	let_go(lazy);
}

static void ask_for(struct lazy *lazy, size_t first, size_t count)
{
	for (size_t i = first; i < first + count && i < lazy->count; i++)
		if (atomic_load(&lazy->windows[i].state) == EMPTY)
			shim_ahead_ask((unsigned)(lazy - lazies), i);
}

/* Before the window that was touched is decrypted, so that all goes on at once. */
static void look_ahead(struct lazy *lazy, size_t touched)
{
	size_t first, count = 0;
	if (!atomic_load(&lazy->random))
		count = shim_ahead_guess(&lazy->runs, touched, lazy->size, &first);
	if (count > 0)
		ask_for(lazy, first, count);
}

static enum shim_fault touch(struct lazy *lazy, uintptr_t at, bool write)
{
	enum state state;
	struct fill fill = {.lazy = lazy, .number = (at - lazy->base) / lazy->size, .threads = 1};
	struct window *window = &lazy->windows[fill.number];
	if (!allows(atomic_load(&window->prot), write))
		return SHIM_FAULT_OTHER;
	uint32_t now = atomic_load(&window->state);
	if (now == EMPTY || now == CLAIMED)
		look_ahead(lazy, fill.number);
	if (claim(window, &state)) {
		shim_stack_run(fill_window, &fill);
		return fill.error == 0 ? SHIM_FAULT_DONE : SHIM_FAULT_BROKEN;
	}
	if (state == FAILED)
		return SHIM_FAULT_BROKEN;
	return state == GONE || is_stuck(at) ? SHIM_FAULT_OTHER : SHIM_FAULT_DONE;
}

enum shim_fault shim_lazy_fault(uintptr_t at, bool write)
{
	if (!shim_lazy_any())
		return SHIM_FAULT_OTHER;
	shim_process_owns(); /* a forked child puts things in order first */
	uintptr_t first = at;
	struct lazy *lazy = find(&first, at + 1);
	if (lazy == NULL)
		return SHIM_FAULT_OTHER;
	enum shim_fault result = touch(lazy, at, write);
	let_go(lazy);
	return result;
}

/* --- for other calls --- */

static void make_ready(struct lazy *lazy, size_t number)
{
	enum state state;
	struct fill fill = {.lazy = lazy, .number = number, .threads = UINT_MAX};
	if (claim(&lazy->windows[number], &state))
		fill_window(&fill);
}

typedef void visit(struct lazy *lazy, size_t i, uintptr_t start, uintptr_t end);

/* Call `each` for every window that [start, end) touches; was there any? */
static bool for_each(uintptr_t start, uintptr_t end, visit *each)
{
	struct lazy *lazy;
	struct shim_guard guard;
	uintptr_t at = start;
	bool any = false;
	shim_process_owns();
	/* Nobody who claims a window may be interrupted by a handler that waits for it. */
	shim_guard_enter(&guard, 0);
	while (at < end && (lazy = find(&at, end)) != NULL) {
		size_t i = (at - lazy->base) / lazy->size;
		any = true;
		at = end_of(lazy, i);
		each(lazy, i, start, end);
		let_go(lazy);
	}
	shim_guard_leave(&guard);
	return any;
}

static void expect_normal(struct lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)i, (void)start, (void)end;
	atomic_store(&lazy->random, false);
}

static void expect_random(struct lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)i, (void)start, (void)end;
	atomic_store(&lazy->random, true);
}

static void ask_one(struct lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)start, (void)end;
	ask_for(lazy, i, 1);
}

void shim_lazy_advise(const void *address, size_t len, int advice)
{
	uintptr_t start = (uintptr_t)address;
	if (shim_lazy_any() && len > 0)
		for_each(start, start + len,
			 advice == MADV_WILLNEED ? ask_one : advice == MADV_RANDOM ? expect_random : expect_normal);
}

static void ready_one(struct lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)start, (void)end;
	make_ready(lazy, i);
}

void shim_lazy_ready(const void *bytes, size_t len)
{
	uintptr_t start = (uintptr_t)bytes;
	int saved = errno;
	if (!shim_lazy_any() || len == 0)
		return;
	for_each(start, start + len < start ? UINTPTR_MAX : start + len, ready_one);
	errno = saved;
}

/* A window that goes only in part must be there first, as ordinary memory: it would be moved whole. One that cannot be
 * decrypted stays a bus error. */
static void leave(struct lazy *lazy, size_t i)
{
	make_ready(lazy, i);
	if (atomic_load(&lazy->windows[i].state) == FAILED)
		shim_pages_past_end(start_of(lazy, i), end_of(lazy, i) - start_of(lazy, i),
				    atomic_load(&lazy->windows[i].prot));
}

static void gone_one(struct lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	enum state state;
	struct window *window = &lazy->windows[i];
	if (start_of(lazy, i) < start || end_of(lazy, i) > end)
		leave(lazy, i);
	if (claim(window, &state) || state != GONE) {
		set_state(window, GONE);
		if (atomic_fetch_sub(&lazy->left, 1) == 1)
			atomic_store(&lazy->end, 0);
	}
}

void shim_lazy_gone(uintptr_t start, uintptr_t end)
{
	struct shim_guard before;
	if (!shim_lazy_any() || start >= end)
		return;
	if (!for_each(start, end, gone_one))
		return;
	acquire(&before);
	reclaim();
	release(&before);
}

bool shim_lazy_protect(uintptr_t *start, uintptr_t *end, int prot)
{
	enum state state;
	if (!shim_lazy_any())
		return true;
	shim_process_owns();
	uintptr_t first = *start;
	struct lazy *lazy = find(&first, *end);
	if (lazy == NULL)
		return true;
	bool kernel = true;
	if (*start < first) {
		*end = first;
	} else {
		size_t i = (*start - lazy->base) / lazy->size;
		uintptr_t stop = end_of(lazy, i);
		if (start_of(lazy, i) < *start || stop > *end) {
			shim_lazy_ready((void *)*start, 1);
		} else if (claim(&lazy->windows[i], &state)) {
			atomic_store(&lazy->windows[i].prot, prot);
			set_state(&lazy->windows[i], EMPTY);
			kernel = false;
		}
		if (stop < *end)
			*end = stop;
	}
	let_go(lazy);
	return kernel;
}

/* One piece of a mapping: its windows give way to a copy of them that is one mapping to the kernel. */
static void join(uintptr_t start, uintptr_t end, int prot)
{
	uintptr_t stage;
	shim_lazy_ready((void *)start, end - start);
	if (shim_pages_allocate(&stage, end - start, start) != 0)
		return;
	if ((prot & PROT_READ) == 0)
		SHIM_RAW(SYS_mprotect, start, end - start, PROT_READ, 0, 0, 0);
	memcpy((void *)stage, (void *)start, end - start);
	SHIM_RAW(SYS_mprotect, stage, end - start, prot, 0, 0, 0);
	shim_lazy_gone(start, end);
	SHIM_RAW(SYS_mremap, stage, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED, start, 0);
}

void shim_lazy_join(uintptr_t start, uintptr_t end)
{
	struct lazy *lazy;
	while (shim_lazy_any() && start < end && (lazy = find(&start, end)) != NULL) {
		uintptr_t stop = atomic_load(&lazy->end);
		int prot = atomic_load(&lazy->windows[(start - lazy->base) / lazy->size].prot);
		let_go(lazy);
		if (stop > end)
			stop = end;
		join(start, stop, prot);
		start = stop;
	}
}

void shim_lazy_after_fork(void)
{
	bool half_made = atomic_flag_test_and_set(&making);
	atomic_flag_clear(&making);
	shim_fault_after_fork();
	shim_stack_after_fork();
	shim_ahead_after_fork();
	for (unsigned i = 0, n = atomic_load(&used); i < n; i++) {
		struct lazy *lazy = &lazies[i];
		atomic_store(&lazy->users, 0);
		if (half_made && atomic_load(&lazy->end) == 0)
			lazy->windows = NULL; /* perhaps by a thread that is not here: given up */
		for (size_t w = 0; lazy->windows != NULL && atomic_load(&lazy->end) != 0 && w < lazy->count; w++) {
			if (atomic_load(&lazy->windows[w].state) != CLAIMED)
				continue;
			/* Moved by a thread that is not here, or not yet. */
			bool there = raw_is_readable((void *)start_of(lazy, w));
			atomic_store(&lazy->windows[w].state, there ? READY : EMPTY);
		}
	}
}

/* --- making one --- */

static size_t window_size(size_t len)
{
	size_t size = len < WIDE ? SHIM_HUGE_PAGE : 4 * SHIM_HUGE_PAGE;
	while (len / size >= WINDOWS_MAX)
		size *= 2;
	return size;
}

bool shim_lazy_fits(const struct shim_file *file, const struct shim_mapping_request *request, uint64_t least)
{
	const int ordinary = MAP_TYPE | MAP_NORESERVE | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_STACK | MAP_NONBLOCK;
	uint64_t size = (uint64_t)file->identity.st_size, offset = (uint64_t)request->offset;
	const struct ct_model *model = ct_view_model(file->view);
	return request->address == NULL && (request->flags & ~ordinary) == 0 && offset < size && size - offset >= least && request->len >= least
	       && model->manifest.chunk_size != 0 && model->manifest.chunk_size <= LONG;
}

/* With the lock held: an entry that is free. */
static struct lazy *find_free(void)
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

static bool enter(struct lazy *lazy, struct shim_file *file, uintptr_t start, size_t len, uint64_t offset, int prot)
{
	size_t size = window_size(len);
	uintptr_t base = start / size * size;
	size_t count = (start + len - 1 - base) / size + 1;
	long windows = raw_mmap(NULL, count * sizeof *lazy->windows, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (windows < 0 && windows >= -4095)
		return false;
	lazy->windows = (struct window *)windows;
	for (size_t i = 0; i < count; i++)
		atomic_store(&lazy->windows[i].prot, prot);
	lazy->base = base;
	lazy->size = size;
	lazy->count = count;
	lazy->offset = offset;
	lazy->file = file;
	memset(&lazy->runs, 0, sizeof lazy->runs);
	atomic_store(&lazy->random, false);
	atomic_store(&lazy->left, count);
	shim_file_get(file);
	atomic_store(&lazy->start, start);
	atomic_store(&lazy->end, start + len);
	atomic_fetch_add(&shim_lazy_count, 1);
	return true;
}

static void *make(struct shim_file *file, const struct shim_mapping_request *request)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t offset = (uint64_t)request->offset, left = (uint64_t)file->identity.st_size - offset;
	size_t inside = left < request->len ? (size_t)left : request->len, len = (inside + page - 1) / page * page;
	uintptr_t start;
	if (shim_pages_reserve(&start, request->len) != 0)
		return MAP_FAILED;
	struct shim_guard before;
	acquire(&before);
	reclaim();
	struct lazy *lazy = find_free();
	bool good = lazy != NULL
		    && (len == request->len || shim_pages_past_end(start + len, request->len - len, request->prot) == 0)
		    && enter(lazy, file, start, len, offset, request->prot);
	release(&before);
	if (good)
		return (void *)start;
	raw_munmap((void *)start, request->len);
	return MAP_FAILED;
}

void *shim_map_lazy(struct shim_file *file, const struct shim_mapping_request *request, unsigned threads)
{
	if (!shim_process_owns() || !shim_stack_prepare() || !shim_file_own_get(file, request->fd))
		return MAP_FAILED;
	void *made = shim_fault_watch() ? make(file, request) : MAP_FAILED;
	if (made == MAP_FAILED)
		shim_file_own_put(file);
	else if (threads > 1)
		shim_ahead_start(threads, fill_ahead);
	return made;
}
