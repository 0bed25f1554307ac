/* A growing byte buffer. One owner, one thread.
 *
 * Running out of memory is remembered, not returned: append freely, then ask ct_buffer_check()
 * once. Start from a zeroed struct. */
#ifndef CT_BUFFER_H
#define CT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct ct_buffer {
	char *data; /* NUL-terminated behind len when not NULL */
	size_t len, room;
	bool failed;
	bool secret; /* set before the first append: bytes that move as it grows are wiped */
};

void ct_buffer_put(struct ct_buffer *buffer, const void *bytes, size_t len);
void ct_buffer_puts(struct ct_buffer *buffer, const char *text);
void ct_buffer_put_u64(struct ct_buffer *buffer, uint64_t value);
void ct_buffer_fill(struct ct_buffer *buffer, char byte, size_t len);

/* Base64 of `bytes`, standard alphabet, padded. */
void ct_buffer_put_base64(struct ct_buffer *buffer, const uint8_t *bytes, size_t len);

/* 0, or -1 with CT_E_NOMEM when any append failed. */
int ct_buffer_check(const struct ct_buffer *buffer, struct ct_error *err);

/* Release; the buffer is empty afterwards. ct_buffer_wipe() overwrites the bytes first; bytes that
 * moved while a secret buffer grew are wiped too. */
void ct_buffer_free(struct ct_buffer *buffer);
void ct_buffer_wipe(struct ct_buffer *buffer);

#endif
