#include "json_put.h"

#include <string.h>

#include "json.h"
#include "utf8.h"

static void next(struct ct_buffer *json, const char *key)
{
	if (json->len > 0 && strchr("{[:", json->data[json->len - 1]) == NULL)
		ct_buffer_put(json, ",", 1);
	if (key == NULL)
		return;
	ct_json_put_string(json, key);
	ct_buffer_put(json, ":", 1);
}

void shim_json_begin(struct ct_buffer *json, const char *key, char bracket)
{
	next(json, key);
	ct_buffer_put(json, &bracket, 1);
}

void shim_json_end(struct ct_buffer *json, char bracket)
{
	ct_buffer_put(json, &bracket, 1);
}

void shim_json_u64(struct ct_buffer *json, const char *key, uint64_t value)
{
	next(json, key);
	ct_buffer_put_u64(json, value);
}

void shim_json_bytes(struct ct_buffer *json, const char *key, const char *bytes, size_t len)
{
	struct ct_buffer clean = {0};
	uint32_t code;
	for (size_t at = 0; at < len;) {
		size_t step = bytes[at] == '\0' ? 0 : ct_utf8_decode(bytes + at, len - at, &code);
		if (step > 0)
			ct_buffer_put(&clean, bytes + at, step);
		else
			ct_buffer_puts(&clean, "\xef\xbf\xbd");
		at += step > 0 ? step : 1;
	}
	next(json, key);
	ct_json_put_string(json, clean.data != NULL ? clean.data : "");
	json->failed = json->failed || clean.failed;
	ct_buffer_free(&clean);
}

void shim_json_text(struct ct_buffer *json, const char *key, const char *text)
{
	if (text != NULL)
		shim_json_bytes(json, key, text, strlen(text));
}

void shim_json_value(struct ct_buffer *json, const char *key, const char *value, size_t len)
{
	next(json, key);
	ct_buffer_put(json, value, len);
}
