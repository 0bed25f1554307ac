/* Order, equality, sets and objects. */
#include "rego/utf8.h"
#include "rego_support.h"

/* Each is less than the next; those of one line are equal. */
static const char *const ladder[][3] = {
	{"null"},
	{"false"},
	{"true"},
	{"-1e300"},
	{"-2"},
	{"0", "-0", "0.0"},
	{"1e-300"},
	{"1", "1.0", "1e0"},
	{"1.5"},
	{"2"},
	{"1e300"},
	{"\"\""},
	{"\"A\"", "\"\\u0041\""},
	{"\"a\""},
	{"\"a\\u0000\""},
	{"\"ab\""},
	{"\"b\""},
	{"\"\u00e9\""},
	{"\"\U0001F600\""},
	{"[]"},
	{"[1]", "[1.0]"},
	{"[1,0]"},
	{"[2]"},
	{"{}"},
	{"{\"a\":1}"},
	{"{\"a\":1,\"b\":0}", "{\"b\":0,\"a\":1}"},
	{"{\"a\":2}"},
	{"{\"b\":0}"},
};

START_TEST(order)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	for (size_t i = 0; i < COUNT(ladder); i++)
		for (size_t j = 0; j < COUNT(ladder); j++)
			for (size_t k = 0; k < 3 && ladder[j][k] != NULL; k++) {
				const struct rego_value *a = read_json(&work, ladder[i][0]), *b = read_json(&work, ladder[j][k]);
				int expected = (i > j) - (i < j);
				ck_assert_msg(rego_compare(&work, a, b) == expected, "%s, %s", ladder[i][0], ladder[j][k]);
				ck_assert_msg(rego_compare(&work, b, a) == -expected, "%s, %s", ladder[j][k], ladder[i][0]);
				ck_assert_int_eq(rego_equal(&work, a, b), expected == 0);
			}
	const struct rego_value *one[] = {&rego_null};
	ck_assert_int_gt(rego_compare(&work, rego_set(&work, one, 1), read_json(&work, "{\"z\":1}")), 0);
	rego_work_end(&work);
}
END_TEST

static const struct rego_value *invent(struct rego_work *work, struct rng *rng, unsigned depth)
{
	switch (rng_below(rng, depth > 2 ? 3 : 5)) {
	case 0:
		return rego_boolean(rng_below(rng, 2) == 0);
	case 1:
		return rego_integer(work, (int64_t)rng_below(rng, 30) - 15);
	case 2:
		return rego_text(work, (const char *[]){"", "a", "b", "ab", "\u00e9"}[rng_below(rng, 5)]);
	default: {
		size_t count = (size_t)rng_below(rng, 4);
		const struct rego_value **items = rego_alloc_array(work, count + 1, sizeof *items);
		for (size_t i = 0; i < count; i++)
			items[i] = invent(work, rng, depth + 1);
		return rng_below(rng, 2) == 0 ? rego_array(work, items, count) : rego_set(work, items, count);
	}
	}
}

START_TEST(sets_are_sorted_and_have_no_doubles)
{
	struct rng rng = rng_new("sets");
	for (int round = 0; round < 200; round++) {
		struct rego_error error;
		struct rego_work work;
		rego_work_begin(&work, &test_limits, &error);
		size_t count = (size_t)rng_below(&rng, 200);
		const struct rego_value **items = rego_alloc_array(&work, count + 1, sizeof *items);
		const struct rego_value **given = rego_alloc_array(&work, count + 1, sizeof *items);
		for (size_t i = 0; i < count; i++)
			given[i] = items[i] = invent(&work, &rng, 0);
		const struct rego_value *set = rego_set(&work, items, count);
		ck_assert_ptr_nonnull(set);
		for (size_t i = 1; i < set->list.count; i++)
			ck_assert_int_lt(rego_compare(&work, set->list.items[i - 1], set->list.items[i]), 0);
		for (size_t i = 0; i < count; i++) {
			const struct rego_value *found = rego_get(&work, set, given[i]);
			ck_assert(found != NULL && rego_equal(&work, found, given[i]));
		}
		ck_assert_ptr_null(rego_get(&work, set, rego_text(&work, "nowhere")));
		rego_work_end(&work);
	}
}
END_TEST

START_TEST(the_last_of_doubled_keys_counts)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	struct rego_member members[300];
	for (int i = 0; i < 300; i++)
		members[i] = (struct rego_member){rego_integer(&work, i * 7 % 100), rego_integer(&work, i)};
	const struct rego_value *object = rego_object(&work, members, 300);
	ck_assert_uint_eq(object->object.count, 100);
	for (int i = 200; i < 300; i++) {
		const struct rego_value *value = rego_get(&work, object, rego_integer(&work, i * 7 % 100));
		ck_assert(rego_equal(&work, value, rego_integer(&work, i)));
	}
	rego_work_end(&work);
}
END_TEST

START_TEST(conflicts)
{
	struct rego_error error;
	struct rego_work work;
	bool conflict;
	rego_work_begin(&work, &test_limits, &error);
	struct rego_member same[] = {{rego_text(&work, "a"), rego_integer(&work, 1)}, {rego_text(&work, "a"), read_json(&work, "1.0")}};
	ck_assert_ptr_nonnull(rego_object_strict(&work, same, 2, &conflict));
	ck_assert(!conflict);
	struct rego_member other[] = {{rego_text(&work, "a"), &rego_true}, {rego_text(&work, "a"), &rego_false}};
	ck_assert_ptr_null(rego_object_strict(&work, other, 2, &conflict));
	ck_assert(conflict);
	ck_assert_int_eq(error.code, REGO_OK);
	rego_work_end(&work);
}
END_TEST

START_TEST(get)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	const struct rego_value *array = read_json(&work, "[\"x\",\"y\"]"), *object = read_json(&work, "{\"k\":\"v\",\"l\":1}");
	ck_assert(rego_is_text(rego_get(&work, array, read_json(&work, "1.0")), "y"));
	static const char *const nowhere[] = {"2", "-1", "0.5", "1e100", "\"0\"", "null"};
	for (size_t i = 0; i < COUNT(nowhere); i++)
		ck_assert_ptr_null(rego_get(&work, array, read_json(&work, nowhere[i])));
	ck_assert(rego_is_text(rego_get_text(&work, object, "k"), "v"));
	ck_assert_ptr_null(rego_get_text(&work, object, ""));
	ck_assert_ptr_null(rego_get_text(&work, array, "k"));
	ck_assert_ptr_null(rego_get(&work, rego_text(&work, "text"), rego_integer(&work, 0)));
	rego_work_end(&work);
}
END_TEST

START_TEST(strings)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	ck_assert_int_eq(rego_count(rego_text(&work, "a\u00e9\u20ac\U0001F600")), 4);
	ck_assert(rego_is_text(rego_string(&work, "a\xff\xc3", 3), "a\uFFFD\uFFFD"));
	ck_assert(rego_is_text(rego_string(&work, "\xed\xa0\x80", 3), "\uFFFD\uFFFD\uFFFD"));
	ck_assert_int_eq(rego_count(rego_bytes(&work, "a\xff\xc3", 3)), 3);
	ck_assert_int_eq(rego_count(&rego_true), -1);
	rego_work_end(&work);
}
END_TEST

START_TEST(limits)
{
	struct rego_limits few = test_limits;
	struct rego_error error;
	struct rego_work work;
	const struct rego_value *items[8];
	few.collection = 4;
	few.nesting = 3;
	few.string = 4;
	rego_work_begin(&work, &few, &error);
	for (size_t i = 0; i < 8; i++)
		items[i] = rego_integer(&work, (int64_t)i % 4);
	ck_assert_ptr_nonnull(rego_set(&work, items, 8)); /* four of them differ */
	ck_assert_ptr_null(rego_array(&work, items, 8));
	ck_assert_int_eq(error.code, REGO_LIMIT_COLLECTION);
	rego_work_end(&work);
	rego_work_begin(&work, &few, &error);
	const struct rego_value *nested = &rego_null;
	for (int i = 0; i < 3; i++) {
		const struct rego_value **item = rego_alloc(&work, sizeof *item);
		*item = nested;
		nested = rego_array(&work, item, 1);
		ck_assert_ptr_nonnull(nested);
	}
	ck_assert_ptr_null(rego_set(&work, &nested, 1));
	ck_assert_int_eq(error.code, REGO_LIMIT_NESTING);
	rego_work_end(&work);
	rego_work_begin(&work, &few, &error);
	ck_assert_ptr_nonnull(rego_text(&work, "1234"));
	ck_assert_ptr_null(rego_text(&work, "12345"));
	ck_assert_int_eq(error.code, REGO_LIMIT_STRING);
	rego_work_end(&work);
}
END_TEST

/* A comparison that has run out of steps says "equal", and nobody may believe it. */
START_TEST(failed_work_finds_nothing)
{
	struct rego_limits few = test_limits;
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &few, &error);
	const struct rego_value *object = read_json(&work, "{\"a\":1,\"b\":2,\"c\":3}"), *a = rego_text(&work, "a");
	work.limits.steps = work.steps;
	ck_assert_ptr_null(rego_get(&work, object, a));
	ck_assert(!rego_equal(&work, a, a));
	ck_assert_int_eq(rego_compare(&work, a, &rego_null), 0);
	ck_assert_int_eq(error.code, REGO_LIMIT_STEPS);
	ck_assert_ptr_null(rego_integer(&work, 1));
	rego_work_end(&work);
}
END_TEST

static const struct {
	uint32_t point, upper, lower;
	bool print, space;
} points[] = {
	{'a', 'A', 'a', true, false},	      {'Z', 'Z', 'z', true, false},	{' ', ' ', ' ', true, true},
	{'\n', '\n', '\n', false, true},      {0x7F, 0x7F, 0x7F, false, false}, {0x85, 0x85, 0x85, false, true},
	{0xA0, 0xA0, 0xA0, false, true},      {0xB5, 0x39C, 0xB5, true, false}, {0xDF, 0xDF, 0xDF, true, false},
	{0xE9, 0xC9, 0xE9, true, false},      {0x130, 0x130, 'i', true, false}, {0x131, 'I', 0x131, true, false},
	{0x1C5, 0x1C4, 0x1C6, true, false},   {0x3A3, 0x3A3, 0x3C3, true, false}, {0x3C2, 0x3A3, 0x3C2, true, false},
	{0x1E9E, 0x1E9E, 0xDF, true, false},  {0x1F80, 0x1F88, 0x1F80, true, false}, {0x2028, 0x2028, 0x2028, false, true},
	{0x212A, 0x212A, 'k', true, false},   {0x10428, 0x10400, 0x10428, true, false}, {0xE000, 0xE000, 0xE000, false, false},
	{0x1F600, 0x1F600, 0x1F600, true, false},
};

START_TEST(unicode)
{
	ck_assert_uint_eq(rego_upper(points[_i].point), points[_i].upper);
	ck_assert_uint_eq(rego_lower(points[_i].point), points[_i].lower);
	ck_assert_int_eq(rego_is_print(points[_i].point), points[_i].print);
	ck_assert_int_eq(rego_is_space(points[_i].point), points[_i].space);
}
END_TEST

START_TEST(utf8)
{
	char bytes[4];
	uint32_t back;
	for (uint32_t point = 0; point <= 0x110000; point++) {
		size_t len = rego_utf8_encode(point, bytes);
		bool real = point < 0xD800 || (point > 0xDFFF && point < 0x110000);
		ck_assert_uint_eq(rego_utf8_decode(bytes, len, &back), len);
		ck_assert_uint_eq(back, real ? point : REGO_REPLACEMENT);
		ck_assert(rego_utf8_valid(bytes, len));
		ck_assert(len == 1 || !rego_utf8_valid(bytes, len - 1));
	}
	static const char *const bad[] = {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
					  "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xff", "\xc3\xc3"};
	for (size_t i = 0; i < COUNT(bad); i++) {
		ck_assert(!rego_utf8_valid(bad[i], strlen(bad[i])));
		ck_assert_uint_eq(rego_utf8_decode(bad[i], strlen(bad[i]), &back), 1);
		ck_assert_uint_eq(back, REGO_REPLACEMENT);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rego_value");
	TCase *tcase = add_case(suite, "value");
	tcase_add_test(tcase, order);
	tcase_add_test(tcase, sets_are_sorted_and_have_no_doubles);
	tcase_add_test(tcase, the_last_of_doubled_keys_counts);
	tcase_add_test(tcase, conflicts);
	tcase_add_test(tcase, get);
	tcase_add_test(tcase, strings);
	tcase_add_test(tcase, limits);
	tcase_add_test(tcase, failed_work_finds_nothing);
	tcase_add_loop_test(tcase, unicode, 0, COUNT(points));
	tcase_add_test(tcase, utf8);
	return run_suite(suite);
}
