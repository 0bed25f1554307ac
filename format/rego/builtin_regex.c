/* regex.*: everything that an expression needs lies in memory that goes back when the call ends. */
#include <string.h>

#include "buffer.h"
#include "operand.h"
#include "regex.h"
#include "scratch.h"
#include "utf8.h"

/* An expression that is looked for in a text. */
struct search {
	struct rego_work scratch;
	const struct rego_regex *regex;
	struct rego_regex_machine *machine;
	const char *text;
	size_t len;
	size_t *ends, groups;
};

/* `groups`: SIZE_MAX: all. False: the call or its work has failed. end() either way. */
static bool begin(struct rego_call *call, struct search *search, const char *pattern, size_t pattern_len,
		  const struct rego_value *text, size_t groups)
{
	struct rego_regex_problem problem = {{0}};
	search->scratch = rego_scratch_begin(call->work);
	search->text = text->string.bytes;
	search->len = text->string.len;
	search->regex = rego_regex_compile(&search->scratch, pattern, pattern_len, &problem);
	if (!search->regex) {
		if (problem.message[0])
			rego_builtin_failed(call, "error parsing regexp: %s", problem.message);
		return false;
	}
	size_t all = rego_regex_groups(search->regex);
	search->groups = groups < all ? groups : all;
	search->machine = rego_regex_machine(&search->scratch, search->regex, search->groups);
	search->ends = rego_alloc_array(&search->scratch, 2 * search->groups + 1, sizeof *search->ends);
	return search->machine && search->ends;
}

static bool find(struct search *search, size_t from)
{
	return rego_regex_search(search->machine, search->text, search->len, from, search->ends);
}

static const struct rego_value *end(struct rego_call *call, struct search *search, const struct rego_value *result)
{
	rego_scratch_end(call->work, &search->scratch);
	return rego_failed(call->work) ? NULL : result;
}

/* How far to go on where nothing was matched: a character. */
static size_t width(const struct search *search, size_t at)
{
	uint32_t point;
	return at < search->len ? rego_utf8_decode(search->text + at, search->len - at, &point) : 1;
}

/* The matches one after the other: no empty one right behind another. */
struct matches {
	size_t at, last; /* where to look; where the match before ended */
	int64_t left;    /* how many more are wanted; negative: all */
};

static bool next_match(struct search *search, struct matches *matches)
{
	while (matches->left != 0 && matches->at <= search->len && find(search, matches->at)) {
		size_t from = search->ends[0], to = search->ends[1];
		bool accept = to != matches->at || from != matches->last;
		matches->at = to == matches->at ? to + width(search, to) : to;
		matches->last = to;
		if (accept) {
			matches->left -= matches->left > 0;
			return true;
		}
	}
	return false;
}

static bool two_strings(struct rego_call *call, const struct rego_value *const *args)
{
	return rego_operand(call, args, 1, REGO_STRING) && rego_operand(call, args, 2, REGO_STRING);
}

static const struct rego_value *regex_is_valid(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_regex_problem problem = {{0}};
	if (args[0]->type != REGO_STRING)
		return &rego_false;
	struct rego_work scratch = rego_scratch_begin(call->work);
	bool good = rego_regex_check(&scratch, args[0]->string.bytes, args[0]->string.len, &problem);
	rego_scratch_end(call->work, &scratch);
	return rego_failed(call->work) ? NULL : rego_boolean(good);
}

static const struct rego_value *regex_match(struct rego_call *call, const struct rego_value *const *args)
{
	struct search search;
	if (!two_strings(call, args))
		return NULL;
	bool found = begin(call, &search, args[0]->string.bytes, args[0]->string.len, args[1], 0) && find(&search, 0);
	return end(call, &search, call->failure ? NULL : rego_boolean(found));
}

static const struct rego_value *part(struct rego_work *work, const struct search *search, size_t from, size_t to)
{
	return from == SIZE_MAX ? rego_string_take(work, "", 0) : rego_string(work, search->text + from, to - from);
}

static const struct rego_value *regex_find_n(struct rego_call *call, const struct rego_value *const *args)
{
	struct search search;
	struct matches matches = {0, SIZE_MAX, 0};
	struct rego_list found = {0};
	if (!two_strings(call, args) || !rego_operand_int64(call, args, 3, &matches.left))
		return NULL;
	bool good = begin(call, &search, args[0]->string.bytes, args[0]->string.len, args[1], 1);
	while (good && next_match(&search, &matches))
		good = rego_list_add(call->work, &found, part(call->work, &search, search.ends[0], search.ends[1]));
	return end(call, &search, good ? rego_array(call->work, found.items, found.count) : NULL);
}

static const struct rego_value *groups_of(struct rego_work *work, const struct search *search)
{
	const struct rego_value **items = rego_alloc_array(work, search->groups, sizeof *items);
	for (size_t i = 0; items && i < search->groups; i++) {
		if (!(items[i] = part(work, search, search->ends[2 * i], search->ends[2 * i + 1])))
			return NULL;
	}
	return items ? rego_array(work, items, search->groups) : NULL;
}

static const struct rego_value *regex_find_all_string_submatch_n(struct rego_call *call,
								 const struct rego_value *const *args)
{
	struct search search;
	struct matches matches = {0, SIZE_MAX, 0};
	struct rego_list found = {0};
	if (!two_strings(call, args) || !rego_operand_int64(call, args, 3, &matches.left))
		return NULL;
	bool good = begin(call, &search, args[0]->string.bytes, args[0]->string.len, args[1], SIZE_MAX);
	while (good && next_match(&search, &matches))
		good = rego_list_add(call->work, &found, groups_of(call->work, &search));
	return end(call, &search, good ? rego_array(call->work, found.items, found.count) : NULL);
}

static const struct rego_value *regex_split(struct rego_call *call, const struct rego_value *const *args)
{
	struct search search;
	struct matches matches = {0, SIZE_MAX, -1};
	struct rego_list parts = {0};
	size_t from = 0, to = 0;
	if (!two_strings(call, args))
		return NULL;
	bool good = begin(call, &search, args[0]->string.bytes, args[0]->string.len, args[1], 1);
	bool whole = args[0]->string.len > 0 && args[1]->string.len == 0;
	while (good && !whole && next_match(&search, &matches)) {
		to = search.ends[0];
		/* An empty match at the beginning splits nothing. */
		if (search.ends[1] != 0)
			good = rego_list_add(call->work, &parts, part(call->work, &search, from, to));
		from = search.ends[1];
	}
	if (good && (whole || to != args[1]->string.len))
		good = rego_list_add(call->work, &parts, part(call->work, &search, from, search.len));
	return end(call, &search, good ? rego_array(call->work, parts.items, parts.count) : NULL);
}

static bool is_name(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The group that a template names: its number, or its name. */
static size_t named_group(const struct search *search, const char *name, size_t len)
{
	size_t number = 0, digits = 0;
	while (digits < len && name[digits] >= '0' && name[digits] <= '9' && number < 100000000)
		number = number * 10 + (size_t)(name[digits++] - '0');
	if (digits == len)
		return number;
	for (size_t i = 1; i < search->groups; i++) {
		size_t other;
		const char *group = rego_regex_group_name(search->regex, i, &other);
		if (group && other == len && memcmp(group, name, len) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* "$1", "${1}x", "$name", "$$": put what the match has there. */
static bool expand(struct rego_buffer *out, const struct search *search, const struct rego_value *template)
{
	const char *at = template->string.bytes, *stop = at + template->string.len;
	while (at < stop) {
		const char *dollar = memchr(at, '$', (size_t)(stop - at));
		if (!rego_buffer_add(out, at, (size_t)((dollar ? dollar : stop) - at)) || !dollar)
			return !rego_failed(out->work);
		at = dollar + 1;
		if (at < stop && *at == '$') {
			rego_buffer_byte(out, '$');
			at++;
			continue;
		}
		bool braces = at < stop && *at == '{';
		const char *name = at + braces, *name_end = name;
		while (name_end < stop && is_name(*name_end))
			name_end++;
		if (name_end == name || (braces && (name_end == stop || *name_end != '}'))) {
			rego_buffer_byte(out, '$');
			continue;
		}
		at = name_end + braces;
		size_t group = named_group(search, name, (size_t)(name_end - name));
		if (!rego_spend(out->work, search->groups))
			return false;
		if (group < search->groups && search->ends[2 * group] != SIZE_MAX)
			rego_buffer_add(out, search->text + search->ends[2 * group],
					search->ends[2 * group + 1] - search->ends[2 * group]);
	}
	return !rego_failed(out->work);
}

static const struct rego_value *regex_replace(struct rego_call *call, const struct rego_value *const *args)
{
	struct search search;
	struct rego_buffer out = {.work = call->work};
	size_t done = 0, at = 0;
	if (!two_strings(call, args) || !rego_operand(call, args, 3, REGO_STRING))
		return NULL;
	bool good = begin(call, &search, args[1]->string.bytes, args[1]->string.len, args[0], SIZE_MAX);
	while (good && at <= search.len && find(&search, at)) {
		size_t from = search.ends[0], to = search.ends[1];
		good = rego_buffer_add(&out, search.text + done, from - done);
		/* No empty match right behind another. */
		if (good && (to > done || from == 0))
			good = expand(&out, &search, args[2]);
		done = to;
		at = to > at ? to : at + width(&search, at);
	}
	good = good && rego_buffer_add(&out, search.text + done, search.len - done);
	return end(call, &search, good ? rego_buffer_string(&out) : NULL);
}

static bool quote(struct rego_buffer *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] && strchr("\\.+*?()|[]{}^$", bytes[i]))
			rego_buffer_byte(out, '\\');
		if (!rego_buffer_byte(out, bytes[i]))
			return false;
	}
	return !rego_failed(out->work);
}

/* "urn:<.*>" becomes "^urn:(.*)$". */
static bool read_template(struct rego_call *call, struct rego_buffer *out, const struct rego_value *template, char open,
			  char close)
{
	size_t level = 0, start = 0, done = 0;
	const char *bytes = template->string.bytes;
	rego_buffer_byte(out, '^');
	for (size_t i = 0; i < template->string.len; i++) {
		if (bytes[i] == open) {
			if (level++ == 0)
				start = i;
		} else if (bytes[i] == close) {
			if (level-- == 0) {
				level = 1;
				break;
			}
			if (level > 0)
				continue;
			if (!quote(out, bytes + done, start - done))
				return false;
			rego_buffer_byte(out, '(');
			rego_buffer_add(out, bytes + start + 1, i - start - 1);
			rego_buffer_byte(out, ')');
			done = i + 1;
		}
	}
	if (level != 0) {
		rego_builtin_failed(call, "unbalanced braces in \"%.*s\"", REGO_SHOWN(template));
		return false;
	}
	return quote(out, bytes + done, template->string.len - done) && rego_buffer_byte(out, '$');
}

static const struct rego_value *regex_template_match(struct rego_call *call, const struct rego_value *const *args)
{
	struct search search;
	struct rego_buffer pattern = {.work = call->work};
	static const char *const names[] = {"start", "end"};
	for (unsigned i = 1; i <= 4; i++) {
		if (!rego_operand(call, args, i, REGO_STRING))
			return NULL;
	}
	for (unsigned i = 2; i < 4; i++) {
		if (args[i]->string.len != 1)
			return rego_builtin_failed(call, "%s delimiter has to be exactly one character long but is %zu long",
						   names[i - 2], args[2]->string.len);
	}
	if (!read_template(call, &pattern, args[0], args[2]->string.bytes[0], args[3]->string.bytes[0]))
		return NULL;
	bool found = begin(call, &search, pattern.bytes, pattern.len, args[1], 0) && find(&search, 0);
	return end(call, &search, call->failure ? NULL : rego_boolean(found));
}

static const struct rego_builtin rows[] = {
	{"re_match", 2, REGO_DEPRECATED, regex_match},
	{"regex.find_all_string_submatch_n", 3, 0, regex_find_all_string_submatch_n},
	{"regex.find_n", 3, 0, regex_find_n},
	{"regex.is_valid", 1, 0, regex_is_valid},
	{"regex.match", 2, 0, regex_match},
	{"regex.replace", 3, 0, regex_replace},
	{"regex.split", 2, 0, regex_split},
	{"regex.template_match", 4, 0, regex_template_match},
};

REGO_FAMILY(regex, rows);
