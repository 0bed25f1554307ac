#include "process.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "guard.h"
#include "lazy.h"
#include "mapping.h"
#include "memory.h"
#include "raw.h"
#include "stats.h"

/* A page that the kernel empties in every forked child: it holds the id of the process whose memory
 * this is, 0 in a child that was not here yet, or, if fork() told, its id with a minus, -1 while that child puts things
 * in order. */
static _Atomic(_Atomic pid_t *) page;

static void after_fork(void)
{
	shim_memory_after_fork();
	shim_stats_after_fork(); /* what the others put in order is counted as this process's */
	shim_lazy_after_fork();
	shim_mapping_after_fork();
	shim_file_after_fork();
}

/* In the child of a fork(): its own vfork child may be here before it, and must not be taken for it. */
static void forked(void)
{
	_Atomic pid_t *holder = atomic_load(&page);
	pid_t self = raw_getpid(), nobody = 0;
	if (self > 1)
		atomic_compare_exchange_strong(holder, &nobody, -self);
}

/* A kernel (or something that plays one) without MADV_WIPEONFORK: vfork children cannot be told apart
 * there, and forked ones are told by pthread_atfork(). */
static atomic_bool without_page;

static _Atomic pid_t *do_without_page(void)
{
	if (!atomic_exchange(&without_page, true))
		pthread_atfork(NULL, NULL, after_fork);
	return NULL;
}

static _Atomic pid_t *make_page(void)
{
	const size_t size = 4096;
	long made = raw_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (made < 0 && made > -4096)
		return do_without_page();
	if (SHIM_RAW(SYS_madvise, made, size, MADV_WIPEONFORK, 0, 0, 0) < 0) {
		raw_munmap((void *)made, size);
		return do_without_page();
	}
	_Atomic pid_t *mine = (_Atomic pid_t *)made, *expected = NULL;
	atomic_store(mine, raw_getpid());
	if (!atomic_compare_exchange_strong(&page, &expected, mine)) {
		raw_munmap((void *)made, size);
		return expected;
	}
	pthread_atfork(NULL, NULL, forked);
	return mine;
}

/* The first to come here in a forked child puts things in order. Not to be interrupted: a handler's hook
 * would wait for it for ever. */
static void settle(_Atomic pid_t *holder, pid_t expected, pid_t owner)
{
	struct shim_guard guard;
	shim_guard_enter(&guard, 0);
	if (atomic_compare_exchange_strong(holder, &expected, -1)) {
		after_fork();
		atomic_store(holder, owner);
	}
	shim_guard_leave(&guard);
}

bool shim_process_owns(void)
{
	_Atomic pid_t *holder = atomic_load(&page);
	if (holder == NULL && !atomic_load(&without_page))
		holder = make_page();
	if (holder == NULL)
		return true;
	pid_t self = raw_getpid();
	for (;;) {
		pid_t pid = atomic_load(holder);
		if (pid == self)
			return true;
		if (pid > 0)
			return false;
		if (pid != -1)
			settle(holder, pid, pid == 0 ? self : -pid);
	}
}
