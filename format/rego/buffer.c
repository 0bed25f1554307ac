#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

bool rego_put(struct rego_buffer *buffer, const char *bytes, size_t len)
{
	struct rego_work *work = buffer->work;
	if (rego_failed(work))
		return false;
	if (len > work->limits.string || buffer->len > work->limits.string - len)
		return rego_fail(work, REGO_LIMIT_STRING, "a string grows beyond %zu bytes", work->limits.string);
	if (!rego_spend(work, 1 + len / 16))
		return false;
	if (len > buffer->capacity - buffer->len) {
		size_t capacity = buffer->capacity ? buffer->capacity : 64;
		while (capacity < buffer->len + len)
			capacity *= 2;
		char *grown = rego_alloc(work, capacity);
		if (!grown)
			return false;
		if (buffer->len)
			memcpy(grown, buffer->bytes, buffer->len);
		buffer->bytes = grown;
		buffer->capacity = capacity;
	}
	if (len)
		memcpy(buffer->bytes + buffer->len, bytes, len);
	buffer->len += len;
	return true;
}

bool rego_put_text(struct rego_buffer *buffer, const char *text)
{
	return rego_put(buffer, text, strlen(text));
}

bool rego_put_rune(struct rego_buffer *buffer, uint32_t rune)
{
	char bytes[4];
	return rego_put(buffer, bytes, rego_utf8_encode(rune, bytes));
}

bool rego_put_format(struct rego_buffer *buffer, const char *format, ...)
{
	char text[256];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	size_t put = len < 0 ? 0 : (size_t)len;
	return rego_put(buffer, text, put < sizeof text ? put : sizeof text - 1);
}

const struct rego_value *rego_buffer_value(struct rego_buffer *buffer)
{
	if (rego_failed(buffer->work))
		return NULL;
	return rego_string_take(buffer->work, buffer->len ? buffer->bytes : "", buffer->len);
}
