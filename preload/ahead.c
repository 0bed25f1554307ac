#include "ahead.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "lazy.h"
#include "raw.h"
#include "real.h"

enum {
	QUEUE = 256,
	THREADS_MAX = 16,
	STACK_SIZE = 512 * 1024,
	MOST = 256 * 1024 * 1024, /* bytes ahead of a reader */
	PATIENCE_MS = 500,        /* of an idle thread, when nothing is mapped lazily any more */
};

struct request {
	unsigned mapping;
	size_t window;
};

static struct request queue[QUEUE];
static unsigned first, count; /* under `busy` */
static atomic_flag busy = ATOMIC_FLAG_INIT;
static _Atomic uint32_t asked; /* a futex: how often something was asked for */
static atomic_uint threads;
static _Atomic(shim_ahead_work *) do_work;

static size_t guess(struct shim_runs *runs, size_t touched, size_t most, size_t *start)
{
	for (size_t i = 0; i < SHIM_RUNS; i++) {
		struct shim_run *run = &runs->runs[i];
		size_t end = run->next + run->ahead, more = run->ahead == 0 ? 1 : run->ahead * 2;
		if (run->next == 0 || touched < run->next || touched > end)
			continue; /* it neither goes on, nor has caught up with what is under way */
		if (more > most)
			more = most;
		atomic_fetch_add(&runs->passed, touched - run->next);
		*start = end > touched ? end : touched + 1;
		*run = (struct shim_run){touched + 1, more};
		return *start <= touched + more ? touched + 1 + more - *start : 0;
	}
	runs->runs[runs->turn++ % SHIM_RUNS] = (struct shim_run){touched + 1, 0};
	return 0;
}

size_t shim_ahead_guess(struct shim_runs *runs, size_t touched, size_t size, size_t *start)
{
	if (atomic_flag_test_and_set(&runs->busy))
		return 0;
	size_t worth = guess(runs, touched, MOST / size > 0 ? MOST / size : 1, start);
	atomic_flag_clear(&runs->busy);
	return worth;
}

static void acquire(void)
{
	while (atomic_flag_test_and_set(&busy))
		SHIM_RAW(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static bool take(struct request *request)
{
	acquire();
	bool any = count > 0;
	if (any) {
		*request = queue[first];
		first = (first + 1) % QUEUE;
		count--;
	}
	atomic_flag_clear(&busy);
	return any;
}

void shim_ahead_ask(unsigned mapping, size_t window)
{
	if (atomic_load(&threads) == 0)
		return;
	acquire();
	if (count < QUEUE)
		queue[(first + count++) % QUEUE] = (struct request){mapping, window};
	atomic_flag_clear(&busy);
	atomic_fetch_add(&asked, 1);
	SHIM_RAW(SYS_futex, &asked, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

static void *serve(void *unused)
{
	(void)unused;
	for (bool idle = false;;) {
		struct request request;
		uint32_t before = atomic_load(&asked);
		if (take(&request)) {
			atomic_load(&do_work)(request.mapping, request.window);
			idle = false;
			continue;
		}
		if (idle && !shim_lazy_any())
			break;
		const struct timespec patience = {.tv_nsec = PATIENCE_MS * 1000000L};
		idle = SHIM_RAW(SYS_futex, &asked, FUTEX_WAIT_PRIVATE, before, shim_lazy_any() ? NULL : &patience, 0, 0)
		       == -ETIMEDOUT;
	}
	atomic_fetch_sub(&threads, 1);
	return NULL;
}

void shim_ahead_start(unsigned wanted, shim_ahead_work *work)
{
	unsigned none = 0;
	pthread_attr_t attributes;
	sigset_t all, before;
	if (wanted > THREADS_MAX)
		wanted = THREADS_MAX;
	atomic_store(&do_work, work);
	if (!atomic_compare_exchange_strong(&threads, &none, wanted))
		return;
	/* All signals are the program's: the threads inherit the mask. */
	sigfillset(&all);
	SHIM_RAW(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, 8, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	for (unsigned i = 0; i < wanted; i++) {
		pthread_t thread;
		if (pthread_create(&thread, &attributes, serve, NULL) != 0)
			atomic_fetch_sub(&threads, 1);
	}
	pthread_attr_destroy(&attributes);
	SHIM_RAW(SYS_rt_sigprocmask, SIG_SETMASK, &before, 0, 8, 0, 0);
}

void shim_ahead_rest(void)
{
	atomic_fetch_add(&asked, 1);
	SHIM_RAW(SYS_futex, &asked, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
}

void shim_ahead_after_fork(void)
{
	atomic_flag_clear(&busy);
	atomic_store(&threads, 0);
	first = count = 0;
}
