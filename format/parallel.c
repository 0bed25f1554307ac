#include "parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { THREADS_MAX = 64, DEFAULT_MAX = 16, STACK_SIZE = 512 * 1024 };

struct job {
	ct_task *run;
	void *context;
	uint64_t count;
	atomic_uint_fast64_t next;
	atomic_bool failed;
	pthread_mutex_t lock; /* guards the two below */
	uint64_t failed_task;
	struct ct_error *err;
};

static void *work(void *argument)
{
	struct job *job = argument;
	while (!atomic_load_explicit(&job->failed, memory_order_relaxed)) {
		uint64_t task = atomic_fetch_add_explicit(&job->next, 1, memory_order_relaxed);
		struct ct_error err;
		if (task >= job->count)
			break;
		if (job->run(job->context, task, &err) == 0)
			continue;
		pthread_mutex_lock(&job->lock);
		if (!job->failed || task < job->failed_task) {
			job->failed_task = task;
			*job->err = err;
		}
		atomic_store(&job->failed, true);
		pthread_mutex_unlock(&job->lock);
	}
	return NULL;
}

int ct_parallel(unsigned threads, uint64_t count, ct_task *run, void *context,
		struct ct_error *err)
{
	struct job job = {.run = run, .context = context, .count = count,
			  .lock = PTHREAD_MUTEX_INITIALIZER, .err = err};
	pthread_t helpers[THREADS_MAX];
	unsigned made = 0;
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	if (threads > count)
		threads = (unsigned)count;
	if (threads > 1) {
		pthread_attr_t attributes;
		sigset_t all, before;
		/* Helpers inherit the mask: a signal of the program's is the program's to handle. (In glibc this is
		 * pthread_sigmask, whose symbol is younger.) */
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, &before);
		pthread_attr_init(&attributes);
		pthread_attr_setstacksize(&attributes, STACK_SIZE);
		while (made < threads - 1
		       && pthread_create(&helpers[made], &attributes, work, &job) == 0)
			made++;
		pthread_attr_destroy(&attributes);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	work(&job);
	while (made > 0)
		pthread_join(helpers[--made], NULL);
	return atomic_load(&job.failed) ? -1 : 0;
}

unsigned ct_parallel_default(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return DEFAULT_MAX; /* more processors than the set has room for */
	int count = CPU_COUNT(&set);
	return count < 1 ? 1 : count > DEFAULT_MAX ? DEFAULT_MAX : (unsigned)count;
}
