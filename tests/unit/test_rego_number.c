/* Numbers: what Python says of them, their texts, and their limits. */
#include "rego_numbers.h"
#include "rego_support.h"

static struct rego_number parse(struct rego_work *work, const char *text)
{
	struct rego_number number;
	bool good = rego_number_parse(work, text, strlen(text), &number);
	ck_assert_msg(good, "%s: %s", text, work->error->message);
	return number;
}

static bool calculate(struct rego_work *work, char operation, const struct rego_number *a, const struct rego_number *b,
		      struct rego_number *result)
{
	switch (operation) {
	case '+':
		return rego_number_add(work, a, b, result);
	case '-':
		return rego_number_subtract(work, a, b, result);
	case '*':
		return rego_number_multiply(work, a, b, result);
	case '/':
		return rego_number_divide(work, a, b, result);
	case '%':
		return rego_number_remainder(work, a, b, result);
	case '&':
		return rego_number_bits(work, REGO_AND, a, b, result);
	case '|':
		return rego_number_bits(work, REGO_OR, a, b, result);
	case '^':
		return rego_number_bits(work, REGO_XOR, a, b, result);
	case '~':
		return rego_number_bits(work, REGO_NEGATE, a, b, result);
	case '<':
		return rego_number_bits(work, REGO_LEFT, a, b, result);
	case '>':
		return rego_number_bits(work, REGO_RIGHT, a, b, result);
	case 'r':
		return rego_number_round(work, a, result);
	case 'c':
		return rego_number_ceil(work, a, result);
	case 'f':
		return rego_number_floor(work, a, result);
	default:
		*result = rego_number_from(rego_number_compare(a, b));
		return true;
	}
}

START_TEST(as_python_says)
{
	struct rego_error error;
	struct rego_work work;
	size_t len;
	for (size_t i = 0; i < COUNT(rows); i++) {
		rego_work_begin(&work, &test_limits, &error);
		struct rego_number a = parse(&work, rows[i].a), b = parse(&work, rows[i].b), result;
		if (rows[i].operation == 'x') {
			const char *text = rego_number_in_base(&work, &a, 16, &len);
			ck_assert_msg(len == strlen(rows[i].result) && memcmp(text, rows[i].result, len) == 0, "%s: %.*s",
				      rows[i].result, (int)len, text);
		} else {
			struct rego_number expected = parse(&work, rows[i].result);
			ck_assert_msg(calculate(&work, rows[i].operation, &a, &b, &result), "%s", error.message);
			const char *text = rego_number_text(&work, &result, &len);
			ck_assert_msg(rego_number_compare(&result, &expected) == 0, "%s %c %s: %.*s", rows[i].a,
				      rows[i].operation, rows[i].b, (int)len, text);
		}
		rego_work_end(&work);
	}
}
END_TEST

static const struct {
	const char *text, *canonical;
} texts[] = {
	{"0", "0"},
	{"-0", "0"},
	{"0.000", "0"},
	{"0e999999999999", "0"},
	{"1", "1"},
	{"1.0", "1"},
	{"1e0", "1"},
	{"10E-1", "1"},
	{"100", "100"},
	{"1e2", "100"},
	{"-12.50", "-12.5"},
	{"0.1", "0.1"},
	{"123456.789", "123456.789"},
	{"0.000001", "0.000001"},
	{"0.0000001", "1e-07"},
	{"1.5e-10", "1.5e-10"},
	{"1e21", "1000000000000000000000"},
	{"18446744073709551615", "18446744073709551615"},
	{"18446744073709551616", "18446744073709551616"},
	{"123456789012345678901234567890", "123456789012345678901234567890"},
	{"1e100000", "1e+100000"},
	{"12e100000", "1.2e+100001"},
};

START_TEST(text)
{
	struct rego_error error;
	struct rego_work work;
	size_t len;
	rego_work_begin(&work, &test_limits, &error);
	struct rego_number number = parse(&work, texts[_i].text);
	const char *canonical = rego_number_text(&work, &number, &len);
	ck_assert_uint_eq(len, strlen(texts[_i].canonical));
	ck_assert_mem_eq(canonical, texts[_i].canonical, len);
	struct rego_number again = parse(&work, texts[_i].canonical);
	ck_assert_int_eq(rego_number_compare(&number, &again), 0);
	rego_work_end(&work);
}
END_TEST

static const char *const no_numbers[] = {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e1", "0x1", "1_0", " 1", "1 ", "inf"};

START_TEST(no_number)
{
	struct rego_error error;
	struct rego_work work;
	struct rego_number number;
	rego_work_begin(&work, &test_limits, &error);
	ck_assert(!rego_number_parse(&work, no_numbers[_i], strlen(no_numbers[_i]), &number));
	ck_assert_int_eq(error.code, REGO_OK);
	rego_work_end(&work);
}
END_TEST

START_TEST(tenths_add_up)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	struct rego_number a = parse(&work, "0.1"), b = parse(&work, "0.2"), c = parse(&work, "0.3"), sum;
	ck_assert(rego_number_add(&work, &a, &b, &sum));
	ck_assert_int_eq(rego_number_compare(&sum, &c), 0);
	rego_work_end(&work);
}
END_TEST

/* Operations that pass the limits, which must not be tried first. */
static const struct {
	char operation;
	const char *a, *b;
} too_large[] = {
	{'+', "1e100000", "1"},
	{'-', "1", "1e-100000"},
	{'*', "1e500000000", "1e600000000"},
	{'/', "1e100000", "3"},
	{'%', "1e100000", "3"},
	{'&', "1e100000", "3"},
	{'<', "1", "1000000000000000000"},
	{'<', "1", "100000000000000000000000000000"},
	{'<', "1", "4097"},
};

START_TEST(limit)
{
	struct rego_error error;
	struct rego_work work;
	struct rego_number result;
	rego_work_begin(&work, &test_limits, &error);
	struct rego_number a = parse(&work, too_large[_i].a), b = parse(&work, too_large[_i].b);
	ck_assert(!calculate(&work, too_large[_i].operation, &a, &b, &result));
	ck_assert_int_eq(error.code, REGO_LIMIT_NUMBER);
	ck_assert_uint_le(work.used, 64 << 10);
	rego_work_end(&work);
}
END_TEST

START_TEST(many_digits_are_refused)
{
	struct rego_error error;
	struct rego_work work;
	struct rego_number number;
	char digits[1300];
	memset(digits, '7', sizeof digits);
	rego_work_begin(&work, &test_limits, &error);
	ck_assert(rego_number_parse(&work, digits, 1233, &number));
	ck_assert(!rego_number_parse(&work, digits, 1300, &number));
	ck_assert_int_eq(error.code, REGO_LIMIT_NUMBER);
	rego_work_end(&work);
	rego_work_begin(&work, &test_limits, &error);
	ck_assert(!rego_number_parse(&work, "1e2000000000", 12, &number));
	ck_assert_int_eq(error.code, REGO_LIMIT_NUMBER);
	rego_work_end(&work);
}
END_TEST

static const struct {
	const char *text;
	bool fits;
	int64_t integer;
} integers[] = {
	{"0", true, 0},
	{"-1", true, -1},
	{"1e3", true, 1000},
	{"9223372036854775807", true, INT64_MAX},
	{"-9223372036854775808", true, INT64_MIN},
	{"9223372036854775808", false, 0},
	{"-9223372036854775809", false, 0},
	{"1e19", false, 0},
	{"1e1000", false, 0},
	{"1.5", false, 0},
};

START_TEST(int64)
{
	struct rego_error error;
	struct rego_work work;
	int64_t integer = 0;
	rego_work_begin(&work, &test_limits, &error);
	struct rego_number number = parse(&work, integers[_i].text);
	ck_assert_int_eq(rego_number_int64(&number, &integer), integers[_i].fits);
	ck_assert(integer == integers[_i].integer);
	rego_work_end(&work);
}
END_TEST

static const struct {
	const char *text;
	double value;
} doubles[] = {
	{"0", 0},
	{"0.1", 0.1},
	{"-2.5e-3", -2.5e-3},
	{"123456789012345678901234567890", 123456789012345678901234567890.0},
	{"1e308", 1e308},
	{"5e-324", 5e-324},
	{"1e-400", 0},
	{"9007199254740993", 9007199254740992.0},
	{"9007199254740993.0000000000000000000000000000000001", 9007199254740994.0},
};

START_TEST(to_double)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	struct rego_number number = parse(&work, doubles[_i].text);
	ck_assert_double_eq(rego_number_double(&number), doubles[_i].value);
	rego_work_end(&work);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rego_number");
	TCase *tcase = add_case(suite, "number");
	tcase_add_test(tcase, as_python_says);
	tcase_add_loop_test(tcase, text, 0, COUNT(texts));
	tcase_add_loop_test(tcase, no_number, 0, COUNT(no_numbers));
	tcase_add_test(tcase, tenths_add_up);
	tcase_add_loop_test(tcase, limit, 0, COUNT(too_large));
	tcase_add_test(tcase, many_digits_are_refused);
	tcase_add_loop_test(tcase, int64, 0, COUNT(integers));
	tcase_add_loop_test(tcase, to_double, 0, COUNT(doubles));
	return run_suite(suite);
}
