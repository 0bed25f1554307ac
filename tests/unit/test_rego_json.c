/* JSON in and out, and values as Rego. */
#include <stdlib.h>

#include "rego_support.h"

static const struct {
	const char *json, *written; /* NULL: the same */
} good[] = {
	{"null", NULL},
	{"true", NULL},
	{" [ ] ", "[]"},
	{"{}", NULL},
	{"[1,2.5,-3e2]", "[1,2.5,-300]"},
	{"12345678901234567890123456789", NULL},
	{"\"\"", NULL},
	{"\"a\\u0041\\n\\t\\\"\\\\\\/\\b\\f\\r\"", "\"aA\\n\\t\\\"\\\\/\\b\\f\\r\""},
	{"\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\"\u00e9\u20ac\U0001F600\""},
	{"\"\\ud83dx\"", "\"\uFFFDx\""},
	{"\"\\ude00\\ud83d\"", "\"\uFFFD\uFFFD\""},
	{"\"\\ud83d\\u0041\"", "\"\uFFFDA\""},
	{"\"\\u0000\\u001f\x7f\"", "\"\\u0000\\u001f\x7f\""},
	{"\"\\u2028<&>\"", "\"\\u2028<&>\""},
	{"{\"b\":1,\"a\":[{\"x\":null}],\"\":2}", "{\"\":2,\"a\":[{\"x\":null}],\"b\":1}"},
	{"{\"a\":1,\"a\":2}", "{\"a\":2}"},
	{"\r\n\t [1 , 2]\n", "[1,2]"},
};

START_TEST(reads)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	const char *written = as_json(&work, read_json(&work, good[_i].json));
	ck_assert_str_eq(written, good[_i].written != NULL ? good[_i].written : good[_i].json);
	rego_work_end(&work);
}
END_TEST

static const struct {
	const char *json;
	unsigned line, column;
} bad[] = {
	{"", 1, 1},	     {" ", 1, 2},	   {"nul", 1, 1},	  {"True", 1, 1},	{"[1", 1, 3},
	{"[1,]", 1, 4},	     {"[,1]", 1, 2},	   {"[1 2]", 1, 4},	  {"{\"a\"}", 1, 5},	{"{\"a\":}", 1, 6},
	{"{a:1}", 1, 2},     {"{\"a\":1,}", 1, 8}, {"01", 1, 2},	  {"1.", 1, 3},		{"-", 1, 2},
	{"+1", 1, 1},	     {"1e", 1, 3},	   {"[1]]", 1, 4},	  {"1 2", 1, 3},	{"\"a", 1, 3},
	{"\"\n\"", 1, 2},    {"\"\\x\"", 1, 4},	   {"\"\\u12g4\"", 1, 4}, {"\"\xff\"", 1, 2},	{"\"\xc0\x80\"", 1, 2},
	{"\"\xed\xa0\x80\"", 1, 2}, {"[\n1,\n x]", 3, 2}, {"NaN", 1, 1},  {"'a'", 1, 1},	{"/**/1", 1, 1},
	{"\xef\xbb\xbf" "1", 1, 1},
};

START_TEST(refuses)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	ck_assert_ptr_null(rego_json_read(&work, bad[_i].json, strlen(bad[_i].json)));
	ck_assert_int_eq(error.code, REGO_JSON);
	ck_assert_msg(error.line == bad[_i].line && error.column == bad[_i].column, "%s: %u:%u %s", bad[_i].json, error.line,
		      error.column, error.message);
	rego_work_end(&work);
	/* Who wants to go on can. */
	struct rego_json_problem found;
	rego_work_begin(&work, &test_limits, &error);
	ck_assert_ptr_null(rego_json_try(&work, bad[_i].json, strlen(bad[_i].json), &found));
	ck_assert_ptr_nonnull(found.what);
	ck_assert_int_eq(error.code, REGO_OK);
	rego_work_end(&work);
}
END_TEST

START_TEST(bytes_after_nul_count)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	ck_assert_ptr_null(rego_json_read(&work, "1\0", 2));
	ck_assert_int_eq(error.code, REGO_JSON);
	rego_work_end(&work);
}
END_TEST

static const struct rego_value *read_repeated(struct rego_work *work, const char *piece, unsigned times, const char *end)
{
	char *text = calloc(times + 1, strlen(piece) + 1);
	for (unsigned i = 0; i < times; i++)
		strcat(text + i * strlen(piece), piece);
	strcat(text, end);
	const struct rego_value *value = rego_json_read(work, text, strlen(text));
	free(text);
	return value;
}

START_TEST(limits_are_no_json_errors)
{
	static const struct {
		const char *piece;
		unsigned times;
		const char *end;
		enum rego_code code;
	} cases[] = {
		{"[", 101, "", REGO_LIMIT_NESTING},
		{"{\"a\":", 101, "", REGO_LIMIT_NESTING},
		{"[", 100000, "", REGO_LIMIT_NESTING},
		{"7", 2000, "", REGO_LIMIT_NUMBER},
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rego_error error;
		struct rego_work work;
		rego_work_begin(&work, &test_limits, &error);
		ck_assert_ptr_null(read_repeated(&work, cases[i].piece, cases[i].times, cases[i].end));
		ck_assert_int_eq(error.code, cases[i].code);
		rego_work_end(&work);
	}
	struct rego_limits limits = test_limits;
	struct rego_error error;
	struct rego_work work;
	limits.collection = 3;
	limits.string = 5;
	rego_work_begin(&work, &limits, &error);
	ck_assert_ptr_nonnull(rego_json_read(&work, "[1,2,3]", 7));
	ck_assert_ptr_null(rego_json_read(&work, "[1,2,3,4]", 9));
	ck_assert_int_eq(error.code, REGO_LIMIT_COLLECTION);
	rego_work_end(&work);
	rego_work_begin(&work, &limits, &error);
	ck_assert_ptr_nonnull(rego_json_read(&work, "\"12345\"", 7));
	ck_assert_ptr_null(rego_json_read(&work, "\"123456\"", 8));
	ck_assert_int_eq(error.code, REGO_LIMIT_STRING);
	rego_work_end(&work);
}
END_TEST

START_TEST(the_deepest_values_are_written_on_a_small_stack)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	char text[201];
	memset(text, '[', 100);
	memset(text + 100, ']', 100);
	text[200] = '\0';
	ck_assert_str_eq(as_json(&work, read_json(&work, text)), text);
	ck_assert_str_eq(as_text(&work, rego_term_write(&work, read_json(&work, text))), text);
	rego_work_end(&work);
}
END_TEST

START_TEST(writes_what_json_has_not)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	const struct rego_value *items[] = {rego_text(&work, "b"), rego_integer(&work, 2), rego_text(&work, "b"), &rego_null};
	const struct rego_value *set = rego_set(&work, items, 4);
	struct rego_member members[] = {{set, &rego_empty_set}, {rego_integer(&work, 1), &rego_true}};
	const struct rego_value *object = rego_object(&work, members, 2);
	ck_assert_str_eq(as_json(&work, set), "[null,2,\"b\"]");
	ck_assert_str_eq(as_json(&work, object), "{\"1\":true,\"[null,2,\\\"b\\\"]\":[]}");
	ck_assert_str_eq(as_text(&work, rego_term_write(&work, object)), "{1: true, {null, 2, \"b\"}: set()}");
	const struct rego_value *odd = rego_text(&work, "\x01\u2028\u00e9\"\n");
	ck_assert_str_eq(as_text(&work, rego_term_write(&work, odd)), "\"\\x01\\u2028\u00e9\\\"\\n\"");
	ck_assert_str_eq(as_json(&work, rego_bytes(&work, "a\xff", 2)), "\"a\\ufffd\"");
	rego_work_end(&work);
}
END_TEST

START_TEST(indents)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	struct rego_buffer out = {.work = &work};
	struct rego_json_style style = {.prefix = "#", .indent = "  ", .html = true};
	ck_assert(rego_json_append(&out, read_json(&work, "{\"a\":[1,{}],\"<\":[]}"), &style));
	ck_assert_str_eq(as_text(&work, rego_buffer_string(&out)),
			 "{\n#  \"\\u003c\": [],\n#  \"a\": [\n#    1,\n#    {}\n#  ]\n#}");
	rego_work_end(&work);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rego_json");
	TCase *tcase = add_case(suite, "json");
	tcase_add_loop_test(tcase, reads, 0, COUNT(good));
	tcase_add_loop_test(tcase, refuses, 0, COUNT(bad));
	tcase_add_test(tcase, bytes_after_nul_count);
	tcase_add_test(tcase, limits_are_no_json_errors);
	tcase_add_test(tcase, the_deepest_values_are_written_on_a_small_stack);
	tcase_add_test(tcase, writes_what_json_has_not);
	tcase_add_test(tcase, indents);
	return run_suite(suite);
}
