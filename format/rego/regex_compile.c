/* From the tree of a regular expression to its program, which is written from the end on: each part knows what follows. */
#include <string.h>

#include "regex_node.h"

/* More would not fit the memory of a search. */
enum { MOST_INSTRUCTIONS = 200000 };

struct compiler {
	struct rego_work *work;
	struct rego_regex *regex;
};

static bool add(struct compiler *c, uint32_t op, uint32_t next, uint32_t argument, uint32_t *place)
{
	struct rego_regex *regex = c->regex;
	if (!rego_spend(c->work, 1))
		return false;
	if (regex->count == MOST_INSTRUCTIONS)
		return rego_fail(c->work, REGO_LIMIT_MEMORY, "a regular expression of more than %d steps",
				 MOST_INSTRUCTIONS);
	if (regex->count == regex->capacity) {
		size_t capacity = regex->capacity ? 2 * regex->capacity : 32;
		struct rego_regex_inst *program = rego_alloc_array(c->work, capacity, sizeof *program);
		if (!program)
			return false;
		if (regex->count)
			memcpy(program, regex->program, regex->count * sizeof *program);
		regex->program = program;
		regex->capacity = capacity;
	}
	*place = (uint32_t)regex->count;
	regex->program[regex->count++] = (struct rego_regex_inst){op, next, argument};
	return true;
}

static bool add_class(struct compiler *c, const struct rego_class *class, uint32_t *number)
{
	struct rego_regex *regex = c->regex;
	if (regex->class_count == regex->class_capacity) {
		size_t capacity = regex->class_capacity ? 2 * regex->class_capacity : 8;
		const struct rego_class **classes = rego_alloc_array(c->work, capacity, sizeof *classes);
		if (!classes)
			return false;
		if (regex->class_count)
			memcpy(classes, regex->classes, regex->class_count * sizeof *classes);
		regex->classes = classes;
		regex->class_capacity = capacity;
	}
	*number = (uint32_t)regex->class_count;
	regex->classes[regex->class_count++] = class;
	return true;
}

/* Where to go on: `next` is what follows, *place becomes where the node begins. */
static bool emit(struct compiler *c, const struct rego_regex_node *node, uint32_t next, uint32_t *place);

static bool split(struct compiler *c, uint32_t body, uint32_t other, bool lazy, uint32_t *place)
{
	return add(c, OP_SPLIT, lazy ? other : body, lazy ? body : other, place);
}

/* `star`: none at all is allowed too. */
static bool emit_loop(struct compiler *c, const struct rego_regex_node *node, bool star, uint32_t next, uint32_t *place)
{
	const struct rego_regex_node *child = node->children[0];
	uint32_t loop, body;
	if (!add(c, OP_SPLIT, 0, 0, &loop) || !emit(c, child, loop, &body))
		return false;
	struct rego_regex_inst *inst = &c->regex->program[loop];
	inst->next = node->lazy ? next : body;
	inst->argument = node->lazy ? body : next;
	/* What matches nothing at all is tried once before the loop decides, for the order of preference. */
	if (star && child->nullable)
		return split(c, body, next, node->lazy, place);
	*place = star ? loop : body;
	return true;
}

static bool emit_repeat(struct compiler *c, const struct rego_regex_node *node, uint32_t next, uint32_t *place)
{
	const struct rego_regex_node *child = node->children[0];
	int copies = node->min;
	*place = next;
	if (node->max < 0) {
		if (!emit_loop(c, node, node->min == 0, next, place))
			return false;
		copies = node->min - 1;
	} else {
		/* x{2,4} is xx(x(x)?)?: each of them may be the last. */
		for (int i = node->min; i < node->max; i++) {
			uint32_t body;
			if (!emit(c, child, *place, &body) || !split(c, body, next, node->lazy, place))
				return false;
		}
	}
	for (int i = 0; i < copies; i++) {
		if (!emit(c, child, *place, place))
			return false;
	}
	return true;
}

static bool emit_alternatives(struct compiler *c, const struct rego_regex_node *node, uint32_t next, uint32_t *place)
{
	uint32_t one;
	for (size_t i = node->count; i-- > 0;) {
		if (!emit(c, node->children[i], next, &one))
			return false;
		if (i + 1 == node->count)
			*place = one;
		else if (!add(c, OP_SPLIT, one, *place, place))
			return false;
	}
	return true;
}

static bool emit(struct compiler *c, const struct rego_regex_node *node, uint32_t next, uint32_t *place)
{
	uint32_t number;
	if (!rego_descend(c->work))
		return false;
	switch (node->kind) {
	case REGEX_EMPTY: *place = next; return true;
	case REGEX_POINT: return add(c, OP_POINT, next, node->point, place);
	case REGEX_CLASS: return add_class(c, node->class, &number) && add(c, OP_CLASS, next, number, place);
	case REGEX_ANY: return add(c, OP_ANY, next, 0, place);
	case REGEX_NOT_NL: return add(c, OP_NOT_NL, next, 0, place);
	case REGEX_GROUP:
		return add(c, OP_SAVE, next, 2 * node->group + 1, place) && emit(c, node->children[0], *place, place)
		       && add(c, OP_SAVE, *place, 2 * node->group, place);
	case REGEX_CONCAT:
		*place = next;
		for (size_t i = node->count; i-- > 0;) {
			if (!emit(c, node->children[i], *place, place))
				return false;
		}
		return true;
	case REGEX_ALTERNATE: return emit_alternatives(c, node, next, place);
	case REGEX_REPEAT: return emit_repeat(c, node, next, place);
	default: return add(c, OP_ASSERT, next, node->kind, place);
	}
}

const struct rego_regex *rego_regex_from_tree(struct rego_work *work, const struct rego_regex_tree *tree)
{
	struct rego_regex *regex = rego_alloc(work, sizeof *regex);
	struct compiler c = {work, regex};
	uint32_t match;
	if (!regex || !add(&c, OP_MATCH, 0, 0, &match) || !emit(&c, tree->root, match, &regex->start))
		return NULL;
	regex->groups = (size_t)tree->groups + 1;
	regex->names = tree->names;
	const struct rego_regex_inst *first = &regex->program[regex->start];
	regex->at_begin = first->op == OP_ASSERT && first->argument == REGEX_BEGIN_TEXT;
	return regex;
}

const struct rego_regex *rego_regex_compile(struct rego_work *work, const char *pattern, size_t len,
					    struct rego_regex_problem *problem)
{
	struct rego_regex_tree tree;
	return rego_regex_parse(work, pattern, len, &tree, problem) ? rego_regex_from_tree(work, &tree) : NULL;
}

bool rego_regex_check(struct rego_work *work, const char *pattern, size_t len, struct rego_regex_problem *problem)
{
	struct rego_regex_tree tree;
	return rego_regex_parse(work, pattern, len, &tree, problem);
}

size_t rego_regex_groups(const struct rego_regex *regex)
{
	return regex->groups;
}

const char *rego_regex_group_name(const struct rego_regex *regex, size_t group, size_t *len)
{
	*len = regex->names[group].len;
	return regex->names[group].bytes;
}
