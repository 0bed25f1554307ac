/* The tree of the documents that rules make. */
#include <stdio.h>
#include <string.h>

#include "compiler.h"

/* Where the key is, or would be. */
static size_t position(struct rego_work *work, const struct rego_node *node, const struct rego_value *key, bool *found)
{
	size_t low = 0, high = node->child_count;
	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = rego_compare(work, node->children[middle]->key, key);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct rego_node *rego_node_child(struct rego_work *work, const struct rego_node *node, const struct rego_value *key)
{
	bool found;
	size_t at = position(work, node, key, &found);
	return found && !rego_failed(work) ? node->children[at] : NULL;
}

static struct rego_node *add_child(struct rego_work *work, struct rego_node *node, const struct rego_value *key)
{
	bool found;
	size_t at = position(work, node, key, &found);
	if (found || rego_failed(work))
		return found ? node->children[at] : NULL;
	if (node->child_count == node->child_capacity) {
		size_t size = node->child_capacity * sizeof(struct rego_node *);
		node->child_capacity = node->child_capacity == 0 ? 4 : node->child_capacity * 2;
		node->children = rego_grow(work, node->children, size, node->child_capacity * sizeof(struct rego_node *));
		if (node->children == NULL)
			return NULL;
	}
	struct rego_node *child = rego_alloc(work, sizeof *child);
	if (child == NULL || !rego_spend(work, 1 + (node->child_count - at) / 16))
		return NULL;
	*child = (struct rego_node){.key = key, .parent = node, .ref_len = node->ref_len + 1};
	child->last_clause = &child->clauses;
	memmove(node->children + at + 1, node->children + at, (node->child_count - at) * sizeof(struct rego_node *));
	node->children[at] = child;
	node->child_count++;
	return child;
}

size_t rego_ground_prefix(const struct rego_rule *rule)
{
	size_t count = 1;
	while (count < rule->ref_count && rule->ref[count]->kind == REGO_T_VALUE)
		count++;
	return count;
}

static struct rego_clause *new_clause(struct rego_work *work, const struct rego_rule *rule)
{
	struct rego_clause *clause = rego_alloc(work, sizeof *clause);
	if (clause == NULL)
		return NULL;
	clause->rule = rule;
	struct rego_clause *last = clause;
	for (rule = rule->otherwise; rule != NULL; rule = rule->otherwise) {
		last->otherwise = rego_alloc(work, sizeof *clause);
		if (last->otherwise == NULL)
			return NULL;
		last = last->otherwise;
		last->rule = rule;
	}
	return clause;
}

static bool add_name(struct rego_work *work, struct rego_program *program, const struct rego_node *node)
{
	if (program->named_count == program->named_capacity) {
		size_t size = program->named_capacity * sizeof(char *);
		program->named_capacity = program->named_capacity == 0 ? 8 : program->named_capacity * 2;
		program->names = rego_grow(work, program->names, size, program->named_capacity * sizeof(char *));
		if (program->names == NULL)
			return false;
	}
	program->names[program->named_count] = rego_node_name(work, node);
	return program->names[program->named_count++] != NULL;
}

static bool add_rule(struct rego_compiler *compiler, struct rego_node *package, struct rego_rule *rule)
{
	struct rego_work *work = compiler->work;
	struct rego_name name = rule->ref[0]->name;
	const struct rego_value *key = rego_string_take(work, name.bytes, name.len);
	struct rego_node *node = key != NULL ? add_child(work, package, key) : NULL;
	if (node == NULL)
		return false;
	node->named = true;
	size_t ground = rego_ground_prefix(rule);
	for (size_t i = 1; i < ground && node != NULL; i++)
		node = add_child(work, node, rule->ref[i]->value);
	struct rego_clause *clause = node != NULL ? new_clause(work, rule) : NULL;
	if (clause == NULL)
		return false;
	enum rego_rule_kind kind = ground < rule->ref_count ? REGO_R_OBJECT : rule->function ? REGO_R_FUNCTION
				   : rule->contains ? REGO_R_SET : REGO_R_COMPLETE;
	if (node->kind != REGO_R_NONE && (node->kind != kind || node->arg_count != rule->arg_count)) {
		const char *path = rego_node_name(work, node);
		return rego_compile_error(compiler, REGO_TYPE, rule->place, "conflicting rules %s found",
					  path != NULL ? path : "");
	}
	if (kind == REGO_R_OBJECT && rule->function)
		return rego_compile_error(compiler, REGO_COMPILE, rule->place, "function name must be ground");
	if (node->kind == REGO_R_NONE) {
		node->index = compiler->program->node_count++;
		if (!add_name(work, compiler->program, node))
			return false;
	}
	node->kind = kind;
	node->arg_count = rule->arg_count;
	if (rule->is_default) {
		if (node->standard != NULL) {
			const char *path = rego_node_name(work, node);
			return rego_compile_error(compiler, REGO_TYPE, rule->place, "multiple default rules %s found",
						  path != NULL ? path : "");
		}
		node->standard = clause;
	} else {
		*node->last_clause = clause;
		node->last_clause = &clause->next;
	}
	for (; node != NULL && !node->has_rules; node = node->parent)
		node->has_rules = true;
	return true;
}

bool rego_tree_add_module(struct rego_compiler *compiler, struct rego_module *module)
{
	struct rego_node *node = compiler->program->root;
	for (size_t i = 1; i < module->package_count; i++) {
		node = add_child(compiler->work, node, module->package[i]->value);
		if (node == NULL)
			return false;
		node->has_rules = true;
	}
	for (struct rego_rule *rule = module->rules; rule != NULL; rule = rule->next)
		if (!add_rule(compiler, node, rule))
			return false;
	return true;
}

struct rego_node *rego_tree_find(struct rego_compiler *compiler, struct rego_term *const *path, size_t count)
{
	struct rego_node *node = compiler->program->root;
	for (size_t i = 1; i < count && node != NULL; i++)
		node = path[i]->kind == REGO_T_VALUE ? rego_node_child(compiler->work, node, path[i]->value) : NULL;
	return node;
}

static bool is_word(const struct rego_value *value)
{
	if (value->type != REGO_STRING || value->string.len == 0)
		return false;
	for (size_t i = 0; i < value->string.len; i++) {
		char c = value->string.bytes[i];
		if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (i > 0 && c >= '0' && c <= '9')))
			return false;
	}
	return true;
}

/* One step of a path, as it is written. */
struct level {
	const struct rego_value *text;
	bool word;
};

const char *rego_node_name(struct rego_work *work, const struct rego_node *node)
{
	size_t size = 5;
	struct level *levels = rego_alloc_array(work, node->ref_len + 1u, sizeof *levels);
	if (levels == NULL)
		return NULL;
	for (const struct rego_node *at = node; at->parent != NULL; at = at->parent) {
		struct level *level = &levels[at->ref_len];
		level->word = is_word(at->key);
		level->text = level->word ? at->key : rego_term_write(work, at->key);
		if (level->text == NULL)
			return NULL;
		size += level->text->string.len + 2;
	}
	char *name = rego_alloc(work, size);
	if (name == NULL)
		return NULL;
	char *at = stpcpy(name, "data");
	for (unsigned i = 1; i <= node->ref_len; i++) {
		*at++ = levels[i].word ? '.' : '[';
		at = mempcpy(at, levels[i].text->string.bytes, levels[i].text->string.len);
		if (!levels[i].word)
			*at++ = ']';
	}
	*at = '\0';
	return name;
}
