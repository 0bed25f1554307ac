/* What every implementation of AES-GCM at hand gives is the same, on every path. OpenSSL is one, and always there. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "aead.h"
#include "support.h"

/* The other one; NULL where it cannot be used. */
static const struct ct_crypto *accelerated(void)
{
	static struct ct_crypto *crypto;
	struct ct_error err;
	if (crypto == NULL && ct_crypto_new(&crypto, CT_BACKEND_IPSEC_MB, &err) < 0)
		ck_assert_int_eq((int)err.code, CT_E_ARGUMENT);
	return crypto;
}

/* Is there nothing to compare? It is said once a test, and counted as skipped: tests/run-unit.sh. */
static bool skip(void)
{
	struct ct_crypto *crypto;
	struct ct_error err;
	if (accelerated() != NULL)
		return false;
	ck_assert_int_lt(ct_crypto_new(&crypto, CT_BACKEND_IPSEC_MB, &err), 0);
	printf("skipped: AES-GCM by ipsec-mb: %s\n", err.message);
	fflush(stdout);
	return true;
}

static const struct ct_crypto *openssl(void)
{
	static struct ct_crypto *crypto;
	struct ct_error err;
	if (crypto == NULL)
		ck_assert_int_eq(ct_crypto_new(&crypto, CT_BACKEND_OPENSSL, &err), 0);
	return crypto;
}

/* One key in both directions with both of them. */
struct pair {
	struct ct_aead *seal[2], *open[2];
};

static void pair_new(struct pair *pair, enum ct_cipher cipher, struct rng *rng)
{
	const struct ct_crypto *cryptos[] = {openssl(), accelerated()};
	struct ct_key key = {.len = ct_cipher_key_len(cipher)};
	struct ct_error err;
	rng_fill(rng, key.bytes, key.len);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(ct_aead_new(&pair->seal[i], cryptos[i], cipher, &key, CT_SEAL, &err), 0);
		ck_assert_int_eq(ct_aead_new(&pair->open[i], cryptos[i], cipher, &key, CT_OPEN, &err), 0);
	}
}

static void pair_free(struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		ct_aead_free(pair->seal[i]);
		ct_aead_free(pair->open[i]);
	}
}

/* How a message is cut: NULL leaves it whole; else pieces at random, short ones often, empty ones too. */
static size_t next_piece(struct rng *cuts, size_t left)
{
	static const size_t bounds[] = {1, 3, 18, 70, 300, 5000, SIZE_MAX};
	if (cuts == NULL)
		return left;
	size_t bound = bounds[rng_below(cuts, COUNT(bounds))];
	return rng_below(cuts, (bound < left ? bound : left) + 1);
}

static void transform(struct ct_aead *aead, const uint8_t *nonce, const uint8_t *in, uint8_t *out, size_t len,
		      struct rng *cuts)
{
	struct ct_error err;
	ck_assert_int_eq(ct_aead_begin(aead, nonce, &err), 0);
	for (size_t at = 0, piece; at < len; at += piece) {
		piece = next_piece(cuts, len - at);
		ck_assert_int_eq(ct_aead_update(aead, in + at, out + at, piece, &err), 0);
	}
}

/* Memory that ends where nothing is mapped, so that reading or writing past the end is a fault. */
struct fence {
	uint8_t *memory;
	size_t size, page;
};

static void fence_new(struct fence *fence, size_t room)
{
	fence->page = (size_t)sysconf(_SC_PAGESIZE);
	fence->size = (room + fence->page - 1) / fence->page * fence->page + fence->page;
	fence->memory = mmap(NULL, fence->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert(fence->memory != MAP_FAILED);
	ck_assert_int_eq(mprotect(fence->memory + fence->size - fence->page, fence->page, PROT_NONE), 0);
}

/* `len` bytes of it, `gap` before the end, and behind a guard that check_guard() looks at. */
enum { GUARD = 64 };

static uint8_t *place(const struct fence *fence, size_t len, size_t gap)
{
	uint8_t *start = fence->memory + fence->size - fence->page - gap - len;
	memset(start - GUARD, 0xa5, GUARD + len + gap);
	return start;
}

static void check_guard(const uint8_t *start, size_t len, size_t gap)
{
	bool whole = true; /* each ck_assert() is a system call */
	for (size_t i = 1; i <= GUARD; i++)
		whole &= start[-(ptrdiff_t)i] == 0xa5;
	for (size_t i = 0; i < gap; i++)
		whole &= start[len + i] == 0xa5;
	ck_assert_msg(whole, "%zu bytes: one before or behind them was written", len);
}

struct room {
	struct fence plain, sealed, other;
};

static void room_new(struct room *room, size_t max)
{
	fence_new(&room->plain, max + 2 * GUARD);
	fence_new(&room->sealed, max + 2 * GUARD);
	fence_new(&room->other, max + 2 * GUARD);
}

static void room_free(struct room *room)
{
	munmap(room->plain.memory, room->plain.size);
	munmap(room->sealed.memory, room->sealed.size);
	munmap(room->other.memory, room->other.size);
}

struct shape {
	size_t len, gap; /* the message ends `gap` bytes, at most GUARD, before the end of memory */
	bool in_place;
	struct rng *cuts; /* or NULL */
};

/* Transform `in` to a place in `fence`, or there in place. */
static uint8_t *to_fence(struct ct_aead *aead, const uint8_t *nonce, const uint8_t *in, const struct fence *fence,
			 const struct shape *shape)
{
	uint8_t *out = place(fence, shape->len, shape->gap);
	if (shape->in_place)
		memcpy(out, in, shape->len);
	transform(aead, nonce, shape->in_place ? out : in, out, shape->len, shape->cuts);
	check_guard(out, shape->len, shape->gap);
	return out;
}

/* One message, sealed by both, opened by both under the tag and under a wrong one. */
static void same(struct pair *pair, struct room *room, struct rng *rng, const struct shape *shape)
{
	uint8_t nonce[CT_NONCE_LEN], tag[CT_TAG_LEN], tag2[CT_TAG_LEN], wrong[CT_TAG_LEN];
	uint8_t *plain = place(&room->plain, shape->len, shape->gap), *sealed, *out;
	struct ct_error err;
	rng_fill(rng, nonce, sizeof nonce);
	rng_fill(rng, plain, shape->len);
	sealed = to_fence(pair->seal[0], nonce, plain, &room->sealed, shape);
	ck_assert_int_eq(ct_aead_seal_end(pair->seal[0], tag, &err), 0);
	out = to_fence(pair->seal[1], nonce, plain, &room->other, shape);
	ck_assert_int_eq(ct_aead_seal_end(pair->seal[1], tag2, &err), 0);
	ck_assert_msg(memcmp(sealed, out, shape->len) == 0, "%zu bytes: sealed to other bytes", shape->len);
	ck_assert_msg(memcmp(tag, tag2, CT_TAG_LEN) == 0, "%zu bytes: another tag", shape->len);
	ck_assert(shape->len < 16 || memcmp(sealed, plain, shape->len) != 0);

	uint64_t bit = rng_below(rng, 8 * CT_TAG_LEN);
	memcpy(wrong, tag, sizeof wrong);
	wrong[bit / 8] ^= (uint8_t)(1 << bit % 8);
	for (int i = 0; i < 2; i++) {
		out = to_fence(pair->open[i], nonce, sealed, &room->other, shape);
		ck_assert_int_eq(ct_aead_open_end(pair->open[i], tag, &err), 0);
		ck_assert_msg(memcmp(out, plain, shape->len) == 0, "%zu bytes: opened to other bytes", shape->len);
		to_fence(pair->open[i], nonce, sealed, &room->other, shape);
		assert_error(ct_aead_open_end(pair->open[i], wrong, &err), &err, CT_E_AUTH, "authentication");
	}
}

/* Every length about the sizes that implementations work in, whole, from every alignment. */
START_TEST(lengths)
{
	static const size_t about[] = {4096, 8192, 65536, 262144, 1048576};
	enum { SMALL = 1100, AROUND = 20 };
	struct rng rng = rng_new("lengths");
	struct pair pair;
	struct room room;
	if (skip())
		return;
	pair_new(&pair, (enum ct_cipher)_i, &rng);
	room_new(&room, 1048576 + AROUND);
	for (size_t len = 0; len <= SMALL; len++)
		for (int in_place = 0; in_place < 2; in_place++)
			same(&pair, &room, &rng, &(struct shape){len, len % 3 == 0 ? 0 : rng_below(&rng, GUARD), in_place, NULL});
	for (size_t i = 0; i < COUNT(about); i++)
		for (size_t off = 0; off <= 2 * AROUND; off += about[i] > 8192 ? 5 : 1)
			same(&pair, &room, &rng,
			     &(struct shape){about[i] - AROUND + off, rng_below(&rng, GUARD), off % 2 == 0, NULL});
	room_free(&room);
	pair_free(&pair);
}
END_TEST

/* Cut at random, each implementation in another way. */
START_TEST(pieces)
{
	enum { ROUNDS = 1500, LONG = 300000 };
	struct rng rng = rng_new("pieces"), cuts = rng_fixed(rng_next(&rng));
	struct pair pair;
	struct room room;
	if (skip())
		return;
	pair_new(&pair, (enum ct_cipher)_i, &rng);
	room_new(&room, LONG);
	for (int round = 0; round < ROUNDS; round++) {
		size_t len = rng_below(&rng, round % 50 == 0 ? LONG : round % 3 == 0 ? 200 : 9000);
		same(&pair, &room, &rng, &(struct shape){len, rng_below(&rng, GUARD + 1), round % 2 == 0, &cuts});
	}
	room_free(&room);
	pair_free(&pair);
}
END_TEST

/* A message that is given up leaves nothing to the next, and any bit that differs is noticed. */
START_TEST(damage)
{
	enum { LEN = 777 };
	struct rng rng = rng_new("damage");
	struct pair pair;
	struct ct_error err;
	uint8_t nonce[CT_NONCE_LEN], plain[LEN], sealed[LEN], out[LEN], tag[CT_TAG_LEN];
	if (skip())
		return;
	pair_new(&pair, (enum ct_cipher)_i, &rng);
	rng_fill(&rng, nonce, sizeof nonce);
	rng_fill(&rng, plain, sizeof plain);
	transform(pair.seal[0], nonce, plain, sealed, LEN, NULL);
	ck_assert_int_eq(ct_aead_seal_end(pair.seal[0], tag, &err), 0);
	for (size_t bit = 0; bit < 8 * (LEN + CT_TAG_LEN + CT_NONCE_LEN); bit += bit < 8 * LEN ? 5 : 1) {
		size_t at = bit / 8;
		uint8_t *byte = at < LEN ? &sealed[at] : at < LEN + CT_TAG_LEN ? &tag[at - LEN] : &nonce[at - LEN - CT_TAG_LEN];
		uint8_t flip = (uint8_t)(1 << bit % 8);
		for (int i = 0; i < 2; i++) {
			transform(pair.open[i], nonce, sealed, out, LEN / 2, NULL);
			*byte ^= flip;
			transform(pair.open[i], nonce, sealed, out, LEN, NULL);
			assert_error(ct_aead_open_end(pair.open[i], tag, &err), &err, CT_E_AUTH, "authentication");
			*byte ^= flip;
		}
	}
	for (int i = 0; i < 2; i++) {
		transform(pair.open[i], nonce, sealed, out, LEN, NULL);
		ck_assert_int_eq(ct_aead_open_end(pair.open[i], tag, &err), 0);
		ck_assert_mem_eq(out, plain, LEN);
	}
	pair_free(&pair);
}
END_TEST

/* `size` bytes of address space that show one `block`, filled by `rng`, over and over. */
static uint8_t *repeated(size_t size, size_t block, struct rng rng)
{
	int fd = memfd_create("block", MFD_CLOEXEC);
	ck_assert(fd >= 0 && ftruncate(fd, (off_t)block) == 0);
	uint8_t *start = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert_msg(start != MAP_FAILED, "no address space: %s", strerror(errno));
	for (size_t at = 0; at < size; at += block)
		ck_assert(mmap(start + at, block, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED);
	close(fd);
	rng_fill(&rng, start, block);
	return start;
}

/* Longer than 31 bits count, and 32, in one call. */
START_TEST(large)
{
	const size_t block = 16 << 20, size = (UINT64_C(1) << 32) + block, len = size - 12345;
	struct rng rng = rng_new("large");
	struct pair pair;
	struct ct_error err;
	uint8_t nonce[CT_NONCE_LEN], tag[2][CT_TAG_LEN], *bytes[2];
	if (skip())
		return;
	pair_new(&pair, CT_AES_256_GCM, &rng);
	rng_fill(&rng, nonce, sizeof nonce);
	for (int i = 0; i < 2; i++) {
		bytes[i] = repeated(size, block, rng);
		transform(pair.seal[i], nonce, bytes[i], bytes[i], len, NULL);
		ck_assert_int_eq(ct_aead_seal_end(pair.seal[i], tag[i], &err), 0);
	}
	ck_assert_mem_eq(tag[0], tag[1], CT_TAG_LEN);
	ck_assert(memcmp(bytes[0], bytes[1], block) == 0);
	munmap(bytes[0], size);
	munmap(bytes[1], size);
	pair_free(&pair);
}
END_TEST

/* No keystream twice, and none past the counter's end: with either. */
START_TEST(refusals)
{
	const struct ct_crypto *cryptos[] = {openssl(), accelerated()};
	struct ct_key key = {.len = ct_cipher_key_len((enum ct_cipher)_i)};
	static const uint8_t nonce[CT_NONCE_LEN];
	uint8_t bytes[16] = {0}, tag[CT_TAG_LEN];
	for (size_t i = 0; i < COUNT(cryptos) && cryptos[i] != NULL; i++) {
		struct ct_aead *aead;
		struct ct_error err;
		ck_assert_int_eq(ct_aead_new(&aead, cryptos[i], (enum ct_cipher)_i, &key, CT_SEAL, &err), 0);
		assert_error(ct_aead_update(aead, bytes, bytes, 16, &err), &err, CT_E_CRYPTO, "nonce");
		assert_error(ct_aead_seal_end(aead, tag, &err), &err, CT_E_CRYPTO, "nonce");
		ck_assert_int_eq(ct_aead_begin(aead, nonce, &err), 0);
		ck_assert_int_eq(ct_aead_update(aead, bytes, bytes, 16, &err), 0);
		ck_assert_int_eq(ct_aead_seal_end(aead, tag, &err), 0);
		assert_error(ct_aead_update(aead, bytes, bytes, 16, &err), &err, CT_E_CRYPTO, "nonce");
		assert_error(ct_aead_seal_end(aead, tag, &err), &err, CT_E_CRYPTO, "nonce");
		ck_assert_int_eq(ct_aead_begin(aead, nonce, &err), 0);
		ck_assert_int_eq(ct_aead_update(aead, bytes, bytes, 16, &err), 0);
		assert_error(ct_aead_update(aead, bytes, bytes, ct_aead_message_max((enum ct_cipher)_i) - 15, &err), &err,
			     CT_E_CRYPTO, "longer");
		assert_error(ct_aead_seal_end(aead, tag, &err), &err, CT_E_CRYPTO, "nonce");
		ct_aead_free(aead);
	}
}
END_TEST

static void *seal_and_open(void *context)
{
	struct rng rng = rng_fixed((uint64_t)(uintptr_t)context), cuts = rng_fixed(7);
	struct pair pair;
	struct room room;
	pair_new(&pair, CT_AES_256_GCM, &rng);
	room_new(&room, 20000);
	for (int round = 0; round < 100; round++)
		same(&pair, &room, &rng, &(struct shape){rng_below(&rng, 20000), 0, round % 2 == 0, round % 3 ? &cuts : NULL});
	room_free(&room);
	pair_free(&pair);
	return NULL;
}

/* One context for all of them. */
START_TEST(threads)
{
	enum { THREADS = 4 };
	pthread_t thread[THREADS];
	openssl();
	if (skip())
		return;
	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, seal_and_open, (void *)(i + 1)), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
}
END_TEST

START_TEST(choice)
{
	static const char *const wrong[] = {"", "AUTO", "openssl ", "ipsec", "ipsec_mb", "openssl,ipsec-mb"};
	enum ct_backend backend;
	struct ct_crypto *crypto;
	struct ct_error err;
	for (int i = 0; i < CT_BACKEND_COUNT; i++) {
		ck_assert_int_eq(ct_backend_parse(ct_backend_name((enum ct_backend)i), &backend), 0);
		ck_assert_int_eq((int)backend, i);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		ck_assert_int_eq(ct_backend_parse(wrong[i], &backend), -1);
	ck_assert_int_eq((int)ct_crypto_backend(openssl()), CT_BACKEND_OPENSSL);
	ck_assert_int_eq(ct_crypto_new(&crypto, CT_BACKEND_AUTO, &err), 0);
	ck_assert_int_eq((int)ct_crypto_backend(crypto),
			 accelerated() != NULL ? CT_BACKEND_IPSEC_MB : CT_BACKEND_OPENSSL);
	ct_crypto_free(crypto);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("backend");
	TCase *one = add_case(suite, "equal");
	tcase_add_loop_test(one, lengths, CT_AES_128_GCM, CT_AES_256_GCM + 1);
	tcase_add_loop_test(one, pieces, CT_AES_128_GCM, CT_AES_256_GCM + 1);
	tcase_add_loop_test(one, damage, CT_AES_128_GCM, CT_AES_256_GCM + 1);
	tcase_add_test(one, large);
	tcase_add_test(one, threads);
	one = add_case(suite, "choice");
	tcase_add_loop_test(one, refusals, 0, CT_CIPHER_COUNT);
	tcase_add_test(one, choice);
	return run_suite(suite);
}
