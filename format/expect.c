#include "expect.h"

#include <stdbool.h>

enum {
	STEP = 2 * 1024 * 1024,  /* asked for at once, at least */
	SLACK = 8 * 1024 * 1024, /* threads that share a sequence may overtake each other by so much */
	SHORT = 16 * 1024 * 1024, /* it may end soon: nothing behind what was asked for */
};

void ct_expect_init(struct ct_expect *expect, const struct ct_source *source, enum ct_nearing how, uint64_t told,
		    uint64_t end)
{
	expect->source = source;
	expect->how = how;
	expect->end = end;
	atomic_init(&expect->told, told);
	expect->turn = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

/* Where to ask on from, and up to where; false: it is not worth it. */
static bool is_worth(const struct ct_expect *expect, uint64_t offset, uint64_t *from, uint64_t *to)
{
	uint64_t left = expect->end - offset, told = atomic_load_explicit(&expect->told, memory_order_relaxed);
	*to = offset + (left < CT_EXPECT_AHEAD ? left : CT_EXPECT_AHEAD);
	/* Who shares a sequence may come to it in any order, and no part of it shall be left out. */
	*from = told > offset || expect->how == CT_NEAR_TURN ? told : offset;
	return *from < *to && (*to - *from >= STEP || *to == expect->end);
}

void ct_expect_reach(struct ct_expect *expect, uint64_t offset)
{
	const struct ct_source *source = expect->source;
	uint64_t from, to;
	if (source->near == NULL || offset >= expect->end || !is_worth(expect, offset, &from, &to))
		return;
	bool turn = expect->how == CT_NEAR_TURN;
	if (turn)
		pthread_mutex_lock(&expect->turn);
	if (!turn || is_worth(expect, offset, &from, &to)) {
		atomic_store_explicit(&expect->told, to, memory_order_relaxed);
		source->near(source->context, expect->how, from, to - from);
	}
	if (turn)
		pthread_mutex_unlock(&expect->turn);
}

static bool belongs(const struct ct_expect_run *run, uint64_t start)
{
	if (run->next == 0 || run->ahead == 0)
		return run->next != 0 && start == run->next;
	return start + SLACK >= run->next && start <= run->next + SLACK;
}

static struct ct_expect_run *find_run(struct ct_expect_runs *runs, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < CT_EXPECT_RUNS; i++) {
		struct ct_expect_run *run = &runs->runs[i];
		if (!belongs(run, start))
			continue;
		if (start >= run->next)
			run->ahead += end - start < CT_EXPECT_AHEAD - run->ahead ? end - start : CT_EXPECT_AHEAD - run->ahead;
		if (end > run->next)
			run->next = end;
		return run;
	}
	struct ct_expect_run *run = &runs->runs[runs->turn++ % CT_EXPECT_RUNS];
	*run = (struct ct_expect_run){.next = end};
	return run;
}

uint64_t ct_expect_run(struct ct_expect_runs *runs, const struct ct_source *source, uint64_t start, uint64_t end,
		       uint64_t from, uint64_t to)
{
	if (source->near == NULL || atomic_flag_test_and_set(&runs->busy))
		return 0; /* it is no more than a hint */
	struct ct_expect_run *run = find_run(runs, start, end);
	bool goes_on = run->ahead > 0, worth = false;
	if (from < run->told)
		from = run->told;
	if (goes_on) {
		uint64_t left = source->size - end, behind = end + (run->ahead < left ? run->ahead : left);
		worth = from < to || behind == source->size || behind >= from + STEP;
		if (to < behind)
			to = behind;
	}
	/* Where another thread asks, this one reads what it needs, and the next one asks for more. */
	if (worth && from < to && !atomic_flag_test_and_set(&runs->asking))
		run->told = to;
	else
		worth = false;
	uint64_t told = goes_on ? (run->told > start ? run->told : start) : 0;
	enum ct_nearing how = run->ahead < SHORT ? CT_NEAR_ALONE : CT_NEAR_BEHIND;
	atomic_flag_clear(&runs->busy);
	if (worth) {
		source->near(source->context, how, from, to - from);
		atomic_flag_clear(&runs->asking);
	}
	return told;
}
