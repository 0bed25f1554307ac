#include "buffer.h"

#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "key.h"

static char *move_secret(struct ct_buffer *buffer, size_t room)
{
	char *grown = malloc(room);
	if (grown != NULL && buffer->data != NULL) {
		memcpy(grown, buffer->data, buffer->len);
		ct_wipe(buffer->data, buffer->len);
		free(buffer->data);
	}
	return grown;
}

/* Room for `more` bytes and a NUL; where they go, or NULL. */
static char *reserve(struct ct_buffer *buffer, size_t more)
{
	if (buffer->failed)
		return NULL;
	if (more >= SIZE_MAX / 4 - buffer->len) {
		buffer->failed = true;
		return NULL;
	}
	size_t need = buffer->len + more + 1;
	if (need > buffer->room) {
		size_t room = buffer->room * 2 > need ? buffer->room * 2 : need + 64;
		char *grown = buffer->secret ? move_secret(buffer, room)
					     : realloc(buffer->data, room); /* large ones move no byte */
		if (grown == NULL) {
			buffer->failed = true;
			return NULL;
		}
		buffer->data = grown;
		buffer->room = room;
	}
	return buffer->data + buffer->len;
}

static void commit(struct ct_buffer *buffer, size_t more)
{
	buffer->len += more;
	buffer->data[buffer->len] = '\0';
}

void ct_buffer_put(struct ct_buffer *buffer, const void *bytes, size_t len)
{
	char *at = reserve(buffer, len);
	if (at == NULL)
		return;
	if (len > 0)
		memcpy(at, bytes, len);
	commit(buffer, len);
}

void ct_buffer_puts(struct ct_buffer *buffer, const char *text)
{
	ct_buffer_put(buffer, text, strlen(text));
}

void ct_buffer_put_u64(struct ct_buffer *buffer, uint64_t value)
{
	char text[20], *at = text + sizeof text;
	do
		*--at = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	ct_buffer_put(buffer, at, (size_t)(text + sizeof text - at));
}

void ct_buffer_fill(struct ct_buffer *buffer, char byte, size_t len)
{
	char *at = reserve(buffer, len);
	if (at == NULL)
		return;
	memset(at, byte, len);
	commit(buffer, len);
}

void ct_buffer_put_base64(struct ct_buffer *buffer, const uint8_t *bytes, size_t len)
{
	char *at = reserve(buffer, ct_base64_len(len));
	if (at == NULL)
		return;
	ct_base64_encode(bytes, len, at);
	commit(buffer, ct_base64_len(len));
}

int ct_buffer_check(const struct ct_buffer *buffer, struct ct_error *err)
{
	return buffer->failed ? ct_fail_nomem(err) : 0;
}

void ct_buffer_free(struct ct_buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct ct_buffer){0};
}

void ct_buffer_wipe(struct ct_buffer *buffer)
{
	ct_wipe(buffer->data, buffer->len);
	ct_buffer_free(buffer);
}
