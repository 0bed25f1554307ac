/* glob.match, glob.quote_meta and regex.globs_match. */
#include <string.h>

#include "buffer.h"
#include "operand.h"
#include "regex.h"
#include "scratch.h"
#include "utf8.h"

/* null: no delimiters; []: the dot. */
static bool read_delimiters(struct rego_call *call, const struct rego_value *operand, uint32_t **delimiters, size_t *count)
{
	*count = 0;
	*delimiters = NULL;
	if (operand->type == REGO_NULL)
		return true;
	if (operand->type != REGO_ARRAY) {
		rego_wrong_type(call, 2, "one of {array, null}", operand);
		return false;
	}
	*delimiters = rego_alloc_array(call->work, operand->list.count + 1, sizeof **delimiters);
	if (!*delimiters)
		return false;
	for (size_t i = 0; i < operand->list.count; i++) {
		const struct rego_value *item = operand->list.items[i];
		if (item->type != REGO_STRING) {
			rego_wrong_element(call, 2, "array", "string", item);
			return false;
		}
		if (item->string.len == 0
		    || rego_utf8_decode(item->string.bytes, item->string.len, &(*delimiters)[i]) != item->string.len) {
			rego_type_failed(call, "operand 2 must be array of characters but got array containing "
					       "string \"%.*s\"", REGO_SHOWN(item));
			return false;
		}
	}
	*count = operand->list.count;
	if (*count == 0)
		(*delimiters)[(*count)++] = '.';
	return true;
}

static const struct rego_value *glob_match(struct rego_call *call, const struct rego_value *const *args)
{
	uint32_t *delimiters;
	size_t count;
	struct rego_regex_problem problem = {{0}};
	if (!rego_operand(call, args, 1, REGO_STRING) || !read_delimiters(call, args[1], &delimiters, &count)
	    || !rego_operand(call, args, 3, REGO_STRING))
		return NULL;
	struct rego_work scratch = rego_scratch_begin(call->work);
	const struct rego_regex *regex = rego_regex_compile_glob(&scratch, args[0]->string.bytes, args[0]->string.len,
								 delimiters, count, &problem);
	struct rego_regex_machine *machine = regex ? rego_regex_machine(&scratch, regex, 0) : NULL;
	bool found = machine && rego_regex_search(machine, args[2]->string.bytes, args[2]->string.len, 0, NULL);
	rego_scratch_end(call->work, &scratch);
	if (problem.message[0])
		return rego_builtin_failed(call, "%s", problem.message);
	return rego_failed(call->work) ? NULL : rego_boolean(found);
}

static const struct rego_value *glob_quote_meta(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_buffer out = {.work = call->work};
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	for (size_t i = 0; i < args[0]->string.len; i++) {
		char c = args[0]->string.bytes[i];
		if (c && strchr("*?\\[]{}", c))
			rego_buffer_byte(&out, '\\');
		if (!rego_buffer_byte(&out, c))
			return NULL;
	}
	return rego_buffer_string(&out);
}

/* A glob of regex.globs_match: characters, ".", sets of characters, each perhaps repeated by "*" or "+". */
struct token {
	struct {
		uint32_t low, high;
	} *ranges;
	size_t count;
	char repeat; /* 0, '*', '+' */
};

struct tokens {
	struct token *items;
	size_t count;
};

static bool add_range(struct rego_work *work, struct token *token, uint32_t low, uint32_t high)
{
	if ((token->count & (token->count - 1)) == 0) {
		size_t capacity = token->count ? 2 * token->count : 1;
		void *grown = rego_alloc_array(work, capacity, sizeof *token->ranges);
		if (!grown)
			return false;
		if (token->count)
			memcpy(grown, token->ranges, token->count * sizeof *token->ranges);
		token->ranges = grown;
	}
	token->ranges[token->count].low = low;
	token->ranges[token->count++].high = high;
	return rego_spend(work, 1);
}

/* One character of a set or outside; a backslash makes it plain. False at the end. */
static bool take(const char **at, const char *end, uint32_t *point, bool *escaped)
{
	*escaped = *at < end && **at == '\\';
	*at += *escaped;
	if (*at == end)
		return false;
	*at += rego_utf8_decode(*at, (size_t)(end - *at), point);
	return true;
}

static bool take_set(struct rego_work *work, const char **at, const char *end, struct token *token)
{
	uint32_t low, high;
	bool escaped;
	while (*at < end && **at != ']') {
		if (!take(at, end, &low, &escaped))
			return false;
		high = low;
		if (end - *at >= 2 && **at == '-' && (*at)[1] != ']') {
			++*at;
			if (!take(at, end, &high, &escaped) || high < low)
				return false;
		}
		if (!add_range(work, token, low, high))
			return false;
	}
	return *at < end && token->count > 0 && ++*at;
}

static bool tokenize(struct rego_call *call, struct rego_work *work, const struct rego_value *glob, struct tokens *tokens)
{
	const char *at = glob->string.bytes, *end = at + glob->string.len;
	tokens->items = rego_alloc_array(work, glob->string.len + 1, sizeof *tokens->items);
	if (!tokens->items)
		return false;
	while (at < end) {
		struct token *token = &tokens->items[tokens->count];
		uint32_t point;
		bool escaped, good = take(&at, end, &point, &escaped);
		if (good && !escaped && (point == '*' || point == '+')) {
			good = tokens->count > 0 && !token[-1].repeat;
			if (good) {
				token[-1].repeat = (char)point;
				continue;
			}
		} else if (good && !escaped && point == '[') {
			good = take_set(work, &at, end, token);
		} else if (good) {
			bool any = !escaped && point == '.';
			good = (escaped || point != ']') && add_range(work, token, any ? 0 : point, any ? UINT32_MAX : point);
		}
		if (!good) {
			if (!rego_failed(work))
				rego_builtin_failed(call, "input:%.*s, pos:%zu, the input provided is invalid",
						    REGO_SHOWN(glob), (size_t)(at - glob->string.bytes));
			return false;
		}
		tokens->count++;
	}
	return true;
}

static bool overlap(struct rego_work *work, const struct token *a, const struct token *b)
{
	if (!rego_spend(work, (uint64_t)a->count * b->count))
		return false;
	for (size_t i = 0; i < a->count; i++) {
		for (size_t j = 0; j < b->count; j++) {
			if (a->ranges[i].low <= b->ranges[j].high && b->ranges[j].low <= a->ranges[i].high)
				return true;
		}
	}
	return false;
}

/* Is there a text that both match? A state is how far both have come, and whether a "+" has had its one. */
static bool intersect(struct rego_work *work, const struct tokens *a, const struct tokens *b, bool *result)
{
	size_t wide = 2 * b->count + 2, size = (2 * a->count + 2) * wide, depth = 0;
	*result = false;
	if (size / wide != 2 * a->count + 2 || !rego_spend(work, size))
		return false;
	bool *seen = rego_alloc(work, size);
	size_t *todo = rego_alloc_array(work, size, sizeof *todo);
	if (!seen || !todo)
		return false;
#define VISIT(x, y)                                                                                                    \
	do {                                                                                                           \
		size_t visit_ = (x) * wide + (y);                                                                      \
		if (!seen[visit_]) {                                                                                   \
			seen[visit_] = true;                                                                           \
			todo[depth++] = visit_;                                                                        \
		}                                                                                                      \
	} while (0)
	VISIT((size_t)0, (size_t)0);
	while (depth > 0) {
		size_t x = todo[--depth] / wide, y = todo[depth] % wide;
		size_t i = x / 2, j = y / 2;
		if (i == a->count && j == b->count) {
			*result = true;
			return true;
		}
		/* A repetition may end: at once, or after its first one. */
		bool end_a = i < a->count && (a->items[i].repeat == '*' || (a->items[i].repeat && x % 2));
		bool end_b = j < b->count && (b->items[j].repeat == '*' || (b->items[j].repeat && y % 2));
		if (end_a)
			VISIT(2 * i + 2, y);
		if (end_b)
			VISIT(x, 2 * j + 2);
		if (i == a->count || j == b->count || !overlap(work, &a->items[i], &b->items[j])) {
			if (rego_failed(work))
				return false;
			continue;
		}
		VISIT(a->items[i].repeat ? 2 * i + 1 : 2 * i + 2, b->items[j].repeat ? 2 * j + 1 : 2 * j + 2);
	}
#undef VISIT
	return true;
}

static const struct rego_value *regex_globs_match(struct rego_call *call, const struct rego_value *const *args)
{
	struct tokens a = {0}, b = {0};
	bool result = false;
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_operand(call, args, 2, REGO_STRING))
		return NULL;
	struct rego_work scratch = rego_scratch_begin(call->work);
	bool good = tokenize(call, &scratch, args[0], &a) && tokenize(call, &scratch, args[1], &b)
		    && intersect(&scratch, &a, &b, &result);
	rego_scratch_end(call->work, &scratch);
	return good && !rego_failed(call->work) ? rego_boolean(result) : NULL;
}

static const struct rego_builtin rows[] = {
	{"glob.match", 3, 0, glob_match},
	{"glob.quote_meta", 1, 0, glob_quote_meta},
	{"regex.globs_match", 2, 0, regex_globs_match},
};

REGO_FAMILY(glob, rows);
