/* The view when the file cannot be read, or the caller's buffer cannot be written. */
#include <errno.h>

#include "view_support.h"

START_TEST(source_faults)
{
	struct fixture f;
	fixture_new(&f, small, COUNT(small), small_ways[_i], 1);
	for (uint64_t at = f.model->data_offset; at < f.file.size; at++) {
		struct ct_piece piece = ct_model_piece(f.model, at);
		struct ct_view *view = open_view(&f.file, 1);
		struct ct_error err = {0};
		uint8_t byte = 0xa5;
		f.file.fault_start = at;
		f.file.fault_end = at + 1;
		f.file.fault_errno = ENXIO;
		check_failure(view, &f.source, 0, f.file.size, CT_E_IO, "reading: No such device");
		ck_assert_int_eq(ct_view_read(view, &f.source, &byte, 1, at, &err), -1);
		ck_assert_int_eq(err.sys, ENXIO);
		ck_assert_uint_eq(byte, 0);
		if (piece.kind == CT_PIECE_SEALED)
			check_failure(view, &f.source, piece.end - 1, 1, CT_E_IO, "reading");
		/* It was the source's fault, not the view's: it goes on when the source does. */
		f.file.fault_start = f.file.fault_end = 0;
		ck_assert_int_eq(ct_view_read(view, &f.source, &byte, 1, at, &err), 0);
		ck_assert_uint_eq(byte, f.image[at]);
		ct_view_free(view);
	}
	fixture_free(&f);
}
END_TEST

START_TEST(source_ends)
{
	struct fixture f;
	fixture_new(&f, large, COUNT(large), large_ways[_i].how, large_ways[_i].threads);
	f.file.size -= 2; /* the last byte of "d", and "e" */
	size_t tail = 65536 + 1;
	check_failure(f.view, &f.source, f.source.size - tail, tail, CT_E_IO, "ended early");
	check_failure(f.view, &f.source, f.source.size - 1, 1, CT_E_IO, "ended early");
	check_failure(f.view, &f.source, 0, f.source.size, CT_E_IO, "ended early");
	f.file.size += 2;
	check_read(&f, f.source.size - tail, tail);
	fixture_free(&f);
}
END_TEST

/* The caller's buffer cannot be written (the kernel says so): nobody touches it any more. */
START_TEST(bad_buffer)
{
	struct fixture f;
	struct ct_error err = {0};
	fixture_new(&f, small, COUNT(small), small_ways[0], 1);
	f.file.fault_start = f.model->data_offset;
	f.file.fault_end = f.file.size;
	f.file.fault_errno = EFAULT;
	assert_error(ct_view_read(f.view, &f.source, (void *)16, 3, f.model->data_offset, &err), &err, CT_E_IO,
		     "Bad address");
	fixture_free(&f);
}
END_TEST

/* A source that is asked before plaintext is copied to the caller, and says that it cannot be. */
static int cannot_write(void *context, void *bytes, size_t len, struct ct_error *err)
{
	(void)context, (void)bytes, (void)len;
	return ct_fail_sys(err, EFAULT, "writing to the caller");
}

START_TEST(unwritable_buffer)
{
	struct fixture f;
	struct ct_error err = {0};
	fixture_new(&f, small, COUNT(small), (struct sealing){CT_AES_256_GCM, 2, 7, NULL, NULL, 1}, 1);
	f.source.check_writable = cannot_write;
	/* the header; a part of a chunk: bytes come from elsewhere than read_at() */
	assert_error(ct_view_read(f.view, &f.source, (void *)16, 3, 20, &err), &err, CT_E_IO, "Bad address");
	ck_assert_int_eq(err.sys, EFAULT);
	const struct ct_tensor *c = ct_header_find(&f.model->header, "c");
	uint64_t start = f.model->data_offset + c->begin;
	assert_error(ct_view_read(f.view, &f.source, (void *)16, 3, start + 1, &err), &err, CT_E_IO,
		     "Bad address");
	/* whole chunks come through read_at(), which finds out for itself */
	check_read(&f, start, 14);
	fixture_free(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view faults");
	TCase *tcase = add_case(suite, "faults");
	tcase_add_loop_test(tcase, source_faults, 0, COUNT(small_ways));
	tcase_add_loop_test(tcase, source_ends, 0, COUNT(large_ways));
	tcase_add_test(tcase, bad_buffer);
	tcase_add_test(tcase, unwritable_buffer);
	return run_suite(suite);
}
