/* The view: any offset, any length, against the plain bytes. */
#include <stdlib.h>

#include "view_support.h"

START_TEST(exhaustive)
{
	struct fixture f;
	fixture_new(&f, small, COUNT(small), small_ways[_i], 2);
	/* From a little before the data to the end of the file. */
	for (uint64_t at = f.model->data_offset - 3; at <= f.file.size; at++)
		for (size_t len = 0; len <= f.file.size - at; len++)
			check_read(&f, at, len);
	/* The header at any cut. */
	for (uint64_t at = 0; at < 300; at++)
		check_read(&f, at, 100);
	check_read(&f, 0, f.file.size);
	check_read(&f, 0, 1);
	fixture_free(&f);
}
END_TEST

START_TEST(outside)
{
	struct fixture f;
	struct ct_error err = {0};
	uint8_t byte[2];
	fixture_new(&f, small, COUNT(small), small_ways[2], 1);
	uint64_t size = f.file.size;
	const struct {
		uint64_t offset;
		size_t len;
	} rows[] = {{size, 1}, {size - 1, 2}, {size + 1, 0}, {UINT64_MAX, 1}, {UINT64_MAX, 0}, {1, SIZE_MAX}, {0, size + 1}};
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_error(ct_view_read(f.view, &f.source, byte, rows[i].len, rows[i].offset, &err), &err,
			     CT_E_ARGUMENT, "past the end");
	ck_assert_int_eq(ct_view_read(f.view, &f.source, NULL, 0, size, &err), 0);
	ck_assert_int_eq(ct_view_read(f.view, &f.source, NULL, 0, 0, &err), 0);
	fixture_free(&f);
}
END_TEST

/* Around the edges of pieces, and of the blocks that a read is split into. */
START_TEST(edges)
{
	struct fixture f;
	fixture_new(&f, large, COUNT(large), large_ways[_i].how, large_ways[_i].threads);
	uint64_t at = 0, count = 0;
	while (at < f.file.size) {
		struct ct_piece piece = ct_model_piece(f.model, at);
		ck_assert_uint_eq(piece.start, at);
		ck_assert_uint_gt(piece.end, at);
		/* Of the many small chunks, some. */
		if (f.model->manifest.chunk_size >= 65536 || f.model->manifest.chunk_size == 0 || count % 500 == 0) {
			for (int before = -1; before <= 1; before++) {
				uint64_t start = at == 0 && before < 0 ? 0 : at + (uint64_t)before;
				for (int behind = -1; behind <= 1; behind++) {
					uint64_t end = piece.end + (uint64_t)behind;
					if (end > f.file.size || end < start || start > f.file.size)
						continue;
					check_read(&f, start, (size_t)(end - start));
					size_t len = (size_t)(f.file.size - start);
					check_read(&f, start, len < 100 ? len : 100);
				}
			}
		}
		at = piece.end;
		count++;
	}
	ck_assert_uint_eq(at, f.file.size);
	for (uint64_t start = 0; start < 3; start++)
		for (size_t len = 2 * MIB - 1; len <= 2 * MIB + 1; len++)
			check_read(&f, start + 4096, len);
	fixture_free(&f);
}
END_TEST

/* Every byte belongs to the piece that holds it. */
START_TEST(pieces)
{
	struct fixture f;
	fixture_new(&f, small, COUNT(small), small_ways[_i], 1);
	for (uint64_t at = 0; at < f.file.size; at++) {
		struct ct_piece piece = ct_model_piece(f.model, at);
		ck_assert(piece.start <= at && at < piece.end);
		if (at < f.model->data_offset) {
			ck_assert_int_eq(piece.kind, CT_PIECE_HEADER);
			continue;
		}
		const struct ct_tensor *tensor = &f.model->header.tensors[piece.tensor];
		ck_assert(f.model->data_offset + tensor->begin <= piece.start);
		ck_assert(piece.end <= f.model->data_offset + tensor->end);
		bool clear = strncmp(tensor->name, "clear", 5) == 0;
		ck_assert_int_eq(piece.kind, clear ? CT_PIECE_CLEAR : CT_PIECE_SEALED);
	}
	fixture_free(&f);
}
END_TEST

/* The view of a plain file as stock writers make it is the file. */
START_TEST(plain_file)
{
	struct memory file;
	struct ct_error err;
	make_plain(&file, "{\"format\":\"pt\"}", small, COUNT(small), 5);
	struct ct_view *view = open_view(&file, 1);
	struct ct_source source = memory_source(&file);
	uint8_t *bytes = malloc(file.size);
	ck_assert_int_eq(ct_view_read(view, &source, bytes, file.size, 0, &err), 0);
	ck_assert(memcmp(bytes, file.bytes, file.size) == 0);
	free(bytes);
	ct_view_free(view);
	ct_view_free(NULL);
	memory_free(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view");
	TCase *tcase = add_case(suite, "reads");
	tcase_add_loop_test(tcase, exhaustive, 0, COUNT(small_ways));
	tcase_add_test(tcase, outside);
	tcase_add_loop_test(tcase, edges, 0, COUNT(large_ways));
	tcase_add_loop_test(tcase, pieces, 0, COUNT(small_ways));
	tcase_add_test(tcase, plain_file);
	return run_suite(suite);
}
