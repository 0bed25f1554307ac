/* A text that grows in the arena, up to limits.string. Once something has failed, nothing more is added and the result
 * is NULL. */
#ifndef REGO_BUFFER_H
#define REGO_BUFFER_H

#include "value.h"

struct rego_buffer {
	struct rego_work *work;
	char *bytes;
	size_t len, room;
};

/* Where `len` bytes can be written, which count already; NULL: no. */
char *rego_buffer_extend(struct rego_buffer *buffer, size_t len);

bool rego_buffer_add(struct rego_buffer *buffer, const char *bytes, size_t len);
bool rego_buffer_text(struct rego_buffer *buffer, const char *text);
bool rego_buffer_byte(struct rego_buffer *buffer, char byte);
bool rego_buffer_point(struct rego_buffer *buffer, uint32_t point);
bool rego_buffer_repeat(struct rego_buffer *buffer, char byte, size_t count);

/* What was written, which is UTF-8. */
const struct rego_value *rego_buffer_string(struct rego_buffer *buffer);

/* What was written, whatever it is: what is not UTF-8 becomes U+FFFD. */
const struct rego_value *rego_buffer_any_string(struct rego_buffer *buffer);

#endif
