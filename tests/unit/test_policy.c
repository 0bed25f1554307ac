/* The access policy: the default module, known without an engine, and what the engine makes of others. */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>

#include "support.h"

static const char *const defaults[] = {
	CT_POLICY_DEFAULT,
	"package model\nallow = true",
	"package model\nallow = true\n",
	"package model\r\nallow = true\r\n",
	"\n\n  package\tmodel  \n\n\n\tallow=true  \n\n",
	"package model # a comment\n# another one\nallow = true # the last",
	"# first\npackage model\nallow =true\n#",
};

static void judge(const char *text, const char *input, const char *data, struct ct_policy_verdict *verdict)
{
	struct ct_policy_module module = {.name = "", .text = text, .len = strlen(text)};
	struct ct_policy_world world = {.input = input, .input_len = input != NULL ? strlen(input) : 0,
					.data = data, .data_len = data != NULL ? strlen(data) : 0};
	ct_policy_judge(&module, 1, &world, verdict);
}

/* The engine agrees. */
START_TEST(is_default)
{
	struct ct_error err = {0};
	struct ct_policy_verdict verdict;
	ck_assert(ct_policy_is_default(defaults[_i]));
	ck_assert_msg(ct_policy_check(defaults[_i], &err) == 0, "%s: %s", defaults[_i], err.message);
	judge(defaults[_i], NULL, NULL, &verdict);
	ck_assert_msg(verdict.outcome == CT_POLICY_ALLOWS, "%s: %s", defaults[_i], verdict.why);
}
END_TEST

static const char *const denied[] = {
	"",
	" ",
	"# package model\n# allow = true",
	"package model",
	"package model\nallow",
	"package model\nallow = ",
	"package model\nallow = false",
	"package model\nallow = truely",
	"package model\nallow = true2",
	"package model\nallow = true_",
	"package model\nallow = \"true\"",
	"package model\nallow = true\nallow = false",
	"package model\nallow = true { false }",
	"package model\nallow = true if input.x",
	"package model # comment allow = true",
	"package model\n# allow = true",
	"packagemodel\nallow = true",
	"package model\nallowed = true",
	"package model\nAllow = true",
	"package model\nallow = True",
	"package model\nallow == true",
	"package model\nallow := true\nallow := false",
	"Package model\nallow = true",
	"package model\nallow = true\nx",
	"package model\nallow = true\xc2\xa0",
	"allow = true",
	"allow = true\npackage model",
	/* a carriage return alone ends neither a comment nor a line in Rego */
	"package model # \rallow = true",
};

START_TEST(deny)
{
	struct ct_error err = {0};
	ck_assert(!ct_policy_is_default(denied[_i]));
	assert_error(ct_policy_check(denied[_i], &err), &err, CT_E_POLICY, "policy denies loading: ");
}
END_TEST

/* What is not the default module's text, though it may allow. */
static const char *const others[] = {
	"package models\nallow = true",       "package model.sub\nallow = true", "package cryptotensors\nallow = true",
	"package model\ndefault allow = true", "package model\n\nallow if true",  "package model\nallow := true",
};

START_TEST(allow)
{
	struct ct_error err = {0};
	ck_assert(!ct_policy_is_default(others[_i]));
	ck_assert_msg(ct_policy_check(others[_i], &err) == 0, "%s: %s", others[_i], err.message);
}
END_TEST

static const struct {
	const char *text, *input, *data;
	enum ct_policy_outcome outcome;
	const char *why;
} cases[] = {
	{"package a\n\nallow if input.x == 1", "{\"x\":1}", NULL, CT_POLICY_ALLOWS, ""},
	{"package a\n\nallow if input.x == 1", "{\"x\":2}", NULL, CT_POLICY_DENIES, "data.a.allow is undefined"},
	{"package a\n\nallow if input.x == 1", NULL, NULL, CT_POLICY_DENIES, "data.a.allow is undefined"},
	{"package a\n\nallow if input.x in data.y", "{\"x\":1}", "{\"y\":[1]}", CT_POLICY_ALLOWS, ""},
	{"package a\n\nallow if input.x in data.y", "{\"x\":1}", "{\"y\":[]}", CT_POLICY_DENIES, "undefined"},
	{"package a\n\nx := 1", NULL, "{\"a\":{\"allow\":true}}", CT_POLICY_DENIES, "data.a.allow is undefined"},
	{"package a\n\nallow := 1", NULL, NULL, CT_POLICY_DENIES, "data.a.allow is 1, which is not true"},
	{"package a\n\nallow if true", "{", NULL, CT_POLICY_ERROR, ""},
	{"package a\n\nallow if true", NULL, "[]", CT_POLICY_ERROR, ""},
	{"package a\n\nallow if x", NULL, NULL, CT_POLICY_ERROR, "line 3, column 10: rego_unsafe_var_error: "},
	{"package a\n\nallow if {", NULL, NULL, CT_POLICY_ERROR, "rego_parse_error: "},
	{"package a\n\nallow { input.x == 1 }", "{\"x\":1}", NULL, CT_POLICY_ALLOWS, ""},
};

START_TEST(judged)
{
	struct ct_policy_verdict verdict;
	judge(cases[_i].text, cases[_i].input, cases[_i].data, &verdict);
	ck_assert_msg(verdict.outcome == cases[_i].outcome && strstr(verdict.why, cases[_i].why) != NULL
			      && (verdict.why[0] == '\0') == (verdict.outcome == CT_POLICY_ALLOWS), "%s: %d, '%s'",
		      cases[_i].text, (int)verdict.outcome, verdict.why);
}
END_TEST

#define MODULE(file, rego) {.name = file, .text = rego, .len = sizeof rego - 1}

START_TEST(several_packages)
{
	struct ct_policy_verdict verdict;
	struct ct_policy_world world = {0};
	struct ct_policy_module modules[] = {
		MODULE("a.rego", "package a\n\nallow if data.lib.yes"),
		MODULE("lib.rego", "package lib\n\nyes := true"),
		MODULE("b.rego", "package b\n\nallow if true"),
		MODULE("c.rego", "package c\n\nallow if data.lib.no"),
		MODULE("bad.rego", "package d\n\nallow if"),
	};
	ct_policy_judge(modules, 3, &world, &verdict);
	ck_assert_msg(verdict.outcome == CT_POLICY_ALLOWS, "%s", verdict.why);
	ct_policy_judge(modules, 4, &world, &verdict);
	ck_assert_int_eq(verdict.outcome, CT_POLICY_DENIES);
	ck_assert_str_eq(verdict.why, "data.c.allow is undefined");
	ct_policy_judge(modules, 5, &world, &verdict);
	ck_assert_int_eq(verdict.outcome, CT_POLICY_ERROR);
	ck_assert_msg(strstr(verdict.why, "bad.rego, line ") == verdict.why, "%s", verdict.why);
	ct_policy_judge(modules + 1, 1, &world, &verdict);
	ck_assert_int_eq(verdict.outcome, CT_POLICY_DENIES);
	ct_policy_judge(modules, 0, &world, &verdict);
	ck_assert_int_eq(verdict.outcome, CT_POLICY_DENIES);
}
END_TEST

START_TEST(the_given_time)
{
	struct ct_policy_verdict verdict;
	struct ct_policy_module module = MODULE("", "package a\n\nallow if time.now_ns() == 1234567890123456789");
	ct_policy_judge(&module, 1, &(struct ct_policy_world){.now = 1234567890123456789}, &verdict);
	ck_assert_msg(verdict.outcome == CT_POLICY_ALLOWS, "%s", verdict.why);
	ct_policy_judge(&module, 1, &(struct ct_policy_world){.now = 1234567890123456788}, &verdict);
	ck_assert_int_eq(verdict.outcome, CT_POLICY_DENIES);
}
END_TEST

/* A message is as long as it may be, and whole: NUL-terminated, without control characters. */
START_TEST(long_names)
{
	struct ct_policy_verdict verdict;
	struct ct_buffer text = {0};
	ct_buffer_puts(&text, "package a");
	for (int i = 0; i < 100; i++)
		ct_buffer_puts(&text, ".abcdefgh");
	ct_buffer_puts(&text, "\n\nallow := true\n");
	judge(text.data, NULL, NULL, &verdict);
	ck_assert_int_ne(verdict.outcome, CT_POLICY_ALLOWS);
	ct_buffer_free(&text);
	struct rego_error error = {.code = REGO_PARSE, .line = 4000000000u, .column = 4000000000u};
	memset(error.file, 'f', sizeof error.file - 1);
	memset(error.message, '\n', sizeof error.message - 1);
	char said[64];
	ct_policy_say(&error, said, sizeof said);
	ck_assert_uint_eq(strlen(said), sizeof said - 1);
	ck_assert(strchr(said, '\n') == NULL);
}
END_TEST

START_TEST(compiled)
{
	struct ct_policy_facts facts;
	struct rego_error error;
	struct ct_policy_module v1 = MODULE("p.rego", "package a.b\n\nallow if true"), v0 = MODULE("", "package a\n\nx { true }"),
				bad = MODULE("p.rego", "package a\n\nallow if x");
	ck_assert_int_eq(ct_policy_compile(&v1, &facts, &error), 0);
	ck_assert_str_eq(facts.package, "data.a.b");
	ck_assert(!facts.v0 && facts.has_allow);
	ck_assert_int_eq(ct_policy_compile(&v0, &facts, &error), 0);
	ck_assert(facts.v0 && !facts.has_allow);
	ck_assert_int_eq(ct_policy_compile(&bad, &facts, &error), -1);
	ck_assert_int_eq(error.code, REGO_UNSAFE);
	ck_assert_str_eq(error.file, "p.rego");
	ck_assert_uint_eq(error.line, 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = add_case(suite, "policy");
	tcase_add_loop_test(tcase, is_default, 0, COUNT(defaults));
	tcase_add_loop_test(tcase, deny, 0, COUNT(denied));
	tcase_add_loop_test(tcase, allow, 0, COUNT(others));
	tcase_add_loop_test(tcase, judged, 0, COUNT(cases));
	tcase_add_test(tcase, several_packages);
	tcase_add_test(tcase, the_given_time);
	tcase_add_test(tcase, long_names);
	tcase_add_test(tcase, compiled);
	return run_suite(suite);
}
