/* The engine through its public header: answers, errors with their place, and every limit. */
#include <pthread.h>
#include <stdlib.h>

#include "rego/rego.h"
#include "rego_support.h"

struct outcome {
	struct rego_error error;
	int status;
	bool allows, undefined;
	char json[4096];
};

static struct rego *engine(const struct rego_limits *limits, const char *module, enum rego_version version,
			   struct outcome *outcome)
{
	struct rego *rego = rego_new(limits);
	ck_assert_ptr_nonnull(rego);
	outcome->status = rego_add_module(rego, "policy.rego", module, strlen(module), version, &outcome->error);
	if (outcome->status == 0)
		outcome->status = rego_compile(rego, &outcome->error);
	return rego;
}

/* Asks for data.p.x. */
static struct outcome ask_with(const struct rego_limits *limits, const char *module, enum rego_version version,
			       const char *input)
{
	struct outcome outcome = {.status = 0};
	struct rego *rego = engine(limits, module, version, &outcome);
	const char *json = NULL;
	if (outcome.status == 0 && input != NULL)
		outcome.status = rego_set_input(rego, input, strlen(input), &outcome.error);
	if (outcome.status == 0)
		outcome.status = rego_allows(rego, "data.p.x", &outcome.allows, &outcome.undefined, &outcome.error);
	if (outcome.status == 0) {
		outcome.status = rego_eval_rule(rego, "data.p.x", &json, &outcome.error);
		snprintf(outcome.json, sizeof outcome.json, "%s", json != NULL ? json : "undefined");
	}
	rego_free(rego);
	return outcome;
}

static struct outcome ask(const char *module)
{
	return ask_with(NULL, module, REGO_V1, NULL);
}

#define fails(asked, wanted, at_line, part)                                                                          \
	do {                                                                                                           \
		struct outcome got_ = (asked);                                                                         \
		ck_assert_int_eq(got_.status, -1);                                                                     \
		ck_assert_msg(got_.error.code == (wanted), "%s, not %s: %s", rego_code_name(got_.error.code),          \
			      rego_code_name(wanted), got_.error.message);                                             \
		ck_assert_msg(got_.error.line == (at_line), "line %u: %s", got_.error.line, got_.error.message);       \
		ck_assert_msg(strstr(got_.error.message, part) != NULL, "%s", got_.error.message);                     \
	} while (0)

START_TEST(answers)
{
	struct outcome outcome = ask("package p\nx if 1 < 2\n");
	ck_assert_int_eq(outcome.status, 0);
	ck_assert(outcome.allows && !outcome.undefined);
	outcome = ask("package p\nx if 1 > 2\n");
	ck_assert(!outcome.allows && outcome.undefined);
	ck_assert_str_eq(outcome.json, "undefined");
	outcome = ask("package p\nx := false\n");
	ck_assert(!outcome.allows && !outcome.undefined);
	/* What is true to an `if` is not yet true. */
	outcome = ask("package p\nx := \"true\"\n");
	ck_assert(!outcome.allows && !outcome.undefined);
	outcome = ask("package p\nx := {1, \"a\", [2]}\n");
	ck_assert_str_eq(outcome.json, "[1,\"a\",[2]]");
}
END_TEST

START_TEST(input_and_data)
{
	struct outcome outcome = {.status = 0};
	struct rego *rego = engine(NULL, "package p\nx := input.a + data.b\ny if not input\n", REGO_V1, &outcome);
	const char *json;
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_int_eq(rego_eval_rule(rego, "data.p.y", &json, &outcome.error), 0);
	ck_assert_str_eq(json, "true"); /* input that was never set is undefined */
	ck_assert_int_eq(rego_set_data(rego, "{\"b\": 40}", 9, &outcome.error), 0);
	for (int i = 0; i < 3; i++) {
		char input[32], wanted[16];
		int len = snprintf(input, sizeof input, "{\"a\": %d}", i);
		snprintf(wanted, sizeof wanted, "%d", 40 + i);
		ck_assert_int_eq(rego_set_input(rego, input, (size_t)len, &outcome.error), 0);
		ck_assert_int_eq(rego_eval_rule(rego, "data.p.x", &json, &outcome.error), 0);
		ck_assert_str_eq(json, wanted);
	}
	ck_assert_int_eq(rego_set_input_term(rego, "{\"a\": 1, \"s\": {1, 2,}}", 22, &outcome.error), 0);
	ck_assert_int_eq(rego_eval_rule(rego, "input.s", &json, &outcome.error), 0);
	ck_assert_str_eq(json, "[1,2]");
	ck_assert_int_eq(rego_set_input(rego, "{", 1, &outcome.error), -1);
	ck_assert_int_eq(outcome.error.code, REGO_JSON);
	ck_assert_int_eq(rego_set_data(rego, "[]", 2, &outcome.error), -1);
	ck_assert_int_eq(outcome.error.code, REGO_JSON);
	ck_assert_int_eq(rego_set_input_term(rego, "{x}", 3, &outcome.error), -1);
	rego_free(rego);
}
END_TEST

START_TEST(queries)
{
	struct outcome outcome = {.status = 0};
	struct rego *rego = engine(NULL, "package p\nx contains 1\nx contains 2\n", REGO_V1, &outcome);
	const char *json;
	ck_assert_int_eq(rego_eval_query(rego, "data.p.x[y]; z := y * 2; _ = z", 30, &json, &outcome.error), 0);
	ck_assert_str_eq(json, "[{\"bindings\":{\"y\":1,\"z\":2},\"expressions\":[1,true,true]},"
			       "{\"bindings\":{\"y\":2,\"z\":4},\"expressions\":[2,true,true]}]");
	ck_assert_int_eq(rego_eval_query(rego, "1 == 2", 6, &json, &outcome.error), 0);
	ck_assert_str_eq(json, "[{\"bindings\":{},\"expressions\":[false]}]");
	ck_assert_int_eq(rego_eval_query(rego, "data.p.nothing", 14, &json, &outcome.error), 0);
	ck_assert_str_eq(json, "[]");
	ck_assert_int_eq(rego_eval_query(rego, "1 2", 3, &json, &outcome.error), -1);
	ck_assert_int_eq(outcome.error.code, REGO_PARSE);
	ck_assert_str_eq(outcome.error.file, "");
	ck_assert_int_eq(rego_eval_query(rego, "y > 1", 5, &json, &outcome.error), -1);
	ck_assert_int_eq(outcome.error.code, REGO_UNSAFE);
	rego_free(rego);
}
END_TEST

START_TEST(versions)
{
	static const char v0[] = "package p\nx { input.a == 1 }\n";
	ck_assert(ask_with(NULL, v0, REGO_V0, "{\"a\": 1}").allows);
	ck_assert(ask_with(NULL, v0, REGO_V1_OR_V0, "{\"a\": 1}").allows);
	fails(ask_with(NULL, v0, REGO_V1, NULL), REGO_PARSE, 2, "`if` keyword is required");
	/* What reads neither way has v1's error. */
	fails(ask_with(NULL, "package p\nx if {\n", REGO_V1_OR_V0, NULL), REGO_PARSE, 3, "");
}
END_TEST

START_TEST(names)
{
	struct outcome outcome = {.status = 0};
	struct rego *rego = engine(NULL, "package a.b[\"c-d\"]\ntest_x if true\ny := 1\ny := 1\nf(z) := z\nq[z] := 1 if z := 2\n", REGO_V1,
				   &outcome);
	ck_assert_int_eq(outcome.status, 0);
	ck_assert_str_eq(rego_package(rego), "data.a.b[\"c-d\"]");
	ck_assert_str_eq(rego_rule_name(rego, 0), "data.a.b[\"c-d\"].test_x");
	ck_assert_str_eq(rego_rule_name(rego, 1), "data.a.b[\"c-d\"].y");
	ck_assert_ptr_nonnull(rego_rule_name(rego, 3));
	ck_assert_ptr_null(rego_rule_name(rego, 4));
	rego_free(rego);
}
END_TEST

START_TEST(clock_and_strictness)
{
	struct outcome outcome = {.status = 0};
	struct rego *rego = engine(NULL, "package p\nx := time.now_ns()\ny if not z\nz := 1 / 0\n", REGO_V1, &outcome);
	const char *json;
	rego_set_now(rego, 1234567890);
	ck_assert_int_eq(rego_eval_rule(rego, "data.p.x", &json, &outcome.error), 0);
	ck_assert_str_eq(json, "1234567890");
	ck_assert_int_eq(rego_eval_rule(rego, "data.p.y", &json, &outcome.error), -1);
	ck_assert_int_eq(outcome.error.code, REGO_EVAL_BUILTIN);
	ck_assert_uint_eq(outcome.error.line, 4);
	rego_set_strict(rego, false);
	ck_assert_int_eq(rego_eval_rule(rego, "data.p.y", &json, &outcome.error), 0);
	ck_assert_str_eq(json, "true");
	rego_free(rego);
}
END_TEST

START_TEST(errors_of_each_kind)
{
	fails(ask("package p\nx := := 1\n"), REGO_PARSE, 2, "unexpected");
	fails(ask("package p\n\nx := 1 if { a := 1; a := 2 }\n"), REGO_COMPILE, 3, "var a assigned above");
	fails(ask("package p\nx if {\n\ty > 1\n}\n"), REGO_UNSAFE, 3, "var y is unsafe");
	fails(ask("package p\nx if y\ny if x\n"), REGO_RECURSION, 2, "rule data.p.x is recursive: data.p.x -> data.p.y -> data.p.x");
	fails(ask("package p\nx if nothing(1)\n"), REGO_TYPE, 2, "undefined function nothing");
	fails(ask("package p\nx if count(1, 2, 3)\n"), REGO_TYPE, 2, "count: arity mismatch");
	fails(ask("package p\nx := 1\nx := 2\n"), REGO_CONFLICT, 3, "complete rules must not produce multiple outputs");
	fails(ask("package p\nx := count(1)\n"), REGO_EVAL_TYPE, 2, "count: operand 1 must be one of");
	fails(ask("package p\nx := 1 / 0\n"), REGO_EVAL_BUILTIN, 2, "divide by zero");
	fails(ask("package p\nx := 1\nx contains 2\n"), REGO_TYPE, 3, "conflicting rules data.p.x found");
	fails(ask("package p\n\nx := \"\xff\"\n"), REGO_PARSE, 0, "UTF-8");
}
END_TEST

/* Under a limit, with the same module. */
static struct outcome under(size_t offset, uint64_t limit, const char *module)
{
	struct rego_limits limits = rego_default_limits;
	limits.nanoseconds = 0;
	if (offset == offsetof(struct rego_limits, nesting) || offset == offsetof(struct rego_limits, bits)) {
		unsigned narrow = (unsigned)limit;
		memcpy((char *)&limits + offset, &narrow, sizeof narrow);
	} else {
		memcpy((char *)&limits + offset, &limit, sizeof limit);
	}
	return ask_with(&limits, module, REGO_V1, NULL);
}

START_TEST(limits)
{
	static const char many[] = "package p\nx if count([1 | some a in numbers.range(1, 300); some b in numbers.range(1, 300)]) > 0\n";
	ck_assert(ask(many).allows);
	fails(under(offsetof(struct rego_limits, steps), 50000, many), REGO_LIMIT_STEPS, 2, "steps");
	fails(under(offsetof(struct rego_limits, memory), 100000, many), REGO_LIMIT_MEMORY, 2, "memory");
	fails(under(offsetof(struct rego_limits, nanoseconds), 1000, many), REGO_LIMIT_TIME, 2, "");
	fails(under(offsetof(struct rego_limits, collection), 1000, many), REGO_LIMIT_COLLECTION, 2, "");
	fails(under(offsetof(struct rego_limits, string), 10, "package p\nx := concat(\"\", [\"12345678\", \"12345678\"])\n"),
	      REGO_LIMIT_STRING, 2, "");
	fails(under(offsetof(struct rego_limits, nesting), 5, "package p\nx := [[[[[[1]]]]]]\n"), REGO_LIMIT_NESTING, 2, "");
	fails(under(offsetof(struct rego_limits, bits), 64, "package p\ny := 9223372036854775807\nx := y * y\n"),
	      REGO_LIMIT_NUMBER, 3, "");
	char *large = malloc((2 << 20) + 64);
	memset(large, '#', 2 << 20);
	strcpy(large + (2 << 20), "\npackage p\n");
	fails(ask(large), REGO_LIMIT_SOURCE, 0, "longer than");
	free(large);
}
END_TEST

/* A limit is no value that `not` could turn around. */
START_TEST(limits_are_not_undefined)
{
	fails(under(offsetof(struct rego_limits, steps), 2000,
		    "package p\ny if count([1 | some a in numbers.range(1, 300); a > 1]) > 0\nx if not y\n"),
	      REGO_LIMIT_STEPS, 2, "");
}
END_TEST

/* What programs give their threads at least; sanitizers put more on it. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SMALL_STACK ((size_t)1 << 20)
#else
#define SMALL_STACK ((size_t)128 << 10)
#endif

static char hostile[1 << 20];

static void repeat(const char *text, size_t times)
{
	size_t at = strlen(hostile), len = strlen(text);
	for (; times > 0 && at + len + 64 < sizeof hostile; times--, at += len)
		memcpy(hostile + at, text, len);
	hostile[at] = '\0';
}

static void *on_small_stack(void *code)
{
	struct rego_error error = {.code = REGO_OK};
	struct rego *rego = rego_new(NULL);
	bool allows;
	if (rego_add_module(rego, "policy.rego", hostile, strlen(hostile), REGO_V1, &error) == 0)
		rego_allows(rego, "data.p.x", &allows, NULL, &error);
	rego_free(rego);
	*(enum rego_code *)code = error.code;
	return NULL;
}

static enum rego_code run_small(void)
{
	enum rego_code code = REGO_OK;
	pthread_attr_t attributes;
	pthread_t thread;
	pthread_attr_init(&attributes);
	ck_assert_int_eq(pthread_attr_setstacksize(&attributes, SMALL_STACK), 0);
	ck_assert_int_eq(pthread_create(&thread, &attributes, on_small_stack, &code), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	return code;
}

/* Whatever nests, on a thread with a small stack. */
START_TEST(small_stack)
{
	static const struct {
		const char *before, *open, *middle, *close;
	} texts[] = {
		{"x if ", "(", "1", ")"}, {"x := ", "[", "input", "]"}, {"x := ", "{", "input", "}"},
		{"x := ", "{1: ", "input", "}"}, {"x := ", "[y | y := ", "input", "]"}, {"x if { ", "every y in input { ", "y", "}"},
		{"x := ", "count(", "input", ")"}, {"x := ", "input[", "1", "]"}, {"x := ", "$\"{", "1", "}\""},
		{"x := 1", "+1", "", ""}, {"x := input", ".a", "", ""}, {"x := input", "[a]", "", ""}, {"x", ".a", " := 1", ""},
		{"x", "[a]", " := 1 if a := 1", ""}, {"x := ", "{y | y with input as ", "1", "}"},
		{"x if false", " else if false", "", ""}, {"x if { ", "a := input.a[_]\n", "", ""},
		{"x if { ", "input.a[_]\n", "true }", ""}, {"x := regex.match(`", "(", "", "`, \"a\")"},
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		for (size_t times = 10; times < 200000; times *= 7) {
			strcpy(hostile, "package p\n");
			repeat(texts[i].before, 1);
			repeat(texts[i].open, times);
			repeat(texts[i].middle, 1);
			repeat(texts[i].close, times);
			run_small(); /* it comes back */
		}
	}
	strcpy(hostile, "package p\nx if r0\n");
	for (int i = 0; i < 3000; i++) {
		char rule[64];
		snprintf(rule, sizeof rule, "r%d if r%d\n", i, i + 1);
		repeat(rule, 1);
	}
	repeat("r3000 := true\n", 1);
	ck_assert_int_eq(run_small(), REGO_LIMIT_STACK);
}
END_TEST

START_TEST(usage)
{
	struct outcome outcome = {.status = 0};
	struct rego *rego = engine(NULL, "package p\nx if f(1)\nf(a) if a == 1\n", REGO_V1, &outcome);
	bool allows;
	ck_assert_int_eq(rego_allows(rego, "data.p.x", &allows, NULL, &outcome.error), 0);
	struct rego_usage used = rego_last_usage(rego);
	ck_assert_uint_gt(used.memory, 0);
	ck_assert_uint_gt(used.steps, 3);
	ck_assert_uint_ge(used.frames, 3);
	ck_assert_uint_le(used.memory, 64 << 10);
	rego_free(rego);
	rego_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rego_engine");
	TCase *tcase = add_case(suite, "engine");
	tcase_add_test(tcase, answers);
	tcase_add_test(tcase, input_and_data);
	tcase_add_test(tcase, queries);
	tcase_add_test(tcase, versions);
	tcase_add_test(tcase, names);
	tcase_add_test(tcase, clock_and_strictness);
	tcase_add_test(tcase, errors_of_each_kind);
	tcase_add_test(tcase, limits);
	tcase_add_test(tcase, limits_are_not_undefined);
	tcase_add_test(tcase, small_stack);
	tcase_add_test(tcase, usage);
	return run_suite(suite);
}
