/* Where CRYPTOTENSOR_KEY_JKU points. */
#include "key_path.h"
#include "support.h"

static const struct {
	const char *value, *home, *path; /* path NULL: refused */
	const char *part;
} rows[] = {
	{"/etc/keys.jwk", NULL, "/etc/keys.jwk", NULL},
	{"keys.jwk", NULL, "keys.jwk", NULL},
	{"./a/../b", NULL, "./a/../b", NULL},
	{"file:///etc/keys.jwk", NULL, "/etc/keys.jwk", NULL},
	{"FILE:///etc/keys.jwk", NULL, "/etc/keys.jwk", NULL},
	{"file:/etc/keys.jwk", NULL, "/etc/keys.jwk", NULL},
	{"file://localhost/etc/keys.jwk", NULL, "/etc/keys.jwk", NULL},
	{"file://keys.jwk", NULL, "keys.jwk", NULL},
	{"file://keys/a.jwk", NULL, "keys/a.jwk", NULL},
	{"~/k", "/home/u", "/home/u/k", NULL},
	{"~", "/home/u", "/home/u", NULL},
	{"file://~/k", "/home/u", "/home/u/k", NULL},
	{"~user/k", "/home/u", "~user/k", NULL},
	{"a~/k", NULL, "a~/k", NULL},
	/* escapes in URLs only; those of the home directory are none */
	{"file:///a%20b%2Fc%c3%A9", NULL, "/a b/c\xc3\xa9", NULL},
	{"/a%20b", NULL, "/a%20b", NULL},
	{"file://~/%25", "/home/100%25", "/home/100%25/%", NULL},
	{"file:///a%", NULL, NULL, "percent escape"},
	{"file:///a%2", NULL, NULL, "percent escape"},
	{"file:///a%zz", NULL, NULL, "percent escape"},
	{"file:///a%00b", NULL, NULL, "percent escape"},
	{"https://example.com/k", NULL, NULL, "'https://' is not supported"},
	{"s3://bucket/k", NULL, NULL, "'s3://' is not supported"},
	{"", NULL, NULL, "names no file"},
	{"file://", NULL, NULL, "names no file"},
	{"~/k", NULL, NULL, "HOME"},
	{"~/k", "", NULL, "HOME"},
	/* colons that make no scheme */
	{"c:/k", NULL, "c:/k", NULL},
	{"a:b://k", NULL, "a:b://k", NULL},
	{"1a://k", NULL, "1a://k", NULL},
};

START_TEST(path)
{
	struct ct_error err = {0};
	char out[100];
	int status = ct_key_path(rows[_i].value, rows[_i].home, out, sizeof out, &err);
	if (rows[_i].path == NULL) {
		assert_error(status, &err, CT_E_KEY, rows[_i].part);
		return;
	}
	ck_assert_msg(status == 0, "%s", err.message);
	ck_assert_str_eq(out, rows[_i].path);
}
END_TEST

START_TEST(room)
{
	struct ct_error err = {0};
	char out[8] = "1234567";
	ck_assert_int_eq(ct_key_path("/abc", NULL, out, 5, &err), 0);
	ck_assert_str_eq(out, "/abc");
	ck_assert_int_eq(out[5], '6');
	assert_error(ct_key_path("/abcd", NULL, out, 5, &err), &err, CT_E_KEY, "too long");
	ck_assert_int_eq(out[5], '6');
	assert_error(ct_key_path("~/d", "/abc", out, 5, &err), &err, CT_E_KEY, "too long");
	assert_error(ct_key_path("a", NULL, out, 0, &err), &err, CT_E_KEY, "too long");
	ck_assert_int_eq(out[5], '6');
}
END_TEST

static const struct {
	const char *path, *directory;
	bool below;
} places[] = {
	{"/a/b/k", "/a/b", true},
	{"/a/b/c/k", "/a/b", true},
	{"/a/b/k", "/a/b/", true},
	{"/a/b/k", "/a/b//", true},
	{"/k", "/", true},
	{"/a/bc/k", "/a/b", false},
	{"/a/b", "/a/b", false},
	{"/a/b/", "/a/b", false},
	{"/a/k", "/a/b", false},
	{"/", "/", false},
	{"a/b/k", "/a/b", false},
};

START_TEST(below)
{
	ck_assert(ct_key_path_below(places[_i].path, places[_i].directory) == places[_i].below);
}
END_TEST

/* What names no place is passed over, and nothing is read behind the end. */
START_TEST(list)
{
	const char *at = "/a:/b/c/:relative::~/k:/too/long/for/it:/d:";
	char item[12];
	ck_assert(ct_key_path_next(&at, item, sizeof item));
	ck_assert_str_eq(item, "/a");
	ck_assert(ct_key_path_next(&at, item, sizeof item));
	ck_assert_str_eq(item, "/b/c/");
	ck_assert(ct_key_path_next(&at, item, sizeof item));
	ck_assert_str_eq(item, "/d");
	ck_assert(!ct_key_path_next(&at, item, sizeof item));
	ck_assert(!ct_key_path_next(&at, item, sizeof item));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_path");
	TCase *tcase = add_case(suite, "key_path");
	tcase_add_loop_test(tcase, path, 0, COUNT(rows));
	tcase_add_test(tcase, room);
	tcase_add_loop_test(tcase, below, 0, COUNT(places));
	tcase_add_test(tcase, list);
	return run_suite(suite);
}
