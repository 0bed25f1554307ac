/* Tasks on several threads. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "parallel.h"
#include "support.h"

struct job {
	atomic_uint runs[2000];
	atomic_uint total;
	uint64_t fail_from, fail_every; /* tasks from fail_from on, each fail_every-th, fail; 0: none */
	unsigned delay;
};

static int task(void *context, uint64_t number, struct ct_error *err)
{
	struct job *job = context;
	atomic_fetch_add(&job->runs[number], 1);
	atomic_fetch_add(&job->total, 1);
	/* Lower tasks fail later than higher ones. */
	if (job->delay > 0)
		usleep(job->delay * (unsigned)(8 - number % 8));
	if (job->fail_every > 0 && number >= job->fail_from
	    && (number - job->fail_from) % job->fail_every == 0)
		return ct_fail(err, CT_E_AUTH, "task %u", (unsigned)number);
	return 0;
}

static const struct {
	unsigned threads;
	uint64_t count;
} sizes[] = {{0, 0}, {4, 0}, {0, 1}, {1, 1}, {1, 10}, {2, 1}, {2, 2}, {8, 3}, {4, 1999}, {64, 200}, {1000, 1500}};

START_TEST(each_once)
{
	static struct job job;
	struct ct_error err;
	memset(&job, 0, sizeof job);
	ck_assert_int_eq(ct_parallel(sizes[_i].threads, sizes[_i].count, task, &job, &err), 0);
	for (size_t i = 0; i < COUNT(job.runs); i++)
		ck_assert_uint_eq(job.runs[i], i < sizes[_i].count);
}
END_TEST

/* The lowest failing task's error, however the threads run; and nothing begins long after it. */
START_TEST(first_error)
{
	static struct job job;
	for (int round = 0; round < 100; round++) {
		struct ct_error err = {0};
		char expected[20];
		memset(&job, 0, sizeof job);
		job.fail_from = (uint64_t)round * 3;
		job.fail_every = 1;
		job.delay = round % 4 == 0 ? 100 : 0;
		assert_error(ct_parallel(1 + (unsigned)round % 7, COUNT(job.runs), task, &job, &err), &err,
			     CT_E_AUTH, "task ");
		snprintf(expected, sizeof expected, "task %d", round * 3);
		ck_assert_str_eq(err.message, expected);
		for (size_t i = 0; i <= job.fail_from; i++)
			ck_assert_uint_eq(job.runs[i], 1);
		if (round % 7 == 0) /* one thread: the very next does not begin */
			ck_assert_uint_eq(job.total, job.fail_from + 1);
	}
}
END_TEST

static int stop_all(void *context, uint64_t number, struct ct_error *err)
{
	struct job *job = context;
	atomic_fetch_add(&job->total, 1);
	usleep(2000);
	return number == 0 ? ct_fail(err, CT_E_IO, "task 0") : 0;
}

START_TEST(stops_after_error)
{
	static struct job job;
	struct ct_error err = {0};
	assert_error(ct_parallel(4, 1000, stop_all, &job, &err), &err, CT_E_IO, "task 0");
	ck_assert_uint_lt(job.total, 100);
}
END_TEST

static int meet(void *context, uint64_t number, struct ct_error *err)
{
	(void)number, (void)err;
	pthread_barrier_wait(context); /* passes when two tasks are here at once */
	return 0;
}

START_TEST(really_at_once)
{
	struct ct_error err;
	pthread_barrier_t barrier;
	pthread_barrier_init(&barrier, NULL, 2);
	ck_assert_int_eq(ct_parallel(2, 8, meet, &barrier, &err), 0);
	pthread_barrier_destroy(&barrier);
}
END_TEST

static int look_at_signals(void *context, uint64_t number, struct ct_error *err)
{
	(void)number, (void)err;
	struct job *job = context;
	sigset_t set;
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	if (sigismember(&set, SIGUSR1) && sigismember(&set, SIGTERM))
		atomic_fetch_add(&job->total, 1);
	else
		atomic_fetch_add(&job->runs[0], 1);
	usleep(1000);
	return 0;
}

START_TEST(signals)
{
	static struct job job;
	struct ct_error err;
	sigset_t before, after;
	pthread_sigmask(SIG_BLOCK, NULL, &before);
	ck_assert_int_eq(ct_parallel(4, 40, look_at_signals, &job, &err), 0);
	pthread_sigmask(SIG_BLOCK, NULL, &after);
	for (int signal = 1; signal < SIGRTMAX; signal++)
		ck_assert_int_eq(sigismember(&before, signal), sigismember(&after, signal));
	ck_assert_uint_gt(job.total, 0);   /* helpers */
	ck_assert_uint_gt(job.runs[0], 0); /* the caller */
}
END_TEST

static void *no_thread(void *context)
{
	return context;
}

/* When no thread can be made, the caller does it all. */
START_TEST(without_threads)
{
	static struct job job;
	struct ct_error err;
	struct rlimit limit;
	if (geteuid() == 0) {
		/* Limits on processes do not bind root. */
		if (setgid(65534) != 0 || setuid(65534) != 0)
			return;
		prctl(PR_SET_DUMPABLE, 1); /* leak checkers look into the process */
	}
	ck_assert_int_eq(getrlimit(RLIMIT_NPROC, &limit), 0);
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &limit), 0);
	pthread_t thread;
	ck_assert_int_ne(pthread_create(&thread, NULL, no_thread, NULL), 0);
	ck_assert_int_eq(ct_parallel(4, 100, task, &job, &err), 0);
	ck_assert_uint_eq(job.total, 100);
	limit.rlim_cur = before;
	ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &limit), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parallel");
	TCase *tcase = add_case(suite, "parallel");
	tcase_add_loop_test(tcase, each_once, 0, COUNT(sizes));
	tcase_add_test(tcase, first_error);
	tcase_add_test(tcase, stops_after_error);
	tcase_add_test(tcase, really_at_once);
	tcase_add_test(tcase, signals);
	const char *fork = getenv("CK_FORK");
	if (fork == NULL || strcmp(fork, "no") != 0)
		tcase_add_test(tcase, without_threads); /* gives up rights for good */
	return run_suite(suite);
}
