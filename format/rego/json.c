#include "json.h"

#include <string.h>

#include "utf8.h"

struct reader {
	struct rego_work *work;
	const char *bytes;
	size_t len, at;
	unsigned depth;
	struct rego_json_problem *problem;
};

static const struct rego_value *read_value(struct reader *reader);

static const struct rego_value *problem(struct reader *reader, const char *what)
{
	if (reader->problem->what == NULL) {
		reader->problem->what = what;
		reader->problem->at = reader->at;
	}
	return NULL;
}

static void skip_space(struct reader *reader)
{
	while (reader->at < reader->len && memchr(" \t\r\n", reader->bytes[reader->at], 4) != NULL)
		reader->at++;
}

static bool at_byte(const struct reader *reader, char byte)
{
	return reader->at < reader->len && reader->bytes[reader->at] == byte;
}

static bool digits(struct reader *reader)
{
	size_t start = reader->at;
	while (reader->at < reader->len && reader->bytes[reader->at] >= '0' && reader->bytes[reader->at] <= '9')
		reader->at++;
	return reader->at > start;
}

static const struct rego_value *read_number(struct reader *reader)
{
	size_t start = reader->at;
	reader->at += at_byte(reader, '-');
	bool zero = at_byte(reader, '0');
	if (zero)
		reader->at++;
	else if (!digits(reader))
		return problem(reader, "a digit is expected");
	if (at_byte(reader, '.')) {
		reader->at++;
		if (!digits(reader))
			return problem(reader, "a digit is expected");
	}
	if (at_byte(reader, 'e') || at_byte(reader, 'E')) {
		reader->at++;
		reader->at += at_byte(reader, '-') || at_byte(reader, '+');
		if (!digits(reader))
			return problem(reader, "a digit is expected");
	}
	struct rego_number number;
	if (!rego_spend(reader->work, 1 + (reader->at - start) / 8)
	    || !rego_number_parse(reader->work, reader->bytes + start, reader->at - start, &number))
		return problem(reader, "a number is too large");
	return rego_number_value(reader->work, number);
}

/* Four hex digits. */
static bool read_unit(struct reader *reader, uint32_t *unit)
{
	*unit = 0;
	if (reader->len - reader->at < 4)
		return false;
	for (size_t i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)reader->bytes[reader->at + i];
		unsigned lower = c | 0x20u;
		if (c >= '0' && c <= '9')
			*unit = *unit << 4 | (c - (unsigned)'0');
		else if (lower >= 'a' && lower <= 'f')
			*unit = *unit << 4 | (lower - 'a' + 10);
		else
			return false;
	}
	reader->at += 4;
	return true;
}

/* After "\u". Half a pair becomes U+FFFD. */
static bool read_point(struct reader *reader, uint32_t *point)
{
	if (!read_unit(reader, point))
		return false;
	if (*point < 0xD800 || *point > 0xDFFF)
		return true;
	uint32_t low;
	size_t after = reader->at;
	if (*point < 0xDC00 && reader->len - after >= 6 && memcmp(reader->bytes + after, "\\u", 2) == 0) {
		reader->at += 2;
		if (!read_unit(reader, &low))
			return false;
		if (low >= 0xDC00 && low <= 0xDFFF) {
			*point = 0x10000 + ((*point - 0xD800) << 10) + (low - 0xDC00);
			return true;
		}
	}
	reader->at = after;
	*point = REGO_REPLACEMENT;
	return true;
}

static bool read_escape(struct reader *reader, struct rego_buffer *out)
{
	static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	if (reader->at == reader->len)
		return false;
	char c = reader->bytes[reader->at++];
	uint32_t point;
	if (c == 'u')
		return read_point(reader, &point) && rego_buffer_point(out, point);
	const char *found = c == '\0' ? NULL : strchr(names, c);
	return found != NULL && rego_buffer_byte(out, meanings[found - names]);
}

/* The plain bytes from here on, up to a quote, a backslash or what must be escaped. */
static size_t plain(const struct reader *reader)
{
	size_t at = reader->at;
	while (at < reader->len && reader->bytes[at] != '"' && reader->bytes[at] != '\\'
	       && (unsigned char)reader->bytes[at] >= ' ')
		at++;
	return at - reader->at;
}

static const struct rego_value *read_string(struct reader *reader)
{
	struct rego_buffer out = {.work = reader->work};
	reader->at++;
	for (;;) {
		size_t len = plain(reader);
		const char *bytes = reader->bytes + reader->at;
		if (!rego_utf8_valid(bytes, len))
			return problem(reader, "a string is not UTF-8");
		if (!rego_buffer_add(&out, bytes, len))
			return problem(reader, "a string is too long");
		reader->at += len;
		if (at_byte(reader, '"')) {
			reader->at++;
			return rego_buffer_string(&out);
		}
		if (!at_byte(reader, '\\'))
			return problem(reader, "a string does not end, or has a control character in it");
		reader->at++;
		if (!read_escape(reader, &out))
			return problem(reader, "no such escape");
	}
}

static const struct rego_value *read_array(struct reader *reader)
{
	struct rego_list list = {0};
	reader->at++;
	skip_space(reader);
	if (at_byte(reader, ']')) {
		reader->at++;
		return &rego_empty_array;
	}
	for (;;) {
		const struct rego_value *item = read_value(reader);
		if (item == NULL || !rego_list_add(reader->work, &list, item))
			return NULL;
		if (!at_byte(reader, ',') && !at_byte(reader, ']'))
			return problem(reader, "a comma or ] is expected");
		if (reader->bytes[reader->at++] == ']')
			return rego_array(reader->work, list.items, list.count);
	}
}

/* "key": value */
static bool read_member(struct reader *reader, struct rego_list *list)
{
	skip_space(reader);
	if (!at_byte(reader, '"'))
		return problem(reader, "a key in quotes is expected") != NULL;
	const struct rego_value *key = read_string(reader);
	if (key == NULL)
		return false;
	skip_space(reader);
	if (!at_byte(reader, ':'))
		return problem(reader, "a colon is expected") != NULL;
	reader->at++;
	if (list->count / 2 >= reader->work->limits.collection)
		return rego_fail(reader->work, REGO_LIMIT_COLLECTION, "a collection of more than %zu members",
				 reader->work->limits.collection);
	const struct rego_value *value = read_value(reader);
	if (value == NULL || !rego_spend(reader->work, 1))
		return false;
	if (list->count + 2 > list->capacity) {
		size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
		list->items = rego_grow(reader->work, list->items, list->capacity * sizeof *list->items,
					capacity * sizeof *list->items);
		if (list->items == NULL)
			return false;
		list->capacity = capacity;
	}
	list->items[list->count++] = key;
	list->items[list->count++] = value;
	return true;
}

static const struct rego_value *read_object(struct reader *reader)
{
	struct rego_list list = {0}; /* keys and values in turn, which is what members are */
	reader->at++;
	skip_space(reader);
	if (at_byte(reader, '}')) {
		reader->at++;
		return &rego_empty_object;
	}
	for (;;) {
		if (!read_member(reader, &list))
			return NULL;
		if (!at_byte(reader, ',') && !at_byte(reader, '}'))
			return problem(reader, "a comma or } is expected");
		if (reader->bytes[reader->at++] == '}')
			return rego_object(reader->work, (struct rego_member *)(void *)list.items, list.count / 2);
	}
}

static bool word(struct reader *reader, const char *text)
{
	size_t len = strlen(text);
	if (reader->len - reader->at < len || memcmp(reader->bytes + reader->at, text, len) != 0)
		return false;
	reader->at += len;
	return true;
}

static const struct rego_value *read_plain(struct reader *reader)
{
	switch (reader->at < reader->len ? reader->bytes[reader->at] : '\0') {
	case '"':
		return read_string(reader);
	case 'n':
		return word(reader, "null") ? &rego_null : problem(reader, "a value is expected");
	case 't':
		return word(reader, "true") ? &rego_true : problem(reader, "a value is expected");
	case 'f':
		return word(reader, "false") ? &rego_false : problem(reader, "a value is expected");
	case '-':
	case '0' ... '9':
		return read_number(reader);
	default:
		return problem(reader, reader->at < reader->len ? "a value is expected" : "the text ends too early");
	}
}

static const struct rego_value *read_nested(struct reader *reader)
{
	if (++reader->depth > reader->work->limits.nesting) {
		rego_fail(reader->work, REGO_LIMIT_NESTING, "values nested more than %u deep", reader->work->limits.nesting);
		return NULL;
	}
	if (!rego_descend(reader->work))
		return NULL;
	const struct rego_value *value = at_byte(reader, '[') ? read_array(reader) : read_object(reader);
	reader->depth--;
	return value;
}

/* With the space around it. */
static const struct rego_value *read_value(struct reader *reader)
{
	skip_space(reader);
	bool nested = at_byte(reader, '[') || at_byte(reader, '{');
	const struct rego_value *value = nested ? read_nested(reader) : read_plain(reader);
	skip_space(reader);
	return value;
}

const struct rego_value *rego_json_try(struct rego_work *work, const char *bytes, size_t len,
				       struct rego_json_problem *found)
{
	*found = (struct rego_json_problem){0};
	struct reader reader = {.work = work, .bytes = bytes, .len = len, .problem = found};
	const struct rego_value *value = read_value(&reader);
	if (value != NULL && reader.at != len)
		value = problem(&reader, "something follows the value");
	return rego_failed(work) ? NULL : value;
}

const struct rego_value *rego_json_read(struct rego_work *work, const char *bytes, size_t len)
{
	struct rego_json_problem found;
	const struct rego_value *value = rego_json_try(work, bytes, len, &found);
	if (value != NULL || rego_failed(work))
		return value;
	unsigned line = 1, column = 1;
	for (size_t i = 0; i < found.at; i++) {
		column = bytes[i] == '\n' ? 1 : column + 1;
		line += bytes[i] == '\n';
	}
	rego_fail(work, REGO_JSON, "no JSON: %s", found.what);
	work->error->line = line;
	work->error->column = column;
	return NULL;
}
