/* Conflicts between rules and imports, and recursion. */
#include <string.h>

#include "compiler.h"

/* v1: two imports of one name, and imports that hide input or data. */
bool rego_check_imports(struct rego_compiler *compiler, const struct rego_module *module)
{
	if (!module->v1)
		return true;
	for (const struct rego_import *import = module->imports; import != NULL; import = import->next) {
		for (const struct rego_import *other = module->imports; other != import; other = other->next) {
			if (!rego_spend(compiler->work, 1))
				return false;
			if (rego_same_name(import->alias, other->alias))
				return rego_compile_error(compiler, REGO_COMPILE, import->place,
							  "import must not shadow import %.*s", (int)import->alias.len,
							  import->alias.bytes);
		}
		if (import->count > 1 && (rego_name_is(import->alias, "input") || rego_name_is(import->alias, "data")))
			return rego_compile_error(compiler, REGO_COMPILE, import->place,
						  "variables must not shadow %.*s (use a different variable name)",
						  (int)import->alias.len, import->alias.bytes);
	}
	for (const struct rego_rule *rule = module->rules; rule != NULL; rule = rule->next)
		if (rego_is_var(rule->ref[0], "input") || rego_is_var(rule->ref[0], "data"))
			return rego_compile_error(compiler, REGO_COMPILE, rule->place,
						  "rules must not shadow %.*s (use a different rule name)",
						  (int)rule->ref[0]->name.len, rule->ref[0]->name.bytes);
	return true;
}

static struct rego_clause *any_clause(const struct rego_node *node)
{
	return node->clauses != NULL ? node->clauses : node->standard;
}

/* A rule with one value, and something below it. */
static bool check_node(struct rego_compiler *compiler, struct rego_node *node)
{
	if (!rego_descend(compiler->work))
		return false;
	bool single = node->kind != REGO_R_NONE && node->kind != REGO_R_OBJECT;
	for (size_t i = 0; i < node->child_count; i++) {
		const struct rego_node *child = node->children[i];
		if (single && child->has_rules) {
			const struct rego_rule *rule = any_clause(node)->rule;
			const char *name = rego_node_name(compiler->work, node);
			const char *other = rego_node_name(compiler->work, child);
			compiler->module = rule->module;
			return rego_compile_error(compiler, REGO_TYPE, rule->place, "rule %s conflicts with [%s]",
						  name != NULL ? name : "", other != NULL ? other : "");
		}
		if (!check_node(compiler, node->children[i]))
			return false;
	}
	return true;
}

bool rego_check_tree(struct rego_compiler *compiler)
{
	return check_node(compiler, compiler->program->root);
}

/* Recursion: depth-first, marks 1 while a node is being looked at and 2 when it is done. Whatever a rule may read, it
 * depends on: all below a reference, and what the reference goes through. */

static bool visit(struct rego_compiler *compiler, struct rego_node *node, struct rego_node *from);
static bool visit_plan(struct rego_compiler *compiler, struct rego_node *from, const struct rego_plan *plan);

static bool report(struct rego_compiler *compiler, struct rego_node *node, struct rego_node *from)
{
	const struct rego_rule *rule = any_clause(node)->rule;
	const char *name = rego_node_name(compiler->work, node);
	char path[384];
	size_t len = 0;
	/* From `node` to `from` by the links back. */
	const struct rego_node *chain[8];
	size_t count = 0;
	for (const struct rego_node *at = from; at != NULL && at != node && count < 8; at = at->below)
		chain[count++] = at;
	path[0] = '\0';
	while (count > 0 && name != NULL) {
		const char *next = rego_node_name(compiler->work, chain[--count]);
		size_t room = next != NULL ? strlen(next) + 4 : sizeof path;
		if (len + room >= sizeof path)
			break;
		len = (size_t)(stpcpy(stpcpy(path + len, " -> "), next) - path);
	}
	compiler->module = rule->module;
	return rego_compile_error(compiler, REGO_RECURSION, rule->place, "rule %s is recursive: %s%s -> %s",
				  name != NULL ? name : "", name != NULL ? name : "", path, name != NULL ? name : "");
}

static bool visit_below(struct rego_compiler *compiler, struct rego_node *node, struct rego_node *from)
{
	if (!rego_descend(compiler->work) || !rego_spend(compiler->work, 1))
		return false;
	if (node->kind != REGO_R_NONE)
		return visit(compiler, node, from);
	for (size_t i = 0; i < node->child_count; i++)
		if (!visit_below(compiler, node->children[i], from))
			return false;
	return true;
}

static bool visit_operand(struct rego_compiler *compiler, struct rego_node *from, const struct rego_operand *operand)
{
	if (operand == NULL || operand->kind == REGO_O_VALUE || operand->kind == REGO_O_SLOT)
		return true;
	if (!rego_descend(compiler->work))
		return false;
	if (operand->kind == REGO_O_CLOSURE)
		return visit_plan(compiler, from, operand->closure->plan);
	for (size_t i = 0; i < operand->list.count; i++)
		if (!visit_operand(compiler, from, operand->list.items[i]))
			return false;
	return true;
}

/* Along a reference: constants lead to one child or out of the tree, anything else may lead to all of them. */
static bool visit_path(struct rego_compiler *compiler, struct rego_node *node, struct rego_node *from,
		       const struct rego_step *step, size_t at)
{
	if (!rego_descend(compiler->work) || !rego_spend(compiler->work, 1))
		return false;
	if (node->kind != REGO_R_NONE || at == step->item_count)
		return visit_below(compiler, node, from);
	if (step->items[at]->kind == REGO_O_VALUE) {
		node = rego_node_child(compiler->work, node, step->items[at]->value);
		return node != NULL ? visit_path(compiler, node, from, step, at + 1) : !rego_failed(compiler->work);
	}
	for (size_t i = 0; i < node->child_count; i++)
		if (!visit_path(compiler, node->children[i], from, step, at + 1))
			return false;
	return true;
}

static bool visit_step(struct rego_compiler *compiler, struct rego_node *from, const struct rego_step *step)
{
	if (step->kind == REGO_STEP_FUNCTION && !visit(compiler, step->node, from))
		return false;
	if (step->kind == REGO_STEP_DATA && !visit_path(compiler, step->node, from, step, step->known))
		return false;
	if (!visit_operand(compiler, from, step->out) || !visit_operand(compiler, from, step->base))
		return false;
	for (size_t i = 0; i < step->item_count; i++)
		if (!visit_operand(compiler, from, step->items[i]))
			return false;
	for (size_t i = 0; i < step->replacement_count; i++) {
		if (!visit_operand(compiler, from, step->replacements[i].value))
			return false;
		if (step->replacements[i].new_node != NULL && !visit(compiler, step->replacements[i].new_node, from))
			return false;
	}
	return step->block == NULL || visit_plan(compiler, from, step->block);
}

static bool visit_plan(struct rego_compiler *compiler, struct rego_node *from, const struct rego_plan *plan)
{
	if (!rego_descend(compiler->work))
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (!rego_spend(compiler->work, 1) || !visit_step(compiler, from, plan->steps[i]))
			return false;
	for (size_t i = 0; i < plan->path_count; i++)
		if (!visit_operand(compiler, from, plan->path[i]))
			return false;
	return visit_operand(compiler, from, plan->key) && visit_operand(compiler, from, plan->value);
}

static bool visit_clauses(struct rego_compiler *compiler, struct rego_node *from, const struct rego_clause *clause)
{
	for (; clause != NULL; clause = clause->next) {
		for (const struct rego_clause *link = clause; link != NULL; link = link->otherwise) {
			for (size_t i = 0; i < link->arg_count; i++)
				if (!visit_operand(compiler, from, link->args[i]))
					return false;
			if (!visit_plan(compiler, from, link->plan))
				return false;
		}
	}
	return true;
}

static bool visit(struct rego_compiler *compiler, struct rego_node *node, struct rego_node *from)
{
	if (node->mark == 2)
		return true;
	if (node->mark == 1)
		return report(compiler, node, from);
	if (!rego_descend(compiler->work))
		return false;
	node->mark = 1;
	node->below = from;
	bool good = visit_clauses(compiler, node, node->clauses) && visit_clauses(compiler, node, node->standard);
	for (size_t i = 0; i < node->child_count && good; i++)
		good = visit_below(compiler, node->children[i], node);
	node->mark = 2;
	return good;
}

bool rego_check_recursion(struct rego_compiler *compiler)
{
	return visit_below(compiler, compiler->program->root, NULL);
}
