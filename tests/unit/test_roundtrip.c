/* Every cipher, version and chunk size, all tensors and some: plain → encrypted → view and decrypted
 * file, equal to the plain bytes. */
#include <stdlib.h>

#include "stream.h"
#include "support.h"

enum { MIB = 1 << 20, CHUNKS = 7, CIPHERS = CT_CIPHER_COUNT };

/* 0: version 1. */
static const uint64_t chunk_sizes[CHUNKS] = {0, 1, 7, 4096, MIB + 1, 2 * MIB, 1u << 30};

static const struct tensor_spec tiny[] = {
	{"model.a", "F64", "[40]", 320},  {"other.b", "F32", "[31,7]", 868}, {"model.empty", "F32", "[0]", 0},
	{"other.empty", "F32", "[2,0]", 0}, {"model.c", "BF16", "[50]", 100}, {"other.d", "F16", "[]", 2},
	{"model.e", "F6_E2M3", "[4]", 3},  {"model.f", "F4", "[6]", 3},      {"model.g", "U8", "[1]", 1},
};

static const struct tensor_spec big[] = {
	{"model.a", "F64", "[3,131073]", 3145752}, {"other.b", "F32", "[300000]", 1200000},
	{"model.empty", "F32", "[0]", 0},          {"other.empty", "F32", "[2,0]", 0},
	{"model.c", "BF16", "[2097152]", 4 * MIB}, {"other.d", "F16", "[5]", 10},
	{"model.e", "U8", "[2097153]", 2 * MIB + 1}, {"model.g", "BOOL", "[1]", 1},
};

static bool is_model(void *context, const char *tensor)
{
	(void)context;
	return strncmp(tensor, "model.", 6) == 0;
}

START_TEST(round_trip)
{
	int cipher = _i % CIPHERS, chunk = _i / CIPHERS % CHUNKS, some = _i / CIPHERS / CHUNKS;
	struct sealing how = {
		.cipher = (enum ct_cipher)cipher,
		.version = chunk == 0 ? 1 : 2,
		.chunk_size = chunk_sizes[chunk],
		.select = some ? is_model : NULL,
		.threads = (unsigned)chunk % 4,
	};
	bool small = how.chunk_size == 1 || how.chunk_size == 7;
	struct memory plain, file, back;
	struct ct_error err;
	make_plain(&plain, "{\"format\":\"pt\",\"k\":\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\"}", small ? tiny : big,
		   small ? COUNT(tiny) : COUNT(big), 3);
	encrypt(&plain, &file, &how);
	uint8_t *image = expected_image(&plain, &file), *bytes = malloc(file.size);
	struct ct_view *view = open_view(&file, 2);
	const struct ct_model *model = ct_view_model(view);
	struct ct_source source = memory_source(&file);

	/* What was asked for is what is there. */
	ck_assert(model->encrypted);
	ck_assert_int_eq(model->manifest.version, how.version);
	ck_assert_int_eq((int)model->manifest.cipher, cipher);
	ck_assert_uint_eq(model->manifest.chunk_size, how.chunk_size);
	for (size_t i = 0; i < model->header.count; i++) {
		const struct ct_tensor *tensor = &model->header.tensors[i];
		size_t len = (size_t)(tensor->end - tensor->begin);
		const uint8_t *sealed = file.bytes + model->data_offset + tensor->begin;
		const uint8_t *clear = image + model->data_offset + tensor->begin;
		bool should = !some || is_model(NULL, tensor->name);
		ck_assert(model->manifest.tensors[i].sealed == should);
		if (len >= 32 || !should)
			ck_assert((memcmp(sealed, clear, len) != 0) == should);
	}

	ck_assert_msg(ct_view_read(view, &source, bytes, file.size, 0, &err) == 0, "%s", err.message);
	ck_assert(memcmp(bytes, image, file.size) == 0);
	memset(bytes, 0, file.size);
	for (uint64_t at = 0, step = 99999; at < file.size; at += step) {
		size_t len = (size_t)(file.size - at < step ? file.size - at : step);
		ck_assert_int_eq(ct_view_read(view, &source, bytes + at, len, at, &err), 0);
	}
	ck_assert(memcmp(bytes, image, file.size) == 0);

	memory_init(&back);
	struct ct_sink sink = memory_sink(&back);
	ck_assert_msg(ct_decrypt(model, test_crypto(), &source, &sink, how.threads, NULL, &err) == 0, "%s",
		      err.message);
	ck_assert_uint_eq(back.size, plain.size);
	ck_assert(memcmp(back.bytes, plain.bytes, plain.size) == 0);

	/* Checking alone finds the last byte of the last sealed tensor changed. */
	struct ct_stream verify = {.crypto = test_crypto(), .model = model, .direction = CT_OPEN,
				   .source = &source, .source_data = model->data_offset, .threads = 2};
	ck_assert_msg(ct_stream(&verify, &err) == 0, "%s", err.message);
	file.bytes[file.size - 1] ^= 1;
	assert_error(ct_stream(&verify, &err), &err, CT_E_AUTH, "tensor 'model.g'");

	ct_view_free(view);
	free(image);
	free(bytes);
	memory_free(&plain);
	memory_free(&file);
	memory_free(&back);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("roundtrip");
	TCase *tcase = add_case(suite, "roundtrip");
	tcase_add_loop_test(tcase, round_trip, 0, CIPHERS * CHUNKS * 2);
	return run_suite(suite);
}
