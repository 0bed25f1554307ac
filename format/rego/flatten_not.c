/* Blocks: `not` and `every`. */
#include <string.h>

#include "compiler.h"

static bool add_slot(struct rego_compiler *compiler, struct rego_step *step, unsigned slot, size_t *capacity)
{
	for (size_t i = 0; i < step->need_count; i++)
		if (step->needs[i] == slot)
			return rego_spend(compiler->work, 1);
	if (step->need_count == *capacity) {
		size_t size = *capacity * sizeof *step->needs;
		*capacity = *capacity == 0 ? 4 : *capacity * 2;
		step->needs = rego_grow(compiler->work, step->needs, size, *capacity * sizeof *step->needs);
		if (step->needs == NULL)
			return false;
	}
	step->needs[step->need_count++] = slot;
	return true;
}

static bool add_operand(struct rego_compiler *compiler, struct rego_step *step, const struct rego_operand *operand,
			size_t *capacity)
{
	if (operand == NULL || operand->kind == REGO_O_VALUE)
		return true;
	if (!rego_descend(compiler->work))
		return false;
	if (operand->kind == REGO_O_SLOT)
		return compiler->locals[operand->slot].name.len == 0 || add_slot(compiler, step, operand->slot, capacity);
	if (operand->kind == REGO_O_CLOSURE) {
		for (size_t i = 0; i < operand->closure->need_count; i++)
			if (!add_slot(compiler, step, operand->closure->needs[i], capacity))
				return false;
		return true;
	}
	for (size_t i = 0; i < operand->list.count; i++)
		if (!add_operand(compiler, step, operand->list.items[i], capacity))
			return false;
	return true;
}

bool rego_plan_needs(struct rego_compiler *compiler, const struct rego_plan *plan, struct rego_step *step)
{
	size_t capacity = 0;
	for (size_t i = 0; i < plan->count; i++) {
		const struct rego_step *inner = plan->steps[i];
		if (!add_operand(compiler, step, inner->out, &capacity) || !add_operand(compiler, step, inner->base, &capacity))
			return false;
		for (size_t k = 0; k < inner->item_count; k++)
			if (!add_operand(compiler, step, inner->items[k], &capacity))
				return false;
	}
	return !rego_failed(compiler->work);
}

static struct rego_operand *mark_core(struct rego_compiler *compiler, struct rego_operand *operand)
{
	struct rego_plan *plan = compiler->plan;
	struct rego_step *last = plan->count > 0 ? plan->steps[plan->count - 1] : NULL;
	if (operand != NULL && operand->kind == REGO_O_SLOT && last != NULL && last->out != NULL
	    && last->out->kind == REGO_O_SLOT && last->out->slot == operand->slot)
		last->core = true;
	return operand;
}

static bool is_reference(const struct rego_term *term)
{
	return term->kind == REGO_T_VAR || term->kind == REGO_T_REF;
}

static struct rego_operand *flatten_side(struct rego_compiler *compiler, const struct rego_term *term)
{
	struct rego_operand *operand = rego_flatten(compiler, term);
	return is_reference(term) ? mark_core(compiler, operand) : operand;
}

/* `not a = b`, `not a == b`: the references a and b may be undefined; elsewhere what is undefined makes the body so, as
 * Open Policy Agent has it. */
static bool flatten_negated_unify(struct rego_compiler *compiler, const struct rego_term *a, const struct rego_term *b,
				  struct rego_place place)
{
	struct rego_operand *left = flatten_side(compiler, a);
	struct rego_operand *right = left != NULL ? flatten_side(compiler, b) : NULL;
	size_t before = compiler->plan->count;
	if (right == NULL || !rego_unify_operands(compiler, left, right, place))
		return false;
	for (size_t i = before; i < compiler->plan->count; i++)
		compiler->plan->steps[i]->core = true;
	return true;
}

static bool is_equation(const struct rego_term *term)
{
	return term->kind == REGO_T_CALL && term->infix && rego_is_var(term->list.items[0], "equal");
}

static bool flatten_negated(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	const struct rego_term *term = statement->a;
	if (statement->kind == REGO_S_UNIFY)
		return flatten_negated_unify(compiler, statement->a, statement->b, statement->place);
	if (statement->kind == REGO_S_ASSIGN)
		return rego_compile_error(compiler, REGO_COMPILE, statement->place, "cannot assign vars inside negated expression");
	if (is_equation(term))
		return flatten_negated_unify(compiler, term->list.items[1], term->list.items[2], statement->place);
	struct rego_operand *operand;
	if (term->kind == REGO_T_CALL) {
		if (!rego_flatten_call_statement(compiler, term, &operand))
			return false;
		compiler->plan->steps[compiler->plan->count - 1]->core = true;
		if (operand == NULL)
			return true;
	} else if ((operand = mark_core(compiler, rego_flatten(compiler, term))) == NULL) {
		return false;
	}
	struct rego_step *test = rego_new_step(compiler, REGO_STEP_TEST, statement->place);
	if (test == NULL)
		return false;
	test->base = operand;
	test->core = true;
	return true;
}

/* What a negated expression computes first stands before the `not`. */
static bool flatten_plain_not(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	struct rego_plan *outer = compiler->plan, *all = rego_new_plan(compiler, REGO_END_EXISTS);
	struct rego_plan *block = rego_new_plan(compiler, REGO_END_EXISTS);
	if (all == NULL || block == NULL)
		return false;
	compiler->plan = all;
	bool call = statement->kind == REGO_S_TERM && statement->a->kind == REGO_T_CALL && !is_equation(statement->a);
	compiler->negated = call ? 2 : 1;
	bool good = flatten_negated(compiler, statement);
	compiler->negated = 0;
	for (size_t i = 0; i < all->count && good; i++) {
		compiler->plan = all->steps[i]->core ? block : outer;
		struct rego_step *step = rego_new_step(compiler, all->steps[i]->kind, all->steps[i]->place);
		good = step != NULL;
		if (good)
			*step = *all->steps[i];
	}
	compiler->plan = outer;
	struct rego_step *step = good ? rego_new_step(compiler, REGO_STEP_NOT, statement->place) : NULL;
	if (step == NULL)
		return false;
	step->block = block;
	if (!rego_plan_needs(compiler, block, step))
		return false;
	size_t capacity = step->need_count;
	for (size_t i = 0; i < all->count; i++) {
		const struct rego_step *first = all->steps[i];
		if (!first->core && first->out != NULL && first->out->kind == REGO_O_SLOT
		    && !add_slot(compiler, step, first->out->slot, &capacity))
			return false;
	}
	return true;
}

/* With `import future.keywords.not` everything is inside. */
static bool flatten_not_body(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	struct rego_statement positive = *statement;
	positive.negated = false;
	positive.with_count = 0;
	struct rego_statement *statements[1] = {&positive};
	struct rego_body alone = {statements, 1};
	const struct rego_body *body = statement->kind == REGO_S_NOT_BODY ? statement->body : &alone;
	struct rego_plan *outer = compiler->plan, *block = rego_new_plan(compiler, REGO_END_EXISTS);
	if (block == NULL)
		return false;
	struct rego_scope scope;
	rego_open_scope(compiler, &scope, true);
	compiler->plan = block;
	bool good = rego_collect_body(compiler, body) && rego_flatten_body(compiler, body);
	good = rego_close_scope(compiler, &scope, good);
	compiler->plan = outer;
	struct rego_step *step = good ? rego_new_step(compiler, REGO_STEP_NOT, statement->place) : NULL;
	if (step == NULL)
		return false;
	step->block = block;
	step->needs = scope.needs;
	step->need_count = scope.need_count;
	return true;
}

bool rego_flatten_not(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	if (compiler->module != NULL && compiler->module->not_body)
		return flatten_not_body(compiler, statement);
	return flatten_plain_not(compiler, statement);
}

static struct rego_operand *declare_variable(struct rego_compiler *compiler, const struct rego_term *variable,
					     struct rego_place place)
{
	if (variable == NULL)
		return rego_temporary(compiler, place);
	if (!rego_declare_owed(compiler, variable))
		return NULL;
	if (rego_is_wildcard(variable))
		return rego_flatten(compiler, variable);
	return rego_slot_operand(compiler, compiler->scope->bindings->slot, variable->place);
}

bool rego_flatten_every(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	struct rego_operand *domain = rego_flatten(compiler, statement->domain);
	struct rego_plan *outer = compiler->plan, *block = rego_new_plan(compiler, REGO_END_EXISTS);
	if (domain == NULL || block == NULL)
		return false;
	struct rego_scope scope;
	rego_open_scope(compiler, &scope, true);
	compiler->plan = block;
	struct rego_operand *key = declare_variable(compiler, statement->key, statement->place);
	struct rego_operand *value = key != NULL ? declare_variable(compiler, statement->a, statement->place) : NULL;
	bool good = value != NULL && rego_collect_body(compiler, statement->body)
		    && rego_flatten_body(compiler, statement->body);
	good = rego_close_scope(compiler, &scope, good);
	compiler->plan = outer;
	struct rego_step *step = good ? rego_new_step(compiler, REGO_STEP_EVERY, statement->place) : NULL;
	if (step == NULL)
		return false;
	step->base = domain;
	step->key = key;
	step->out = value;
	step->block = block;
	step->needs = scope.needs;
	step->need_count = scope.need_count;
	return true;
}
