/* Statements become steps. */
#include <string.h>

#include "compiler.h"

static bool add_unify(struct rego_compiler *compiler, struct rego_operand *a, struct rego_operand *b, struct rego_place place)
{
	struct rego_step *step = rego_new_step(compiler, REGO_STEP_UNIFY, place);
	if (step == NULL)
		return false;
	step->out = a;
	step->base = b;
	return true;
}

static bool add_test(struct rego_compiler *compiler, struct rego_operand *operand, struct rego_place place)
{
	struct rego_step *step = rego_new_step(compiler, REGO_STEP_TEST, place);
	if (step == NULL)
		return false;
	step->base = operand;
	return true;
}

/* A literal and what it can never be equal to: no variable gets a value from that, and so all of them must have one. */
static bool add_comparison(struct rego_compiler *compiler, struct rego_operand *a, struct rego_operand *b,
			   struct rego_place place)
{
	struct rego_operand **items = rego_alloc_array(compiler->work, 2, sizeof(struct rego_operand *));
	struct rego_step *step = items != NULL ? rego_new_step(compiler, REGO_STEP_BUILTIN, place) : NULL;
	if (step == NULL)
		return false;
	items[0] = a;
	items[1] = b;
	step->builtin = rego_builtin_find("equal", 5);
	step->items = items;
	step->item_count = 2;
	struct rego_operand *result = rego_set_result(compiler, step, NULL);
	return result != NULL && add_test(compiler, result, place);
}

/* The value that an object literal has for a constant key; NULL: none, or its keys are not all constant. */
static struct rego_operand *member_of(struct rego_compiler *compiler, const struct rego_operand *object,
				      const struct rego_value *key)
{
	for (size_t i = 0; i < object->list.count; i += 2)
		if (rego_equal(compiler->work, object->list.items[i]->value, key))
			return object->list.items[i + 1];
	return NULL;
}

static bool has_constant_keys(const struct rego_operand *object)
{
	for (size_t i = 0; i < object->list.count; i += 2)
		if (object->list.items[i]->kind != REGO_O_VALUE)
			return false;
	return true;
}

static bool unify_objects(struct rego_compiler *compiler, struct rego_operand *a, struct rego_operand *b,
			  struct rego_place place)
{
	if (a->list.count != b->list.count)
		return add_comparison(compiler, a, b, place);
	for (size_t i = 0; i < a->list.count; i += 2) {
		struct rego_operand *other = member_of(compiler, b, a->list.items[i]->value);
		if (rego_failed(compiler->work))
			return false;
		if (other == NULL)
			return add_comparison(compiler, a, b, place);
		if (!rego_unify_operands(compiler, a->list.items[i + 1], other, place))
			return false;
	}
	return true;
}

static bool lacks_key(struct rego_compiler *compiler, const struct rego_operand *literal, const struct rego_value *object)
{
	if (object->type != REGO_OBJECT || object->object.count != literal->list.count / 2)
		return true;
	for (size_t i = 0; i < literal->list.count; i += 2)
		if (literal->list.items[i]->kind == REGO_O_VALUE
		    && rego_get(compiler->work, object, literal->list.items[i]->value) == NULL)
			return true;
	return false;
}

static bool never_equal(struct rego_compiler *compiler, const struct rego_operand *literal, const struct rego_operand *other)
{
	bool array = literal->kind == REGO_O_ARRAY;
	if (!array && literal->kind != REGO_O_OBJECT)
		return false;
	if (other->kind == REGO_O_CLOSURE) /* Open Policy Agent matches no object with a comprehension of one */
		return !array || other->closure->kind != REGO_T_ARRAY_OF;
	if (other->kind == REGO_O_VALUE && array)
		return other->value->type != REGO_ARRAY || other->value->list.count != literal->list.count;
	if (other->kind == REGO_O_VALUE)
		return lacks_key(compiler, literal, other->value);
	return other->kind == (array ? REGO_O_OBJECT : REGO_O_ARRAY) || other->kind == REGO_O_SET;
}

/* An array of as many members. */
static bool unify_with_value(struct rego_compiler *compiler, struct rego_operand *literal, const struct rego_value *array,
			     struct rego_place place)
{
	for (size_t i = 0; i < literal->list.count; i++) {
		struct rego_operand *item = rego_value_operand(compiler, array->list.items[i], place);
		if (item == NULL || !rego_unify_operands(compiler, literal->list.items[i], item, place))
			return false;
	}
	return true;
}

/* Literals on both sides are taken apart, so that each side may bind variables of the other. */
bool rego_unify_operands(struct rego_compiler *compiler, struct rego_operand *a, struct rego_operand *b,
			 struct rego_place place)
{
	if (!rego_descend(compiler->work))
		return false;
	if (never_equal(compiler, a, b) || never_equal(compiler, b, a))
		return add_comparison(compiler, a, b, place);
	if (a->kind == REGO_O_ARRAY && b->kind == REGO_O_ARRAY) {
		if (a->list.count != b->list.count)
			return add_comparison(compiler, a, b, place);
		for (size_t i = 0; i < a->list.count; i++)
			if (!rego_unify_operands(compiler, a->list.items[i], b->list.items[i], place))
				return false;
		return true;
	}
	if (a->kind == REGO_O_ARRAY && b->kind == REGO_O_VALUE)
		return unify_with_value(compiler, a, b->value, place);
	if (a->kind == REGO_O_VALUE && b->kind == REGO_O_ARRAY)
		return unify_with_value(compiler, b, a->value, place);
	if (a->kind == REGO_O_OBJECT && b->kind == REGO_O_OBJECT && has_constant_keys(a) && has_constant_keys(b))
		return unify_objects(compiler, a, b, place);
	return add_unify(compiler, a, b, place);
}

static bool makes_step(const struct rego_term *term)
{
	return term->kind == REGO_T_REF || term->kind == REGO_T_CALL || term->kind == REGO_T_TEMPLATE;
}

static bool unify_into(struct rego_compiler *compiler, const struct rego_term *term, struct rego_operand *out,
		       struct rego_place place)
{
	struct rego_operand *operand = out != NULL ? rego_flatten_into(compiler, term, out) : NULL;
	return operand != NULL && (operand == out || rego_unify_operands(compiler, out, operand, place));
}

static bool flatten_unify(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	if (makes_step(statement->a) && !makes_step(statement->b))
		return unify_into(compiler, statement->a, rego_flatten(compiler, statement->b), statement->place);
	return unify_into(compiler, statement->b, rego_flatten(compiler, statement->a), statement->place);
}

/* Variables of a pattern. What can be no pattern is an error where `strict`. */
static bool declare_pattern(struct rego_compiler *compiler, const struct rego_term *pattern, enum rego_declared how)
{
	if (pattern == NULL)
		return true;
	if (!rego_descend(compiler->work))
		return false;
	switch (pattern->kind) {
	case REGO_T_VAR:
		return rego_declare(compiler, pattern->name, pattern->place, how);
	case REGO_T_ARRAY:
	case REGO_T_OBJECT:
		for (size_t i = pattern->kind == REGO_T_OBJECT ? 1 : 0; i < pattern->list.count;
		     i += pattern->kind == REGO_T_OBJECT ? 2 : 1)
			if (!declare_pattern(compiler, pattern->list.items[i], how))
				return false;
		return true;
	case REGO_T_VALUE:
		if (pattern->value->type == REGO_ARRAY || pattern->value->type == REGO_OBJECT)
			return true; /* empty ones */
		return how == REGO_DECLARED
		       || rego_compile_error(compiler, REGO_COMPILE, pattern->place, "cannot assign to %s",
					     rego_type_name(pattern->value->type));
	default:
		if (how == REGO_DECLARED)
			return true;
		return rego_compile_error(compiler, REGO_COMPILE, pattern->place, "cannot assign to %s",
					  pattern->kind == REGO_T_REF ? "ref" : pattern->kind == REGO_T_CALL ? "call"
					  : pattern->kind == REGO_T_SET ? "set" : "comprehension");
	}
}

static bool flatten_assign(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	struct rego_operand *value = rego_flatten(compiler, statement->b);
	if (value == NULL || !declare_pattern(compiler, statement->a, REGO_ASSIGNED))
		return false;
	struct rego_operand *pattern = rego_flatten(compiler, statement->a);
	if (pattern == NULL)
		return false;
	struct rego_plan *plan = compiler->plan;
	struct rego_step *last = plan->count > 0 ? plan->steps[plan->count - 1] : NULL;
	if (last != NULL && last->out != NULL && last->out->kind == REGO_O_SLOT && value->kind == REGO_O_SLOT
	    && last->out->slot == value->slot && makes_step(statement->b)) {
		last->out = pattern;
		return true;
	}
	size_t before = plan->count;
	bool good = rego_unify_operands(compiler, pattern, value, statement->place);
	for (size_t i = before; i < plan->count; i++)
		plan->steps[i]->closed = true;
	return good;
}

static bool is_scalar(const struct rego_operand *operand)
{
	return operand->kind == REGO_O_VALUE && operand->value->type < REGO_ARRAY;
}

static bool flatten_some_in(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	struct rego_operand *domain = rego_flatten(compiler, statement->domain);
	if (domain == NULL)
		return false;
	if (is_scalar(domain))
		return rego_compile_error(compiler, REGO_TYPE, statement->domain->place,
					  "undefined ref: a %s cannot be iterated over", rego_type_name(domain->value->type));
	if (!declare_pattern(compiler, statement->key, REGO_DECLARED)
	    || !declare_pattern(compiler, statement->a, REGO_DECLARED))
		return false;
	struct rego_operand **items = rego_alloc(compiler->work, sizeof(struct rego_operand *));
	if (items == NULL)
		return false;
	items[0] = statement->key != NULL ? rego_flatten(compiler, statement->key)
					  : rego_temporary(compiler, statement->place);
	struct rego_operand *value = items[0] != NULL ? rego_flatten(compiler, statement->a) : NULL;
	struct rego_step *step = value != NULL ? rego_new_step(compiler, REGO_STEP_LOOKUP, statement->place) : NULL;
	if (step == NULL)
		return false;
	step->base = domain;
	step->items = items;
	step->item_count = 1;
	step->out = value;
	return true;
}

static bool flatten_some(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	for (size_t i = 0; i < statement->item_count; i++) {
		if (rego_is_wildcard(statement->items[i]))
			return rego_compile_error(compiler, REGO_COMPILE, statement->items[i]->place, "declared var _ unused");
		if (!rego_declare_owed(compiler, statement->items[i]))
			return false;
	}
	return true;
}

/* Without its `with` and `not`. */
static bool flatten_plain(struct rego_compiler *compiler, const struct rego_statement *statement, struct rego_operand **value)
{
	switch (statement->kind) {
	case REGO_S_UNIFY:
		return flatten_unify(compiler, statement);
	case REGO_S_ASSIGN:
		return flatten_assign(compiler, statement);
	case REGO_S_SOME:
		return flatten_some(compiler, statement);
	case REGO_S_SOME_IN:
		return flatten_some_in(compiler, statement);
	case REGO_S_EVERY:
		return rego_flatten_every(compiler, statement);
	default:
		break;
	}
	struct rego_operand *operand;
	if (statement->a->kind == REGO_T_CALL) {
		if (!rego_flatten_call_statement(compiler, statement->a, &operand))
			return false;
		if (operand == NULL)
			return true;
	} else if ((operand = rego_flatten(compiler, statement->a)) == NULL) {
		return false;
	}
	if (value == NULL)
		return add_test(compiler, operand, statement->place);
	*value = operand;
	return true;
}

bool rego_flatten_expression(struct rego_compiler *compiler, const struct rego_statement *statement,
			     struct rego_operand **value)
{
	if (!rego_descend(compiler->work))
		return false;
	struct rego_plan *outer = compiler->plan;
	if (statement->with_count > 0) {
		struct rego_step *with = rego_flatten_with(compiler, statement);
		if (with == NULL)
			return false;
		compiler->plan = with->block;
	}
	bool good = statement->negated ? rego_flatten_not(compiler, statement) : flatten_plain(compiler, statement, value);
	compiler->plan = outer;
	return good;
}

bool rego_flatten_statement(struct rego_compiler *compiler, const struct rego_statement *statement)
{
	return rego_flatten_expression(compiler, statement, NULL);
}

bool rego_flatten_body(struct rego_compiler *compiler, const struct rego_body *body)
{
	for (size_t i = 0; body != NULL && i < body->count; i++)
		if (!rego_flatten_statement(compiler, body->statements[i]))
			return false;
	return true;
}
