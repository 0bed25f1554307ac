#include "ahead.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "lazy.h"
#include "pool.h"
#include "raw.h"
#include "real.h"

enum {
	QUEUE = 256,
	THREADS_MAX = 16,
	STACK_SIZE = 512 * 1024,
	PATIENCE_MS = 500,      /* of an idle thread, before it ends or goes to sleep */
	POOL_PATIENCE_S = 3,    /* and while something is mapped lazily, before it empties the pool */
};

struct request {
	unsigned mapping;
	size_t first, count;
};

static struct request queue[QUEUE];
static unsigned first, count; /* under `busy` */
static atomic_flag busy = ATOMIC_FLAG_INIT;
static _Atomic uint32_t asked; /* a futex: how often something was asked for */
static atomic_uint threads, sleepers;
static _Atomic(shim_ahead_work *) do_work;

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

bool shim_ahead_there(void)
{
	return atomic_load(&threads) != 0;
}

void shim_ahead_ask(unsigned mapping, size_t from, size_t windows)
{
	if (!shim_ahead_there())
		return;
	acquire();
	if (count < QUEUE)
		queue[(first + count++) % QUEUE] = (struct request){mapping, from, windows};
	atomic_flag_clear(&busy);
	atomic_fetch_add(&asked, 1);
	SHIM_RAW(SYS_futex, &asked, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

/* How long to wait for something to do; NULL: until there is. One who opens many files one after another has nobody woken to
 * see that the last mapping is gone. */
static const struct timespec *patience(bool idle)
{
	static const struct timespec brief = {.tv_nsec = PATIENCE_MS * 1000000L}, long_one = {.tv_sec = POOL_PATIENCE_S};
	if (!shim_lazy_any())
		return &brief;
	return shim_pool_bytes() > 0 ? &long_one : idle ? NULL : &brief;
}

/* False: nothing was asked for in all that time. */
static bool wait_since(uint32_t before, bool idle)
{
	atomic_fetch_add(&sleepers, 1); /* from here on either the last mapping's end is seen here, or this is seen there */
	const struct timespec *time = patience(idle);
	if (time != NULL)
		atomic_fetch_sub(&sleepers, 1);
	long result = SHIM_RAW(SYS_futex, &asked, FUTEX_WAIT_PRIVATE, before, time, 0, 0);
	if (time == NULL)
		atomic_fetch_sub(&sleepers, 1);
	return result != -ETIMEDOUT;
}

static void *serve(void *unused)
{
	(void)unused;
	for (bool idle = false;;) {
		struct request request;
		uint32_t before = atomic_load(&asked);
		if (take(&request)) {
			atomic_load(&do_work)(request.mapping, request.first, request.count);
			idle = false;
			continue;
		}
		if (idle)
			shim_pool_empty();
		if (idle && !shim_lazy_any())
			break;
		idle = !wait_since(before, idle);
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
	if (atomic_load(&sleepers) == 0)
		return;
	atomic_fetch_add(&asked, 1);
	SHIM_RAW(SYS_futex, &asked, FUTEX_WAKE_PRIVATE, INT_MAX, 0, 0, 0);
}

void shim_ahead_after_fork(void)
{
	atomic_flag_clear(&busy);
	atomic_store(&threads, 0);
	atomic_store(&sleepers, 0);
	first = count = 0;
}
