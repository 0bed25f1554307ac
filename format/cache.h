/* A small cache of opened messages, so that small reads cost each message once.
 *
 * An entry is opened by the first thread that wants it; others wait for it. It goes when it has
 * served as many bytes as it holds (what was read once in sequence is not read again), or when the
 * least recently used entries pass the budget. Plaintext is wiped when it goes. Thread-safe. */
#ifndef CT_CACHE_H
#define CT_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct ct_cache;

/* Where large pieces of memory come from. `size` is a multiple of 2 MiB, and they had better be huge pages: those fill in a
 * tenth of the time. Thread-safe; take() may fail with NULL. */
struct ct_cache_memory {
	void *(*take)(size_t size);
	void (*give)(void *bytes, size_t size);
};

/* `budget`: bytes that idle entries may take together; those that ct_cache_take() leaves at most `rest`. `memory` stays the
 * caller's, NULL: malloc() for all. */
int ct_cache_new(struct ct_cache **cache, uint64_t budget, uint64_t rest, const struct ct_cache_memory *memory,
		 struct ct_error *err);
void ct_cache_free(struct ct_cache *cache);

/* Fill `bytes` with the message; on failure 0 bytes may be used. */
typedef int ct_cache_fill(void *context, uint8_t *bytes, struct ct_error *err);

/* Copy `len` bytes at `offset` of the message that is identified by `id` and has `size` bytes to `to`,
 * opening it with `fill` when it is not there. Errors are those of `fill`, and CT_E_NOMEM. */
int ct_cache_read(struct ct_cache *cache, uint64_t id, size_t size, size_t offset, size_t len,
		  uint8_t *to, ct_cache_fill *fill, void *context, struct ct_error *err);

/* Open the message so that some of it lands in its place, and the rest, in order and without a gap, in `rest`. */
typedef int ct_cache_split(void *context, uint8_t *rest, struct ct_error *err);

/* ct_cache_read() for one who will not want these bytes again: when the message is not there, `split` puts them to
 * `to` itself, and only what is left of the message stays here, less and less of it. 0 < len < size. */
int ct_cache_take(struct ct_cache *cache, uint64_t id, size_t size, size_t offset, size_t len, uint8_t *to,
		  ct_cache_split *split, void *context, struct ct_error *err);

/* For a child process after a fork, while it has one thread: forget everything, whatever state other
 * threads had left it in. */
void ct_cache_after_fork(struct ct_cache *cache);

#endif
