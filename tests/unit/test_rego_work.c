/* Limits: each is met exactly, named by its code, and ends the work for good. */
#include "rego_support.h"

START_TEST(memory_is_zeroed_and_aligned)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	for (size_t size = 0; size < 100000; size = size * 2 + 7) {
		unsigned char *bytes = rego_alloc(&work, size);
		ck_assert_ptr_nonnull(bytes);
		ck_assert_uint_eq((uintptr_t)bytes % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_uint_eq(bytes[i], 0);
		memset(bytes, 0xFF, size);
	}
	rego_work_end(&work);
}
END_TEST

START_TEST(small_work_is_small)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	ck_assert_uint_eq(work.used, 0);
	ck_assert_ptr_nonnull(rego_alloc(&work, 1000));
	ck_assert_uint_le(work.used, 16 << 10);
	rego_work_end(&work);
}
END_TEST

START_TEST(memory_limit)
{
	struct rego_limits limits = test_limits;
	struct rego_error error;
	struct rego_work work;
	limits.memory = 100000;
	rego_work_begin(&work, &limits, &error);
	size_t taken = 0;
	while (rego_alloc(&work, 1000) != NULL)
		taken += 1000;
	ck_assert_int_eq(error.code, REGO_LIMIT_MEMORY);
	ck_assert_uint_le(work.used, limits.memory);
	ck_assert_uint_ge(taken, limits.memory * 8 / 10);
	ck_assert_ptr_null(rego_alloc(&work, 1)); /* it stays failed */
	rego_work_end(&work);
}
END_TEST

START_TEST(memory_that_nobody_has)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	ck_assert_ptr_null(rego_alloc(&work, SIZE_MAX));
	ck_assert_int_eq(error.code, REGO_LIMIT_MEMORY);
	rego_work_end(&work);
	rego_work_begin(&work, &test_limits, &error);
	ck_assert_ptr_null(rego_alloc_array(&work, SIZE_MAX / 2, 8));
	ck_assert_int_eq(error.code, REGO_LIMIT_MEMORY);
	rego_work_end(&work);
}
END_TEST

START_TEST(grow_keeps_what_was_there)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	char *bytes = rego_grow(&work, NULL, 0, 3);
	memcpy(bytes, "abc", 3);
	ck_assert_ptr_eq(rego_grow(&work, bytes, 3, 1000), bytes); /* nothing came after it */
	char *between = rego_alloc(&work, 1);
	char *moved = rego_grow(&work, bytes, 1000, 2000);
	ck_assert_ptr_ne(moved, bytes);
	ck_assert_ptr_ne(moved, between);
	ck_assert_mem_eq(moved, "abc", 3);
	for (size_t i = 3; i < 2000; i++)
		ck_assert_int_eq(moved[i], 0);
	rego_work_end(&work);
}
END_TEST

START_TEST(step_limit)
{
	struct rego_limits limits = test_limits;
	struct rego_error error;
	struct rego_work work;
	limits.steps = 1000;
	rego_work_begin(&work, &limits, &error);
	ck_assert(rego_spend(&work, 999));
	ck_assert(rego_spend(&work, 1));
	ck_assert(!rego_spend(&work, 1));
	ck_assert_int_eq(error.code, REGO_LIMIT_STEPS);
	ck_assert(!rego_spend(&work, 0));
	rego_work_end(&work);
	rego_work_begin(&work, &limits, &error);
	ck_assert(!rego_spend(&work, UINT64_MAX));
	rego_work_end(&work);
}
END_TEST

START_TEST(time_limit)
{
	struct rego_limits limits = test_limits;
	struct rego_error error;
	struct rego_work work;
	limits.steps = UINT64_MAX;
	limits.nanoseconds = 1000000;
	rego_work_begin(&work, &limits, &error);
	while (rego_spend(&work, 1))
		;
	ck_assert_int_eq(error.code, REGO_LIMIT_TIME);
	rego_work_end(&work);
}
END_TEST

static unsigned descend(struct rego_work *work)
{
	volatile char frame[200];
	frame[0] = 1;
	return rego_descend(work) ? descend(work) + (unsigned)frame[0] : 0;
}

START_TEST(stack_limit)
{
	struct rego_limits limits = test_limits;
	struct rego_error error;
	struct rego_work work;
	limits.stack = 32 << 10;
	rego_work_begin(&work, &limits, &error);
	unsigned levels = descend(&work);
	ck_assert_int_eq(error.code, REGO_LIMIT_STACK);
	ck_assert_uint_gt(levels, 10);
	ck_assert_uint_lt(levels, (32 << 10) / 200);
	rego_work_end(&work);
}
END_TEST

START_TEST(the_first_failure_counts)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	ck_assert(!rego_failed(&work));
	ck_assert(!rego_fail(&work, REGO_CONFLICT, "one %d", 1));
	ck_assert(!rego_fail(&work, REGO_JSON, "two"));
	ck_assert_int_eq(error.code, REGO_CONFLICT);
	ck_assert_str_eq(error.message, "one 1");
	ck_assert(!rego_descend(&work));
	rego_work_end(&work);
}
END_TEST

START_TEST(every_code_has_a_name)
{
	for (int code = REGO_OK; code <= REGO_NO_MEMORY; code++) {
		ck_assert_ptr_nonnull(rego_code_name((enum rego_code)code));
		for (int other = REGO_OK; other < code; other++)
			ck_assert_str_ne(rego_code_name((enum rego_code)code), rego_code_name((enum rego_code)other));
	}
	ck_assert_str_eq(rego_code_name(REGO_CONFLICT), "eval_conflict_error");
	ck_assert_str_eq(rego_code_name(REGO_LIMIT_STEPS), "limit_steps");
	ck_assert_str_eq(rego_code_name((enum rego_code)999), "unknown_error");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rego_work");
	TCase *tcase = add_case(suite, "work");
	tcase_add_test(tcase, memory_is_zeroed_and_aligned);
	tcase_add_test(tcase, small_work_is_small);
	tcase_add_test(tcase, memory_limit);
	tcase_add_test(tcase, memory_that_nobody_has);
	tcase_add_test(tcase, grow_keeps_what_was_there);
	tcase_add_test(tcase, step_limit);
	tcase_add_test(tcase, time_limit);
	tcase_add_test(tcase, stack_limit);
	tcase_add_test(tcase, the_first_failure_counts);
	tcase_add_test(tcase, every_code_has_a_name);
	return run_suite(suite);
}
