#include "lazy.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#include "ahead.h"
#include "fault.h"
#include "guard.h"
#include "lazy_fill.h"
#include "lazy_table.h"
#include "pages.h"
#include "pool.h"
#include "process.h"
#include "raw.h"
#include "resident.h"
#include "stack.h"
#include "stats.h"

static bool allows(int prot, bool write)
{
	return write ? (prot & PROT_WRITE) != 0 : (prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) != 0;
}

/* How often this thread has faulted at this address without a fault elsewhere. */
static unsigned repeated(uintptr_t at)
{
	static _Thread_local uintptr_t last __attribute__((tls_model("initial-exec")));
	static _Thread_local unsigned times __attribute__((tls_model("initial-exec")));
	times = at == last ? times + 1 : 0;
	last = at;
	return times;
}

/* In parts that several threads can share, and none of which anybody has to wait long for. Huge pages are not cut in two. */
static void ask_for(struct shim_lazy *lazy, size_t first, size_t count)
{
	uintptr_t base = atomic_load(&lazy->start);
	size_t end = first + count, part = shim_lazy_plan_part(lazy, true);
	size_t bytes = count * lazy->size >= part ? part : shim_lazy_plan_part(lazy, false);
	for (size_t i = first, stop; i < end; i = stop) {
		size_t place = (shim_window_start(lazy, i) - base) / bytes;
		for (stop = i + 1; stop < end && (shim_window_start(lazy, stop) - base) / bytes == place;)
			stop++;
		shim_stats_add(lazy->file, SHIM_STAT_AHEAD_ASKED, stop - i);
		shim_ahead_ask(shim_lazy_number(lazy), i, stop - i);
	}
}

static void ask_for_beginnings(struct shim_lazy *lazy, const struct shim_plan *plan)
{
	size_t first, count, number = plan->beginning;
	for (size_t left = plan->beginnings; left > 0 && number != 0; left--) {
		number = shim_lazy_plan_beginning(lazy, number, plan->small_ones, &first, &count);
		ask_for(lazy, first, count);
	}
}

static enum shim_fault touch_empty(struct shim_lazy *lazy, uintptr_t at)
{
	enum shim_window_state state;
	size_t number = shim_window_at(lazy, at);
	struct shim_plan plan = shim_lazy_plan(lazy, at);
	struct shim_fill fill = {.lazy = lazy, .number = number, .first = plan.first, .count = plan.count, .threads = 1,
				.by = SHIM_STAT_WINDOWS_BY_FAULT};
	bool ours = shim_window_try(&lazy->windows[number], SHIM_WINDOW_EMPTY);
	shim_stats_add(lazy->file, SHIM_STAT_AHEAD_PASSED, plan.passed);
	/* Asked before the work begins, so that all goes on at once. */
	shim_lazy_near(lazy, at, &plan);
	if (plan.ahead_count > 0)
		ask_for(lazy, plan.ahead, plan.ahead_count);
	ask_for_beginnings(lazy, &plan);
	if (ours || shim_window_claim(&lazy->windows[number], &state)) {
		shim_stack_run(shim_lazy_fill, &fill);
		return fill.error == 0 ? SHIM_FAULT_DONE : SHIM_FAULT_BROKEN;
	}
	shim_stats_add(lazy->file, SHIM_STAT_FAULTS_WAITED, 1);
	return state == SHIM_WINDOW_FAILED ? SHIM_FAULT_BROKEN
					   : state == SHIM_WINDOW_GONE ? SHIM_FAULT_OTHER : SHIM_FAULT_DONE;
}

static enum shim_fault touch(struct shim_lazy *lazy, uintptr_t at, bool write)
{
	size_t number = shim_window_at(lazy, at);
	struct shim_window *window = &lazy->windows[number];
	if (!allows(atomic_load(&window->prot), write))
		return SHIM_FAULT_OTHER;
	/* Where all is as it should be: not our fault. (What was let go of between two looks is.) */
	const unsigned many = shim_resident_most() == 0 ? 1000 : UINT_MAX;
	unsigned times = repeated(at);
	shim_stats_add(lazy->file, SHIM_STAT_FAULTS, 1);
	switch (atomic_load(&window->state)) {
	case SHIM_WINDOW_FAILED:
		return SHIM_FAULT_BROKEN;
	case SHIM_WINDOW_GONE:
		return SHIM_FAULT_OTHER;
	case SHIM_WINDOW_COOL:
		shim_resident_warm(lazy, number);
		return times > many ? SHIM_FAULT_OTHER : SHIM_FAULT_DONE;
	case SHIM_WINDOW_READY:
		shim_stats_add(lazy->file, SHIM_STAT_FAULTS_LATE, 1);
		if (shim_resident_most() != 0 && (write || (times > 0 && !shim_fault_tells_writes())))
			shim_resident_keep(lazy, number);
		return times > many ? SHIM_FAULT_OTHER : SHIM_FAULT_DONE;
	default:
		return touch_empty(lazy, at);
	}
}

enum shim_fault shim_lazy_fault(uintptr_t at, bool write)
{
	if (!shim_lazy_any())
		return SHIM_FAULT_OTHER;
	shim_process_owns(); /* a forked child puts things in order first */
	uintptr_t first = at;
	struct shim_lazy *lazy = shim_lazy_find(&first, at + 1);
	if (lazy == NULL)
		return SHIM_FAULT_OTHER;
	enum shim_fault result = touch(lazy, at, write);
	shim_lazy_release(lazy);
	return result;
}

/* --- for other calls --- */

/* Window `number`, and with it what of those up to `end` it can be done with at once. */
static void make_ready(struct shim_lazy *lazy, size_t number, uintptr_t end)
{
	const size_t most = ((size_t)64 << 20) / lazy->size;
	enum shim_window_state state;
	struct shim_fill fill = {.lazy = lazy, .number = number, .first = number, .count = 1, .threads = UINT_MAX,
				.by = SHIM_STAT_WINDOWS_BY_CALL};
	while (shim_resident_most() == 0 && number + fill.count < lazy->count && fill.count < most
	       && shim_window_start(lazy, number + fill.count) < end)
		fill.count++;
	if (shim_window_claim(&lazy->windows[number], &state))
		shim_lazy_fill(&fill);
	else if (state == SHIM_WINDOW_COOL)
		shim_resident_warm(lazy, number);
}

bool shim_lazy_for_each(uintptr_t start, uintptr_t end, shim_lazy_visit *each)
{
	struct shim_lazy *lazy;
	struct shim_guard guard;
	uintptr_t at = start;
	bool any = false, on = true;
	shim_process_owns();
	/* Nobody who claims a window may be interrupted by a handler that waits for it. */
	shim_guard_enter(&guard, end - start);
	while (on && at < end && (lazy = shim_lazy_find(&at, end)) != NULL) {
		size_t i = shim_window_at(lazy, at);
		any = true;
		do { /* where one is gone, another mapping may be */
			uintptr_t next = shim_window_end(lazy, i);
			each(lazy, i++, start, end);
			on = next > at; /* or another thread has unmapped all of it */
			at = next;
		} while (on && at < end && i < lazy->count
			 && atomic_load(&lazy->windows[i].state) != SHIM_WINDOW_GONE);
		shim_lazy_release(lazy);
	}
	shim_guard_leave(&guard);
	return any;
}

static void expect_normal(struct shim_lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)i, (void)start, (void)end;
	atomic_store(&lazy->random, false);
}

static void expect_random(struct shim_lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)i, (void)start, (void)end;
	atomic_store(&lazy->random, true);
}

static void ask_one(struct shim_lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)start, (void)end;
	ask_for(lazy, i, 1);
}

void shim_lazy_advise(const void *address, size_t len, int advice)
{
	uintptr_t start = (uintptr_t)address;
	if (shim_lazy_any() && len > 0)
		shim_lazy_for_each(start, start + len,
				   advice == MADV_WILLNEED ? ask_one : advice == MADV_RANDOM ? expect_random : expect_normal);
}

static void ready_one(struct shim_lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)start;
	make_ready(lazy, i, end);
}

/* Can it still become ready? */
static bool is_wanted(const struct shim_lazy *lazy, size_t i)
{
	uint32_t state = atomic_load(&lazy->windows[i].state);
	return state != SHIM_WINDOW_FAILED && state != SHIM_WINDOW_GONE;
}

static void keep_one(struct shim_lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)start;
	do /* it may be let go of in between */
		make_ready(lazy, i, end);
	while (!shim_resident_keep(lazy, i) && is_wanted(lazy, i));
}

static void hold_one(struct shim_lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)start;
	atomic_fetch_add(&lazy->windows[i].pins, 1); /* from here on it is not let go of */
	make_ready(lazy, i, end);
}

static void let_go_of_one(struct shim_lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	(void)start, (void)end;
	atomic_fetch_sub(&lazy->windows[i].pins, 1);
}

static void visit_bytes(const void *bytes, size_t len, shim_lazy_visit *each)
{
	uintptr_t start = (uintptr_t)bytes, end = start + len < start ? UINTPTR_MAX : start + len;
	int saved = errno;
	/* Nearly all that calls are given is none of ours, and costs a look. */
	if (!shim_lazy_any() || len == 0 || !shim_lazy_overlaps(start, end))
		return;
	shim_lazy_for_each(start, end, each);
	errno = saved;
}

void shim_lazy_ready(const void *bytes, size_t len)
{
	visit_bytes(bytes, len, ready_one);
}

void shim_lazy_ready_to_write(void *bytes, size_t len)
{
	visit_bytes(bytes, len, keep_one);
}

void shim_lazy_hold(const void *bytes, size_t len)
{
	visit_bytes(bytes, len, shim_resident_most() != 0 ? hold_one : ready_one);
}

void shim_lazy_let_go(const void *bytes, size_t len)
{
	if (shim_resident_most() != 0)
		visit_bytes(bytes, len, let_go_of_one);
}

/* A window that goes only in part must be there first, as ordinary memory: it would be moved whole. One that cannot be
 * decrypted stays a bus error. */
static void leave(struct shim_lazy *lazy, size_t i)
{
	make_ready(lazy, i, 0);
	shim_resident_keep(lazy, i);
	if (atomic_load(&lazy->windows[i].state) == SHIM_WINDOW_FAILED)
		shim_pages_past_end(shim_window_start(lazy, i), shim_window_end(lazy, i) - shim_window_start(lazy, i),
				    atomic_load(&lazy->windows[i].prot));
}

static void gone_one(struct shim_lazy *lazy, size_t i, uintptr_t start, uintptr_t end)
{
	if (shim_window_start(lazy, i) < start || shim_window_end(lazy, i) > end)
		leave(lazy, i);
	shim_lazy_give_up(lazy, i);
}

void shim_lazy_gone(uintptr_t start, uintptr_t end)
{
	if (shim_lazy_any() && start < end && shim_lazy_for_each(start, end, gone_one))
		shim_lazy_reclaim();
}

bool shim_lazy_protect(uintptr_t *start, uintptr_t *end, int prot)
{
	enum shim_window_state state;
	if (!shim_lazy_any())
		return true;
	shim_process_owns();
	uintptr_t first = *start;
	struct shim_lazy *lazy = shim_lazy_find(&first, *end);
	if (lazy == NULL)
		return true;
	bool kernel = true;
	if (*start < first) {
		*end = first;
	} else {
		size_t i = shim_window_at(lazy, *start);
		uintptr_t stop = shim_window_end(lazy, i);
		if (shim_window_start(lazy, i) < *start || stop > *end) {
			shim_lazy_ready((void *)*start, 1);
		} else if (shim_window_claim(&lazy->windows[i], &state)) {
			atomic_store(&lazy->windows[i].prot, (unsigned char)prot);
			shim_window_set(&lazy->windows[i], SHIM_WINDOW_EMPTY);
			kernel = false;
		}
		if (kernel)
			shim_resident_keep(lazy, i); /* the kernel's word counts from now on */
		if (stop < *end)
			*end = stop;
	}
	shim_lazy_release(lazy);
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
	struct shim_lazy *lazy;
	while (shim_lazy_any() && start < end && (lazy = shim_lazy_find(&start, end)) != NULL) {
		uintptr_t stop = atomic_load(&lazy->end);
		int prot = atomic_load(&lazy->windows[shim_window_at(lazy, start)].prot);
		shim_lazy_release(lazy);
		if (stop > end)
			stop = end;
		join(start, stop, prot);
		start = stop;
	}
}

void shim_lazy_after_fork(void)
{
	shim_fault_after_fork();
	shim_stack_after_fork();
	shim_ahead_after_fork();
	shim_pool_after_fork();
	shim_resident_after_fork();
	shim_lazy_table_after_fork();
}
