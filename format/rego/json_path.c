#include "json_path.h"

#include <string.h>

#include "buffer.h"

/* "~1" is "/", "~0" is "~". */
static const struct rego_value *segment(struct rego_work *work, const char *bytes, size_t len)
{
	struct rego_buffer plain = {.work = work};
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i];
		if (c == '~' && i + 1 < len && (bytes[i + 1] == '0' || bytes[i + 1] == '1'))
			c = bytes[++i] == '0' ? '~' : '/';
		rego_buffer_byte(&plain, c);
	}
	return rego_buffer_string(&plain);
}

const struct rego_value *rego_path(struct rego_work *work, const struct rego_value *path)
{
	if (path->type == REGO_ARRAY)
		return path;
	if (path->type != REGO_STRING)
		return NULL;
	const char *at = path->string.bytes, *end = at + path->string.len;
	struct rego_list segments = {0};
	if (at == end)
		return &rego_empty_array;
	while (at < end && *at == '/')
		at++;
	for (;;) {
		const char *slash = at < end ? memchr(at, '/', (size_t)(end - at)) : NULL;
		if (!rego_list_add(work, &segments, segment(work, at, (size_t)((slash ? slash : end) - at))))
			return NULL;
		if (!slash)
			return rego_array(work, segments.items, segments.count);
		at = slash + 1;
	}
}
