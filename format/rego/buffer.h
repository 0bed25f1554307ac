/* A text that grows, in the arena. The first failure stays: what is put after it is ignored, and
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

#endif
