/* Safety: the steps of a plan are put in an order in which every variable is bound before it is used. Variables that no
 * order binds are unsafe. Marks which occurrence of a variable binds it. */
#include <string.h>

#include "compiler.h"

static bool order(struct rego_compiler *compiler, struct rego_plan *plan, bool must);

/* Room for the slots there are. */
static bool reserve(struct rego_compiler *compiler)
{
	if (compiler->bound != NULL && compiler->slot_count <= compiler->bound_capacity)
		return true;
	bool *bound = rego_alloc(compiler->work, compiler->slot_count);
	if (bound == NULL)
		return false;
	if (compiler->bound_capacity > 0)
		memcpy(bound, compiler->bound, compiler->bound_capacity);
	compiler->bound = bound;
	compiler->bound_capacity = compiler->slot_count;
	return true;
}

static bool all_bound(const struct rego_compiler *compiler, const unsigned *slots, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!compiler->bound[slots[i]])
			return false;
	return true;
}

/* Can its value be computed? */
static bool is_known(struct rego_compiler *compiler, const struct rego_operand *operand)
{
	if (operand == NULL || operand->kind == REGO_O_VALUE)
		return true;
	if (!rego_descend(compiler->work))
		return false;
	if (operand->kind == REGO_O_SLOT)
		return compiler->bound[operand->slot];
	if (operand->kind == REGO_O_CLOSURE)
		return all_bound(compiler, operand->closure->needs, operand->closure->need_count);
	for (size_t i = 0; i < operand->list.count; i++)
		if (!is_known(compiler, operand->list.items[i]))
			return false;
	return true;
}

/* Can a value be matched with it, which may bind variables? */
static bool is_pattern(struct rego_compiler *compiler, const struct rego_operand *operand)
{
	if (operand == NULL || operand->kind == REGO_O_VALUE || operand->kind == REGO_O_SLOT)
		return true;
	if (!rego_descend(compiler->work))
		return false;
	if (operand->kind == REGO_O_CLOSURE || operand->kind == REGO_O_SET)
		return is_known(compiler, operand);
	for (size_t i = 0; i < operand->list.count; i++) {
		bool key = operand->kind == REGO_O_OBJECT && i % 2 == 0;
		if (key ? !is_known(compiler, operand->list.items[i]) : !is_pattern(compiler, operand->list.items[i]))
			return false;
	}
	return true;
}

/* A block of its own: what it binds is not seen outside. */
static bool order_inside(struct rego_compiler *compiler, struct rego_plan *plan, struct rego_operand *const *given,
			 size_t given_count)
{
	bool *before = rego_alloc(compiler->work, compiler->slot_count);
	if (before == NULL || !rego_spend(compiler->work, compiler->slot_count / 16))
		return false;
	memcpy(before, compiler->bound, compiler->slot_count);
	for (size_t i = 0; i < given_count; i++)
		if (given[i] != NULL && given[i]->kind == REGO_O_SLOT)
			compiler->bound[given[i]->slot] = given[i]->bind = given[i]->binds = true;
	bool good = order(compiler, plan, true);
	memcpy(compiler->bound, before, compiler->slot_count);
	return good;
}

static bool mark_known(struct rego_compiler *compiler, struct rego_operand *operand)
{
	if (operand == NULL || operand->kind == REGO_O_VALUE)
		return true;
	if (!rego_descend(compiler->work))
		return false;
	operand->bind = operand->binds = false;
	if (operand->kind == REGO_O_SLOT)
		return true;
	if (operand->kind == REGO_O_CLOSURE)
		return order_inside(compiler, operand->closure->plan, NULL, 0);
	for (size_t i = 0; i < operand->list.count; i++)
		if (!mark_known(compiler, operand->list.items[i]))
			return false;
	return true;
}

static bool mark_pattern(struct rego_compiler *compiler, struct rego_operand *operand)
{
	if (operand == NULL || operand->kind == REGO_O_VALUE)
		return true;
	if (!rego_descend(compiler->work))
		return false;
	if (operand->kind == REGO_O_CLOSURE || operand->kind == REGO_O_SET)
		return mark_known(compiler, operand);
	operand->bind = operand->binds = false;
	if (operand->kind == REGO_O_SLOT) {
		operand->bind = operand->binds = !compiler->bound[operand->slot];
		compiler->bound[operand->slot] = true;
		return true;
	}
	for (size_t i = 0; i < operand->list.count; i++) {
		struct rego_operand *item = operand->list.items[i];
		bool key = operand->kind == REGO_O_OBJECT && i % 2 == 0;
		if (!(key ? mark_known(compiler, item) : mark_pattern(compiler, item)))
			return false;
		operand->binds |= item->binds;
	}
	return true;
}

static bool items_are(struct rego_compiler *compiler, struct rego_step *step,
		      bool (*are)(struct rego_compiler *, const struct rego_operand *))
{
	for (size_t i = 0; i < step->item_count; i++)
		if (!are(compiler, step->items[i]))
			return false;
	return true;
}

static bool mark_items(struct rego_compiler *compiler, struct rego_step *step, bool patterns)
{
	for (size_t i = 0; i < step->item_count; i++) {
		if (!(patterns ? mark_pattern : mark_known)(compiler, step->items[i]))
			return false;
		step->iterates |= step->items[i]->binds;
	}
	return true;
}

/* Each take_ function: 1, the step's turn has come and it is marked; 0, not yet; -1, failed. */
static int take_unify(struct rego_compiler *compiler, struct rego_step *step)
{
	if (!(is_known(compiler, step->base) && is_pattern(compiler, step->out))) {
		if (step->closed || !(is_known(compiler, step->out) && is_pattern(compiler, step->base)))
			return 0;
		struct rego_operand *pattern = step->base;
		step->base = step->out;
		step->out = pattern;
	}
	return mark_known(compiler, step->base) && mark_pattern(compiler, step->out) ? 1 : -1;
}

static int take_lookup(struct rego_compiler *compiler, struct rego_step *step)
{
	if (!is_known(compiler, step->base) || !items_are(compiler, step, step->closed ? is_known : is_pattern)
	    || !is_pattern(compiler, step->out))
		return 0;
	step->iterates = false;
	return mark_known(compiler, step->base) && mark_items(compiler, step, true) && mark_pattern(compiler, step->out) ? 1 : -1;
}

static int take_call(struct rego_compiler *compiler, struct rego_step *step)
{
	if (!items_are(compiler, step, is_known) || !is_pattern(compiler, step->out))
		return 0;
	step->iterates = step->builtin != NULL && (step->builtin->flags & REGO_RELATION) != 0;
	return mark_items(compiler, step, false) && mark_pattern(compiler, step->out) ? 1 : -1;
}

static int take_block(struct rego_compiler *compiler, struct rego_step *step)
{
	if (!is_known(compiler, step->base) || !all_bound(compiler, step->needs, step->need_count))
		return 0;
	struct rego_operand *given[2] = {step->key, step->out};
	return mark_known(compiler, step->base) && order_inside(compiler, step->block, given, 2) ? 1 : -1;
}

static int take_with(struct rego_compiler *compiler, struct rego_step *step)
{
	for (size_t i = 0; i < step->replacement_count; i++)
		if (!is_known(compiler, step->replacements[i].value))
			return 0;
	bool *before = rego_alloc(compiler->work, compiler->slot_count);
	if (before == NULL || !rego_spend(compiler->work, compiler->slot_count / 16))
		return -1;
	memcpy(before, compiler->bound, compiler->slot_count);
	if (!order(compiler, step->block, false)) {
		memcpy(compiler->bound, before, compiler->slot_count);
		return rego_failed(compiler->work) ? -1 : 0;
	}
	for (size_t i = 0; i < step->replacement_count; i++)
		if (!mark_known(compiler, step->replacements[i].value))
			return -1;
	step->iterates = true;
	return 1;
}

static int take(struct rego_compiler *compiler, struct rego_step *step)
{
	if (!rego_spend(compiler->work, 1) || !rego_descend(compiler->work))
		return -1;
	int taken = 0;
	switch (step->kind) {
	case REGO_STEP_UNIFY:
		taken = take_unify(compiler, step);
		break;
	case REGO_STEP_TEST:
		taken = !is_known(compiler, step->base) ? 0 : mark_known(compiler, step->base) ? 1 : -1;
		break;
	case REGO_STEP_LOOKUP:
	case REGO_STEP_INPUT:
	case REGO_STEP_DATA:
		taken = take_lookup(compiler, step);
		break;
	case REGO_STEP_BUILTIN:
	case REGO_STEP_FUNCTION:
	case REGO_STEP_TEMPLATE:
		taken = take_call(compiler, step);
		break;
	case REGO_STEP_NOT:
	case REGO_STEP_EVERY:
		taken = take_block(compiler, step);
		break;
	case REGO_STEP_WITH:
		taken = take_with(compiler, step);
		break;
	}
	return rego_failed(compiler->work) ? -1 : taken;
}

/* The first unbound variable with a name, of an operand, a step, a plan; -1: none. */
static long unbound(struct rego_compiler *compiler, const struct rego_operand *operand)
{
	if (operand == NULL || operand->kind == REGO_O_VALUE || !rego_descend(compiler->work))
		return -1;
	if (operand->kind == REGO_O_SLOT)
		return !compiler->bound[operand->slot] && compiler->locals[operand->slot].name.len > 0 ? (long)operand->slot : -1;
	if (operand->kind == REGO_O_CLOSURE) {
		for (size_t i = 0; i < operand->closure->need_count; i++)
			if (!compiler->bound[operand->closure->needs[i]])
				return operand->closure->needs[i];
		return -1;
	}
	for (size_t i = 0; i < operand->list.count; i++) {
		long slot = unbound(compiler, operand->list.items[i]);
		if (slot >= 0)
			return slot;
	}
	return -1;
}

static long unbound_in_plan(struct rego_compiler *compiler, const struct rego_plan *plan);

static long unbound_in_step(struct rego_compiler *compiler, const struct rego_step *step)
{
	long slot = -1;
	for (size_t i = 0; i < step->need_count; i++)
		if (!compiler->bound[step->needs[i]])
			return step->needs[i];
	if (step->kind == REGO_STEP_WITH) {
		for (size_t i = 0; i < step->replacement_count && slot < 0; i++)
			slot = unbound(compiler, step->replacements[i].value);
		return slot >= 0 || !rego_descend(compiler->work) ? slot : unbound_in_plan(compiler, step->block);
	}
	for (size_t i = 0; i < step->item_count && slot < 0; i++)
		slot = unbound(compiler, step->items[i]);
	if (slot < 0)
		slot = unbound(compiler, step->base);
	if (slot < 0)
		slot = unbound(compiler, step->out);
	return slot;
}

static long unbound_in_plan(struct rego_compiler *compiler, const struct rego_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		long slot = unbound_in_step(compiler, plan->steps[i]);
		if (slot >= 0)
			return slot;
	}
	return -1;
}

static bool complain(struct rego_compiler *compiler, long slot, struct rego_place place)
{
	if (slot < 0)
		return rego_compile_error(compiler, REGO_UNSAFE, place, "expression is unsafe");
	const struct rego_local *local = &compiler->locals[slot];
	return rego_compile_error(compiler, REGO_UNSAFE, local->place.line != 0 ? local->place : place, "var %.*s is unsafe",
				  local->name.len > 0 ? (int)local->name.len : 1, local->name.len > 0 ? local->name.bytes : "_");
}

static bool mark_end(struct rego_compiler *compiler, struct rego_operand *operand)
{
	if (operand == NULL || is_known(compiler, operand))
		return mark_known(compiler, operand);
	return complain(compiler, unbound(compiler, operand), operand->place);
}

/* `must`: what cannot be ordered is an error. */
static bool order(struct rego_compiler *compiler, struct rego_plan *plan, bool must)
{
	if (!reserve(compiler) || !rego_descend(compiler->work))
		return false;
	size_t done = 0;
	for (bool progress = true; progress && done < plan->count;) {
		progress = false;
		size_t kept = done;
		/* One pass: those whose turn has come move to the front, the others keep their order. */
		struct rego_step **rest = rego_alloc_array(compiler->work, plan->count - done, sizeof(struct rego_step *));
		if (rest == NULL)
			return false;
		size_t rest_count = 0;
		for (size_t i = done; i < plan->count; i++) {
			int taken = take(compiler, plan->steps[i]);
			if (taken < 0)
				return false;
			if (taken > 0)
				plan->steps[kept++] = plan->steps[i];
			else
				rest[rest_count++] = plan->steps[i];
			progress |= taken > 0;
		}
		if (rest_count > 0)
			memcpy(plan->steps + kept, rest, rest_count * sizeof(struct rego_step *));
		done = kept;
	}
	if (done < plan->count) {
		long slot = -1;
		for (size_t i = done; i < plan->count && slot < 0; i++)
			slot = unbound_in_step(compiler, plan->steps[i]);
		return must ? complain(compiler, slot, plan->steps[done]->place) : false;
	}
	for (size_t i = 0; i < plan->path_count; i++)
		if (!mark_end(compiler, plan->path[i]))
			return false;
	return mark_end(compiler, plan->key) && mark_end(compiler, plan->value);
}

bool rego_order_plan(struct rego_compiler *compiler, struct rego_plan *plan, struct rego_operand **args, size_t arg_count)
{
	if (!reserve(compiler))
		return false;
	if (compiler->slot_count > 0)
		memset(compiler->bound, 0, compiler->slot_count);
	for (size_t i = 0; i < arg_count; i++) {
		if (!is_pattern(compiler, args[i]))
			return complain(compiler, unbound(compiler, args[i]), args[i]->place);
		if (!mark_pattern(compiler, args[i]))
			return false;
	}
	return order(compiler, plan, true);
}
