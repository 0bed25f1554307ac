/* What is asked for before it is read. */
#include <stdlib.h>
#include <unistd.h>

#include "expect.h"
#include "parallel.h"
#include "support.h"

enum { MIB = 1 << 20 };

/* A source that reads nothing, and notes what it is told. */
struct teller {
	struct {
		enum ct_nearing how;
		uint64_t start, end;
	} told[4096];
	size_t count;
	atomic_uint inside, most;
	struct ct_source source;
};

static void note(void *context, enum ct_nearing how, uint64_t offset, uint64_t len)
{
	struct teller *teller = context;
	unsigned inside = atomic_fetch_add(&teller->inside, 1) + 1;
	if (inside > teller->most)
		teller->most = inside;
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_lt(teller->count, COUNT(teller->told));
	teller->told[teller->count].how = how;
	teller->told[teller->count].start = offset;
	teller->told[teller->count++].end = offset + len;
	usleep(100);
	atomic_fetch_sub(&teller->inside, 1);
}

static struct teller *teller_new(uint64_t size)
{
	static struct teller teller;
	memset(&teller, 0, sizeof teller);
	teller.source = (struct ct_source){.near = note, .context = &teller, .size = size};
	return &teller;
}

static uint64_t total(const struct teller *teller)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < teller->count; i++)
		sum += teller->told[i].end - teller->told[i].start;
	return sum;
}

/* Every byte once, in order, always far enough ahead, and nothing past the end. */
START_TEST(ahead_in_one_range)
{
	struct ct_expect expect;
	const uint64_t start = 12345, end = start + 100 * MIB + 77, step = (uint64_t)_i;
	struct teller *teller = teller_new(1000 * (uint64_t)MIB);
	ct_expect_init(&expect, &teller->source, CT_NEAR_BEHIND, start, end);
	for (uint64_t at = start; at < end; at += step) {
		ct_expect_reach(&expect, at);
		uint64_t far = teller->told[teller->count - 1].end;
		ck_assert(far == end || far >= at + CT_EXPECT_AHEAD - 2 * MIB);
		ck_assert_uint_le(far, at + CT_EXPECT_AHEAD);
	}
	uint64_t next = start;
	for (size_t i = 0; i < teller->count; i++) {
		ck_assert_int_eq(teller->told[i].how, CT_NEAR_BEHIND);
		ck_assert_uint_eq(teller->told[i].start, next);
		next = teller->told[i].end;
	}
	ck_assert_uint_eq(next, end);
	size_t before = teller->count;
	ct_expect_reach(&expect, end);
	ct_expect_reach(&expect, end + MIB);
	ct_expect_reach(&expect, start);
	ck_assert_uint_eq(teller->count, before);
}
END_TEST

START_TEST(what_was_asked_for_is_not_again)
{
	struct ct_expect expect;
	struct teller *teller = teller_new(100 * MIB);
	ct_expect_init(&expect, &teller->source, CT_NEAR_ALONE, 10 * MIB, 16 * MIB);
	ct_expect_reach(&expect, 8 * MIB);
	ck_assert_uint_eq(teller->count, 1);
	ck_assert_uint_eq(teller->told[0].start, 10 * MIB);
	ck_assert_uint_eq(teller->told[0].end, 16 * MIB);
	ct_expect_init(&expect, &teller->source, CT_NEAR_ALONE, 16 * MIB, 16 * MIB);
	ct_expect_reach(&expect, 8 * MIB);
	ck_assert_uint_eq(teller->count, 1);
}
END_TEST

struct shared {
	struct ct_expect expect;
	uint64_t size;
};

static int reach(void *context, uint64_t task, struct ct_error *err)
{
	struct shared *shared = context;
	(void)err;
	ct_expect_reach(&shared->expect, task * MIB);
	return 0;
}

/* With CT_NEAR_TURN one at a time asks, and still every byte is asked for once. */
START_TEST(in_turn)
{
	struct shared shared;
	struct ct_error err;
	struct teller *teller = teller_new(400 * MIB);
	ct_expect_init(&shared.expect, &teller->source, CT_NEAR_TURN, 0, 400 * MIB);
	ck_assert_int_eq(ct_parallel(8, 400, reach, &shared, &err), 0);
	ck_assert_uint_eq(teller->most, 1);
	ck_assert_uint_eq(total(teller), 400 * MIB);
	for (size_t i = 1; i < teller->count; i++)
		ck_assert_uint_eq(teller->told[i].start, teller->told[i - 1].end);
}
END_TEST

/* For a read that needs no more than itself. */
static uint64_t run_of(struct ct_expect_runs *runs, struct teller *teller, uint64_t start, uint64_t end)
{
	return ct_expect_run(runs, &teller->source, start, end, start, end);
}

/* Reads that go on where the one before ended have more and more asked for behind them. */
START_TEST(a_run)
{
	static struct ct_expect_runs runs;
	const uint64_t size = 200 * MIB, step = 2 * MIB;
	struct teller *teller = teller_new(size);
	memset(&runs, 0, sizeof runs);
	for (uint64_t at = 0; at < size; at += step) {
		uint64_t got = run_of(&runs, teller, at, at + step);
		if (at == 0) {
			ck_assert_uint_eq(got, 0);
			ck_assert_uint_eq(teller->count, 0);
			continue;
		}
		if (at > step) /* it was asked for before */
			ck_assert_uint_ge(got, at + step < size ? at + step : size);
		uint64_t far = teller->told[teller->count - 1].end;
		uint64_t had = at < CT_EXPECT_AHEAD ? at : CT_EXPECT_AHEAD;
		ck_assert_uint_le(far, at + step + had);
		ck_assert(far == size || far >= at + step + had - step);
	}
	uint64_t next = step;
	for (size_t i = 0; i < teller->count; i++) {
		bool is_long = next + step >= 32 * MIB; /* 16 were read; before, it may end soon: just what is asked for */
		ck_assert_int_eq(teller->told[i].how, is_long ? CT_NEAR_BEHIND : CT_NEAR_ALONE);
		ck_assert_uint_eq(teller->told[i].start, next);
		next = teller->told[i].end;
	}
	ck_assert_uint_eq(next, size);
}
END_TEST

/* Reads of parts that have to be read whole: all that is needed, in order, before what is behind it. */
START_TEST(a_run_of_parts)
{
	static struct ct_expect_runs runs;
	const uint64_t size = 300 * MIB + 5, part = 2 * MIB;
	struct teller *teller = teller_new(size);
	memset(&runs, 0, sizeof runs);
	uint64_t far = 0;
	for (uint64_t at = 7 * MIB + 1; at < size;) {
		uint64_t end = at + 3 * MIB < size ? at + 3 * MIB : size;
		uint64_t from = at / part * part, to = (end + part - 1) / part * part;
		if (to > size)
			to = size;
		size_t before = teller->count;
		uint64_t got = ct_expect_run(&runs, &teller->source, at, end, from, to);
		if (before < teller->count) {
			ck_assert_uint_eq(teller->count, before + 1);
			ck_assert_uint_eq(teller->told[before].start, far > from ? far : from);
			far = teller->told[before].end;
			ck_assert_uint_ge(far, to);
		}
		ck_assert_uint_le(far, size);
		ck_assert_uint_le(got, size);
		ck_assert_int_eq(got >= to, at > 7 * MIB + 1); /* nothing is left for the read itself to ask for */
		at = end;
	}
	ck_assert_uint_eq(far, size);
}
END_TEST

struct crowd {
	struct ct_expect_runs runs;
	struct teller *teller;
	atomic_uint_fast64_t next;
};

static int read_next(void *context, uint64_t task, struct ct_error *err)
{
	struct crowd *crowd = context;
	(void)task, (void)err;
	uint64_t at = atomic_fetch_add(&crowd->next, 2 * MIB);
	run_of(&crowd->runs, crowd->teller, at, at + 2 * MIB);
	return 0;
}

/* Threads that share a sequence: one of them asks at a time, in order, and no byte twice. */
START_TEST(a_run_of_several_threads)
{
	static struct crowd crowd;
	struct ct_error err;
	struct teller *teller = teller_new(400 * MIB);
	memset(&crowd, 0, sizeof crowd);
	crowd.teller = teller;
	for (int i = 0; i < 4; i++) /* it is one */
		read_next(&crowd, 0, &err);
	size_t before = teller->count;
	ck_assert_int_eq(ct_parallel(4, 196, read_next, &crowd, &err), 0);
	ck_assert_uint_eq(teller->most, 1);
	for (size_t i = 1; i < teller->count; i++)
		ck_assert_uint_ge(teller->told[i].start, teller->told[i - 1].end);
	ck_assert_uint_gt(teller->count, before);
	ck_assert_uint_le(teller->told[teller->count - 1].end, 400 * MIB);
}
END_TEST

/* As many sequences as there are slots, one read of each in turn. */
START_TEST(several_runs)
{
	static struct ct_expect_runs runs;
	struct teller *teller = teller_new(1000 * MIB);
	memset(&runs, 0, sizeof runs);
	for (uint64_t i = 0; i < 20; i++)
		for (uint64_t run = 0; run < CT_EXPECT_RUNS; run++) {
			uint64_t at = run * 200 * MIB + i * MIB;
			uint64_t got = run_of(&runs, teller, at, at + MIB);
			ck_assert_int_eq(got != 0, i > 0);
		}
	ck_assert_uint_ge(total(teller), CT_EXPECT_RUNS * 16 * MIB);
}
END_TEST

/* Reads here and there: nothing is asked for. Even the worst pattern asks for no more than was read. */
START_TEST(random_reads)
{
	static struct ct_expect_runs runs;
	struct rng rng = rng_new("random reads");
	const uint64_t size = UINT64_C(1) << 40;
	struct teller *teller = teller_new(size);
	memset(&runs, 0, sizeof runs);
	for (int i = 0; i < 1000; i++) {
		uint64_t at = rng_below(&rng, size / (64 * MIB)) * 64 * MIB;
		ck_assert_uint_eq(run_of(&runs, teller, at, at + MIB), 0);
	}
	ck_assert_uint_eq(teller->count, 0);
	uint64_t have = 0;
	for (int i = 0; i < 1000; i++) { /* pairs */
		uint64_t at = rng_below(&rng, size / (64 * MIB)) * 64 * MIB;
		run_of(&runs, teller, at, at + 4 * MIB);
		run_of(&runs, teller, at + 4 * MIB, at + 8 * MIB);
		have += 8 * MIB;
	}
	ck_assert_uint_le(total(teller), have);
}
END_TEST

/* Threads that share a sequence overtake each other. */
START_TEST(out_of_order)
{
	static struct ct_expect_runs runs;
	struct rng rng = rng_new("out of order");
	struct teller *teller = teller_new(400 * MIB);
	memset(&runs, 0, sizeof runs);
	run_of(&runs, teller, 0, MIB);
	for (uint64_t at = 1; at < 391; at += 4) {
		uint64_t order[4] = {at, at + 1, at + 2, at + 3};
		for (size_t i = 3; at > 1 && i > 0; i--) {
			size_t other = rng_below(&rng, i + 1);
			uint64_t kept = order[i];
			order[i] = order[other];
			order[other] = kept;
		}
		for (size_t i = 0; i < 4; i++)
			ck_assert_uint_ne(run_of(&runs, teller, order[i] * MIB, order[i] * MIB + MIB), 0);
	}
	ck_assert_uint_ge(total(teller), 380 * MIB);
	ck_assert_uint_le(total(teller), 400 * MIB);
}
END_TEST

START_TEST(nobody_listens)
{
	static struct ct_expect_runs runs;
	struct ct_expect expect;
	struct ct_source deaf = {.size = 100};
	ct_expect_init(&expect, &deaf, CT_NEAR_TURN, 0, 100);
	ct_expect_reach(&expect, 0);
	ck_assert_uint_eq(ct_expect_run(&runs, &deaf, 0, 10, 0, 10), 0);
	ck_assert_uint_eq(ct_expect_run(&runs, &deaf, 10, 20, 10, 20), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("expect");
	TCase *tcase = add_case(suite, "expect");
	tcase_add_loop_test(tcase, ahead_in_one_range, 262144, 262145);
	tcase_add_loop_test(tcase, ahead_in_one_range, 3 * MIB + 1, 3 * MIB + 2);
	tcase_add_test(tcase, what_was_asked_for_is_not_again);
	tcase_add_test(tcase, in_turn);
	tcase_add_test(tcase, a_run);
	tcase_add_test(tcase, a_run_of_parts);
	tcase_add_test(tcase, a_run_of_several_threads);
	tcase_add_test(tcase, several_runs);
	tcase_add_test(tcase, random_reads);
	tcase_add_test(tcase, out_of_order);
	tcase_add_test(tcase, nobody_listens);
	return run_suite(suite);
}
