/* The cache of opened messages: each opened once, by one thread, whatever the threads do. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache.h"
#include "support.h"

enum { IDS = 64, SIZE = 1000 };

struct world {
	struct ct_cache *cache;
	atomic_uint fills[IDS];
	atomic_uint failures;
	atomic_int fail_next; /* so many fills fail */
	unsigned delay;
	uint64_t seed;
};

struct one {
	struct world *world;
	uint64_t id;
};

static uint8_t byte_of(uint64_t id, size_t at)
{
	return (uint8_t)(id * 31 + at * 7 + at / 256);
}

static int fill(void *context, uint8_t *bytes, struct ct_error *err)
{
	struct one *one = context;
	atomic_fetch_add(&one->world->fills[one->id], 1);
	if (one->world->delay > 0)
		usleep(one->world->delay);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = byte_of(one->id, i);
	if (atomic_fetch_sub(&one->world->fail_next, 1) > 0)
		return ct_fail(err, CT_E_AUTH, "message %u", (unsigned)one->id);
	return 0;
}

struct part {
	struct one one;
	uint8_t *to;
	size_t offset, len;
};

/* Opens a message: [offset, offset + len) goes to its place, the rest to `rest`. */
static int split(void *context, uint8_t *rest, struct ct_error *err)
{
	struct part *part = context;
	uint8_t whole[SIZE];
	if (fill(&part->one, whole, err) < 0)
		return -1;
	memcpy(part->to, whole + part->offset, part->len);
	memcpy(rest, whole, part->offset);
	memcpy(rest + part->offset, whole + part->offset + part->len, SIZE - part->offset - part->len);
	return 0;
}

static void check(uint64_t id, size_t offset, size_t len, const uint8_t *to)
{
	for (size_t i = 0; i < SIZE; i++) {
		uint8_t expected = i < len ? byte_of(id, offset + i) : 0xee;
		if (to[i] != expected)
			ck_abort_msg("message %u, offset %zu, length %zu: byte %zu is %02x, not %02x",
				     (unsigned)id, offset, len, i, to[i], expected);
	}
}

static int take(struct world *world, uint64_t id, size_t offset, size_t len, struct ct_error *err)
{
	uint8_t to[SIZE];
	struct part part = {{world, id}, to, offset, len};
	memset(to, 0xee, sizeof to);
	if (ct_cache_take(world->cache, id, SIZE, offset, len, to, split, &part, err) < 0)
		return -1;
	check(id, offset, len, to);
	return 0;
}

static int get(struct world *world, uint64_t id, size_t offset, size_t len, struct ct_error *err)
{
	uint8_t to[SIZE];
	struct one one = {world, id};
	memset(to, 0xee, sizeof to);
	int status = ct_cache_read(world->cache, id, SIZE, offset, len, to, fill, &one, err);
	if (status < 0)
		return -1;
	check(id, offset, len, to);
	return 0;
}

static void world_new(struct world *world, uint64_t budget)
{
	struct ct_error err;
	memset(world, 0, sizeof *world);
	ck_assert_int_eq(ct_cache_new(&world->cache, budget, budget, NULL, &err), 0);
}

START_TEST(opened_once)
{
	static struct world world;
	struct ct_error err;
	world_new(&world, IDS * SIZE);
	for (size_t at = 0; at < SIZE; at += 10)
		for (uint64_t id = 0; id < 4; id++)
			ck_assert_int_eq(get(&world, id, at, 10, &err), 0);
	for (uint64_t id = 0; id < 4; id++)
		ck_assert_uint_eq(world.fills[id], 1);
	/* Read through, it went: it would not be read again. */
	ck_assert_int_eq(get(&world, 0, 0, 10, &err), 0);
	ck_assert_uint_eq(world.fills[0], 2);
	ck_assert_int_eq(get(&world, 0, 5, 10, &err), 0);
	ck_assert_uint_eq(world.fills[0], 2);
	ct_cache_free(world.cache);
}
END_TEST

START_TEST(least_recently_used_goes)
{
	static struct world world;
	struct ct_error err;
	world_new(&world, 3 * SIZE);
	for (uint64_t id = 0; id < 3; id++)
		ck_assert_int_eq(get(&world, id, 0, 1, &err), 0);
	ck_assert_int_eq(get(&world, 0, 1, 1, &err), 0); /* 1 is the oldest now */
	ck_assert_int_eq(get(&world, 3, 0, 1, &err), 0);
	ck_assert_int_eq(get(&world, 0, 2, 1, &err), 0);
	ck_assert_int_eq(get(&world, 2, 2, 1, &err), 0);
	ck_assert_int_eq(get(&world, 3, 2, 1, &err), 0);
	for (uint64_t id = 0; id < 4; id++)
		ck_assert_uint_eq(world.fills[id], 1);
	ck_assert_int_eq(get(&world, 1, 2, 1, &err), 0);
	ck_assert_uint_eq(world.fills[1], 2);
	ct_cache_free(world.cache);
}
END_TEST

START_TEST(no_budget)
{
	static struct world world;
	struct ct_error err;
	world_new(&world, 0);
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(get(&world, 1, i, 1, &err), 0);
	ck_assert_uint_eq(world.fills[1], 5);
	ct_cache_free(world.cache);
	ct_cache_free(NULL);
}
END_TEST

START_TEST(failing_fill)
{
	static struct world world;
	struct ct_error err = {0};
	world_new(&world, IDS * SIZE);
	world.fail_next = 2;
	assert_error(get(&world, 5, 0, 10, &err), &err, CT_E_AUTH, "message 5");
	assert_error(get(&world, 5, 0, 10, &err), &err, CT_E_AUTH, "message 5");
	ck_assert_int_eq(get(&world, 5, 0, 10, &err), 0);
	ck_assert_int_eq(get(&world, 5, 10, 10, &err), 0);
	ck_assert_uint_eq(world.fills[5], 3);
	ct_cache_free(world.cache);
}
END_TEST

/* In whatever order its parts are wanted, a message is opened once, and no part of it is another's. */
START_TEST(parts_in_any_order)
{
	enum { PARTS = 5 };
	static struct world world;
	struct rng rng = rng_new("cache: parts");
	for (int round = 0; round < 2000; round++) {
		struct ct_error err;
		size_t edges[PARTS + 1] = {[PARTS] = SIZE}, order[PARTS];
		world_new(&world, IDS * SIZE);
		edges[1] = 1 + rng_below(&rng, SIZE - 1); /* nobody takes a whole one so */
		for (size_t i = 2; i < PARTS; i++)
			edges[i] = edges[i - 1] + rng_below(&rng, SIZE - edges[i - 1]);
		for (size_t i = 0; i < PARTS; i++) {
			size_t other = rng_below(&rng, i + 1);
			order[i] = order[other];
			order[other] = i;
		}
		for (size_t i = 0; i < PARTS; i++)
			if (edges[order[i] + 1] > edges[order[i]])
				ck_assert_int_eq(take(&world, 3, edges[order[i]], edges[order[i] + 1] - edges[order[i]], &err), 0);
		ck_assert_uint_eq(world.fills[3], 1);
		ct_cache_free(world.cache);
	}
}
END_TEST

/* The first bytes of messages may never be wanted: all of them together fit where two messages would. */
START_TEST(little_is_left)
{
	static struct world world;
	struct ct_error err;
	enum { LEFT = SIZE / IDS };
	world_new(&world, 2 * SIZE);
	for (uint64_t id = 0; id < IDS; id++) {
		ck_assert_int_eq(take(&world, id, LEFT, SIZE / 2, &err), 0);
		ck_assert_int_eq(take(&world, id, LEFT + SIZE / 2, SIZE / 2 - LEFT, &err), 0);
	}
	for (uint64_t id = 0; id < IDS; id++) {
		ck_assert_int_eq(take(&world, id, 0, LEFT, &err), 0);
		ck_assert_uint_eq(world.fills[id], 1);
	}
	/* What was taken is not there twice. */
	ck_assert_int_eq(take(&world, 0, LEFT, 10, &err), 0);
	ck_assert_uint_eq(world.fills[0], 2);
	ct_cache_free(world.cache);
}
END_TEST

static void *want_same(void *context)
{
	struct world *world = context;
	struct ct_error err = {0};
	if (get(world, 7, 100, 50, &err) < 0) {
		ck_assert_int_eq(err.code, CT_E_AUTH);
		atomic_fetch_add(&world->failures, 1);
	}
	return NULL;
}

static void run_threads(unsigned count, void *(*run)(void *), void *context)
{
	pthread_t threads[16];
	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, run, context), 0);
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

START_TEST(others_wait)
{
	static struct world world;
	for (int round = 0; round < 20; round++) {
		world_new(&world, IDS * SIZE);
		world.delay = 1000;
		run_threads(8, want_same, &world);
		ck_assert_uint_eq(world.fills[7], 1);
		ck_assert_uint_eq(world.failures, 0);
		ct_cache_free(world.cache);
	}
}
END_TEST

/* A failure is the error of who filled; the others try for themselves. */
START_TEST(others_try_again)
{
	static struct world world;
	for (int failing = 1; failing <= 8; failing++) {
		world_new(&world, IDS * SIZE);
		world.delay = 1000;
		world.fail_next = failing;
		run_threads(8, want_same, &world);
		ck_assert_uint_eq(world.failures, (unsigned)failing);
		ck_assert_uint_eq(world.fills[7], (unsigned)failing + (failing < 8));
		ct_cache_free(world.cache);
	}
}
END_TEST

static void *want_many(void *context)
{
	struct world *world = context;
	struct rng rng = rng_fixed(world->seed + (uint64_t)(uintptr_t)pthread_self());
	for (int round = 0; round < 3000; round++) {
		struct ct_error err = {0};
		size_t offset = rng_below(&rng, SIZE), len = rng_below(&rng, SIZE - offset + 1);
		bool for_good = len > 0 && len < SIZE && rng_below(&rng, 2) == 0;
		if ((for_good ? take : get)(world, rng_below(&rng, IDS), offset, len, &err) < 0)
			ck_assert_int_eq(err.code, CT_E_AUTH);
		if (rng_below(&rng, 50) == 0)
			atomic_store(&world->fail_next, 2);
	}
	return NULL;
}

START_TEST(many_threads)
{
	static struct world world;
	struct rng rng = rng_new("cache");
	uint64_t budget = (uint64_t[]){0, 5 * SIZE, IDS * SIZE}[_i];
	world_new(&world, budget);
	world.seed = rng_next(&rng);
	run_threads(6, want_many, &world);
	ct_cache_free(world.cache);
}
END_TEST

/* A child is born while a thread of the parent's fills a message, and that thread does not exist in it. */
START_TEST(after_fork)
{
	static struct world world;
	struct ct_error err;
	pthread_t thread;
	int status = 0;
	world_new(&world, IDS * SIZE);
	ck_assert_int_eq(get(&world, 1, 0, 10, &err), 0);
	world.delay = 100000;
	ck_assert_int_eq(pthread_create(&thread, NULL, want_same, &world), 0);
	while (atomic_load(&world.fills[7]) == 0)
		usleep(100);
	pid_t child = fork();
	if (child == 0) {
		world.delay = 0;
		ct_cache_after_fork(world.cache);
		int good = get(&world, 7, 0, 10, &err) == 0 && get(&world, 1, 0, 10, &err) == 0
			   && world.fills[7] == 2 && world.fills[1] == 2;
		_exit(good ? 0 : 1);
	}
	pthread_join(thread, NULL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(world.fills[7], 1);
	ct_cache_free(world.cache);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache");
	TCase *tcase = add_case(suite, "cache");
	tcase_add_test(tcase, opened_once);
	tcase_add_test(tcase, least_recently_used_goes);
	tcase_add_test(tcase, no_budget);
	tcase_add_test(tcase, failing_fill);
	tcase_add_test(tcase, parts_in_any_order);
	tcase_add_test(tcase, little_is_left);
	tcase_add_test(tcase, others_wait);
	tcase_add_test(tcase, others_try_again);
	tcase_add_loop_test(tcase, many_threads, 0, 3);
	/* Valgrind runs without forks and would find in the child what is left behind on purpose. */
	const char *forks = getenv("CK_FORK");
	if (forks == NULL || strcmp(forks, "no") != 0)
		tcase_add_test(tcase, after_fork);
	return run_suite(suite);
}
