/* urlquery.*: the encoding of HTML forms. */
#include <string.h>

#include "buffer.h"
#include "builtin_family.h"
#include "go_format.h"
#include "operand.h"
#include "sort.h"

static bool escape(struct rego_buffer *out, const struct rego_value *text)
{
	for (size_t i = 0; i < text->string.len; i++) {
		char c = text->string.bytes[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
			     || (c != '\0' && strchr("-_.~", c) != NULL);
		unsigned char byte = (unsigned char)c;
		char coded[] = {'%', "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]};
		if (!(plain ? rego_buffer_byte(out, c) : c == ' ' ? rego_buffer_byte(out, '+') : rego_buffer_add(out, coded, 3)))
			return false;
	}
	return true;
}

static int hex_value(char c)
{
	int lower = (unsigned char)c | 0x20;
	return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static const struct rego_value *wrong_escape(struct rego_call *call, const char *bytes, size_t len)
{
	struct rego_buffer quoted = {.work = call->work};
	return rego_go_quote(&quoted, bytes, len < 3 ? len : 3, '"', false)
		       ? rego_builtin_failed(call, "invalid URL escape %.*s", (int)quoted.len, quoted.bytes) : NULL;
}

/* NULL: what was no escape is noted, or the work has failed. */
static const struct rego_value *unescape(struct rego_call *call, const char *bytes, size_t len)
{
	struct rego_buffer out = {.work = call->work};
	for (size_t i = 0; i < len; i++) {
		char c = bytes[i] == '+' ? ' ' : bytes[i];
		if (c == '%') {
			int high = len - i > 2 ? hex_value(bytes[i + 1]) : -1, low = len - i > 2 ? hex_value(bytes[i + 2]) : -1;
			if (high < 0 || low < 0)
				return wrong_escape(call, bytes + i, len - i);
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (!rego_buffer_byte(&out, c))
			return NULL;
	}
	return rego_buffer_string(&out);
}

static const struct rego_value *encode(REGO_OPERANDS)
{
	struct rego_buffer out = {.work = call->work};
	return rego_operand(call, args, 1, REGO_STRING) && escape(&out, args[0]) ? rego_buffer_string(&out) : NULL;
}

static const struct rego_value *decode(REGO_OPERANDS)
{
	return rego_operand(call, args, 1, REGO_STRING) ? unescape(call, args[0]->string.bytes, args[0]->string.len) : NULL;
}

static bool add_pair(struct rego_buffer *out, const struct rego_value *key, const struct rego_value *value)
{
	return (out->len == 0 || rego_buffer_byte(out, '&')) && escape(out, key) && rego_buffer_byte(out, '=')
	       && escape(out, value);
}

/* Keys that are no strings stand for their JSON text, and sort as such. */
static const struct rego_value *with_text_keys(struct rego_work *work, const struct rego_value *object)
{
	struct rego_member *members = rego_alloc_array(work, object->object.count, sizeof *members);
	for (size_t i = 0; members != NULL && i < object->object.count; i++) {
		const struct rego_value *key = object->object.members[i].key;
		members[i] = object->object.members[i];
		members[i].key = key->type == REGO_STRING ? key : rego_json_write(work, key);
		if (members[i].key == NULL)
			return NULL;
	}
	return members != NULL ? rego_object(work, members, object->object.count) : NULL;
}

static const struct rego_value *encode_object(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_OBJECT))
		return NULL;
	const struct rego_value *object = with_text_keys(call->work, args[0]);
	struct rego_buffer out = {.work = call->work};
	for (size_t i = 0; object != NULL && i < object->object.count; i++) {
		const struct rego_member *member = &object->object.members[i];
		bool one = member->value->type == REGO_STRING;
		bool good = one || rego_is_list(member->value);
		for (size_t j = 0; good && j < (one ? 1 : member->value->list.count); j++) {
			const struct rego_value *value = one ? member->value : member->value->list.items[j];
			good = value->type == REGO_STRING;
			if (good && !add_pair(&out, member->key, value))
				return NULL;
		}
		if (!good)
			return rego_type_failed(call, "operand 1 values must be string, array[string], or set[string]");
	}
	return object != NULL ? rego_buffer_string(&out) : NULL;
}

/* "key=value", "key" or "=value", as a pair in `list`. */
static bool decode_pair(struct rego_call *call, const char *bytes, size_t len, struct rego_list *list)
{
	const char *equals = memchr(bytes, '=', len);
	size_t key = equals != NULL ? (size_t)(equals - bytes) : len, value = equals != NULL ? key + 1 : len;
	return rego_list_add(call->work, list, unescape(call, bytes, key))
	       && rego_list_add(call->work, list, unescape(call, bytes + value, len - value));
}

/* Pairs that are sorted by key become an object of arrays. */
static const struct rego_value *gather(struct rego_work *work, const struct rego_member *pairs, size_t count)
{
	struct rego_member *members = rego_alloc_array(work, count, sizeof *members);
	const struct rego_value **values = rego_alloc_array(work, count, sizeof *values);
	size_t kept = 0;
	for (size_t i = 0, next; members != NULL && values != NULL && i < count; i = next) {
		for (next = i; next < count && rego_equal(work, pairs[i].key, pairs[next].key); next++)
			values[next] = pairs[next].value;
		const struct rego_value *array = rego_array(work, values + i, next - i);
		if (array == NULL)
			return NULL;
		members[kept++] = (struct rego_member){pairs[i].key, array};
	}
	return members != NULL && values != NULL ? rego_object(work, members, kept) : NULL;
}

static const struct rego_value *decode_object(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	struct rego_list list = {0};
	const char *at = args[0]->string.bytes, *end = at + args[0]->string.len;
	if (at < end && memchr(at, ';', args[0]->string.len) != NULL)
		return rego_builtin_failed(call, "invalid semicolon separator in query");
	while (at < end) {
		const char *ampersand = memchr(at, '&', (size_t)(end - at)), *stop = ampersand != NULL ? ampersand : end;
		if (stop > at && !decode_pair(call, at, (size_t)(stop - at), &list))
			return NULL;
		at = ampersand != NULL ? stop + 1 : end;
	}
	if (!rego_sort(call->work, list.items, list.count / 2, 2)) /* which keeps the order of one key's values */
		return NULL;
	return gather(call->work, (const struct rego_member *)(const void *)list.items, list.count / 2);
}

static const struct rego_builtin rows[] = {
	{"urlquery.decode", 1, 0, decode},
	{"urlquery.decode_object", 1, 0, decode_object},
	{"urlquery.encode", 1, 0, encode},
	{"urlquery.encode_object", 1, 0, encode_object},
};
REGO_FAMILY(query, rows);
