/* Questions about strings, and parts of them. */
#include <string.h>

#include "buffer.h"
#include "builtin_family.h"
#include "operand.h"
#include "sort.h"
#include "utf8.h"

static bool two_strings(REGO_OPERANDS)
{
	return rego_operand(call, args, 1, REGO_STRING) && rego_operand(call, args, 2, REGO_STRING);
}

/* Where `part` is in `text` from byte `at` on; -1: nowhere. */
static ptrdiff_t find(const struct rego_value *text, size_t at, const struct rego_value *part)
{
	if (part->string.len == 0)
		return (ptrdiff_t)at;
	const char *found = memmem(text->string.bytes + at, text->string.len - at, part->string.bytes, part->string.len);
	return found != NULL ? found - text->string.bytes : -1;
}

static bool starts(const struct rego_value *text, const struct rego_value *prefix)
{
	return text->string.len >= prefix->string.len
	       && (prefix->string.len == 0 || memcmp(text->string.bytes, prefix->string.bytes, prefix->string.len) == 0);
}

static bool ends(const struct rego_value *text, const struct rego_value *suffix)
{
	size_t len = suffix->string.len;
	return text->string.len >= len
	       && (len == 0 || memcmp(text->string.bytes + text->string.len - len, suffix->string.bytes, len) == 0);
}

/* A search through all of a string costs what its length is. */
static bool spend_on(struct rego_call *call, const struct rego_value *text)
{
	return rego_spend(call->work, text->string.len / 16);
}

static const struct rego_value *contains(REGO_OPERANDS)
{
	if (!two_strings(call, args) || !spend_on(call, args[0]))
		return NULL;
	return rego_boolean(find(args[0], 0, args[1]) >= 0);
}

static const struct rego_value *startswith(REGO_OPERANDS)
{
	return two_strings(call, args) ? rego_boolean(starts(args[0], args[1])) : NULL;
}

static const struct rego_value *endswith(REGO_OPERANDS)
{
	return two_strings(call, args) ? rego_boolean(ends(args[0], args[1])) : NULL;
}

/* The index of a byte as one of a code point. */
static const struct rego_value *point_index(struct rego_call *call, const struct rego_value *text, size_t at)
{
	return rego_integer(call->work, (int64_t)rego_utf8_count(text->string.bytes, at));
}

static const struct rego_value *indexof(REGO_OPERANDS)
{
	if (!two_strings(call, args) || !spend_on(call, args[0]))
		return NULL;
	if (args[1]->string.len == 0)
		return rego_builtin_failed(call, "empty search character");
	ptrdiff_t at = find(args[0], 0, args[1]);
	return at < 0 ? rego_integer(call->work, -1) : point_index(call, args[0], (size_t)at);
}

/* Places may overlap. */
static const struct rego_value *indexof_n(REGO_OPERANDS)
{
	if (!two_strings(call, args) || !spend_on(call, args[0]))
		return NULL;
	if (args[1]->string.len == 0)
		return rego_builtin_failed(call, "empty search character");
	struct rego_list found = {0};
	size_t last = 0;
	int64_t index = 0;
	for (ptrdiff_t at = find(args[0], 0, args[1]); at >= 0; at = find(args[0], last + 1, args[1])) {
		index += (int64_t)rego_utf8_count(args[0]->string.bytes + last, (size_t)at - last);
		last = (size_t)at;
		if (!rego_list_add(call->work, &found, rego_integer(call->work, index))
		    || !rego_spend(call->work, args[1]->string.len / 16))
			return NULL;
	}
	return rego_array(call->work, found.items, found.count);
}

static const struct rego_value *count(REGO_OPERANDS)
{
	if (!two_strings(call, args) || !spend_on(call, args[0]))
		return NULL;
	if (args[1]->string.len == 0)
		return rego_integer(call->work, rego_count(args[0]) + 1);
	int64_t times = 0;
	for (ptrdiff_t at = find(args[0], 0, args[1]); at >= 0; times++)
		at = find(args[0], (size_t)at + args[1]->string.len, args[1]);
	return rego_integer(call->work, times);
}

static const struct rego_value *substring(REGO_OPERANDS)
{
	int64_t offset, length;
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_operand_int64(call, args, 2, &offset)
	    || !rego_operand_int64(call, args, 3, &length) || !spend_on(call, args[0]))
		return NULL;
	if (offset < 0)
		return rego_builtin_failed(call, "negative offset");
	const char *bytes = args[0]->string.bytes;
	size_t len = args[0]->string.len, from = rego_utf8_offset(bytes, len, (size_t)offset);
	size_t taken = length < 0 ? len - from : rego_utf8_offset(bytes + from, len - from, (size_t)length);
	return rego_string_take(call->work, bytes + from, taken);
}

static const struct rego_value *map_points(REGO_OPERANDS, uint32_t (*map)(uint32_t))
{
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	struct rego_buffer out = {.work = call->work};
	const char *bytes = args[0]->string.bytes;
	uint32_t point;
	for (size_t at = 0; at < args[0]->string.len;) {
		at += rego_utf8_decode(bytes + at, args[0]->string.len - at, &point);
		if (!rego_buffer_point(&out, map(point)))
			return NULL;
	}
	return rego_buffer_string(&out);
}

static const struct rego_value *lower(REGO_OPERANDS)
{
	return map_points(call, args, rego_lower);
}

static const struct rego_value *upper(REGO_OPERANDS)
{
	return map_points(call, args, rego_upper);
}

static const struct rego_value *reverse(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_STRING) || !spend_on(call, args[0]))
		return NULL;
	size_t len = args[0]->string.len, step;
	char *bytes = rego_alloc(call->work, len);
	uint32_t point;
	for (size_t at = 0; bytes != NULL && at < len; at += step) {
		step = rego_utf8_decode(args[0]->string.bytes + at, len - at, &point);
		memcpy(bytes + len - at - step, args[0]->string.bytes + at, step);
	}
	return bytes != NULL ? rego_string_take(call->work, bytes, len) : NULL;
}

/* A string or a collection of strings, as a list in the arena. */
static bool some_strings(REGO_OPERANDS, unsigned operand, struct rego_list *list)
{
	const struct rego_value *given = args[operand - 1];
	bool one = given->type == REGO_STRING;
	if (!one && !rego_is_list(given)) {
		rego_wrong_type(call, operand, "one of {string, set, array}", given);
		return false;
	}
	list->count = one ? 1 : given->list.count;
	list->items = rego_alloc_array(call->work, list->count, sizeof *list->items);
	for (size_t i = 0; list->items != NULL && i < list->count; i++) {
		list->items[i] = one ? given : given->list.items[i];
		if (list->items[i]->type != REGO_STRING) {
			rego_wrong_element(call, operand, rego_type_name(given->type), "strings", list->items[i]);
			return false;
		}
	}
	return list->items != NULL;
}

/* Byte by byte, so that what was the end is the beginning. */
static bool turn_around(struct rego_work *work, struct rego_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct rego_value *string = list->items[i];
		char *bytes = rego_alloc(work, string->string.len);
		for (size_t j = 0; bytes != NULL && j < string->string.len; j++)
			bytes[string->string.len - 1 - j] = string->string.bytes[j];
		list->items[i] = bytes != NULL ? rego_string_take(work, bytes, string->string.len) : NULL;
		if (list->items[i] == NULL || !rego_spend(work, 1 + string->string.len / 16))
			return false;
	}
	return true;
}

/* Among sorted strings the first one that is not less than a prefix begins with it, or none does. */
static bool any_starts(struct rego_work *work, const struct rego_list *sorted, const struct rego_value *prefix)
{
	size_t low = 0, high = sorted->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (rego_compare(work, sorted->items[middle], prefix) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < sorted->count && starts(sorted->items[low], prefix);
}

static const struct rego_value *any_match(REGO_OPERANDS, bool at_end)
{
	struct rego_list texts = {0}, parts = {0};
	struct rego_work *work = call->work;
	if (!some_strings(call, args, 1, &texts) || !some_strings(call, args, 2, &parts))
		return NULL;
	if (at_end && (!turn_around(work, &texts) || !turn_around(work, &parts)))
		return NULL;
	if (!rego_sort(work, texts.items, texts.count, 1))
		return NULL;
	bool found = false;
	for (size_t i = 0; i < parts.count && !found; i++)
		found = any_starts(work, &texts, parts.items[i]);
	return rego_boolean(found);
}

static const struct rego_value *any_prefix_match(REGO_OPERANDS)
{
	return any_match(call, args, false);
}

static const struct rego_value *any_suffix_match(REGO_OPERANDS)
{
	return any_match(call, args, true);
}

static const struct rego_builtin rows[] = {
	{"contains", 2, 0, contains},
	{"endswith", 2, 0, endswith},
	{"indexof", 2, 0, indexof},
	{"indexof_n", 2, 0, indexof_n},
	{"lower", 1, 0, lower},
	{"startswith", 2, 0, startswith},
	{"strings.any_prefix_match", 2, 0, any_prefix_match},
	{"strings.any_suffix_match", 2, 0, any_suffix_match},
	{"strings.count", 2, 0, count},
	{"strings.reverse", 1, 0, reverse},
	{"substring", 3, 0, substring},
	{"upper", 1, 0, upper},
};
REGO_FAMILY(strings, rows);
