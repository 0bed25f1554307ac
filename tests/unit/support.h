/* What the unit tests share: files in memory, keys, plain models, random numbers.
 *
 * Everything here fails the running test (ck_assert) rather than return an error. */
#ifndef CT_TEST_SUPPORT_H
#define CT_TEST_SUPPORT_H

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "cipher.h"
#include "crypto.h"
#include "error.h"
#include "keyset.h"
#include "model.h"
#include "source.h"
#include "view.h"
#include "writer.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- random numbers: repeatable, never secret --- */

struct rng {
	uint64_t state;
};

/* From CT_TEST_SEED, or else from the clock; it is printed, so that a failure can be repeated. */
struct rng rng_new(const char *test);
/* From `seed` alone, for data whose values do not matter. */
struct rng rng_fixed(uint64_t seed);
uint64_t rng_next(struct rng *rng);
uint64_t rng_below(struct rng *rng, uint64_t bound); /* 0 … bound-1 */
void rng_fill(struct rng *rng, void *bytes, size_t len);

/* --- files in memory --- */

struct memory {
	uint8_t *bytes;
	size_t size, room;
	pthread_mutex_t lock; /* guards the three above while a sink writes */
	atomic_uint_fast64_t read_bytes, reads;
	/* Reads and writes that touch bytes fault_start … fault_end-1 fail with CT_E_IO and
	 * `fault_errno`; none do while both are 0. */
	uint64_t fault_start, fault_end;
	int fault_errno;
};

void memory_init(struct memory *memory);
void memory_free(struct memory *memory);
void memory_put(struct memory *memory, const void *bytes, size_t len);
void memory_copy(struct memory *to, const struct memory *from);
struct ct_source memory_source(struct memory *memory);
struct ct_sink memory_sink(struct memory *memory);

/* A file of a header text and `data_len` bytes of zeros. */
void memory_file(struct memory *memory, const char *header, size_t data_len);
uint64_t memory_header_len(const struct memory *memory);

/* --- keys --- */

/* One context for the process. */
const struct ct_crypto *test_crypto(void);

/* A master key for each cipher, called "m-" and the cipher's name, and the signing key "signer". */
void test_keys(struct ct_keyset *keys);

/* --- models --- */

struct tensor_spec {
	const char *name, *dtype, *shape; /* shape as JSON */
	size_t bytes;
};

/* A plain model as stock writers lay it out: compact header, tensors as listed, padded to 8.
 * `metadata`: the JSON text of its __metadata__, or NULL. */
void make_plain(struct memory *file, const char *metadata, const struct tensor_spec *specs,
		size_t count, uint64_t seed);

struct ct_model *read_model(struct memory *file);

struct sealing {
	enum ct_cipher cipher;
	int version;
	uint64_t chunk_size;
	const char *policy;
	bool (*select)(void *context, const char *tensor);
	unsigned threads;
};

void encrypt(struct memory *plain, struct memory *sealed, const struct sealing *how);

/* The view of an encrypted file under test_keys(). */
struct ct_view *open_view(struct memory *file, unsigned threads);

/* What the view of `sealed` must be, made from `plain` without the code under test: the plain
 * header in the place of the other one, spaces behind it, plain data. To be freed. */
uint8_t *expected_image(const struct memory *plain, const struct memory *sealed);

/* --- small things --- */

/* "48656c" to bytes; how many. */
size_t from_hex(const char *hex, uint8_t *bytes, size_t room);

/* `text` with its one occurrence of `from` replaced by `to`; to be freed. It is a fault of the test
 * when there is none, or more than one. */
char *replace(const char *text, const char *from, const char *to);

/* The code and a part of the message. */
void assert_error(int status, const struct ct_error *err, enum ct_code code, const char *part);

bool all_zero(const void *bytes, size_t len);

/* Run a suite; what main() returns. */
int run_suite(Suite *suite);

/* A case with a time limit that slow machines keep too. */
TCase *add_case(Suite *suite, const char *name);

#endif
