#include "support.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* --- random numbers: splitmix64 --- */

struct rng rng_fixed(uint64_t seed)
{
	return (struct rng){seed};
}

struct rng rng_new(const char *test)
{
	const char *given = getenv("CT_TEST_SEED");
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t seed = given != NULL ? strtoull(given, NULL, 0)
				      : (uint64_t)now.tv_sec * 1000000007u ^ (uint64_t)now.tv_nsec;
	printf("%s: CT_TEST_SEED=%" PRIu64 "\n", test, seed);
	fflush(stdout);
	return rng_fixed(seed);
}

uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
	return rng_next(rng) % bound;
}

void rng_fill(struct rng *rng, void *bytes, size_t len)
{
	uint8_t *to = bytes;
	while (len > 0) {
		uint64_t value = rng_next(rng);
		size_t part = len < sizeof value ? len : sizeof value;
		memcpy(to, &value, part);
		to += part;
		len -= part;
	}
}

/* --- files in memory --- */

void memory_init(struct memory *memory)
{
	memset(memory, 0, sizeof *memory);
	pthread_mutex_init(&memory->lock, NULL);
}

void memory_free(struct memory *memory)
{
	free(memory->bytes);
	pthread_mutex_destroy(&memory->lock);
	memset(memory, 0, sizeof *memory);
}

static void grow(struct memory *memory, size_t size)
{
	if (size > memory->room) {
		size_t room = size > 2 * memory->room ? size : 2 * memory->room;
		memory->bytes = realloc(memory->bytes, room);
		ck_assert_ptr_nonnull(memory->bytes);
		memset(memory->bytes + memory->room, 0, room - memory->room);
		memory->room = room;
	}
	if (size > memory->size)
		memory->size = size;
}

void memory_put(struct memory *memory, const void *bytes, size_t len)
{
	size_t at = memory->size;
	grow(memory, at + len);
	if (len > 0)
		memcpy(memory->bytes + at, bytes, len);
}

void memory_copy(struct memory *to, const struct memory *from)
{
	memory_init(to);
	memory_put(to, from->bytes, from->size);
}

static bool faulty(const struct memory *memory, uint64_t offset, size_t len)
{
	return offset < memory->fault_end && memory->fault_start < offset + len;
}

static int read_at(void *context, void *bytes, size_t len, uint64_t offset, struct ct_error *err)
{
	struct memory *memory = context;
	atomic_fetch_add(&memory->reads, 1);
	atomic_fetch_add(&memory->read_bytes, len);
	if (faulty(memory, offset, len))
		return ct_fail_sys(err, memory->fault_errno, "reading");
	if (offset > memory->size || len > memory->size - offset)
		return ct_fail(err, CT_E_IO, "the file ended early");
	if (len > 0)
		memcpy(bytes, memory->bytes + offset, len);
	return 0;
}

static int write_at(void *context, const void *bytes, size_t len, uint64_t offset,
		    struct ct_error *err)
{
	struct memory *memory = context;
	if (faulty(memory, offset, len))
		return ct_fail_sys(err, memory->fault_errno, "writing");
	pthread_mutex_lock(&memory->lock);
	grow(memory, (size_t)offset + len);
	if (len > 0)
		memcpy(memory->bytes + offset, bytes, len);
	pthread_mutex_unlock(&memory->lock);
	return 0;
}

struct ct_source memory_source(struct memory *memory)
{
	return (struct ct_source){.read_at = read_at, .context = memory, .size = memory->size};
}

struct ct_sink memory_sink(struct memory *memory)
{
	return (struct ct_sink){.write_at = write_at, .context = memory};
}

static void put_length(struct memory *memory, uint64_t length)
{
	uint8_t prefix[8];
	for (int i = 0; i < 8; i++)
		prefix[i] = (uint8_t)(length >> (8 * i));
	memory_put(memory, prefix, sizeof prefix);
}

void memory_file(struct memory *memory, const char *header, size_t data_len)
{
	memory_init(memory);
	put_length(memory, strlen(header));
	memory_put(memory, header, strlen(header));
	grow(memory, memory->size + data_len);
}

uint64_t memory_header_len(const struct memory *memory)
{
	uint64_t length = 0;
	for (int i = 7; i >= 0; i--)
		length = length << 8 | memory->bytes[i];
	return length;
}

/* --- keys --- */

const struct ct_crypto *test_crypto(void)
{
	static struct ct_crypto *crypto;
	struct ct_error err;
	if (crypto == NULL)
		ck_assert_int_eq(ct_crypto_new(&crypto, CT_BACKEND_AUTO, &err), 0);
	return crypto;
}

void test_keys(struct ct_keyset *keys)
{
	struct ct_error err;
	*keys = (struct ct_keyset){0};
	for (int i = 0; i < CT_CIPHER_COUNT; i++) {
		char kid[40];
		struct ct_keyset_entry entry = {
			.kind = CT_MASTER_KEY, .has_cipher = true, .cipher = (enum ct_cipher)i};
		snprintf(kid, sizeof kid, "m-%s", ct_cipher_name(entry.cipher));
		entry.kid = strdup(kid);
		entry.master.len = ct_cipher_key_len(entry.cipher);
		for (size_t j = 0; j < entry.master.len; j++)
			entry.master.bytes[j] = (uint8_t)(0x11 * (i + 1) + (int)j);
		ck_assert_int_eq(ct_keyset_add(keys, &entry, &err), 0);
	}
	struct ct_keyset_entry signer = {.kind = CT_SIGNING_KEY, .has_seed = true, .has_public = true};
	signer.kid = strdup("signer");
	signer.seed.len = CT_ED25519_KEY_LEN;
	memset(signer.seed.bytes, 0x5a, sizeof signer.seed.bytes);
	ck_assert_int_eq(ct_ed25519_public(test_crypto(), signer.seed.bytes, signer.public_key, &err),
			 0);
	ck_assert_int_eq(ct_keyset_add(keys, &signer, &err), 0);
}

/* --- models --- */

void make_plain(struct memory *file, const char *metadata, const struct tensor_spec *specs,
		size_t count, uint64_t seed)
{
	struct memory header;
	memory_init(&header);
	memory_put(&header, "{", 1);
	if (metadata != NULL) {
		memory_put(&header, "\"__metadata__\":", 15);
		memory_put(&header, metadata, strlen(metadata));
	}
	size_t data = 0;
	for (size_t i = 0; i < count; i++) {
		char text[512];
		int len = snprintf(text, sizeof text,
				   "%s\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}",
				   i > 0 || metadata != NULL ? "," : "", specs[i].name, specs[i].dtype,
				   specs[i].shape, data, data + specs[i].bytes);
		ck_assert_int_lt(len, (int)sizeof text);
		memory_put(&header, text, (size_t)len);
		data += specs[i].bytes;
	}
	memory_put(&header, "}", 1);
	while (header.size % 8 != 0)
		memory_put(&header, " ", 1);

	memory_init(file);
	put_length(file, header.size);
	memory_put(file, header.bytes, header.size);
	size_t start = file->size;
	grow(file, start + data);
	struct rng rng = rng_fixed(seed);
	rng_fill(&rng, file->bytes + start, data);
	memory_free(&header);
}

struct ct_model *read_model(struct memory *file)
{
	struct ct_error err;
	struct ct_model *model = NULL;
	struct ct_source source = memory_source(file);
	ck_assert_msg(ct_model_read(&model, &source, &err) == 0, "ct_model_read: %s", err.message);
	return model;
}

void encrypt(struct memory *plain, struct memory *sealed, const struct sealing *how)
{
	struct ct_error err;
	struct ct_keyset keys;
	test_keys(&keys);
	struct ct_model *model = read_model(plain);
	memory_init(sealed);
	struct ct_source source = memory_source(plain);
	struct ct_sink sink = memory_sink(sealed);
	struct ct_encrypt_options options = {
		.crypto = test_crypto(),
		.keys = &keys,
		.cipher = how->cipher,
		.version = how->version,
		.chunk_size = how->chunk_size,
		.policy_local = how->policy,
		.select = how->select,
		.threads = how->threads,
	};
	struct ct_encrypt_result result;
	ck_assert_msg(ct_encrypt(model, &source, &sink, &options, &result, &err) == 0,
		      "ct_encrypt: %s", err.message);
	ck_assert_uint_eq(result.file_size, sealed->size);
	ck_assert_uint_eq(result.tensors, model->header.count);
	ct_model_free(model);
	ct_keyset_clear(&keys);
}

struct ct_view *open_view(struct memory *file, unsigned threads)
{
	struct ct_error err;
	struct ct_keyset keys;
	struct ct_view *view = NULL;
	test_keys(&keys);
	struct ct_model *model = read_model(file);
	ck_assert_msg(ct_model_unlock(model, test_crypto(), &keys, &err) == 0, "ct_model_unlock: %s",
		      err.message);
	struct ct_view_options options = {.crypto = test_crypto(), .threads = threads};
	ck_assert_msg(ct_view_new(&view, model, &options, &err) == 0, "ct_view_new: %s", err.message);
	ct_keyset_clear(&keys);
	return view;
}

uint8_t *expected_image(const struct memory *plain, const struct memory *sealed)
{
	size_t plain_header = (size_t)memory_header_len(plain);
	size_t sealed_header = (size_t)memory_header_len(sealed);
	uint8_t *image = malloc(sealed->size);
	ck_assert_ptr_nonnull(image);
	ck_assert_uint_ge(sealed_header, plain_header);
	ck_assert_uint_eq(plain->size - plain_header, sealed->size - sealed_header);
	memset(image, ' ', 8 + sealed_header);
	memcpy(image, sealed->bytes, 8);
	memcpy(image + 8, plain->bytes + 8, plain_header);
	memcpy(image + 8 + sealed_header, plain->bytes + 8 + plain_header,
	       plain->size - 8 - plain_header);
	return image;
}

/* --- small things --- */

static unsigned hex_digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

size_t from_hex(const char *hex, uint8_t *bytes, size_t room)
{
	size_t len = strlen(hex) / 2;
	ck_assert_uint_le(len, room);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
	return len;
}

char *replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	ck_assert_msg(at != NULL, "the test's base does not have '%s'", from);
	ck_assert_msg(strstr(at + 1, from) == NULL, "the test's base has '%s' twice", from);
	size_t before = (size_t)(at - text), len = strlen(text) - strlen(from) + strlen(to);
	char *made = malloc(len + 1);
	ck_assert_ptr_nonnull(made);
	memcpy(made, text, before);
	strcpy(made + before, to);
	strcat(made, at + strlen(from));
	return made;
}

void assert_error(int status, const struct ct_error *err, enum ct_code code, const char *part)
{
	ck_assert_msg(status == -1, "it was accepted; expected: %s", part);
	ck_assert_msg(err->code == code, "code %d instead of %d: %s", (int)err->code, (int)code,
		      err->message);
	ck_assert_msg(strstr(err->message, part) != NULL, "the message '%s' does not say '%s'",
		      err->message, part);
}

bool all_zero(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	for (size_t i = 0; i < len; i++)
		if (p[i] != 0)
			return false;
	return true;
}

TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	/* Sanitizers and valgrind are slow; a hang still ends. */
	tcase_set_timeout(tcase, 300);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
