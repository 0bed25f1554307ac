/* The access policy: the default module and nothing else. */
#include "policy.h"
#include "support.h"

static const char *const allowed[] = {
	CT_POLICY_DEFAULT,
	"package model\nallow = true",
	"package model\nallow = true\n",
	"package model\r\nallow = true\r\n",
	"\n\n  package\tmodel  \n\n\n\tallow=true  \n\n",
	"package model # a comment\n# another one\nallow = true # the last",
	"# first\npackage model\nallow =true\n#",
};

START_TEST(allow)
{
	struct ct_error err = {0};
	ck_assert_msg(ct_policy_check(allowed[_i], &err) == 0, "%s: %s", allowed[_i], err.message);
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
	"package model\nallow = true; false",
	"package model\nallow = true if input.x",
	"package model allow = true",
	"package model; allow = true",
	"package model # comment allow = true",
	"package model\n# allow = true",
	"package models\nallow = true",
	"package model.sub\nallow = true",
	"package cryptotensors\nallow = true",
	"packagemodel\nallow = true",
	"package\nmodel\nallow = true",
	"package model\nallow\n= true",
	"package model\nallow =\ntrue",
	"package model\ndefault allow = true",
	"package model\nallowed = true",
	"package model\nAllow = true",
	"package model\nallow = True",
	"package model\nallow == true",
	"package model\nallow := true\nallow := false",
	"Package model\nallow = true",
	"package model\nallow = true\nx",
	"package model\nallow = true\f",
	"package model\nallow = true\xc2\xa0",
	"\xef\xbb\xbfpackage model\nallow = true",
	"allow = true",
	"allow = true\npackage model",
	/* a carriage return alone ends neither a comment nor a line in Rego */
	"package model # \rallow = true",
	"package model\rallow = true",
};

START_TEST(deny)
{
	struct ct_error err = {0};
	assert_error(ct_policy_check(denied[_i], &err), &err, CT_E_POLICY, "access policy");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = add_case(suite, "policy");
	tcase_add_loop_test(tcase, allow, 0, COUNT(allowed));
	tcase_add_loop_test(tcase, deny, 0, COUNT(denied));
	return run_suite(suite);
}
