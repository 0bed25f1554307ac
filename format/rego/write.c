/* Values as JSON and as Rego. */
#include <string.h>

#include "go_format.h"
#include "json.h"
#include "utf8.h"

static bool add_hex_escape(struct rego_buffer *out, uint32_t point)
{
	static const char hex[] = "0123456789abcdef";
	char text[] = {'\\', 'u', hex[point >> 12 & 15], hex[point >> 8 & 15], hex[point >> 4 & 15], hex[point & 15]};
	return rego_buffer_add(out, text, sizeof text);
}

static const char *short_escape(uint32_t point)
{
	switch (point) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	default:
		return NULL;
	}
}

bool rego_json_quote(struct rego_buffer *out, const char *bytes, size_t len, bool html)
{
	rego_buffer_byte(out, '"');
	size_t done = 0;
	uint32_t point;
	for (size_t at = 0; at < len;) {
		size_t step = rego_utf8_decode(bytes + at, len - at, &point);
		const char *escape = short_escape(point);
		bool hex = point < ' ' || (point == REGO_REPLACEMENT && step == 1) || point == 0x2028 || point == 0x2029
			   || (html && (point == '<' || point == '>' || point == '&'));
		if (escape != NULL || hex) {
			rego_buffer_add(out, bytes + done, at - done);
			if (!(escape != NULL ? rego_buffer_text(out, escape) : add_hex_escape(out, point)))
				return false;
			done = at + step;
		}
		at += step;
	}
	return rego_buffer_add(out, bytes + done, len - done) && rego_buffer_byte(out, '"');
}

static bool add_number(struct rego_buffer *out, const struct rego_number *number)
{
	size_t len;
	const char *text = rego_number_text(out->work, number, &len);
	return text != NULL && rego_buffer_add(out, text, len);
}

/* Strings are left to the caller. */
static bool add_scalar(struct rego_buffer *out, const struct rego_value *value)
{
	switch (value->type) {
	case REGO_NULL:
		return rego_buffer_text(out, "null");
	case REGO_BOOLEAN:
		return rego_buffer_text(out, value->boolean ? "true" : "false");
	default:
		return add_number(out, &value->number);
	}
}

static bool add_json(struct rego_buffer *out, const struct rego_value *value, const struct rego_json_style *style,
		     unsigned level);

static bool new_line(struct rego_buffer *out, const struct rego_json_style *style, unsigned level)
{
	if (style->indent == NULL)
		return true;
	rego_buffer_byte(out, '\n');
	rego_buffer_text(out, style->prefix);
	for (unsigned i = 0; i < level; i++)
		if (!rego_buffer_text(out, style->indent))
			return false;
	return !rego_failed(out->work);
}

/* JSON has only strings as keys; others become their JSON text. */
static bool add_key(struct rego_buffer *out, const struct rego_value *key, const struct rego_json_style *style)
{
	if (key->type == REGO_STRING)
		return rego_json_quote(out, key->string.bytes, key->string.len, style->html);
	struct rego_buffer text = {.work = out->work};
	static const struct rego_json_style compact = {.html = true};
	return add_json(&text, key, &compact, 0) && rego_json_quote(out, text.bytes, text.len, style->html);
}

static bool add_json_list(struct rego_buffer *out, const struct rego_value *value, const struct rego_json_style *style,
			  unsigned level)
{
	if (value->list.count == 0)
		return rego_buffer_text(out, "[]");
	for (size_t i = 0; i < value->list.count; i++) {
		rego_buffer_byte(out, i == 0 ? '[' : ',');
		if (!new_line(out, style, level + 1) || !add_json(out, value->list.items[i], style, level + 1))
			return false;
	}
	return new_line(out, style, level) && rego_buffer_byte(out, ']');
}

static bool add_json_object(struct rego_buffer *out, const struct rego_value *value,
			    const struct rego_json_style *style, unsigned level)
{
	if (value->object.count == 0)
		return rego_buffer_text(out, "{}");
	for (size_t i = 0; i < value->object.count; i++) {
		const struct rego_member *member = &value->object.members[i];
		rego_buffer_byte(out, i == 0 ? '{' : ',');
		if (!new_line(out, style, level + 1) || !add_key(out, member->key, style)
		    || !rego_buffer_text(out, style->indent == NULL ? ":" : ": ")
		    || !add_json(out, member->value, style, level + 1))
			return false;
	}
	return new_line(out, style, level) && rego_buffer_byte(out, '}');
}

static bool add_json(struct rego_buffer *out, const struct rego_value *value, const struct rego_json_style *style,
		     unsigned level)
{
	if (value->type == REGO_STRING)
		return rego_json_quote(out, value->string.bytes, value->string.len, style->html);
	if (value->type < REGO_ARRAY)
		return add_scalar(out, value);
	if (!rego_descend(out->work))
		return false;
	if (value->type == REGO_OBJECT)
		return add_json_object(out, value, style, level);
	return add_json_list(out, value, style, level);
}

bool rego_json_append(struct rego_buffer *out, const struct rego_value *value, const struct rego_json_style *style)
{
	return add_json(out, value, style, 0);
}

const struct rego_value *rego_json_write(struct rego_work *work, const struct rego_value *value)
{
	static const struct rego_json_style compact = {0};
	struct rego_buffer out = {.work = work};
	return add_json(&out, value, &compact, 0) ? rego_buffer_string(&out) : NULL;
}

static bool add_term_list(struct rego_buffer *out, const struct rego_value *value)
{
	bool set = value->type == REGO_SET;
	if (set && value->list.count == 0)
		return rego_buffer_text(out, "set()");
	rego_buffer_byte(out, set ? '{' : '[');
	for (size_t i = 0; i < value->list.count; i++)
		if ((i > 0 && !rego_buffer_text(out, ", ")) || !rego_term_append(out, value->list.items[i]))
			return false;
	return rego_buffer_byte(out, set ? '}' : ']');
}

static bool add_term_object(struct rego_buffer *out, const struct rego_value *value)
{
	rego_buffer_byte(out, '{');
	for (size_t i = 0; i < value->object.count; i++) {
		const struct rego_member *member = &value->object.members[i];
		if ((i > 0 && !rego_buffer_text(out, ", ")) || !rego_term_append(out, member->key)
		    || !rego_buffer_text(out, ": ") || !rego_term_append(out, member->value))
			return false;
	}
	return rego_buffer_byte(out, '}');
}

bool rego_term_append(struct rego_buffer *out, const struct rego_value *value)
{
	if (value->type == REGO_STRING)
		return rego_go_quote(out, value->string.bytes, value->string.len, '"', false);
	if (value->type < REGO_ARRAY)
		return add_scalar(out, value);
	if (!rego_descend(out->work))
		return false;
	return value->type == REGO_OBJECT ? add_term_object(out, value) : add_term_list(out, value);
}

const struct rego_value *rego_term_write(struct rego_work *work, const struct rego_value *value)
{
	struct rego_buffer out = {.work = work};
	return rego_term_append(&out, value) ? rego_buffer_string(&out) : NULL;
}
