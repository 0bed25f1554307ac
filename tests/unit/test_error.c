/* Errors: the errno of each code, messages that are cut and tamed. */
#include <errno.h>

#include "buffer.h"
#include "support.h"

static const struct {
	enum ct_code code;
	int sys, at_open, at_read;
} rows[] = {
	{CT_OK, 0, 0, 0},
	{CT_E_NOMEM, 0, ENOMEM, ENOMEM},
	{CT_E_IO, ENOSPC, ENOSPC, ENOSPC},
	{CT_E_IO, 0, EIO, EIO},
	{CT_E_FORMAT, 0, EBADMSG, EIO},
	{CT_E_SIGNATURE, 0, EBADMSG, EIO},
	{CT_E_KEY, 0, EACCES, EACCES},
	{CT_E_POLICY, 0, EACCES, EACCES},
	{CT_E_AUTH, 0, EBADMSG, EIO},
	{CT_E_ARGUMENT, 0, EINVAL, EINVAL},
	{CT_E_STOPPED, 0, EINTR, EINTR},
};

START_TEST(errno_of)
{
	struct ct_error err = {.code = rows[_i].code, .sys = rows[_i].sys};
	ck_assert_int_eq(ct_error_errno(&err, 0), rows[_i].at_open);
	ck_assert_int_eq(ct_error_errno(&err, 1), rows[_i].at_read);
}
END_TEST

START_TEST(long_message)
{
	struct ct_error err;
	char name[1000];
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	ck_assert_int_eq(ct_fail(&err, CT_E_FORMAT, "%s", name), -1);
	ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
	ck_assert_int_eq(err.sys, 0);
	ck_assert_int_eq(ct_fail_sys(&err, ENOENT, "%s", name), -1);
	ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
}
END_TEST

START_TEST(tame_message)
{
	struct ct_error err;
	ct_fail(&err, CT_E_KEY, "a\x1b[0m%s\x7f\xc3\xa9", "\r\n\t");
	ck_assert_str_eq(err.message, "a?[0m????\xc3\xa9");
	ck_assert_int_eq(err.code, CT_E_KEY);
}
END_TEST

START_TEST(system_message)
{
	struct ct_error err;
	ck_assert_int_eq(ct_fail_sys(&err, ENOSPC, "writing %d", 7), -1);
	ck_assert_str_eq(err.message, "writing 7: No space left on device");
	ck_assert_int_eq(err.code, CT_E_IO);
	ck_assert_int_eq(err.sys, ENOSPC);
	ck_assert_int_eq(ct_fail_nomem(&err), -1);
	ck_assert_int_eq(err.code, CT_E_NOMEM);
	ck_assert_int_eq(err.sys, 0);
}
END_TEST

/* --- the buffer, which errors of memory pass through --- */

START_TEST(buffer)
{
	struct ct_buffer out = {0};
	struct ct_error err;
	ct_buffer_put(&out, NULL, 0);
	ck_assert_int_eq(ct_buffer_check(&out, &err), 0);
	ct_buffer_puts(&out, "");
	ck_assert_str_eq(out.data, "");
	ct_buffer_puts(&out, "a");
	ct_buffer_put_u64(&out, UINT64_MAX);
	ct_buffer_put_u64(&out, 0);
	ct_buffer_fill(&out, '-', 3);
	ct_buffer_fill(&out, '-', 0);
	ct_buffer_put_base64(&out, (const uint8_t *)"foob", 4);
	ct_buffer_put_base64(&out, NULL, 0);
	ck_assert_str_eq(out.data, "a184467440737095516150---Zm9vYg==");
	ck_assert_uint_eq(out.len, strlen(out.data));
	for (int i = 0; i < 10000; i++)
		ct_buffer_put(&out, "0123456789", 10);
	ck_assert_int_eq(ct_buffer_check(&out, &err), 0);
	ck_assert_uint_eq(out.len, 33 + 100000);
	ck_assert_str_eq(out.data + out.len - 12, "890123456789");
	ck_assert(memcmp(out.data, "a1844", 5) == 0);
	ct_buffer_free(&out);
	ck_assert_ptr_null(out.data);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(buffer_without_memory)
{
	struct ct_buffer out = {0};
	struct ct_error err = {0};
	ct_buffer_puts(&out, "a");
	ct_buffer_fill(&out, 'x', SIZE_MAX / 2);
	ct_buffer_puts(&out, "b"); /* nothing is put behind a gap */
	ck_assert_uint_eq(out.len, 1);
	assert_error(ct_buffer_check(&out, &err), &err, CT_E_NOMEM, "out of memory");
	ct_buffer_wipe(&out);
	ck_assert_int_eq(ct_buffer_check(&out, &err), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("error");
	TCase *tcase = add_case(suite, "error");
	tcase_add_loop_test(tcase, errno_of, 0, COUNT(rows));
	tcase_add_test(tcase, long_message);
	tcase_add_test(tcase, tame_message);
	tcase_add_test(tcase, system_message);
	tcase_add_test(tcase, buffer);
	tcase_add_test(tcase, buffer_without_memory);
	return run_suite(suite);
}
