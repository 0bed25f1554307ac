/* What an observer of a view is told: every message that was opened, and nothing else. */
#include "view_support.h"

struct counted {
	atomic_uint_fast64_t messages[2], bytes[2], nanoseconds, wrong; /* [true]: straight to the reader */
	const struct ct_model *model;
};

static void count(void *context, const struct ct_opened *what)
{
	struct counted *counted = context;
	uint64_t bytes = 0, start, end;
	for (uint64_t i = what->first; i < what->first + what->count; i++) {
		ct_model_message(counted->model, what->tensor, i, &start, &end);
		bytes += end - start;
	}
	counted->wrong += bytes != what->bytes || !counted->model->manifest.tensors[what->tensor].sealed;
	counted->messages[what->whole] += what->count;
	counted->bytes[what->whole] += what->bytes;
	counted->nanoseconds += what->nanoseconds;
}

static void sealed_sum(const struct ct_model *model, uint64_t *messages, uint64_t *bytes)
{
	*messages = *bytes = 0;
	for (size_t i = 0; i < model->header.count; i++) {
		const struct ct_tensor *tensor = &model->header.tensors[i];
		if (!model->manifest.tensors[i].sealed || tensor->begin == tensor->end)
			continue;
		*messages += model->manifest.tensors[i].messages;
		*bytes += tensor->end - tensor->begin;
	}
}

/* In one piece, or in steps: each message once; in one piece none comes out of the cache. */
static void read_all(size_t way, size_t step)
{
	struct fixture f;
	struct counted counted = {0};
	uint64_t messages, bytes;
	fixture_new(&f, large, COUNT(large), large_ways[way].how, large_ways[way].threads);
	const struct ct_observer observer = {count, &counted};
	counted.model = f.model;
	f.source.observer = &observer;
	sealed_sum(f.model, &messages, &bytes);
	for (uint64_t at = 0; at < f.file.size; at += step)
		check_read(&f, at, f.file.size - at < step ? (size_t)(f.file.size - at) : step);
	ck_assert_uint_eq(counted.messages[0] + counted.messages[1], messages);
	ck_assert_uint_eq(counted.bytes[0] + counted.bytes[1], bytes);
	ck_assert_uint_eq(counted.wrong, 0);
	ck_assert_uint_gt(counted.nanoseconds, 0);
	if (step >= f.file.size)
		ck_assert_uint_eq(counted.bytes[0], 0);
	fixture_free(&f);
}

START_TEST(in_one_piece)
{
	read_all((size_t)_i, SIZE_MAX / 2);
}
END_TEST

START_TEST(in_steps)
{
	if (large_ways[_i].how.chunk_size != 1000) /* the last part of a message ends before the next begins */
		read_all((size_t)_i, 100000);
}
END_TEST

/* A part that is wanted again is opened again, and said to be; the header is nothing that was opened. */
START_TEST(parts)
{
	struct fixture f;
	struct counted counted = {0};
	fixture_new(&f, large, COUNT(large), large_ways[0].how, 1);
	const struct ct_observer observer = {count, &counted};
	counted.model = f.model;
	f.source.observer = &observer;
	check_read(&f, 0, f.model->data_offset);
	ck_assert_uint_eq(counted.messages[0] + counted.messages[1], 0);
	check_read(&f, f.model->data_offset + f.model->header.tensors[f.model->spans[0]].begin, 1);
	ck_assert_uint_eq(counted.messages[0], 1);
	ck_assert_uint_eq(counted.messages[1], 0);
	fixture_free(&f);
}
END_TEST

/* What does not match its tag was not opened. */
START_TEST(damaged)
{
	struct fixture f;
	struct counted counted = {0};
	fixture_new(&f, large, COUNT(large), large_ways[0].how, 1);
	const struct ct_observer observer = {count, &counted};
	counted.model = f.model;
	const struct ct_tensor *tensor = &f.model->header.tensors[f.model->spans[0]];
	f.file.bytes[f.model->data_offset + tensor->begin] ^= 1;
	f.source.observer = &observer;
	check_failure(f.view, &f.source, f.model->data_offset + tensor->begin, tensor->end - tensor->begin, CT_E_AUTH, "");
	ck_assert_uint_eq(counted.messages[0] + counted.messages[1], 0);
	fixture_free(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view counts");
	TCase *tcase = add_case(suite, "counts");
	tcase_add_loop_test(tcase, in_one_piece, 0, COUNT(large_ways));
	tcase_add_loop_test(tcase, in_steps, 0, COUNT(large_ways));
	tcase_add_test(tcase, parts);
	tcase_add_test(tcase, damaged);
	return run_suite(suite);
}
