/* with: what is replaced by what. The values are computed outside. */
#include <string.h>

#include "compiler.h"

static bool set_path(struct rego_compiler *compiler, struct rego_replacement *replacement, struct rego_term *const *path,
		     size_t count, struct rego_term *const *more, size_t more_count)
{
	size_t total = count - 1 + more_count;
	replacement->path = rego_alloc_array(compiler->work, total, sizeof(struct rego_operand *));
	replacement->path_count = total;
	for (size_t i = 0; i < total && replacement->path != NULL; i++) {
		replacement->path[i] = rego_flatten(compiler, i < count - 1 ? path[i + 1] : more[i - (count - 1)]);
		if (replacement->path[i] == NULL)
			return false;
	}
	return replacement->path != NULL;
}

/* Rules that make a part of the path cannot be replaced in part. */
static bool find_replaced(struct rego_compiler *compiler, struct rego_replacement *replacement, struct rego_place place)
{
	struct rego_node *node = compiler->program->root;
	for (size_t i = 0; i < replacement->path_count && node != NULL; i++) {
		if (node->kind != REGO_R_NONE)
			return rego_compile_error(compiler, REGO_COMPILE, place,
						  "with keyword cannot partially replace virtual document(s)");
		node = replacement->path[i]->kind == REGO_O_VALUE
			       ? rego_node_child(compiler->work, node, replacement->path[i]->value) : NULL;
	}
	replacement->node = node;
	return !rego_failed(compiler->work);
}

static bool resolve_target(struct rego_compiler *compiler, struct rego_replacement *replacement,
			   const struct rego_term *target, size_t *arity)
{
	struct rego_node *node;
	if (!rego_find_function(compiler, target, &node, &replacement->builtin))
		return false;
	if (node != NULL || replacement->builtin != NULL) {
		replacement->target = node != NULL ? REGO_WITH_FUNCTION : REGO_WITH_BUILTIN;
		replacement->node = node;
		*arity = node != NULL ? node->arg_count : replacement->builtin->arity;
		return true;
	}
	bool alone = target->kind == REGO_T_VAR;
	const struct rego_term *head = alone ? target : target->list.items[0];
	struct rego_term *const *path = (struct rego_term *const[]){(struct rego_term *)head};
	size_t count = 1;
	if (head->kind != REGO_T_VAR || (!rego_name_is(head->name, "input") && !rego_name_is(head->name, "data")
					 && !rego_find_global(compiler, head->name, &path, &count)))
		return rego_compile_error(compiler, REGO_TYPE, target->place,
					  "with keyword target must reference existing input, data, or a function");
	replacement->target = rego_is_var(path[0], "input") ? REGO_WITH_INPUT : REGO_WITH_DATA;
	if (!set_path(compiler, replacement, path, count, alone ? NULL : target->list.items + 1,
		      alone ? 0 : target->list.count - 1))
		return false;
	for (size_t i = 0; i < replacement->path_count; i++)
		if (replacement->path[i]->kind != REGO_O_VALUE)
			return rego_compile_error(compiler, REGO_TYPE, target->place,
						  "with keyword target must be ground");
	return replacement->target == REGO_WITH_INPUT || find_replaced(compiler, replacement, target->place);
}

static bool resolve_value(struct rego_compiler *compiler, struct rego_replacement *replacement, const struct rego_term *value,
			  size_t arity)
{
	bool function = replacement->target == REGO_WITH_FUNCTION || replacement->target == REGO_WITH_BUILTIN;
	bool local = value->kind == REGO_T_VAR && rego_find_slot(compiler, value->name) >= 0;
	if (function && !local
	    && !rego_find_function(compiler, value, &replacement->new_node, &replacement->new_builtin))
		return false;
	if (replacement->new_node != NULL || replacement->new_builtin != NULL) {
		size_t other = replacement->new_node != NULL ? replacement->new_node->arg_count
							     : replacement->new_builtin->arity;
		if (other != arity)
			return rego_compile_error(compiler, REGO_TYPE, value->place,
						  "arity mismatch\n\thave: %zu arguments\n\twant: %zu arguments", other, arity);
		return true;
	}
	replacement->value = rego_flatten(compiler, value);
	return replacement->value != NULL;
}

struct rego_step *rego_flatten_with(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	struct rego_replacement *replacements = rego_alloc_array(compiler->work, statement->with_count,
								 sizeof *replacements);
	struct rego_plan *block = rego_new_plan(compiler, REGO_END_RESUME);
	if (replacements == NULL || block == NULL)
		return NULL;
	for (size_t i = 0; i < statement->with_count; i++) {
		size_t arity = 0;
		if (!resolve_target(compiler, &replacements[i], statement->withs[i].target, &arity)
		    || !resolve_value(compiler, &replacements[i], statement->withs[i].value, arity))
			return NULL;
	}
	struct rego_step *step = rego_new_step(compiler, REGO_STEP_WITH, statement->place);
	if (step == NULL)
		return NULL;
	step->replacements = replacements;
	step->replacement_count = statement->with_count;
	step->block = block;
	return step;
}
