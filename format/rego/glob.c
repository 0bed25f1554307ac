/* Shell patterns become the tree of a regular expression. */
#include <stdio.h>
#include <string.h>

#include "regex_node.h"
#include "utf8.h"

struct glob {
	struct rego_work *work;
	struct rego_regex_problem *problem;
	const char *at, *end;
	struct rego_class *between; /* all that is no separator */
	unsigned nesting;
};

static bool wrong(struct glob *g, const char *what)
{
	snprintf(g->problem->message, sizeof g->problem->message, "%s", what);
	return false;
}

static uint32_t take(struct glob *g)
{
	uint32_t point;
	g->at += rego_utf8_decode(g->at, (size_t)(g->end - g->at), &point);
	return point;
}

static const struct rego_regex_node *class_node(struct glob *g, struct rego_class *class)
{
	struct rego_regex_node *node = rego_regex_new(g->work, REGEX_CLASS);
	if (node)
		node->class = class;
	return node;
}

static const struct rego_regex_node *any_number(struct glob *g, const struct rego_regex_node *one)
{
	struct rego_regex_node *node = rego_regex_new(g->work, REGEX_REPEAT);
	if (!node || !one || !(node->children = rego_alloc_array(g->work, 1, sizeof *node->children)))
		return NULL;
	node->children[0] = one;
	node->count = 1;
	node->max = -1;
	node->nullable = true;
	return node;
}

/* A set of characters, up to "]"; a backslash makes the next one plain. */
static bool take_list(struct glob *g, struct rego_class *class)
{
	bool any = false;
	for (; g->at < g->end && *g->at != ']'; any = true) {
		if (*g->at == '\\' && ++g->at == g->end)
			break;
		uint32_t point = take(g);
		if (!rego_class_add(g->work, class, point, point))
			return false;
	}
	if (g->at == g->end)
		return wrong(g, "unexpected end of input");
	g->at++;
	return any || wrong(g, "expected close range character");
}

/* "[abc]", "[a-z]" or, with a "!", what is not in it. A range stands alone. */
static bool take_range(struct glob *g, struct rego_regex_list *list)
{
	struct rego_class *class = rego_alloc(g->work, sizeof *class);
	bool negated = g->at < g->end && *g->at == '!';
	g->at += negated;
	if (!class || g->at == g->end)
		return class && wrong(g, "unexpected end of input");
	const char *start = g->at;
	uint32_t low = take(g);
	if (g->at < g->end && *g->at == '-') {
		g->at++;
		if (g->at == g->end)
			return wrong(g, "unexpected end of input");
		uint32_t high = take(g);
		if (g->at == g->end || *g->at != ']')
			return wrong(g, g->at == g->end ? "unexpected end of input" : "expected close range character");
		g->at++;
		if (high < low)
			return wrong(g, "hi character should be greater than lo");
		if (!rego_class_add(g->work, class, low, high))
			return false;
	} else {
		g->at = start;
		if (!take_list(g, class))
			return false;
	}
	return rego_class_tidy(g->work, class) && (!negated || rego_class_negate(g->work, class))
	       && rego_regex_list_add(g->work, list, class_node(g, class));
}

static const struct rego_regex_node *take_terms(struct glob *g);

static bool take_item(struct glob *g, struct rego_regex_list *list)
{
	struct rego_regex_node *node;
	char c = *g->at;
	switch (c) {
	case '*':
		g->at++;
		if (g->at == g->end || *g->at != '*')
			return rego_regex_list_add(g->work, list, any_number(g, class_node(g, g->between)));
		g->at++;
		return rego_regex_list_add(g->work, list, any_number(g, rego_regex_new(g->work, REGEX_ANY)));
	case '?':
		g->at++;
		return rego_regex_list_add(g->work, list, class_node(g, g->between));
	case '[': g->at++; return take_range(g, list);
	case '{': g->at++; return rego_regex_list_add(g->work, list, take_terms(g));
	case '\\':
		if (++g->at == g->end)
			return true;
		break;
	default: break;
	}
	node = rego_regex_new(g->work, REGEX_POINT);
	if (node)
		node->point = take(g);
	return rego_regex_list_add(g->work, list, node);
}

/* Up to the end; within braces up to a "," or "}". */
static const struct rego_regex_node *take_pattern(struct glob *g)
{
	struct rego_regex_list list = {0};
	while (g->at < g->end && !(g->nesting && (*g->at == ',' || *g->at == '}'))) {
		if (!take_item(g, &list))
			return NULL;
	}
	return rego_regex_join(g->work, REGEX_CONCAT, &list);
}

/* Behind a "{". One that is not closed ends where the pattern does. */
static const struct rego_regex_node *take_terms(struct glob *g)
{
	struct rego_regex_list list = {0};
	if (!rego_descend(g->work))
		return NULL;
	if (++g->nesting > g->work->limits.nesting) {
		rego_fail(g->work, REGO_LIMIT_NESTING, "a glob is nested more than %u deep", g->work->limits.nesting);
		return NULL;
	}
	for (;;) {
		if (!rego_regex_list_add(g->work, &list, take_pattern(g)))
			return NULL;
		if (g->at == g->end || *g->at++ == '}')
			break;
	}
	g->nesting--;
	return rego_regex_join(g->work, REGEX_ALTERNATE, &list);
}

const struct rego_regex *rego_regex_compile_glob(struct rego_work *work, const char *pattern, size_t len,
						 const uint32_t *separators, size_t count,
						 struct rego_regex_problem *problem)
{
	struct glob g = {.work = work, .problem = problem, .at = pattern, .end = pattern + len};
	struct rego_regex_list list = {0};
	struct rego_regex_names *names = rego_alloc(work, sizeof *names);
	problem->message[0] = 0;
	g.between = rego_alloc(work, sizeof *g.between);
	if (!names || !g.between)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!rego_class_add(work, g.between, separators[i], separators[i]))
			return NULL;
	}
	if (!rego_class_tidy(work, g.between) || !rego_class_negate(work, g.between)
	    || !rego_regex_list_add(work, &list, rego_regex_new(work, REGEX_BEGIN_TEXT))
	    || !rego_regex_list_add(work, &list, take_pattern(&g))
	    || !rego_regex_list_add(work, &list, rego_regex_new(work, REGEX_END_TEXT)))
		return NULL;
	struct rego_regex_tree tree = {rego_regex_join(work, REGEX_CONCAT, &list), 0, names};
	return tree.root ? rego_regex_from_tree(work, &tree) : NULL;
}
