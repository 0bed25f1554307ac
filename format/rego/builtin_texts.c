/* Strings that are put together, taken apart and cut. */
#include <string.h>

#include "buffer.h"
#include "builtin_family.h"
#include "go_format.h"
#include "operand.h"
#include "utf8.h"

static bool two_strings(REGO_OPERANDS)
{
	return rego_operand(call, args, 1, REGO_STRING) && rego_operand(call, args, 2, REGO_STRING);
}

static const struct rego_value *concat(REGO_OPERANDS)
{
	const struct rego_value *list = args[1];
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	if (!rego_is_list(list))
		return rego_wrong_type(call, 2, "one of {set, array}", list);
	for (size_t i = 0; i < list->list.count; i++)
		if (list->list.items[i]->type != REGO_STRING)
			return rego_wrong_element(call, 2, rego_type_name(list->type), "strings", list->list.items[i]);
	struct rego_buffer out = {.work = call->work};
	for (size_t i = 0; i < list->list.count; i++) {
		const struct rego_value *item = list->list.items[i];
		if (i > 0)
			rego_buffer_add(&out, args[0]->string.bytes, args[0]->string.len);
		if (!rego_buffer_add(&out, item->string.bytes, item->string.len))
			return NULL;
	}
	return rego_buffer_string(&out);
}

/* The next piece of `text` from *at on, up to a delimiter or the end; *at: behind both. False after the last. */
static bool next_piece(const struct rego_value *text, const struct rego_value *delimiter, size_t *at, size_t *len)
{
	size_t left = text->string.len - *at;
	const char *bytes = text->string.bytes + *at;
	if (delimiter->string.len == 0) { /* each code point is one */
		uint32_t point;
		*len = left > 0 ? rego_utf8_decode(bytes, left, &point) : 0;
		*at += *len;
		return left > 0;
	}
	const char *found = left == 0 ? NULL : memmem(bytes, left, delimiter->string.bytes, delimiter->string.len);
	*len = found != NULL ? (size_t)(found - bytes) : left;
	*at = found != NULL ? *at + *len + delimiter->string.len : text->string.len + 1;
	return true;
}

static bool split_all(REGO_OPERANDS, struct rego_list *pieces)
{
	if (!two_strings(call, args) || !rego_spend(call->work, args[0]->string.len / 16))
		return false;
	size_t at = 0, len;
	for (size_t from = 0; at <= args[0]->string.len && next_piece(args[0], args[1], &at, &len); from = at)
		if (!rego_list_add(call->work, pieces, rego_string_take(call->work, args[0]->string.bytes + from, len)))
			return false;
	return true;
}

static const struct rego_value *split(REGO_OPERANDS)
{
	struct rego_list pieces = {0};
	return split_all(call, args, &pieces) ? rego_array(call->work, pieces.items, pieces.count) : NULL;
}

/* The first n pieces; the last -n when it is negative. */
static const struct rego_value *split_n(REGO_OPERANDS)
{
	int64_t wanted;
	struct rego_list pieces = {0};
	if (!two_strings(call, args) || !rego_operand_int64(call, args, 3, &wanted) || !split_all(call, args, &pieces))
		return NULL;
	uint64_t few = wanted < 0 ? 0 - (uint64_t)wanted : (uint64_t)wanted;
	size_t kept = few < pieces.count ? (size_t)few : pieces.count;
	return rego_array(call->work, pieces.items + (wanted < 0 ? pieces.count - kept : 0), kept);
}

/* A comparison of much costs what is compared, where it goes on behind the beginning. */
static bool fits(struct rego_work *work, const char *at, size_t left, const struct rego_value *pattern)
{
	size_t len = pattern->string.len, few = len < 64 ? len : 64;
	return len <= left && memcmp(at, pattern->string.bytes, few) == 0
	       && (len == few || (rego_spend(work, len / 16) && memcmp(at, pattern->string.bytes, len) == 0));
}

/* The first pattern that fits at `at`; an empty one fits wherever it did not fit just before. */
static const struct rego_member *fitting(struct rego_work *work, const struct rego_value *text, size_t at,
					 const struct rego_member *patterns, size_t count, bool after_empty)
{
	for (size_t i = 0; i < count; i++) {
		const struct rego_value *pattern = patterns[i].key;
		if (pattern->string.len == 0 ? !after_empty
					     : fits(work, text->string.bytes + at, text->string.len - at, pattern))
			return &patterns[i];
	}
	return NULL;
}

static const struct rego_value *replace_all(struct rego_call *call, const struct rego_value *text,
					    const struct rego_member *patterns, size_t count)
{
	struct rego_buffer out = {.work = call->work};
	const char *bytes = text->string.bytes;
	size_t len = text->string.len, at = 0, done = 0;
	bool after_empty = false;
	while (at <= len && rego_spend(call->work, 1 + count / 4)) {
		const struct rego_member *pattern = fitting(call->work, text, at, patterns, count, after_empty);
		after_empty = pattern != NULL && pattern->key->string.len == 0;
		if (pattern != NULL) {
			rego_buffer_add(&out, bytes + done, at - done);
			rego_buffer_add(&out, pattern->value->string.bytes, pattern->value->string.len);
			at += pattern->key->string.len;
			done = at;
		} else {
			uint32_t point;
			at += at < len ? rego_utf8_decode(bytes + at, len - at, &point) : 1;
		}
	}
	return rego_buffer_add(&out, bytes + done, len - done) ? rego_buffer_string(&out) : NULL;
}

static const struct rego_value *replace(REGO_OPERANDS)
{
	if (!two_strings(call, args) || !rego_operand(call, args, 3, REGO_STRING))
		return NULL;
	struct rego_member pattern = {args[1], args[2]};
	return replace_all(call, args[0], &pattern, 1);
}

static const struct rego_value *replace_n(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_OBJECT) || !rego_operand(call, args, 2, REGO_STRING))
		return NULL;
	for (size_t i = 0; i < args[0]->object.count; i++) {
		const struct rego_member *member = &args[0]->object.members[i];
		if (member->key->type != REGO_STRING)
			return rego_type_failed(call, "operand 1 non-string key found in pattern object");
		if (member->value->type != REGO_STRING)
			return rego_type_failed(call, "operand 1 non-string value found in pattern object");
	}
	return replace_all(call, args[1], args[0]->object.members, args[0]->object.count);
}

/* Is the code point that `bytes` begins with one of those in `set`? */
static bool in_set(struct rego_work *work, const char *bytes, size_t len, const struct rego_value *set)
{
	return rego_spend(work, set->string.len / 16) && memmem(set->string.bytes, set->string.len, bytes, len) != NULL;
}

/* How many bytes at the beginning are code points of the set; NULL: white space. */
static size_t leading(struct rego_work *work, const char *bytes, size_t len, const struct rego_value *set)
{
	size_t at = 0, step;
	uint32_t point;
	for (; at < len; at += step) {
		step = rego_utf8_decode(bytes + at, len - at, &point);
		if (set != NULL ? !in_set(work, bytes + at, step, set) : !rego_is_space(point))
			break;
	}
	return at;
}

/* How many bytes are left when such code points at the end are gone. */
static size_t without_trailing(struct rego_work *work, const char *bytes, size_t len, const struct rego_value *set)
{
	while (len > 0) {
		size_t start = len - 1;
		uint32_t point;
		while (start > 0 && len - start < 4 && ((unsigned char)bytes[start] & 0xC0) == 0x80)
			start--;
		if (rego_utf8_decode(bytes + start, len - start, &point) != len - start) {
			start = len - 1; /* no UTF-8 */
			point = REGO_REPLACEMENT;
		}
		if (set != NULL ? !in_set(work, bytes + start, len - start, set) : !rego_is_space(point))
			break;
		len = start;
	}
	return len;
}

static const struct rego_value *cut(struct rego_call *call, const struct rego_value *text, const struct rego_value *set,
				    bool left, bool right)
{
	const char *bytes = text->string.bytes;
	size_t len = text->string.len;
	if (!rego_spend(call->work, len / 16))
		return NULL;
	size_t from = left ? leading(call->work, bytes, len, set) : 0;
	size_t to = right ? without_trailing(call->work, bytes + from, len - from, set) : len - from;
	return to == len ? text : rego_string_take(call->work, bytes + from, to);
}

static const struct rego_value *trim(REGO_OPERANDS)
{
	return two_strings(call, args) ? cut(call, args[0], args[1], true, true) : NULL;
}

static const struct rego_value *trim_left(REGO_OPERANDS)
{
	return two_strings(call, args) ? cut(call, args[0], args[1], true, false) : NULL;
}

static const struct rego_value *trim_right(REGO_OPERANDS)
{
	return two_strings(call, args) ? cut(call, args[0], args[1], false, true) : NULL;
}

static const struct rego_value *trim_space(REGO_OPERANDS)
{
	return rego_operand(call, args, 1, REGO_STRING) ? cut(call, args[0], NULL, true, true) : NULL;
}

static const struct rego_value *trim_prefix(REGO_OPERANDS)
{
	if (!two_strings(call, args))
		return NULL;
	size_t len = args[1]->string.len;
	if (len == 0 || len > args[0]->string.len || memcmp(args[0]->string.bytes, args[1]->string.bytes, len) != 0)
		return args[0];
	return rego_string_take(call->work, args[0]->string.bytes + len, args[0]->string.len - len);
}

static const struct rego_value *trim_suffix(REGO_OPERANDS)
{
	if (!two_strings(call, args))
		return NULL;
	size_t len = args[1]->string.len, all = args[0]->string.len;
	if (len == 0 || len > all || memcmp(args[0]->string.bytes + all - len, args[1]->string.bytes, len) != 0)
		return args[0];
	return rego_string_take(call->work, args[0]->string.bytes, all - len);
}

static const struct rego_value *sprintf_of(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_operand(call, args, 2, REGO_ARRAY))
		return NULL;
	return rego_go_format(call->work, args[0], args[1]);
}

static const struct rego_builtin rows[] = {
	{"concat", 2, 0, concat},
	{"replace", 3, 0, replace},
	{"split", 2, 0, split},
	{"sprintf", 2, 0, sprintf_of},
	{"strings.replace_n", 2, 0, replace_n},
	{"strings.split_n", 3, 0, split_n},
	{"trim", 2, 0, trim},
	{"trim_left", 2, 0, trim_left},
	{"trim_prefix", 2, 0, trim_prefix},
	{"trim_right", 2, 0, trim_right},
	{"trim_space", 1, 0, trim_space},
	{"trim_suffix", 2, 0, trim_suffix},
};
REGO_FAMILY(texts, rows);
