#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
	return rego_put(buffer, bytes, rego_rune_put(rune, bytes));
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

uint32_t rego_rune(const char *bytes, size_t len, size_t at, size_t *size)
{
	const uint8_t *b = (const uint8_t *)bytes + at;
	size_t left = len - at;
	*size = 1;
	if (b[0] < 0x80)
		return b[0];
	size_t more = b[0] >= 0xf0 ? 3 : b[0] >= 0xe0 ? 2 : 1;
	if (b[0] < 0xc2 || b[0] > 0xf4 || left <= more)
		return 0xfffd;
	uint32_t rune = b[0] & (0x3fu >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0xfffd;
		rune = rune << 6 | (b[i] & 0x3f);
	}
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	if (rune < least[more] || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
		return 0xfffd;
	*size = more + 1;
	return rune;
}

size_t rego_rune_put(uint32_t rune, char *bytes)
{
	if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
		rune = 0xfffd;
	if (rune < 0x80) {
		bytes[0] = (char)rune;
		return 1;
	}
	size_t size = rune < 0x800 ? 2 : rune < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	for (size_t i = size; i-- > 1; rune >>= 6)
		bytes[i] = (char)(0x80 | (rune & 0x3f));
	bytes[0] = (char)(lead[size] | rune);
	return size;
}
