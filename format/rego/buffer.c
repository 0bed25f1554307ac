#include "buffer.h"

#include <string.h>

#include "utf8.h"

char *rego_buffer_extend(struct rego_buffer *buffer, size_t len)
{
	struct rego_work *work = buffer->work;
	if (len > work->limits.string || buffer->len > work->limits.string - len) {
		rego_fail(work, REGO_LIMIT_STRING, "a string of more than %zu bytes", work->limits.string);
		return NULL;
	}
	if (!rego_spend(work, 1 + len / 16))
		return NULL;
	size_t need = buffer->len + len;
	if (need > buffer->room || buffer->bytes == NULL) {
		size_t room = need < 24 ? 48 : need * 2;
		room = room > work->limits.string && need <= work->limits.string ? work->limits.string : room;
		char *bytes = rego_grow(work, buffer->bytes, buffer->room, room);
		if (bytes == NULL)
			return NULL;
		buffer->bytes = bytes;
		buffer->room = room;
	}
	char *at = buffer->bytes + buffer->len;
	buffer->len = need;
	return at;
}

bool rego_buffer_add(struct rego_buffer *buffer, const char *bytes, size_t len)
{
	char *to = rego_buffer_extend(buffer, len);
	if (to != NULL && len != 0)
		memcpy(to, bytes, len);
	return to != NULL;
}

bool rego_buffer_text(struct rego_buffer *buffer, const char *text)
{
	return rego_buffer_add(buffer, text, strlen(text));
}

bool rego_buffer_byte(struct rego_buffer *buffer, char byte)
{
	return rego_buffer_add(buffer, &byte, 1);
}

bool rego_buffer_point(struct rego_buffer *buffer, uint32_t point)
{
	char bytes[4];
	return rego_buffer_add(buffer, bytes, rego_utf8_encode(point, bytes));
}

bool rego_buffer_repeat(struct rego_buffer *buffer, char byte, size_t count)
{
	char *to = rego_buffer_extend(buffer, count);
	if (to != NULL)
		memset(to, byte, count);
	return to != NULL;
}

const struct rego_value *rego_buffer_string(struct rego_buffer *buffer)
{
	return rego_failed(buffer->work) ? NULL : rego_string_take(buffer->work, buffer->bytes, buffer->len);
}

const struct rego_value *rego_buffer_any_string(struct rego_buffer *buffer)
{
	if (rego_failed(buffer->work) || rego_utf8_valid(buffer->bytes, buffer->len))
		return rego_buffer_string(buffer);
	return rego_string(buffer->work, buffer->bytes, buffer->len);
}
