/* Terms become operands; references and calls in them become steps of the plan, with their results in slots. */
#include <string.h>

#include "compiler.h"

struct rego_plan *rego_new_plan(struct rego_compiler *compiler, enum rego_end end)
{
	struct rego_plan *plan = rego_alloc(compiler->work, sizeof *plan);
	if (plan != NULL)
		plan->end = end;
	return plan;
}

struct rego_step *rego_new_step(struct rego_compiler *compiler, enum rego_step_kind kind, struct rego_place place)
{
	struct rego_plan *plan = compiler->plan;
	if (plan->count == plan->capacity) {
		size_t size = plan->capacity * sizeof(struct rego_step *);
		plan->capacity = plan->capacity == 0 ? 4 : plan->capacity * 2;
		plan->steps = rego_grow(compiler->work, plan->steps, size, plan->capacity * sizeof(struct rego_step *));
		if (plan->steps == NULL)
			return NULL;
	}
	struct rego_step *step = rego_alloc(compiler->work, sizeof *step);
	if (step == NULL)
		return NULL;
	step->kind = kind;
	step->place = place;
	plan->steps[plan->count++] = step;
	return step;
}

static struct rego_operand *new_operand(struct rego_compiler *compiler, enum rego_operand_kind kind, struct rego_place place)
{
	struct rego_operand *operand = rego_alloc(compiler->work, sizeof *operand);
	if (operand != NULL) {
		operand->kind = kind;
		operand->place = place;
	}
	return operand;
}

struct rego_operand *rego_slot_operand(struct rego_compiler *compiler, unsigned slot, struct rego_place place)
{
	struct rego_operand *operand = rego_failed(compiler->work) ? NULL : new_operand(compiler, REGO_O_SLOT, place);
	if (operand != NULL)
		operand->slot = slot;
	return operand;
}

struct rego_operand *rego_temporary(struct rego_compiler *compiler, struct rego_place place)
{
	return rego_slot_operand(compiler, rego_new_slot(compiler, (struct rego_name){NULL, 0}, place), place);
}

/* Every occurrence of a variable is an operand of its own: one binds, the others use. */
struct rego_operand *rego_set_result(struct rego_compiler *compiler, struct rego_step *step, struct rego_operand *out)
{
	step->out = out != NULL ? out : rego_temporary(compiler, step->place);
	if (out != NULL || step->out == NULL)
		return step->out;
	return rego_slot_operand(compiler, step->out->slot, step->place);
}

struct rego_operand *rego_value_operand(struct rego_compiler *compiler, const struct rego_value *value,
					  struct rego_place place)
{
	struct rego_operand *operand = value != NULL ? new_operand(compiler, REGO_O_VALUE, place) : NULL;
	if (operand != NULL)
		operand->value = value;
	return operand;
}

static struct rego_operand **flatten_items(struct rego_compiler *compiler, struct rego_term *const *terms, size_t count)
{
	struct rego_operand **items = rego_alloc_array(compiler->work, count, sizeof(struct rego_operand *));
	for (size_t i = 0; i < count && items != NULL; i++) {
		items[i] = rego_flatten(compiler, terms[i]);
		if (items[i] == NULL)
			return NULL;
	}
	return items;
}

/* A literal whose parts are all values is one itself. */
static struct rego_operand *fold(struct rego_compiler *compiler, struct rego_operand *operand)
{
	struct rego_work *work = compiler->work;
	size_t count = operand->list.count;
	for (size_t i = 0; i < count; i++)
		if (operand->list.items[i]->kind != REGO_O_VALUE)
			return operand;
	const struct rego_value *value = NULL;
	if (operand->kind == REGO_O_OBJECT) {
		struct rego_member *members = rego_alloc_array(work, count / 2, sizeof *members);
		for (size_t i = 0; i < count && members != NULL; i += 2)
			members[i / 2] = (struct rego_member){operand->list.items[i]->value, operand->list.items[i + 1]->value};
		value = members != NULL ? rego_object(work, members, count / 2) : NULL;
	} else {
		const struct rego_value **items = rego_alloc_array(work, count, sizeof(struct rego_value *));
		for (size_t i = 0; i < count && items != NULL; i++)
			items[i] = operand->list.items[i]->value;
		if (items != NULL)
			value = operand->kind == REGO_O_SET ? rego_set(work, items, count) : rego_array(work, items, count);
	}
	return rego_value_operand(compiler, value, operand->place);
}

static struct rego_operand *flatten_list(struct rego_compiler *compiler, const struct rego_term *term)
{
	struct rego_operand *operand = new_operand(compiler, term->kind == REGO_T_ARRAY ? REGO_O_ARRAY
						   : term->kind == REGO_T_SET ? REGO_O_SET : REGO_O_OBJECT, term->place);
	if (operand == NULL)
		return NULL;
	operand->list.count = term->list.count;
	operand->list.items = flatten_items(compiler, term->list.items, term->list.count);
	return operand->list.items != NULL ? fold(compiler, operand) : NULL;
}

static struct rego_operand *flatten_comprehension(struct rego_compiler *compiler, const struct rego_term *term)
{
	struct rego_operand *operand = new_operand(compiler, REGO_O_CLOSURE, term->place);
	struct rego_closure *closure = rego_alloc(compiler->work, sizeof *closure);
	struct rego_plan *plan = rego_new_plan(compiler, term->kind == REGO_T_OBJECT_OF ? REGO_END_PAIR : REGO_END_MEMBER);
	if (operand == NULL || closure == NULL || plan == NULL)
		return NULL;
	struct rego_plan *outer = compiler->plan;
	struct rego_scope scope;
	unsigned negated = compiler->negated;
	rego_open_scope(compiler, &scope, true);
	compiler->plan = plan;
	compiler->negated = 0;
	bool good = rego_collect_body(compiler, term->of.body) && rego_collect_term(compiler, term->of.key)
		    && rego_collect_term(compiler, term->of.value) && rego_flatten_body(compiler, term->of.body);
	if (good && term->of.key != NULL)
		good = (plan->key = rego_flatten(compiler, term->of.key)) != NULL;
	if (good)
		good = (plan->value = rego_flatten(compiler, term->of.value)) != NULL;
	compiler->plan = outer;
	compiler->negated = negated;
	if (!rego_close_scope(compiler, &scope, good))
		return NULL;
	*closure = (struct rego_closure){term->kind, plan, scope.needs, scope.need_count};
	operand->closure = closure;
	return operand;
}

/* A reference to a document: `path` begins with data or input; `more` follows. */
static struct rego_operand *flatten_document(struct rego_compiler *compiler, struct rego_term *const *path, size_t count,
					     struct rego_term *const *more, size_t more_count, struct rego_place place,
					     struct rego_operand *out)
{
	size_t total = count - 1 + more_count;
	struct rego_operand **items = rego_alloc_array(compiler->work, total, sizeof(struct rego_operand *));
	for (size_t i = 0; i < total && items != NULL; i++) {
		items[i] = rego_flatten(compiler, i < count - 1 ? path[i + 1] : more[i - (count - 1)]);
		if (items[i] == NULL)
			return NULL;
	}
	bool data = rego_is_var(path[0], "data");
	struct rego_step *step = items != NULL ? rego_new_step(compiler, data ? REGO_STEP_DATA : REGO_STEP_INPUT, place) : NULL;
	if (step == NULL)
		return NULL;
	step->closed = compiler->negated > 0;
	step->items = items;
	step->item_count = total;
	struct rego_operand *result = rego_set_result(compiler, step, out);
	step->node = compiler->program->root;
	while (data && step->known < total && items[step->known]->kind == REGO_O_VALUE && step->node->kind == REGO_R_NONE) {
		struct rego_node *child = rego_node_child(compiler->work, step->node, items[step->known]->value);
		if (child == NULL)
			break;
		step->node = child;
		step->known++;
	}
	return result;
}

static struct rego_operand *flatten_lookup(struct rego_compiler *compiler, const struct rego_term *term,
					   struct rego_operand *out)
{
	struct rego_operand *base = rego_flatten(compiler, term->list.items[0]);
	struct rego_operand **items = base != NULL ? flatten_items(compiler, term->list.items + 1, term->list.count - 1) : NULL;
	struct rego_step *step = items != NULL ? rego_new_step(compiler, REGO_STEP_LOOKUP, term->place) : NULL;
	if (step == NULL)
		return NULL;
	step->closed = compiler->negated > 0;
	step->base = base;
	step->items = items;
	step->item_count = term->list.count - 1;
	return rego_set_result(compiler, step, out);
}

/* A variable or a reference. Names that nothing binds are variables; what they stand for is known by now. */
static struct rego_operand *flatten_reference(struct rego_compiler *compiler, const struct rego_term *term,
					      struct rego_operand *out)
{
	bool alone = term->kind == REGO_T_VAR;
	const struct rego_term *head = alone ? term : term->list.items[0];
	struct rego_term *const *more = alone ? NULL : term->list.items + 1;
	size_t more_count = alone ? 0 : term->list.count - 1;
	if (head->kind != REGO_T_VAR)
		return flatten_lookup(compiler, term, out);
	long slot = rego_is_wildcard(head) ? (long)rego_new_slot(compiler, head->name, head->place)
					   : rego_find_slot(compiler, head->name);
	if (slot >= 0 && alone)
		return rego_slot_operand(compiler, (unsigned)slot, term->place);
	if (slot >= 0)
		return flatten_lookup(compiler, term, out);
	struct rego_term *const *path = (struct rego_term *const[]){(struct rego_term *)head};
	size_t count = 1;
	if (!rego_name_is(head->name, "data") && !rego_name_is(head->name, "input")
	    && !rego_find_global(compiler, head->name, &path, &count)) {
		bool later = rego_is_promised(compiler, head->name);
		rego_compile_error(compiler, later ? REGO_COMPILE : REGO_UNSAFE, head->place,
				   later ? "var %.*s referenced above" : "var %.*s is unsafe", (int)head->name.len,
				   head->name.bytes);
		return NULL;
	}
	return flatten_document(compiler, path, count, more, more_count, term->place, out);
}

/* An expression in a template string, or an operand of print(), gives one value: it may not go through a collection by a
 * variable of its own. */
bool rego_check_declared(struct rego_compiler *compiler, const struct rego_term *term)
{
	if (!rego_descend(compiler->work))
		return false;
	if (term->kind == REGO_T_VAR) {
		if (!rego_is_wildcard(term)
		    && (rego_is_variable(compiler, term->name) || rego_is_global(compiler, term->name)))
			return rego_find_slot(compiler, term->name) >= 0 || !rego_is_promised(compiler, term->name)
			       || rego_compile_error(compiler, REGO_COMPILE, term->place, "var %.*s referenced above",
						     (int)term->name.len, term->name.bytes);
		return rego_compile_error(compiler, REGO_COMPILE, term->place, "var %.*s is undeclared", (int)term->name.len,
					  term->name.bytes);
	}
	if (term->kind != REGO_T_REF && term->kind != REGO_T_CALL && term->kind != REGO_T_ARRAY && term->kind != REGO_T_SET
	    && term->kind != REGO_T_OBJECT)
		return true;
	for (size_t i = term->kind == REGO_T_CALL ? 1 : 0; i < term->list.count; i++)
		if (!rego_check_declared(compiler, term->list.items[i]))
			return false;
	return true;
}

static bool check_template(struct rego_compiler *compiler, const struct rego_term *term)
{
	for (size_t i = 0; i < term->list.count; i++) {
		const struct rego_term *part = term->list.items[i];
		if (part->kind == REGO_T_SET_OF && !rego_check_declared(compiler, part->of.body->statements[0]->b))
			return false;
	}
	return true;
}

static struct rego_operand *flatten_template(struct rego_compiler *compiler, const struct rego_term *term,
					     struct rego_operand *out)
{
	if (!check_template(compiler, term))
		return NULL;
	struct rego_operand **items = flatten_items(compiler, term->list.items, term->list.count);
	struct rego_step *step = items != NULL ? rego_new_step(compiler, REGO_STEP_TEMPLATE, term->place) : NULL;
	if (step == NULL)
		return NULL;
	step->items = items;
	step->item_count = term->list.count;
	return rego_set_result(compiler, step, out);
}


struct rego_operand *rego_flatten_into(struct rego_compiler *compiler, const struct rego_term *term,
				       struct rego_operand *out)
{
	if (!rego_descend(compiler->work))
		return NULL;
	switch (term->kind) {
	case REGO_T_VALUE:
		return rego_value_operand(compiler, term->value, term->place);
	case REGO_T_VAR:
	case REGO_T_REF:
		return flatten_reference(compiler, term, out);
	case REGO_T_CALL:
		return rego_flatten_call(compiler, term, out);
	case REGO_T_ARRAY:
	case REGO_T_SET:
	case REGO_T_OBJECT:
		return flatten_list(compiler, term);
	case REGO_T_TEMPLATE:
		return flatten_template(compiler, term, out);
	default:
		return flatten_comprehension(compiler, term);
	}
}

struct rego_operand *rego_flatten(struct rego_compiler *compiler, const struct rego_term *term)
{
	return rego_flatten_into(compiler, term, NULL);
}
