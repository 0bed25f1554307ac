/* Names: what is a variable, whose, and what stands for a rule or an import. */
#include <string.h>

#include "compiler.h"

unsigned rego_new_slot(struct rego_compiler *compiler, struct rego_name name, struct rego_place place)
{
	if (compiler->slot_count == compiler->slot_capacity) {
		size_t size = compiler->slot_capacity * sizeof *compiler->locals;
		unsigned capacity = compiler->slot_capacity == 0 ? 8 : compiler->slot_capacity * 2;
		struct rego_local *locals = rego_grow(compiler->work, compiler->locals, size,
						      capacity * sizeof *compiler->locals);
		if (locals == NULL)
			return 0;
		compiler->locals = locals;
		compiler->slot_capacity = capacity;
	}
	compiler->locals[compiler->slot_count] = (struct rego_local){name, place};
	return compiler->slot_count++;
}

bool rego_open_scope(struct rego_compiler *compiler, struct rego_scope *scope, bool hard)
{
	*scope = (struct rego_scope){.outer = compiler->scope, .hard = hard};
	compiler->scope = scope;
	return true;
}

bool rego_close_scope(struct rego_compiler *compiler, struct rego_scope *scope, bool good)
{
	const struct rego_binding *unused = NULL;
	for (const struct rego_binding *at = scope->bindings; good && at != NULL; at = at->next)
		if (at->owed && !at->used)
			unused = at; /* the first in the text is the last in the list */
	if (unused != NULL)
		good = rego_compile_error(compiler, REGO_COMPILE, unused->place, "declared var %.*s unused",
					  (int)unused->name.len, unused->name.bytes);
	compiler->scope = scope->outer;
	return good;
}

static struct rego_binding *find_binding(struct rego_compiler *compiler, const struct rego_scope *scope,
					 struct rego_name name)
{
	for (struct rego_binding *at = scope->bindings; at != NULL && rego_spend(compiler->work, 1); at = at->next)
		if (rego_same_name(at->name, name))
			return at;
	return NULL;
}

static struct rego_promise *find_promise(struct rego_compiler *compiler, const struct rego_scope *scope,
					 struct rego_name name)
{
	for (struct rego_promise *at = scope->promises; at != NULL && rego_spend(compiler->work, 1); at = at->next)
		if (rego_same_name(at->name, name))
			return at;
	return NULL;
}

static bool add_need(struct rego_compiler *compiler, struct rego_scope *scope, unsigned slot)
{
	for (size_t i = 0; i < scope->need_count; i++)
		if (scope->needs[i] == slot)
			return rego_spend(compiler->work, i / 8);
	if (scope->need_count == scope->need_capacity) {
		size_t size = scope->need_capacity * sizeof *scope->needs;
		scope->need_capacity = scope->need_capacity == 0 ? 4 : scope->need_capacity * 2;
		scope->needs = rego_grow(compiler->work, scope->needs, size, scope->need_capacity * sizeof *scope->needs);
		if (scope->needs == NULL)
			return false;
	}
	scope->needs[scope->need_count++] = slot;
	return true;
}

long rego_find_slot(struct rego_compiler *compiler, struct rego_name name)
{
	for (struct rego_scope *scope = compiler->scope; scope != NULL; scope = scope->outer) {
		struct rego_binding *binding = find_binding(compiler, scope, name);
		if (binding != NULL) {
			binding->used = true;
			for (struct rego_scope *crossed = compiler->scope; crossed != scope; crossed = crossed->outer)
				if (crossed->hard && !add_need(compiler, crossed, binding->slot))
					return -1;
			return binding->slot;
		}
		struct rego_promise *promise = scope == compiler->scope ? find_promise(compiler, scope, name) : NULL;
		if (promise != NULL)
			promise->referenced = true;
	}
	return -1;
}

/* A variable of this scope or an outer one, or one that this scope will declare. */
bool rego_is_variable(struct rego_compiler *compiler, struct rego_name name)
{
	for (const struct rego_scope *scope = compiler->scope; scope != NULL; scope = scope->outer)
		if (find_binding(compiler, scope, name) != NULL)
			return true;
	return find_promise(compiler, compiler->scope, name) != NULL;
}

bool rego_is_promised(struct rego_compiler *compiler, struct rego_name name)
{
	return find_promise(compiler, compiler->scope, name) != NULL;
}

/* Where an outer scope declares the name later, it means no rule, and nothing of the outer scope either. */
static bool is_promised_outside(struct rego_compiler *compiler, struct rego_name name)
{
	for (const struct rego_scope *scope = compiler->scope->outer; scope != NULL; scope = scope->outer)
		if (find_promise(compiler, scope, name) != NULL)
			return true;
	return false;
}

static bool add_binding(struct rego_compiler *compiler, struct rego_name name, struct rego_place place,
			enum rego_declared how)
{
	struct rego_binding *binding = rego_alloc(compiler->work, sizeof *binding);
	if (binding == NULL)
		return false;
	*binding = (struct rego_binding){.name = name,
					 .how = how,
					 .place = place,
					 .slot = rego_new_slot(compiler, name, place),
					 .next = compiler->scope->bindings};
	compiler->scope->bindings = binding;
	return !rego_failed(compiler->work);
}

bool rego_declare(struct rego_compiler *compiler, struct rego_name name, struct rego_place place, enum rego_declared how)
{
	if (rego_name_is(name, "_"))
		return true;
	const struct rego_binding *binding = find_binding(compiler, compiler->scope, name);
	struct rego_promise *promise = find_promise(compiler, compiler->scope, name);
	const char *why = binding != NULL ? (binding->how == REGO_ARGUMENT   ? "redeclared"
					     : binding->how == REGO_DECLARED ? "declared above"
					     : binding->how == REGO_ASSIGNED ? "assigned above" : "referenced above")
			  : promise != NULL && promise->referenced ? "referenced above" : NULL;
	if (why != NULL)
		return rego_compile_error(compiler, REGO_COMPILE, place, "%s %.*s %s",
					  binding != NULL && binding->how == REGO_ARGUMENT ? "arg" : "var", (int)name.len,
					  name.bytes, why);
	if (compiler->module != NULL && compiler->module->v1 && (rego_name_is(name, "input") || rego_name_is(name, "data")))
		return rego_compile_error(compiler, REGO_COMPILE, place,
					  "variables must not shadow %.*s (use a different variable name)", (int)name.len,
					  name.bytes);
	if (promise != NULL)
		promise->kept = true;
	return add_binding(compiler, name, place, how);
}

bool rego_declare_owed(struct rego_compiler *compiler, const struct rego_term *variable)
{
	if (!rego_declare(compiler, variable->name, variable->place, REGO_DECLARED))
		return false;
	if (!rego_is_wildcard(variable))
		compiler->scope->bindings->owed = true;
	return true;
}

bool rego_find_global(struct rego_compiler *compiler, struct rego_name name, struct rego_term *const **path, size_t *count)
{
	*path = NULL;
	*count = 0;
	if (compiler->module == NULL)
		return false;
	for (const struct rego_import *import = compiler->module->imports; import != NULL && rego_spend(compiler->work, 1);
	     import = import->next) {
		if (rego_same_name(import->alias, name)) {
			*path = import->path;
			*count = import->count;
			return true;
		}
	}
	const struct rego_value *key = rego_string_take(compiler->work, name.bytes, name.len);
	const struct rego_node *node = key != NULL ? rego_node_child(compiler->work, compiler->package, key) : NULL;
	if (node == NULL || !node->named)
		return false;
	struct rego_term **made = rego_alloc_array(compiler->work, compiler->module->package_count + 1,
						   sizeof(struct rego_term *));
	struct rego_term *last = rego_alloc(compiler->work, sizeof *last);
	if (made == NULL || last == NULL)
		return false;
	*last = (struct rego_term){.kind = REGO_T_VALUE, .value = key};
	memcpy(made, compiler->module->package, compiler->module->package_count * sizeof *made);
	made[compiler->module->package_count] = last;
	*path = made;
	*count = compiler->module->package_count + 1;
	return true;
}

bool rego_is_global(struct rego_compiler *compiler, struct rego_name name)
{
	struct rego_term *const *path;
	size_t count;
	return rego_name_is(name, "data") || rego_name_is(name, "input") || rego_find_global(compiler, name, &path, &count);
}

/* Variables of this scope that nothing declares. Comprehensions have scopes of their own. */
bool rego_collect_term(struct rego_compiler *compiler, const struct rego_term *term)
{
	if (term == NULL)
		return true;
	if (!rego_descend(compiler->work))
		return false;
	switch (term->kind) {
	case REGO_T_VAR:
		if (rego_is_wildcard(term) || rego_is_variable(compiler, term->name))
			return !rego_failed(compiler->work);
		if (!is_promised_outside(compiler, term->name) && rego_is_global(compiler, term->name))
			return !rego_failed(compiler->work);
		return add_binding(compiler, term->name, term->place, REGO_IMPLICIT);
	case REGO_T_CALL:
		if (rego_calls_print(compiler, term))
			return !rego_failed(compiler->work);
		/* fallthrough */
	case REGO_T_REF:
	case REGO_T_ARRAY:
	case REGO_T_SET:
	case REGO_T_OBJECT:
		for (size_t i = term->kind == REGO_T_CALL ? 1 : 0; i < term->list.count; i++)
			if (!rego_collect_term(compiler, term->list.items[i]))
				return false;
		return true;
	default:
		return true;
	}
}

static bool promise(struct rego_compiler *compiler, const struct rego_term *pattern)
{
	if (pattern == NULL)
		return true;
	if (!rego_descend(compiler->work))
		return false;
	if (pattern->kind == REGO_T_VAR) {
		struct rego_promise *made = rego_alloc(compiler->work, sizeof *made);
		if (made == NULL)
			return false;
		*made = (struct rego_promise){pattern->name, false, false, compiler->scope->promises};
		compiler->scope->promises = made;
	}
	if (pattern->kind == REGO_T_ARRAY || pattern->kind == REGO_T_OBJECT)
		for (size_t i = pattern->kind == REGO_T_OBJECT ? 1 : 0; i < pattern->list.count;
		     i += pattern->kind == REGO_T_OBJECT ? 2 : 1)
			if (!promise(compiler, pattern->list.items[i]))
				return false;
	return true;
}

static bool promises_of(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	if (statement->kind == REGO_S_ASSIGN && !statement->negated)
		return promise(compiler, statement->a);
	if (statement->kind == REGO_S_SOME_IN)
		return promise(compiler, statement->key) && promise(compiler, statement->a);
	for (size_t i = 0; i < statement->item_count; i++)
		if (!promise(compiler, statement->items[i]))
			return false;
	return true;
}

/* A function may stand for a value. */
static bool collect_with(struct rego_compiler *compiler, const struct rego_with *with)
{
	struct rego_node *node;
	const struct rego_builtin *builtin;
	if (with->value->kind == REGO_T_VAR && rego_is_variable(compiler, with->value->name))
		return true;
	if (!rego_find_function(compiler, with->value, &node, &builtin))
		return false;
	return node != NULL || builtin != NULL || rego_collect_term(compiler, with->value);
}

bool rego_collect_body(struct rego_compiler *compiler, const struct rego_body *body)
{
	if (body == NULL)
		return true;
	for (size_t i = 0; i < body->count; i++)
		if (!promises_of(compiler, body->statements[i]))
			return false;
	for (size_t i = 0; i < body->count; i++) {
		const struct rego_statement *statement = body->statements[i];
		bool every = statement->kind == REGO_S_EVERY;
		if ((!every && (!rego_collect_term(compiler, statement->a) || !rego_collect_term(compiler, statement->key)))
		    || !rego_collect_term(compiler, statement->b) || !rego_collect_term(compiler, statement->domain))
			return false;
		for (size_t k = 0; k < statement->with_count; k++)
			if (!collect_with(compiler, &statement->withs[k]))
				return false;
	}
	return !rego_failed(compiler->work);
}
