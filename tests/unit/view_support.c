/* Models and compared reads for the tests of the view. */
#include "view_support.h"

#include <stdlib.h>

static bool not_clear(void *context, const char *tensor)
{
	(void)context;
	return strncmp(tensor, "clear", 5) != 0;
}

void fixture_new(struct fixture *f, const struct tensor_spec *specs, size_t count, struct sealing how,
		 unsigned threads)
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

void fixture_free(struct fixture *f)
{
	ct_view_free(f->view);
	free(f->image);
	memory_free(&f->plain);
	memory_free(&f->file);
}

void check_read(struct fixture *f, uint64_t offset, size_t len)
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

void check_failure(struct ct_view *view, const struct ct_source *source, uint64_t offset, size_t len,
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

const struct tensor_spec small[] = {
	{"first", "U8", "[0]", 0},      {"clear.0", "U8", "[3]", 3},    {"a", "F32", "[5]", 20},
	{"b", "U8", "[7]", 7},          {"empty", "F32", "[0,4]", 0},   {"clear.1", "U8", "[9]", 9},
	{"c", "U8", "[22]", 22},        {"d", "U8", "[1]", 1},          {"last", "U8", "[0]", 0},
};

const struct sealing small_ways[] = {
	{CT_AES_256_GCM, 1, 0, NULL, NULL, 1},        {CT_AES_128_GCM, 2, 1, NULL, NULL, 1},
	{CT_CHACHA20_POLY1305, 2, 7, NULL, NULL, 1},  {CT_AES_256_GCM, 2, 8, NULL, NULL, 1},
	{CT_AES_256_GCM, 2, 1000, NULL, NULL, 1},
};

const struct tensor_spec large[] = {
	{"a", "U8", "[3145733]", 3 * MIB + 5}, {"clear.0", "F32", "[262144]", MIB},
	{"b", "U8", "[1000]", 1000},           {"empty", "U8", "[0]", 0},
	{"c", "F32", "[1310721]", 5 * MIB + 4}, {"clear.1", "U8", "[77]", 77},
	{"d", "U8", "[65536]", 65536},         {"e", "U8", "[1]", 1},
};

const struct large_way large_ways[] = {
	{{CT_AES_256_GCM, 1, 0, NULL, NULL, 2}, 1},
	{{CT_CHACHA20_POLY1305, 1, 0, NULL, NULL, 2}, 4},
	{{CT_AES_256_GCM, 2, 2 * MIB, NULL, NULL, 2}, 4},
	{{CT_AES_128_GCM, 2, 65536, NULL, NULL, 2}, 3},
	{{CT_AES_256_GCM, 2, 1000, NULL, NULL, 2}, 2},
	{{CT_CHACHA20_POLY1305, 2, 4 * MIB + 3, NULL, NULL, 2}, 0},
	{{CT_AES_256_GCM, 2, 100 * MIB, NULL, NULL, 2}, 4},
};
