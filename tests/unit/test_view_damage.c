/* The view of a file that was changed: never a wrong byte. */
#include <stdio.h>

#include "view_support.h"

/* A bit of the length, of the header (signature, wrapped keys, nonces, tags, names, white space): the
 * file is refused before any byte is served. */
START_TEST(flipped_header)
{
	struct fixture f;
	struct ct_error err;
	struct ct_keyset keys;
	unsigned counts[CT_E_STOPPED + 1] = {0};
	test_keys(&keys);
	fixture_new(&f, small, COUNT(small), small_ways[_i], 1);
	size_t used = (size_t)f.model->data_offset;
	while (f.file.bytes[used - 1] == ' ')
		used--;
	for (size_t at = 0; at < used + 3; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct ct_model *model = NULL;
			f.file.bytes[at] ^= (uint8_t)(1u << bit);
			int status = ct_model_read(&model, &f.source, &err);
			if (status == 0) {
				/* As plain as it may look now, it is no encrypted model any more: only
				 * a changed "__encryption__" can do that, and then nothing is opened. */
				if (!model->encrypted)
					err.code = CT_E_FORMAT;
				else
					status = ct_model_unlock(model, test_crypto(), &keys, &err);
				if (!model->encrypted)
					status = -1;
			}
			ct_model_free(model);
			f.file.bytes[at] ^= (uint8_t)(1u << bit);
			if (status == 0)
				ck_abort_msg("byte %zu, bit %u: accepted", at, bit);
			counts[err.code]++;
		}
	}
	/* Every refusal is one of these, and each of them was seen. */
	ck_assert_uint_gt(counts[CT_E_FORMAT], 0);
	ck_assert_uint_gt(counts[CT_E_KEY], 0);
	ck_assert_uint_gt(counts[CT_E_SIGNATURE], 0);
	ck_assert_uint_eq(counts[CT_E_FORMAT] + counts[CT_E_KEY] + counts[CT_E_SIGNATURE], (used + 3) * 8);
	ct_keyset_clear(&keys);
	fixture_free(&f);
}
END_TEST

/* The error names the tensor, and the chunk where there are chunks. */
static void expect_damage(struct fixture *f, const struct ct_piece *piece, char *part, size_t room)
{
	const char *name = f->model->header.tensors[piece->tensor].name;
	if (f->model->manifest.chunk_size == 0)
		snprintf(part, room, "tensor '%s': authentication failed", name);
	else
		snprintf(part, room, "tensor '%s', chunk %llu of %llu: authentication failed", name,
			 (unsigned long long)piece->message + 1,
			 (unsigned long long)f->model->manifest.tensors[piece->tensor].messages);
}

/* A bit of each byte of the data. */
START_TEST(flipped_data)
{
	struct fixture f;
	struct rng rng = rng_new("flipped data");
	fixture_new(&f, small, COUNT(small), small_ways[_i], 2);
	for (uint64_t at = f.model->data_offset; at < f.file.size; at++) {
		struct ct_piece piece = ct_model_piece(f.model, at);
		uint8_t flip = (uint8_t)(1u << rng_below(&rng, 8));
		char part[200];
		/* A view of its own, so that nothing is in its cache. */
		struct ct_view *view = open_view(&f.file, 2);
		f.file.bytes[at] ^= flip;
		if (piece.kind == CT_PIECE_CLEAR) {
			/* Clear tensors are not authenticated: the format gives no means. */
			f.image[at] ^= flip;
			check_read(&f, f.model->data_offset, (size_t)(f.file.size - f.model->data_offset));
			f.image[at] ^= flip;
		} else {
			expect_damage(&f, &piece, part, sizeof part);
			size_t behind = (size_t)(f.file.size - at);
			check_failure(view, &f.source, 0, f.file.size, CT_E_AUTH, part);
			check_failure(view, &f.source, at, 1, CT_E_AUTH, part);
			check_failure(view, &f.source, at, behind, CT_E_AUTH, part);
			check_failure(view, &f.source, piece.start, (size_t)(piece.end - piece.start), CT_E_AUTH,
				      part);
			check_failure(view, &f.source, piece.end - 1, 1, CT_E_AUTH, part);
			/* Twice, as a cache must not keep it. */
			check_failure(view, &f.source, piece.start, 1, CT_E_AUTH, part);
			/* All else is served. */
			uint8_t buffer[100];
			struct ct_error err;
			size_t before = (size_t)(piece.start - f.model->data_offset);
			ck_assert_int_eq(ct_view_read(view, &f.source, buffer, before, f.model->data_offset, &err),
					 0);
			ck_assert(memcmp(buffer, f.image + f.model->data_offset, before) == 0);
			size_t after = (size_t)(f.file.size - piece.end);
			ck_assert_int_eq(ct_view_read(view, &f.source, buffer, after, piece.end, &err), 0);
			ck_assert(memcmp(buffer, f.image + piece.end, after) == 0);
		}
		f.file.bytes[at] ^= flip;
		ct_view_free(view);
	}
	fixture_free(&f);
}
END_TEST

/* Nonces and tags that are not those of the data. The signature covers them, so they are changed
 * behind its back. */
START_TEST(flipped_manifest)
{
	struct fixture f;
	fixture_new(&f, small, COUNT(small), small_ways[_i], 1);
	for (size_t i = 0; i < f.model->header.count; i++) {
		struct ct_sealed *sealed = &f.model->manifest.tensors[i];
		const struct ct_tensor *tensor = &f.model->header.tensors[i];
		char part[100];
		size_t len = (size_t)(tensor->end - tensor->begin);
		uint64_t start = f.model->data_offset + tensor->begin;
		if (!sealed->sealed || len == 0)
			continue;
		snprintf(part, sizeof part, "tensor '%s'", tensor->name);
		for (size_t j = 0; j < CT_NONCE_LEN; j++) {
			sealed->nonce[j] ^= 1;
			check_failure(f.view, &f.source, start, len, CT_E_AUTH, part);
			sealed->nonce[j] ^= 1;
		}
		for (size_t j = 0; j < sealed->messages * CT_TAG_LEN; j++) {
			sealed->tags[j] ^= 0x80;
			check_failure(f.view, &f.source, start, len, CT_E_AUTH, part);
			sealed->tags[j] ^= 0x80;
		}
		f.model->data_keys[i].bytes[3] ^= 1;
		check_failure(f.view, &f.source, start, len, CT_E_AUTH, part);
		f.model->data_keys[i].bytes[3] ^= 1;
	}
	check_read(&f, 0, f.file.size);
	fixture_free(&f);
}
END_TEST

/* A large read, several threads, one wrong bit anywhere: all of the buffer is zero. */
START_TEST(flipped_large)
{
	struct fixture f;
	struct rng rng = rng_new("flipped large");
	fixture_new(&f, large, COUNT(large), large_ways[_i].how, large_ways[_i].threads);
	for (int round = 0; round < 6; round++) {
		uint64_t at;
		struct ct_piece piece;
		char part[200];
		do {
			at = f.model->data_offset + rng_below(&rng, f.file.size - f.model->data_offset);
			piece = ct_model_piece(f.model, at);
		} while (piece.kind != CT_PIECE_SEALED);
		uint64_t start = rng_below(&rng, at), end = at + 1 + rng_below(&rng, f.file.size - at);
		uint8_t flip = (uint8_t)(1u << rng_below(&rng, 8));
		f.file.bytes[at] ^= flip;
		expect_damage(&f, &piece, part, sizeof part);
		struct ct_view *view = open_view(&f.file, large_ways[_i].threads);
		check_failure(view, &f.source, start, (size_t)(end - start), CT_E_AUTH, part);
		check_failure(view, &f.source, at, 1, CT_E_AUTH, part);
		ct_view_free(view);
		f.file.bytes[at] ^= flip;
	}
	fixture_free(&f);
}
END_TEST

/* Whole chunks of right ciphertext in wrong places: of the same tensor, of another encryption. */
START_TEST(moved_chunks)
{
	static const struct tensor_spec one[] = {{"t", "U8", "[4000]", 4000}};
	struct sealing how = {CT_AES_256_GCM, 2, 1000, NULL, NULL, 1};
	struct fixture f, other;
	uint8_t chunk[1000];
	fixture_new(&f, one, 1, how, 1);
	fixture_new(&other, one, 1, how, 1);
	uint8_t *data = f.file.bytes + f.model->data_offset;
	memcpy(chunk, data, 1000);
	memcpy(data, data + 1000, 1000);
	memcpy(data + 1000, chunk, 1000);
	check_failure(f.view, &f.source, f.model->data_offset, 1000, CT_E_AUTH, "chunk 1 of 4");
	check_failure(f.view, &f.source, f.model->data_offset + 1500, 10, CT_E_AUTH, "chunk 2 of 4");
	check_read(&f, f.model->data_offset + 2000, 2000);
	/* The other file's bytes under this view, as when a file is replaced. */
	check_failure(f.view, &other.source, f.model->data_offset + 2000, 2000, CT_E_AUTH, "chunk 3 of 4");
	fixture_free(&f);
	fixture_free(&other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view damage");
	TCase *tcase = add_case(suite, "damage");
	tcase_add_loop_test(tcase, flipped_header, 0, COUNT(small_ways));
	tcase_add_loop_test(tcase, flipped_data, 0, COUNT(small_ways));
	tcase_add_loop_test(tcase, flipped_manifest, 0, COUNT(small_ways));
	tcase_add_loop_test(tcase, flipped_large, 0, COUNT(large_ways));
	tcase_add_test(tcase, moved_chunks);
	return run_suite(suite);
}
