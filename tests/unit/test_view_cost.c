/* What reads of the view cost: how much of the file is read for them. */
#include "view_support.h"

static void read_through(struct fixture *f, size_t step)
{
	for (uint64_t at = 0; at < f->file.size; at += step) {
		size_t left = (size_t)(f->file.size - at);
		check_read(f, at, left < step ? left : step);
	}
}

static const size_t steps[] = {4096, 4000, 100, 1 << 16, 100000};

/* From start to end in small steps, each byte of ciphertext is read once, not more. */
START_TEST(sequential_cost)
{
	struct fixture f;
	for (size_t way = 0; way < COUNT(large_ways); way++) {
		fixture_new(&f, large, COUNT(large), large_ways[way].how, large_ways[way].threads);
		if (f.model->manifest.chunk_size == 1000 && steps[_i] < 1000) {
			fixture_free(&f);
			continue;
		}
		read_through(&f, steps[_i]);
		ck_assert_uint_le(f.file.read_bytes, f.file.size);
		ck_assert_uint_ge(f.file.read_bytes, f.file.size - f.model->data_offset);
		fixture_free(&f);
	}
}
END_TEST

struct part {
	struct fixture *f;
	uint64_t number; /* of four */
};

static void *read_my_part(void *context)
{
	struct part *part = context;
	uint64_t size = part->f->file.size;
	for (uint64_t at = part->number * size / 4, end = at + size / 4; at < end; at += 4096)
		check_read(part->f, at, end - at < 4096 ? end - at : 4096);
	return NULL;
}

/* Four threads, each through its part: what they share is opened once too. */
START_TEST(concurrent_cost)
{
	struct fixture f;
	pthread_t threads[4];
	struct part parts[4];
	fixture_new(&f, large, COUNT(large), large_ways[2].how, 1);
	for (unsigned i = 0; i < 4; i++) {
		parts[i] = (struct part){&f, i};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_my_part, &parts[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_le(f.file.read_bytes, f.file.size);
	fixture_free(&f);
}
END_TEST

/* A version 1 tensor is opened whole, once, not for each of a thousand small reads all over it. */
START_TEST(version1_cost)
{
	struct fixture f;
	struct rng rng = rng_new("version 1");
	fixture_new(&f, large, COUNT(large), large_ways[0].how, 1);
	const struct ct_tensor *c = ct_header_find(&f.model->header, "c");
	uint64_t len = c->end - c->begin;
	for (int i = 0; i < 1000; i++)
		check_read(&f, f.model->data_offset + c->begin + rng_below(&rng, len - 4096), 4096);
	ck_assert_uint_eq(f.file.read_bytes, len);
	fixture_free(&f);
}
END_TEST

/* Whole messages go straight to the caller: one pass over the ciphertext. */
START_TEST(whole_cost)
{
	struct fixture f;
	for (size_t way = 0; way < COUNT(large_ways); way++) {
		fixture_new(&f, large, COUNT(large), large_ways[way].how, large_ways[way].threads);
		check_read(&f, 0, f.file.size);
		ck_assert_uint_eq(f.file.read_bytes, f.file.size - f.model->data_offset);
		fixture_free(&f);
	}
}
END_TEST

/* The header costs nothing: it is an image. */
START_TEST(header_cost)
{
	struct fixture f;
	fixture_new(&f, small, COUNT(small), small_ways[0], 1);
	check_read(&f, 0, f.model->data_offset);
	ck_assert_uint_eq(f.file.reads, 0);
	fixture_free(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view cost");
	TCase *tcase = add_case(suite, "cost");
	tcase_add_loop_test(tcase, sequential_cost, 0, COUNT(steps));
	tcase_add_test(tcase, concurrent_cost);
	tcase_add_test(tcase, version1_cost);
	tcase_add_test(tcase, whole_cost);
	tcase_add_test(tcase, header_cost);
	return run_suite(suite);
}
