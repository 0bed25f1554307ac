#include "guard.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "raw.h"

enum {
	LONG = 8 << 20, /* bytes that take long enough for somebody to notice */
	SIGNALS = 64,
};

/* The kernel's sigset, whose size libc's differs from. */
static uint64_t bit(int number)
{
	return UINT64_C(1) << (number - 1);
}

/* Faults, which cannot wait, and the two that libc keeps for itself: a thread that changes the user id waits until
 * every other has answered one of them. */
static uint64_t never(void)
{
	const int libc_cancel = 32, libc_setxid = 33;
	return bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) | bit(SIGTRAP) | bit(libc_cancel)
	       | bit(libc_setxid);
}

static uint64_t with_handlers(void)
{
	uint64_t set = 0;
	for (int number = 1; number <= SIGNALS; number++) {
		uintptr_t action[16]; /* more than the kernel's structure, which begins with the handler */
		if (SHIM_RAW(SYS_rt_sigaction, number, NULL, action, 8, 0, 0) == 0
		    && action[0] != (uintptr_t)SIG_DFL && action[0] != (uintptr_t)SIG_IGN)
			set |= bit(number);
	}
	return set;
}

void shim_guard_enter(struct shim_guard *guard, size_t len)
{
	uint64_t set = (len < LONG ? ~UINT64_C(0) : with_handlers()) & ~never();
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &guard->cancel);
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &guard->type);
	SHIM_RAW(SYS_rt_sigprocmask, SIG_BLOCK, &set, &guard->before, 8, 0, 0);
}

void shim_guard_leave(const struct shim_guard *guard)
{
	SHIM_RAW(SYS_rt_sigprocmask, SIG_SETMASK, &guard->before, 0, 8, 0, 0);
	pthread_setcancelstate(guard->cancel, NULL);
	if (guard->type != PTHREAD_CANCEL_ASYNCHRONOUS)
		return;
	/* Ended by the call before, the thread would be joined with another result than that of cancelled ones
	 * (glibc 2.36). */
	pthread_testcancel();
	pthread_setcanceltype(guard->type, NULL);
}

void shim_lock_take(struct shim_lock *lock, struct shim_guard *guard)
{
	shim_guard_enter(guard, 0);
	while (atomic_flag_test_and_set(&lock->busy))
		SHIM_RAW(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

void shim_lock_give(struct shim_lock *lock, const struct shim_guard *guard)
{
	atomic_flag_clear(&lock->busy);
	shim_guard_leave(guard);
}

bool shim_lock_after_fork(struct shim_lock *lock)
{
	bool had = atomic_flag_test_and_set(&lock->busy);
	atomic_flag_clear(&lock->busy);
	return had;
}
