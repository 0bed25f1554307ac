/* Calls: of functions that rules define, and of builtins. */
#include <string.h>

#include "compiler.h"

/* "a.b.c", or NULL: the term has another form. */
static const char *dotted(struct rego_compiler *compiler, const struct rego_term *term, size_t *len)
{
	if (term->kind == REGO_T_VAR) {
		*len = term->name.len;
		return term->name.bytes;
	}
	size_t size = 0;
	for (size_t i = 0; i < term->list.count; i++) {
		const struct rego_term *item = term->list.items[i];
		if (i == 0 ? item->kind != REGO_T_VAR : item->kind != REGO_T_VALUE || item->value->type != REGO_STRING)
			return NULL;
		size += (i == 0 ? item->name.len : item->value->string.len) + 1;
	}
	char *name = rego_alloc(compiler->work, size);
	if (name == NULL)
		return NULL;
	char *at = mempcpy(name, term->list.items[0]->name.bytes, term->list.items[0]->name.len);
	for (size_t i = 1; i < term->list.count; i++) {
		*at++ = '.';
		at = mempcpy(at, term->list.items[i]->value->string.bytes, term->list.items[i]->value->string.len);
	}
	*len = (size_t)(at - name);
	return name;
}

bool rego_find_function(struct rego_compiler *compiler, const struct rego_term *term, struct rego_node **node,
			const struct rego_builtin **builtin)
{
	*node = NULL;
	*builtin = NULL;
	if (term->kind != REGO_T_VAR && term->kind != REGO_T_REF)
		return true;
	const struct rego_term *head = term->kind == REGO_T_VAR ? term : term->list.items[0];
	if (head->kind != REGO_T_VAR)
		return true;
	struct rego_term *const *path;
	size_t count;
	bool data = rego_name_is(head->name, "data");
	if (data || rego_find_global(compiler, head->name, &path, &count)) {
		struct rego_node *at = data ? compiler->program->root : rego_tree_find(compiler, path, count);
		for (size_t i = 1; term->kind == REGO_T_REF && i < term->list.count && at != NULL; i++)
			at = term->list.items[i]->kind == REGO_T_VALUE
				     ? rego_node_child(compiler->work, at, term->list.items[i]->value) : NULL;
		*node = at != NULL && at->kind == REGO_R_FUNCTION ? at : NULL;
		if (*node != NULL)
			return !rego_failed(compiler->work);
		if (data || term->kind == REGO_T_VAR)
			return !rego_failed(compiler->work);
	}
	size_t len;
	const char *name = dotted(compiler, term, &len);
	if (name != NULL)
		*builtin = rego_builtin_find(name, len);
	return !rego_failed(compiler->work);
}

static bool find_callee(struct rego_compiler *compiler, const struct rego_term *call, struct rego_node **node,
			const struct rego_builtin **builtin, const char **name, size_t *len)
{
	const struct rego_term *operator= call->list.items[0];
	*node = NULL;
	*name = dotted(compiler, operator, len);
	if (call->infix)
		*builtin = rego_builtin_find(*name, *len);
	else if (!rego_find_function(compiler, operator, node, builtin))
		return false;
	if (*name == NULL)
		*name = "", *len = 0;
	if (*node == NULL && *builtin == NULL)
		return rego_compile_error(compiler, REGO_TYPE, call->place, "undefined function %.*s", (int)*len, *name);
	if (*builtin != NULL && ((*builtin)->flags & REGO_DEPRECATED) != 0 && compiler->module != NULL
	    && compiler->module->v1)
		return rego_compile_error(compiler, REGO_TYPE, call->place,
					  "deprecated built-in function calls in expression: %.*s", (int)*len, *name);
	return true;
}

/* `extra`: the statement's last operand may stand for the result. Then *result is NULL. */
static bool flatten_call(struct rego_compiler *compiler, const struct rego_term *call, struct rego_operand *out, bool extra,
			 struct rego_operand **result)
{
	struct rego_node *node;
	const struct rego_builtin *builtin;
	const char *name;
	size_t len, count = call->list.count - 1;
	if (!find_callee(compiler, call, &node, &builtin, &name, &len))
		return false;
	size_t arity = node != NULL ? node->arg_count : builtin->arity;
	extra = extra && count == arity + 1;
	if (count != arity && !extra)
		return rego_compile_error(compiler, REGO_TYPE, call->place,
					  "%.*s: arity mismatch\n\thave: %zu arguments\n\twant: %zu arguments", (int)len, name,
					  count, arity);
	struct rego_operand **items = rego_alloc_array(compiler->work, count, sizeof(struct rego_operand *));
	unsigned negated = compiler->negated;
	compiler->negated -= negated > 0;
	for (size_t i = 0; i < count && items != NULL; i++)
		if ((items[i] = rego_flatten(compiler, call->list.items[i + 1])) == NULL)
			return false;
	compiler->negated = negated;
	struct rego_step *step = items != NULL ? rego_new_step(compiler, node != NULL ? REGO_STEP_FUNCTION : REGO_STEP_BUILTIN,
							       call->place)
					       : NULL;
	if (step == NULL)
		return false;
	step->node = node;
	step->builtin = builtin;
	step->items = items;
	step->item_count = arity;
	struct rego_operand *operand = rego_set_result(compiler, step, extra ? items[arity] : out);
	*result = extra ? NULL : operand;
	return operand != NULL;
}

bool rego_calls_print(struct rego_compiler *compiler, const struct rego_term *call)
{
	return !call->infix && rego_is_var(call->list.items[0], "print")
	       && !rego_is_global(compiler, call->list.items[0]->name);
}

/* print() is for those who write policies. Here it does nothing, but what stands in it must be right. */
static struct rego_operand *flatten_print(struct rego_compiler *compiler, const struct rego_term *term)
{
	struct rego_plan *plan = compiler->plan, *unused = rego_new_plan(compiler, REGO_END_EXISTS);
	compiler->plan = unused;
	for (size_t i = 1; i < term->list.count && unused != NULL; i++)
		if (!rego_check_declared(compiler, term->list.items[i]) || rego_flatten(compiler, term->list.items[i]) == NULL)
			unused = NULL;
	compiler->plan = plan;
	if (unused == NULL)
		return NULL;
	struct rego_term yes = {.kind = REGO_T_VALUE, .place = term->place, .value = &rego_true};
	return rego_flatten(compiler, &yes);
}

struct rego_operand *rego_flatten_call(struct rego_compiler *compiler, const struct rego_term *term,
				       struct rego_operand *out)
{
	struct rego_operand *result;
	if (rego_calls_print(compiler, term))
		return flatten_print(compiler, term);
	return flatten_call(compiler, term, out, false, &result) ? result : NULL;
}

bool rego_flatten_call_statement(struct rego_compiler *compiler, const struct rego_term *term, struct rego_operand **result)
{
	if (rego_calls_print(compiler, term)) {
		*result = flatten_print(compiler, term);
		return *result != NULL;
	}
	return flatten_call(compiler, term, NULL, true, result);
}
