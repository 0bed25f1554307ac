/* From the text of a regular expression to its tree. */
#include <stdio.h>
#include <string.h>

#include "regex_node.h"
#include "regex_parse.h"
#include "utf8.h"

bool rego_regex_wrong(struct rego_regex_parser *p, const char *what, const char *from, const char *to)
{
	size_t len = (size_t)(to - from);
	if (!p->problem->message[0] && !rego_failed(p->work))
		snprintf(p->problem->message, sizeof p->problem->message, "%s: `%.*s`", what,
			 (int)(len < 80 ? len : 80), from);
	return false;
}

struct rego_regex_node *rego_regex_new(struct rego_work *work, enum rego_regex_kind kind)
{
	struct rego_regex_node *node = rego_spend(work, 1) ? rego_alloc(work, sizeof *node) : NULL;
	if (node) {
		node->kind = kind;
		node->product = 1;
		node->nullable = kind == REGEX_EMPTY || (kind >= REGEX_BEGIN_LINE && kind <= REGEX_NOT_WORD);
	}
	return node;
}

bool rego_regex_list_add(struct rego_work *work, struct rego_regex_list *list, const struct rego_regex_node *node)
{
	if (!node)
		return false;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 4;
		const struct rego_regex_node **nodes = rego_alloc_array(work, capacity, sizeof *nodes);
		if (!nodes)
			return false;
		if (list->count)
			memcpy(nodes, list->nodes, list->count * sizeof *nodes);
		list->nodes = nodes;
		list->capacity = capacity;
	}
	list->nodes[list->count++] = node;
	return true;
}

const struct rego_regex_node *rego_regex_join(struct rego_work *work, enum rego_regex_kind kind,
					      const struct rego_regex_list *list)
{
	if (list->count == 1)
		return list->nodes[0];
	struct rego_regex_node *node = rego_regex_new(work, list->count ? kind : REGEX_EMPTY);
	if (!node || !list->count)
		return node;
	node->children = list->nodes;
	node->count = list->count;
	node->nullable = kind == REGEX_CONCAT;
	for (size_t i = 0; i < list->count; i++) {
		const struct rego_regex_node *child = list->nodes[i];
		node->nullable = kind == REGEX_CONCAT ? node->nullable && child->nullable
						      : node->nullable || child->nullable;
		if (child->product > node->product)
			node->product = child->product;
	}
	return node;
}

static struct rego_regex_node *with_child(struct rego_regex_parser *p, enum rego_regex_kind kind,
					  const struct rego_regex_node *child)
{
	struct rego_regex_node *node = rego_regex_new(p->work, kind);
	if (!node || !(node->children = rego_alloc_array(p->work, 1, sizeof *node->children)))
		return NULL;
	node->children[0] = child;
	node->count = 1;
	node->nullable = child->nullable;
	node->product = child->product;
	return node;
}

static const struct rego_regex_node *of_class(struct rego_regex_parser *p, struct rego_class *class)
{
	struct rego_regex_node *node = rego_regex_new(p->work, REGEX_CLASS);
	if (node)
		node->class = class;
	return node;
}

static const struct rego_regex_node *literal(struct rego_regex_parser *p, uint32_t point)
{
	if ((p->flags & FLAG_FOLD) && rego_fold_next(point) != point) {
		struct rego_class *class = rego_alloc(p->work, sizeof *class);
		if (!class || !rego_class_add(p->work, class, point, point) || !rego_class_fold(p->work, class))
			return NULL;
		return of_class(p, class);
	}
	struct rego_regex_node *node = rego_regex_new(p->work, REGEX_POINT);
	if (node)
		node->point = point;
	return node;
}

uint32_t rego_regex_take(struct rego_regex_parser *p)
{
	uint32_t point;
	p->at += rego_utf8_decode(p->at, (size_t)(p->end - p->at), &point);
	return point;
}

static bool looking_at(const struct rego_regex_parser *p, const char *text)
{
	size_t len = strlen(text);
	return (size_t)(p->end - p->at) >= len && memcmp(p->at, text, len) == 0;
}

/* A count without leading zeros; -1: too large. False: there is none. */
static bool take_count(struct rego_regex_parser *p, int *count)
{
	const char *start = p->at;
	*count = 0;
	for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++)
		*count = *count < 0 || *count > 10000 ? -1 : *count * 10 + (*p->at - '0');
	return p->at > start && (*start != '0' || p->at == start + 1);
}

/* "{2,3}"; what is none is text, and p->at stays. */
static bool take_braces(struct rego_regex_parser *p, int *min, int *max)
{
	const char *start = p->at++;
	bool good = take_count(p, min);
	*max = *min;
	if (good && p->at < p->end && *p->at == ',') {
		p->at++;
		*max = -1;
		if (p->at < p->end && *p->at != '}') {
			good = take_count(p, max);
			/* Too large, not open. */
			if (*max < 0)
				*max = REGO_REPEAT_MOST + 1;
		}
	}
	if (good && p->at < p->end && *p->at == '}') {
		p->at++;
		return true;
	}
	p->at = start;
	return false;
}

/* `list`'s last node becomes its repetition. `before`: where the operator stands; `last`: where one before it began, or NULL. */
static bool repeat(struct rego_regex_parser *p, struct rego_regex_list *list, int min, int max, const char *before,
		   const char *last)
{
	bool lazy = p->flags & FLAG_LAZY;
	if (p->at < p->end && *p->at == '?') {
		p->at++;
		lazy = !lazy;
	}
	if (last)
		return rego_regex_wrong(p, "invalid nested repetition operator", last, p->at);
	if (list->count == 0)
		return rego_regex_wrong(p, "missing argument to repetition operator", before, p->at);
	if (max > REGO_REPEAT_MOST || min > REGO_REPEAT_MOST || min < 0 || (max >= 0 && min > max))
		return rego_regex_wrong(p, "invalid repeat count", before, p->at);
	const struct rego_regex_node *child = list->nodes[list->count - 1];
	struct rego_regex_node *node = with_child(p, REGEX_REPEAT, child);
	if (!node)
		return false;
	node->lazy = lazy;
	node->min = min;
	node->max = max;
	node->nullable = min == 0 || child->nullable;
	if (min >= 2 || max >= 2) {
		node->product = child->product * (unsigned)(max >= 0 ? max : min);
		if (node->product > REGO_REPEAT_MOST)
			return rego_regex_wrong(p, "invalid repeat count", before, p->at);
	}
	list->nodes[list->count - 1] = node;
	return true;
}

static const struct rego_regex_node *simple(struct rego_regex_parser *p, enum rego_regex_kind kind)
{
	p->at += *p->at == '\\' ? 2 : 1;
	return rego_regex_new(p->work, kind);
}

/* What begins with a backslash. */
static bool take_escape(struct rego_regex_parser *p, struct rego_regex_list *list)
{
	char next = p->at + 1 < p->end ? p->at[1] : 0;
	const struct rego_regex_node *node;
	uint32_t point;
	switch (next) {
	case 'A': node = simple(p, REGEX_BEGIN_TEXT); break;
	case 'z': node = simple(p, REGEX_END_TEXT); break;
	case 'b': node = simple(p, REGEX_WORD); break;
	case 'B': node = simple(p, REGEX_NOT_WORD); break;
	case 'Q':
		for (p->at += 2; p->at < p->end && !looking_at(p, "\\E");) {
			if (!rego_regex_list_add(p->work, list, literal(p, rego_regex_take(p))))
				return false;
		}
		if (p->at < p->end)
			p->at += 2;
		return true;
	default: {
		struct rego_class *class = rego_alloc(p->work, sizeof *class);
		bool found;
		if (!class || !rego_regex_take_set(p, class, &found))
			return false;
		if (found) {
			node = of_class(p, class);
			break;
		}
		if (!rego_regex_take_point(p, &point))
			return false;
		node = literal(p, point);
	}
	}
	return rego_regex_list_add(p->work, list, node);
}

static const struct rego_regex_node *alternatives(struct rego_regex_parser *p);

static bool add_group_name(struct rego_regex_parser *p, unsigned group, const char *name, size_t len)
{
	if (group >= p->name_capacity) {
		size_t capacity = 2 * (size_t)group + 4;
		struct rego_regex_names *names = rego_alloc_array(p->work, capacity, sizeof *names);
		if (!names)
			return false;
		if (p->name_capacity)
			memcpy(names, p->names, p->name_capacity * sizeof *names);
		p->names = names;
		p->name_capacity = capacity;
	}
	p->names[group] = (struct rego_regex_names){name, len};
	return true;
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* "P<name>" or "<name>" behind "(?". */
static bool take_name(struct rego_regex_parser *p, const char *open, struct rego_regex_names *name)
{
	p->at += *p->at == 'P' ? 2 : 1;
	name->bytes = p->at;
	while (p->at < p->end && *p->at != '>')
		p->at++;
	if (p->at == p->end)
		return rego_regex_wrong(p, "invalid named capture", open, p->end);
	name->len = (size_t)(p->at++ - name->bytes);
	bool good = name->len > 0;
	for (size_t i = 0; i < name->len; i++)
		good = good && is_word(name->bytes[i]);
	if (!good)
		return rego_regex_wrong(p, "invalid named capture", open, p->at);
	if (!rego_spend(p->work, p->groups))
		return false;
	for (size_t i = 1; i <= p->groups; i++) {
		if (i < p->name_capacity && p->names[i].bytes && p->names[i].len == name->len
		    && memcmp(p->names[i].bytes, name->bytes, name->len) == 0)
			return rego_regex_wrong(p, "duplicate capture group name", name->bytes,
						name->bytes + name->len);
	}
	return true;
}

/* Flags behind "(?": up to ")", which sets them for what follows (*opens false), or ":". */
static bool take_flags(struct rego_regex_parser *p, const char *open, unsigned *flags, bool *opens)
{
	bool off = false, any = false;
	while (p->at < p->end) {
		char c = *p->at++;
		unsigned flag = c == 'i' ? FLAG_FOLD : c == 'm' ? FLAG_LINES : c == 's' ? FLAG_DOT : c == 'U' ? FLAG_LAZY : 0;
		if (flag) {
			*flags = off ? *flags & ~flag : *flags | flag;
			any = true;
		} else if (c == '-' && !off) {
			off = true;
			any = false;
		} else if ((c == ':' || c == ')') && (any || !off)) {
			*opens = c == ':';
			return true;
		} else {
			/* The whole character belongs to the message. */
			while (p->at < p->end && (*p->at & 0xc0) == 0x80)
				p->at++;
			return rego_regex_wrong(p, "invalid or unsupported Perl syntax", open, p->at);
		}
	}
	return rego_regex_wrong(p, "missing closing )", p->whole, p->end);
}

static bool take_group(struct rego_regex_parser *p, struct rego_regex_list *list)
{
	const char *open = p->at++;
	unsigned before = p->flags, flags = p->flags, group = 0;
	struct rego_regex_names name = {0};
	bool opens = true;
	if (p->at < p->end && *p->at == '?') {
		p->at++;
		if (looking_at(p, "P<") || looking_at(p, "<")) {
			if (!take_name(p, open, &name))
				return false;
			group = ++p->groups;
		} else if (!take_flags(p, open, &flags, &opens)) {
			return false;
		}
	} else {
		group = ++p->groups;
	}
	p->flags = flags;
	if (!opens)
		return true;
	if (group && !add_group_name(p, group, name.bytes, name.len))
		return false;
	if (++p->nesting > p->work->limits.nesting)
		return rego_fail(p->work, REGO_LIMIT_NESTING, "a regular expression is nested more than %u deep",
				 p->work->limits.nesting);
	const struct rego_regex_node *inner = alternatives(p);
	p->nesting--;
	p->flags = before;
	if (!inner)
		return false;
	if (p->at == p->end)
		return rego_regex_wrong(p, "missing closing )", p->whole, p->end);
	p->at++;
	if (!group)
		return rego_regex_list_add(p->work, list, inner);
	struct rego_regex_node *node = with_child(p, REGEX_GROUP, inner);
	if (node)
		node->group = group;
	return rego_regex_list_add(p->work, list, node);
}

/* One atom with its repetitions; *last is where the repetition before it began. */
static bool take_one(struct rego_regex_parser *p, struct rego_regex_list *list, const char **last)
{
	const char *before = p->at, *earlier = *last;
	struct rego_class *class;
	int min, max;
	*last = NULL;
	switch (*p->at) {
	case '*':
	case '+':
	case '?':
		min = *p->at == '+';
		max = *p->at++ == '?' ? 1 : -1;
		*last = before;
		return repeat(p, list, min, max, before, earlier);
	case '{':
		if (!take_braces(p, &min, &max))
			return rego_regex_list_add(p->work, list, literal(p, rego_regex_take(p)));
		*last = before;
		return repeat(p, list, min, max, before, earlier);
	case '(': return take_group(p, list);
	case '[':
		class = rego_alloc(p->work, sizeof *class);
		return class && rego_regex_take_class(p, class) && rego_regex_list_add(p->work, list, of_class(p, class));
	case '^':
		return rego_regex_list_add(p->work, list,
					   simple(p, p->flags & FLAG_LINES ? REGEX_BEGIN_LINE : REGEX_BEGIN_TEXT));
	case '$':
		return rego_regex_list_add(p->work, list,
					   simple(p, p->flags & FLAG_LINES ? REGEX_END_LINE : REGEX_END_TEXT));
	case '.':
		return rego_regex_list_add(p->work, list, simple(p, p->flags & FLAG_DOT ? REGEX_ANY : REGEX_NOT_NL));
	case '\\': return take_escape(p, list);
	default: return rego_regex_list_add(p->work, list, literal(p, rego_regex_take(p)));
	}
}

static const struct rego_regex_node *alternatives(struct rego_regex_parser *p)
{
	struct rego_regex_list all = {0};
	if (!rego_descend(p->work))
		return NULL;
	for (;;) {
		struct rego_regex_list one = {0};
		const char *last = NULL;
		while (p->at < p->end && *p->at != '|' && *p->at != ')') {
			if (!rego_spend(p->work, 1) || !take_one(p, &one, &last))
				return NULL;
		}
		if (!rego_regex_list_add(p->work, &all, rego_regex_join(p->work, REGEX_CONCAT, &one)))
			return NULL;
		if (p->at == p->end || *p->at != '|')
			return rego_regex_join(p->work, REGEX_ALTERNATE, &all);
		p->at++;
	}
}

bool rego_regex_parse(struct rego_work *work, const char *pattern, size_t len, struct rego_regex_tree *tree,
		      struct rego_regex_problem *problem)
{
	struct rego_regex_parser p = {
		.work = work, .problem = problem, .whole = pattern, .at = pattern, .end = pattern + len};
	problem->message[0] = 0;
	if (!add_group_name(&p, 0, NULL, 0))
		return false;
	tree->root = alternatives(&p);
	if (!tree->root)
		return false;
	if (p.at < p.end)
		return rego_regex_wrong(&p, "unexpected )", pattern, p.end);
	tree->groups = p.groups;
	tree->names = p.names;
	return true;
}
