/* A text that grows, in the arena; and UTF-8. The first failure stays: what is put after it is ignored, and
 * rego_buffer_value() is NULL. */
#ifndef REGO_BUFFER_H
#define REGO_BUFFER_H

#include "value.h"

struct rego_buffer {
	struct rego_work *work;
	char *bytes;
	size_t len, capacity;
};

static inline struct rego_buffer rego_buffer(struct rego_work *work)
{
	return (struct rego_buffer){.work = work};
}

/* False on a limit: limits.string, memory, steps (one for each byte). */
bool rego_put(struct rego_buffer *buffer, const char *bytes, size_t len);
bool rego_put_text(struct rego_buffer *buffer, const char *text);
bool rego_put_rune(struct rego_buffer *buffer, uint32_t rune);
/* The formatted text is cut at 255 bytes. */
bool rego_put_format(struct rego_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A string of what was put, which is UTF-8. */
const struct rego_value *rego_buffer_value(struct rego_buffer *buffer);

/* The code point at `at`, which is below `len`, and its size in bytes; what is not UTF-8 is U+FFFD, one byte long. */
uint32_t rego_rune(const char *bytes, size_t len, size_t at, size_t *size);

/* Writes at most 4 bytes; returns how many. */
size_t rego_rune_put(uint32_t rune, char *bytes);

#endif
