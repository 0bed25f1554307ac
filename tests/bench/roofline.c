/* The roofline: ciphertext that lies in the page cache, decrypted by all cores into fresh huge pages, nothing else.
 *
 *   roofline make FILE BYTES CIPHER   a file of sealed chunks of 2 MiB, their tags behind them
 *   roofline run FILE CIPHER          "MILLISECONDS BYTES WAY" for each way to bring ciphertext in
 *
 * Every tag is checked, and so is a sample of the plaintext. The cipher's implementation is the project's choice. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "aead.h"
#include "nonce.h"
#include "parallel.h"

#define CHUNK ((size_t)2 << 20)
#define GULP  ((size_t)256 << 10)

enum way { MAPPED, POPULATED, READ, WAYS };

static const char *const way_names[WAYS] = {"mapped", "mapped-and-populated", "read-in-place"};
static const uint8_t nonce_base[CT_NONCE_LEN] = "roofline";

struct job {
	struct ct_crypto *crypto;
	enum ct_cipher cipher;
	struct ct_key key;
	enum ct_direction direction;
	enum way way;
	int fd;
	uint64_t chunks;
	atomic_ulong next;
	uint8_t *in; /* the file's mapping */
	uint8_t *out, *tags;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void die_of(const struct ct_error *err)
{
	fprintf(stderr, "roofline: %s\n", err->message);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int update(struct job *job, struct ct_aead *aead, uint64_t chunk, struct ct_error *err)
{
	uint8_t *out = job->out + chunk * CHUNK;
	uint8_t *in = job->in ? job->in + chunk * CHUNK : out;

	if (job->way == POPULATED && job->direction == CT_OPEN)
		madvise(in, CHUNK, MADV_POPULATE_READ);
	if (job->way != READ)
		return ct_aead_update(aead, in, out, CHUNK, err);
	for (size_t at = 0; at < CHUNK; at += GULP) {
		if (pread(job->fd, out + at, GULP, (off_t)(chunk * CHUNK + at)) != (ssize_t)GULP)
			return ct_fail(err, CT_E_IO, "the file cannot be read");
		if (ct_aead_update(aead, out + at, out + at, GULP, err) < 0)
			return -1;
	}
	return 0;
}

/* One thread's share: chunks until there are none. */
static int take(void *context, uint64_t task, struct ct_error *err)
{
	struct job *job = context;
	struct ct_aead *aead = NULL;
	uint8_t nonce[CT_NONCE_LEN];
	int result = ct_aead_new(&aead, job->crypto, job->cipher, &job->key, job->direction, err);

	(void)task;
	for (uint64_t i; result == 0 && (i = atomic_fetch_add(&job->next, 1)) < job->chunks;) {
		uint8_t *tag = job->tags + i * CT_TAG_LEN;
		result = ct_nonce_chunk(nonce_base, i, nonce, err);
		if (result == 0)
			result = ct_aead_begin(aead, nonce, err);
		if (result == 0)
			result = update(job, aead, i, err);
		if (result == 0)
			result = job->direction == CT_SEAL ? ct_aead_seal_end(aead, tag, err)
							   : ct_aead_open_end(aead, tag, err);
	}
	ct_aead_free(aead);
	return result;
}

static void all(struct job *job)
{
	struct ct_error err = {0};
	unsigned threads = ct_parallel_default();

	atomic_store(&job->next, 0);
	if (ct_parallel(threads, threads, take, job, &err) < 0)
		die_of(&err);
}

static void make(struct job *job, const char *file, uint64_t bytes)
{
	job->direction = CT_SEAL;
	job->way = MAPPED;
	job->chunks = bytes / CHUNK;
	job->fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	size_t size = job->chunks * (CHUNK + CT_TAG_LEN);
	if (job->fd < 0 || ftruncate(job->fd, (off_t)size) < 0)
		die(file);
	uint8_t *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, job->fd, 0);
	if (map == MAP_FAILED)
		die(file);
	for (uint64_t i = 0; i < job->chunks; i++)
		memset(map + i * CHUNK, (int)(i % 251), CHUNK);
	job->in = job->out = map;
	job->tags = map + job->chunks * CHUNK;
	all(job);
}

/* Milliseconds of one way, from nothing mapped to everything decrypted. */
static double run(struct job *job, enum way way)
{
	size_t size = job->chunks * CHUNK;
	double began = now();

	job->way = way;
	job->in = NULL;
	if (way != READ) {
		job->in = mmap(NULL, size, PROT_READ, MAP_SHARED, job->fd, 0);
		if (job->in == MAP_FAILED)
			die("mmap");
	}
	uint8_t *area = mmap(NULL, size + CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		die("mmap");
	job->out = area + (-(uintptr_t)area & (CHUNK - 1));
	madvise(job->out, size, MADV_HUGEPAGE);
	all(job);
	double took = now() - began;
	for (uint64_t i = 0; i < size; i += 4096 * 509)
		if (job->out[i] != i / CHUNK % 251) {
			fprintf(stderr, "roofline: wrong plaintext\n");
			exit(1);
		}
	munmap(area, size + CHUNK);
	if (job->in)
		munmap(job->in, size);
	return took;
}

static void measure(struct job *job, const char *file)
{
	struct stat st;

	job->direction = CT_OPEN;
	job->fd = open(file, O_RDONLY);
	if (job->fd < 0 || fstat(job->fd, &st) < 0)
		die(file);
	job->chunks = (uint64_t)st.st_size / (CHUNK + CT_TAG_LEN);
	job->tags = malloc(job->chunks * CT_TAG_LEN);
	if (!job->tags || pread(job->fd, job->tags, job->chunks * CT_TAG_LEN, (off_t)(job->chunks * CHUNK)) !=
				  (ssize_t)(job->chunks * CT_TAG_LEN))
		die(file);
	for (enum way way = 0; way < WAYS; way++) {
		double took = run(job, way);
		printf("%.3f %zu %s\n", took, (size_t)job->chunks * CHUNK, way_names[way]);
	}
	free(job->tags);
}

int main(int argc, char **argv)
{
	struct job job = {0};
	struct ct_error err = {0};
	int making = argc == 5 && strcmp(argv[1], "make") == 0;

	if ((!making && (argc != 4 || strcmp(argv[1], "run") != 0)) ||
	    ct_cipher_parse(argv[argc - 1], &job.cipher) < 0) {
		fprintf(stderr, "usage: roofline make FILE BYTES CIPHER | run FILE CIPHER\n");
		return 2;
	}
	if (ct_crypto_new(&job.crypto, CT_BACKEND_AUTO, &err) < 0)
		die_of(&err);
	job.key.len = ct_cipher_key_len(job.cipher);
	memset(job.key.bytes, 7, job.key.len);
	if (making)
		make(&job, argv[2], strtoull(argv[3], NULL, 10));
	else
		measure(&job, argv[2]);
	ct_crypto_free(job.crypto);
	return 0;
}
