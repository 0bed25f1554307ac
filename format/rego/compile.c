/* Drives the compiler: every rule becomes a clause with a plan. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compiler.h"

bool rego_compile_error(struct rego_compiler *compiler, enum rego_code code, struct rego_place place, const char *format, ...)
{
	struct rego_work *work = compiler->work;
	if (rego_failed(work))
		return false;
	char message[sizeof work->error->message];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	rego_fail(work, code, "%s", message);
	work->error->line = place.line;
	work->error->column = place.column;
	if (compiler->module != NULL)
		snprintf(work->error->file, sizeof work->error->file, "%s", compiler->module->file);
	return false;
}

/* Arguments are patterns: no calls, and nothing that is read from a document. */
static bool check_arg(struct rego_compiler *compiler, const struct rego_term *term)
{
	if (!rego_descend(compiler->work))
		return false;
	if (term->kind == REGO_T_CALL)
		return rego_compile_error(compiler, REGO_COMPILE, term->place, "rule arguments cannot contain calls");
	if (term->kind == REGO_T_REF && term->list.items[0]->kind == REGO_T_VAR)
		return rego_compile_error(compiler, REGO_UNSAFE, term->place, "var %.*s is unsafe",
					  (int)term->list.items[0]->name.len, term->list.items[0]->name.bytes);
	for (size_t i = 0; (term->kind == REGO_T_ARRAY || term->kind == REGO_T_OBJECT) && i < term->list.count; i++)
		if (!check_arg(compiler, term->list.items[i]))
			return false;
	return true;
}

static bool compile_args(struct rego_compiler *compiler, struct rego_clause *clause)
{
	const struct rego_rule *rule = clause->rule;
	clause->arg_count = rule->arg_count;
	clause->args = rego_alloc_array(compiler->work, rule->arg_count, sizeof(struct rego_operand *));
	for (size_t i = 0; i < rule->arg_count && clause->args != NULL; i++) {
		if (!check_arg(compiler, rule->args[i]))
			return false;
		clause->args[i] = rego_flatten(compiler, rule->args[i]);
		if (clause->args[i] == NULL)
			return false;
	}
	return clause->args != NULL;
}

/* Arguments are variables of the rule, whatever rules are called the same. A name may stand there twice. */
static bool declare_args(struct rego_compiler *compiler, const struct rego_term *term)
{
	if (!rego_descend(compiler->work))
		return false;
	if (term->kind == REGO_T_VAR) {
		for (struct rego_binding *at = compiler->scope->bindings; at != NULL && rego_spend(compiler->work, 1);
		     at = at->next)
			if (rego_same_name(at->name, term->name))
				return true;
		return rego_declare(compiler, term->name, term->place, REGO_ARGUMENT);
	}
	if (term->kind == REGO_T_ARRAY || term->kind == REGO_T_OBJECT)
		for (size_t i = term->kind == REGO_T_OBJECT ? 1 : 0; i < term->list.count;
		     i += term->kind == REGO_T_OBJECT ? 2 : 1)
			if (!declare_args(compiler, term->list.items[i]))
				return false;
	return true;
}

static bool collect_head(struct rego_compiler *compiler, const struct rego_rule *rule)
{
	for (size_t i = 0; i < rule->arg_count; i++)
		if (!declare_args(compiler, rule->args[i]))
			return false;
	if (!rego_collect_body(compiler, rule->body))
		return false;
	for (size_t i = 1; i < rule->ref_count; i++)
		if (!rego_collect_term(compiler, rule->ref[i]))
			return false;
	for (size_t i = 0; i < rule->arg_count; i++)
		if (rule->args[i]->kind != REGO_T_VAR && !rego_collect_term(compiler, rule->args[i]))
			return false;
	return rego_collect_term(compiler, rule->key) && rego_collect_term(compiler, rule->value);
}

/* What a solution of the body gives. */
static bool compile_end(struct rego_compiler *compiler, const struct rego_rule *rule, struct rego_plan *plan)
{
	size_t ground = rego_ground_prefix(rule);
	plan->end = ground < rule->ref_count ? REGO_END_ENTRY : rule->contains ? REGO_END_MEMBER : REGO_END_VALUE;
	plan->path_count = rule->ref_count - ground;
	plan->path = rego_alloc_array(compiler->work, plan->path_count, sizeof(struct rego_operand *));
	for (size_t i = 0; i < plan->path_count && plan->path != NULL; i++)
		if ((plan->path[i] = rego_flatten(compiler, rule->ref[ground + i])) == NULL)
			return false;
	plan->value = plan->path != NULL ? rego_flatten(compiler, rule->contains ? rule->key : rule->value) : NULL;
	if (plan->value == NULL)
		return false;
	plan->constant = plan->end != REGO_END_ENTRY && plan->value->kind == REGO_O_VALUE;
	return true;
}

static void start(struct rego_compiler *compiler)
{
	compiler->scope = NULL;
	compiler->slot_count = 0;
}

static bool compile_clause(struct rego_compiler *compiler, struct rego_clause *clause)
{
	const struct rego_rule *rule = clause->rule;
	struct rego_plan *plan = rego_new_plan(compiler, REGO_END_VALUE);
	struct rego_scope scope;
	if (plan == NULL)
		return false;
	start(compiler);
	compiler->module = rule->module;
	compiler->package = rego_tree_find(compiler, rule->module->package, rule->module->package_count);
	rego_open_scope(compiler, &scope, false);
	compiler->plan = plan;
	bool good = compiler->package != NULL && collect_head(compiler, rule) && compile_args(compiler, clause)
		    && rego_flatten_body(compiler, rule->body) && compile_end(compiler, rule, plan);
	good = rego_close_scope(compiler, &scope, good)
	       && rego_order_plan(compiler, plan, clause->args, clause->arg_count);
	clause->plan = plan;
	clause->slots = compiler->slot_count;
	return good;
}

static bool compile_clauses(struct rego_compiler *compiler, struct rego_clause *clause)
{
	for (; clause != NULL; clause = clause->next)
		for (struct rego_clause *link = clause; link != NULL; link = link->otherwise)
			if (!compile_clause(compiler, link))
				return false;
	return true;
}

static bool compile_nodes(struct rego_compiler *compiler, struct rego_node *node)
{
	if (!rego_descend(compiler->work) || !compile_clauses(compiler, node->clauses)
	    || !compile_clauses(compiler, node->standard))
		return false;
	for (size_t i = 0; i < node->child_count; i++)
		if (!compile_nodes(compiler, node->children[i]))
			return false;
	return true;
}

bool rego_compile_program(struct rego_work *work, struct rego_program *program)
{
	struct rego_compiler compiler = {.work = work, .program = program};
	program->node_count = 0;
	program->names = NULL;
	program->named_count = program->named_capacity = 0;
	program->root = rego_alloc(work, sizeof *program->root);
	if (program->root == NULL)
		return false;
	program->root->last_clause = &program->root->clauses;
	for (struct rego_module *module = program->modules; module != NULL; module = module->next) {
		compiler.module = module;
		if (!rego_check_imports(&compiler, module) || !rego_tree_add_module(&compiler, module))
			return false;
	}
	return rego_check_tree(&compiler) && compile_nodes(&compiler, program->root) && rego_check_recursion(&compiler);
}

struct rego_clause *rego_compile_query(struct rego_work *work, struct rego_program *program, const struct rego_body *body,
				       struct rego_local **locals)
{
	struct rego_compiler compiler = {.work = work, .program = program, .package = program->root};
	struct rego_clause *clause = rego_alloc(work, sizeof *clause);
	struct rego_plan *plan = rego_new_plan(&compiler, REGO_END_ROW);
	struct rego_scope scope;
	if (clause == NULL || plan == NULL)
		return NULL;
	rego_open_scope(&compiler, &scope, false);
	compiler.plan = plan;
	plan->path = rego_alloc_array(work, body->count, sizeof(struct rego_operand *));
	if (plan->path == NULL || !rego_collect_body(&compiler, body))
		return NULL;
	for (size_t i = 0; i < body->count; i++)
		if (!rego_flatten_expression(&compiler, body->statements[i], &plan->path[i]))
			return NULL;
	plan->path_count = body->count;
	if (!rego_close_scope(&compiler, &scope, true) || !rego_order_plan(&compiler, plan, NULL, 0))
		return NULL;
	clause->plan = plan;
	clause->slots = compiler.slot_count;
	*locals = compiler.locals;
	/* Variables of inner scopes are none of the query's. */
	for (unsigned i = 0; i < compiler.slot_count; i++) {
		bool own = false;
		for (struct rego_binding *at = scope.bindings; at != NULL && rego_spend(work, 1); at = at->next)
			own |= at->slot == i;
		if (!own)
			compiler.locals[i].name.len = 0;
	}
	return rego_failed(work) ? NULL : clause;
}
