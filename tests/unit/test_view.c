/* The view: any offset, any length, many threads, against the plain bytes; and when the file was
 * changed or cannot be read, never a wrong byte. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

enum { MIB = 1 << 20 };

static bool not_clear(void *context, const char *tensor)
{
	(void)context;
	return strncmp(tensor, "clear", 5) != 0;
}

/* A file, its plain twin, what its view must be, its view. */
struct fixture {
	struct memory plain, file;
	uint8_t *image;
	struct ct_view *view;
	struct ct_source source;
	const struct ct_model *model;
};

static void fixture_new(struct fixture *f, const struct tensor_spec *specs, size_t count,
			struct sealing how, unsigned threads)
{
	how.select = not_clear;
	how.threads = 2;
	make_plain(&f->plain, "{\"format\":\"pt\"}", specs, count, 99);
	encrypt(&f->plain, &f->file, &how);
	f->image = expected_image(&f->plain, &f->file);
	f->view = open_view(&f->file, threads);
	f->model = ct_view_model(f->view);
	f->source = memory_source(&f->file);
	f->file.reads = f->file.read_bytes = 0;
}

static void fixture_free(struct fixture *f)
{
	ct_view_free(f->view);
	free(f->image);
	memory_free(&f->plain);
	memory_free(&f->file);
}

/* Read and compare; bytes around the buffer must stay as they are. */
static void check_read(struct fixture *f, uint64_t offset, size_t len)
{
	enum { GUARD = 16 };
	struct ct_error err;
	uint8_t few[512], *buffer = len + 2 * GUARD <= sizeof few ? few : malloc(len + 2 * GUARD);
	memset(buffer, 0xa5, GUARD);
	memset(buffer + GUARD + len, 0xa5, GUARD);
	if (len <= sizeof few - 2 * GUARD)
		memset(buffer + GUARD, 0xa5, len);
	if (ct_view_read(f->view, &f->source, buffer + GUARD, len, offset, &err) < 0)
		ck_abort_msg("offset %llu, length %zu: %s", (unsigned long long)offset, len, err.message);
	if (memcmp(buffer + GUARD, f->image + offset, len) != 0)
		ck_abort_msg("offset %llu, length %zu: wrong bytes", (unsigned long long)offset, len);
	for (int i = 0; i < GUARD; i++)
		if (buffer[i] != 0xa5 || buffer[GUARD + len + (size_t)i] != 0xa5)
			ck_abort_msg("offset %llu, length %zu: wrote outside", (unsigned long long)offset, len);
	if (buffer != few)
		free(buffer);
}

/* The read fails with `code`, and leaves zeros. */
static void check_failure(struct ct_view *view, const struct ct_source *source, uint64_t offset, size_t len,
			  enum ct_code code, const char *part)
{
	struct ct_error err = {0};
	uint8_t *buffer = malloc(len);
	memset(buffer, 0xa5, len);
	int status = ct_view_read(view, source, buffer, len, offset, &err);
	assert_error(status, &err, code, part);
	ck_assert_msg(all_zero(buffer, len), "offset %llu, length %zu: bytes are left after: %s",
		      (unsigned long long)offset, len, err.message);
	free(buffer);
}

/* --- small models, every offset and length --- */

static const struct tensor_spec small[] = {
	{"first", "U8", "[0]", 0},      {"clear.0", "U8", "[3]", 3},    {"a", "F32", "[5]", 20},
	{"b", "U8", "[7]", 7},          {"empty", "F32", "[0,4]", 0},   {"clear.1", "U8", "[9]", 9},
	{"c", "U8", "[22]", 22},        {"d", "U8", "[1]", 1},          {"last", "U8", "[0]", 0},
};

static const struct sealing small_ways[] = {
	{CT_AES_256_GCM, 1, 0, NULL, NULL, 1},        {CT_AES_128_GCM, 2, 1, NULL, NULL, 1},
	{CT_CHACHA20_POLY1305, 2, 7, NULL, NULL, 1},  {CT_AES_256_GCM, 2, 8, NULL, NULL, 1},
	{CT_AES_256_GCM, 2, 1000, NULL, NULL, 1},
};

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

/* --- large models --- */

static const struct tensor_spec large[] = {
	{"a", "U8", "[3145733]", 3 * MIB + 5}, {"clear.0", "F32", "[262144]", MIB},
	{"b", "U8", "[1000]", 1000},           {"empty", "U8", "[0]", 0},
	{"c", "F32", "[1310721]", 5 * MIB + 4}, {"clear.1", "U8", "[77]", 77},
	{"d", "U8", "[65536]", 65536},         {"e", "U8", "[1]", 1},
};

static const struct {
	struct sealing how;
	unsigned threads; /* of one read */
} large_ways[] = {
	{{CT_AES_256_GCM, 1, 0, NULL, NULL, 2}, 1},
	{{CT_CHACHA20_POLY1305, 1, 0, NULL, NULL, 2}, 4},
	{{CT_AES_256_GCM, 2, 2 * MIB, NULL, NULL, 2}, 4},
	{{CT_AES_128_GCM, 2, 65536, NULL, NULL, 2}, 3},
	{{CT_AES_256_GCM, 2, 1000, NULL, NULL, 2}, 2},
	{{CT_CHACHA20_POLY1305, 2, 4 * MIB + 3, NULL, NULL, 2}, 0},
	{{CT_AES_256_GCM, 2, 100 * MIB, NULL, NULL, 2}, 4},
};

struct reader {
	struct fixture *f;
	uint64_t seed;
	int rounds;
};

static void *read_at_random(void *context)
{
	struct reader *reader = context;
	struct rng rng = rng_fixed(reader->seed);
	uint64_t size = reader->f->file.size;
	for (int i = 0; i < reader->rounds; i++) {
		uint64_t kind = rng_below(&rng, 10), offset = rng_below(&rng, size + 1);
		size_t most = kind < 6 ? 5000 : kind < 9 ? 300000 : 6 * MIB;
		size_t len = rng_below(&rng, most + 1);
		if (len > size - offset)
			len = size - offset;
		check_read(reader->f, offset, len);
	}
	return NULL;
}

START_TEST(random_reads)
{
	enum { THREADS = 6 };
	struct fixture f;
	struct rng rng = rng_new("view");
	pthread_t threads[THREADS];
	struct reader readers[THREADS];
	fixture_new(&f, large, COUNT(large), large_ways[_i].how, large_ways[_i].threads);
	check_read(&f, 0, f.file.size);
	for (int i = 0; i < THREADS; i++) {
		readers[i] = (struct reader){&f, rng_next(&rng), 40};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_at_random, &readers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
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

/* --- what reads cost --- */

static void read_through(struct fixture *f, size_t step)
{
	for (uint64_t at = 0; at < f->file.size; at += step) {
		size_t left = (size_t)(f->file.size - at);
		check_read(f, at, left < step ? left : step);
	}
}

static const size_t steps[] = {4096, 4000, 100, 1 << 16, 100000};

/* From start to end in small steps, each byte of ciphertext is read once, not more. */
START_TEST(sequential_cost)
{
	struct fixture f;
	for (size_t way = 0; way < COUNT(large_ways); way++) {
		fixture_new(&f, large, COUNT(large), large_ways[way].how, large_ways[way].threads);
		if (f.model->manifest.chunk_size == 1000 && steps[_i] < 1000) {
			fixture_free(&f);
			continue;
		}
		read_through(&f, steps[_i]);
		ck_assert_uint_le(f.file.read_bytes, f.file.size);
		ck_assert_uint_ge(f.file.read_bytes, f.file.size - f.model->data_offset);
		fixture_free(&f);
	}
}
END_TEST

static void *read_my_part(void *context)
{
	struct reader *reader = context;
	uint64_t size = reader->f->file.size;
	for (uint64_t at = reader->seed * size / 4, end = at + size / 4; at < end; at += 4096)
		check_read(reader->f, at, end - at < 4096 ? end - at : 4096);
	return NULL;
}

/* Four threads, each through its part: what they share is opened once too. */
START_TEST(concurrent_cost)
{
	struct fixture f;
	pthread_t threads[4];
	struct reader readers[4];
	fixture_new(&f, large, COUNT(large), large_ways[2].how, 1);
	for (unsigned i = 0; i < 4; i++) {
		readers[i] = (struct reader){&f, i, 0};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_my_part, &readers[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_le(f.file.read_bytes, f.file.size);
	fixture_free(&f);
}
END_TEST

/* A version 1 tensor is opened whole, once, not for each of a thousand small reads all over it. */
START_TEST(version1_cost)
{
	struct fixture f;
	struct rng rng = rng_new("version 1");
	fixture_new(&f, large, COUNT(large), large_ways[0].how, 1);
	const struct ct_tensor *c = ct_header_find(&f.model->header, "c");
	uint64_t len = c->end - c->begin;
	for (int i = 0; i < 1000; i++)
		check_read(&f, f.model->data_offset + c->begin + rng_below(&rng, len - 4096), 4096);
	ck_assert_uint_eq(f.file.read_bytes, len);
	fixture_free(&f);
}
END_TEST

/* Whole messages go straight to the caller: one pass over the ciphertext. */
START_TEST(whole_cost)
{
	struct fixture f;
	for (size_t way = 0; way < COUNT(large_ways); way++) {
		fixture_new(&f, large, COUNT(large), large_ways[way].how, large_ways[way].threads);
		check_read(&f, 0, f.file.size);
		ck_assert_uint_eq(f.file.read_bytes, f.file.size - f.model->data_offset);
		fixture_free(&f);
	}
}
END_TEST

/* The header costs nothing: it is an image. */
START_TEST(header_cost)
{
	struct fixture f;
	fixture_new(&f, small, COUNT(small), small_ways[0], 1);
	check_read(&f, 0, f.model->data_offset);
	ck_assert_uint_eq(f.file.reads, 0);
	fixture_free(&f);
}
END_TEST

/* --- changed files --- */

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

/* --- sources that fail --- */

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

/* --- the rest --- */

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

/* In a child that was born while threads read. */
START_TEST(after_fork)
{
	struct fixture f;
	pthread_t thread;
	struct reader reader = {&f, 12, 100};
	int status = 0;
	fixture_new(&f, large, COUNT(large), large_ways[2].how, 2);
	ck_assert_int_eq(pthread_create(&thread, NULL, read_at_random, &reader), 0);
	while (atomic_load(&f.file.reads) < 3)
		usleep(100);
	pid_t child = fork();
	if (child == 0) {
		struct ct_error err;
		uint8_t bytes[5000];
		int bad = 0;
		ct_view_after_fork(f.view);
		for (uint64_t at = 0; at + sizeof bytes < f.file.size; at += 3 * sizeof bytes) {
			bad |= ct_view_read(f.view, &f.source, bytes, sizeof bytes, at, &err) < 0
			       || memcmp(bytes, f.image + at, sizeof bytes) != 0;
		}
		_exit(bad);
	}
	pthread_join(thread, NULL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	fixture_free(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view");
	TCase *tcase = add_case(suite, "reads");
	tcase_add_loop_test(tcase, exhaustive, 0, COUNT(small_ways));
	tcase_add_test(tcase, outside);
	tcase_add_loop_test(tcase, random_reads, 0, COUNT(large_ways));
	tcase_add_loop_test(tcase, edges, 0, COUNT(large_ways));
	tcase_add_loop_test(tcase, pieces, 0, COUNT(small_ways));
	tcase_add_test(tcase, plain_file);
	tcase_add_test(tcase, after_fork);
	tcase = add_case(suite, "cost");
	tcase_add_loop_test(tcase, sequential_cost, 0, COUNT(steps));
	tcase_add_test(tcase, concurrent_cost);
	tcase_add_test(tcase, version1_cost);
	tcase_add_test(tcase, whole_cost);
	tcase_add_test(tcase, header_cost);
	tcase = add_case(suite, "damage");
	tcase_add_loop_test(tcase, flipped_header, 0, COUNT(small_ways));
	tcase_add_loop_test(tcase, flipped_data, 0, COUNT(small_ways));
	tcase_add_loop_test(tcase, flipped_manifest, 0, COUNT(small_ways));
	tcase_add_loop_test(tcase, flipped_large, 0, COUNT(large_ways));
	tcase_add_test(tcase, moved_chunks);
	tcase_add_loop_test(tcase, source_faults, 0, COUNT(small_ways));
	tcase_add_loop_test(tcase, source_ends, 0, COUNT(large_ways));
	tcase_add_test(tcase, bad_buffer);
	tcase_add_test(tcase, unwritable_buffer);
	return run_suite(suite);
}
