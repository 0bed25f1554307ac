/* The view, read by many threads at once, and in a child that was born meanwhile. */
#include <sys/wait.h>
#include <unistd.h>

#include "view_support.h"

struct reader {
	struct fixture *f;
	uint64_t seed;
	int rounds;
};

static void *read_at_random(void *context)
{
	struct reader *reader = context;
	struct rng rng = rng_fixed(reader->seed);
	uint64_t size = reader->f->file.size;
	for (int i = 0; i < reader->rounds; i++) {
		uint64_t kind = rng_below(&rng, 10), offset = rng_below(&rng, size + 1);
		size_t most = kind < 6 ? 5000 : kind < 9 ? 300000 : 6 * MIB;
		size_t len = rng_below(&rng, most + 1);
		if (len > size - offset)
			len = size - offset;
		check_read(reader->f, offset, len);
	}
	return NULL;
}

START_TEST(random_reads)
{
	enum { THREADS = 6 };
	struct fixture f;
	struct rng rng = rng_new("view");
	pthread_t threads[THREADS];
	struct reader readers[THREADS];
	fixture_new(&f, large, COUNT(large), large_ways[_i].how, large_ways[_i].threads);
	check_read(&f, 0, f.file.size);
	for (int i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){&f, rng_next(&rng), 40};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_at_random, &readers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	fixture_free(&f);
}
END_TEST

/* In a child that was born while threads read. */
START_TEST(after_fork)
{
	struct fixture f;
	pthread_t thread;
	struct reader reader = {&f, 12, 100};
	int status = 0;
	fixture_new(&f, large, COUNT(large), large_ways[2].how, 2);
	ck_assert_int_eq(pthread_create(&thread, NULL, read_at_random, &reader), 0);
	while (atomic_load(&f.file.reads) < 3)
		usleep(100);
	pid_t child = fork();
	if (child == 0) {
		struct ct_error err;
		uint8_t bytes[5000];
		int bad = 0;
		ct_view_after_fork(f.view);
		for (uint64_t at = 0; at + sizeof bytes < f.file.size; at += 3 * sizeof bytes) {
			bad |= ct_view_read(f.view, &f.source, bytes, sizeof bytes, at, &err) < 0
			       || memcmp(bytes, f.image + at, sizeof bytes) != 0;
		}
		_exit(bad);
	}
	pthread_join(thread, NULL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	fixture_free(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view threads");
	TCase *tcase = add_case(suite, "threads");
	tcase_add_loop_test(tcase, random_reads, 0, COUNT(large_ways));
	tcase_add_test(tcase, after_fork);
	return run_suite(suite);
}
