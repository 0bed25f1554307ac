/* Comparison, arithmetic and the algebra of sets: what is written with operators. */
#include "builtin_family.h"
#include "operand.h"

static const struct rego_value *equal(REGO_OPERANDS)
{
	return rego_boolean(rego_equal(call->work, args[0], args[1]));
}

static const struct rego_value *not_equal(REGO_OPERANDS)
{
	return rego_boolean(!rego_equal(call->work, args[0], args[1]));
}

static const struct rego_value *less(REGO_OPERANDS)
{
	return rego_boolean(rego_compare(call->work, args[0], args[1]) < 0);
}

static const struct rego_value *less_or_equal(REGO_OPERANDS)
{
	return rego_boolean(rego_compare(call->work, args[0], args[1]) <= 0);
}

static const struct rego_value *greater(REGO_OPERANDS)
{
	return rego_boolean(rego_compare(call->work, args[0], args[1]) > 0);
}

static const struct rego_value *greater_or_equal(REGO_OPERANDS)
{
	return rego_boolean(rego_compare(call->work, args[0], args[1]) >= 0);
}

typedef bool arithmetic(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			struct rego_number *result);

static const struct rego_value *calculate(REGO_OPERANDS, arithmetic *what)
{
	struct rego_number result;
	if (!rego_operand(call, args, 1, REGO_NUMBER) || !rego_operand(call, args, 2, REGO_NUMBER)
	    || !what(call->work, &args[0]->number, &args[1]->number, &result))
		return NULL;
	return rego_number_value(call->work, result);
}

static const struct rego_value *plus(REGO_OPERANDS)
{
	return calculate(call, args, rego_number_add);
}

static const struct rego_value *multiply(REGO_OPERANDS)
{
	return calculate(call, args, rego_number_multiply);
}

static bool is_zero(const struct rego_value *value)
{
	int64_t integer;
	return value->type == REGO_NUMBER && rego_number_int64(&value->number, &integer) && integer == 0;
}

static const struct rego_value *divide(REGO_OPERANDS)
{
	if (args[0]->type == REGO_NUMBER && is_zero(args[1]))
		return rego_builtin_failed(call, "divide by zero");
	return calculate(call, args, rego_number_divide);
}

static const struct rego_value *remainder_of(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_NUMBER) || !rego_operand(call, args, 2, REGO_NUMBER))
		return NULL;
	if (!rego_number_is_integer(&args[0]->number) || !rego_number_is_integer(&args[1]->number))
		return rego_builtin_failed(call, "modulo on floating-point number");
	if (is_zero(args[1]))
		return rego_builtin_failed(call, "modulo by zero");
	return calculate(call, args, rego_number_remainder);
}

enum algebra { UNION, INTERSECTION, DIFFERENCE };

/* Both are sorted; so is what comes out. */
static const struct rego_value *combine(struct rego_work *work, const struct rego_value *a, const struct rego_value *b,
					enum algebra what)
{
	size_t room = a->list.count + (what == UNION ? b->list.count : 0), count = 0, i = 0, j = 0;
	const struct rego_value **items = rego_alloc_array(work, room, sizeof *items);
	while (items != NULL && (i < a->list.count || j < b->list.count) && !rego_failed(work)) {
		int order = i == a->list.count ? 1 : j == b->list.count ? -1
			    : rego_compare(work, a->list.items[i], b->list.items[j]);
		if (order > 0 ? what == UNION : (what == UNION || (what == INTERSECTION) == (order == 0)))
			items[count++] = order > 0 ? b->list.items[j] : a->list.items[i];
		i += order <= 0;
		j += order >= 0;
	}
	return items != NULL ? rego_set(work, items, count) : NULL;
}

static const struct rego_value *both_sets(REGO_OPERANDS, enum algebra what)
{
	if (!rego_operand(call, args, 1, REGO_SET) || !rego_operand(call, args, 2, REGO_SET))
		return NULL;
	return combine(call->work, args[0], args[1], what);
}

static const struct rego_value *set_or(REGO_OPERANDS)
{
	return both_sets(call, args, UNION);
}

static const struct rego_value *set_and(REGO_OPERANDS)
{
	return both_sets(call, args, INTERSECTION);
}

static const struct rego_value *set_difference(REGO_OPERANDS)
{
	return both_sets(call, args, DIFFERENCE);
}

static const struct rego_value *minus(REGO_OPERANDS)
{
	enum rego_type left = args[0]->type, right = args[1]->type;
	if (left == REGO_SET && right == REGO_SET)
		return combine(call->work, args[0], args[1], DIFFERENCE);
	if (left != REGO_NUMBER && left != REGO_SET)
		return rego_wrong_type(call, 1, "one of {number, set}", args[0]);
	if (left != REGO_NUMBER || right != REGO_NUMBER)
		return rego_wrong_type(call, 2, right == REGO_NUMBER ? "set" : "number", args[1]);
	return calculate(call, args, rego_number_subtract);
}

/* All sets of a set, one after the other. */
static const struct rego_value *fold_sets(REGO_OPERANDS, enum algebra what)
{
	if (!rego_operand(call, args, 1, REGO_SET))
		return NULL;
	const struct rego_value *result = NULL;
	for (size_t i = 0; i < args[0]->list.count; i++) {
		const struct rego_value *item = args[0]->list.items[i];
		if (item->type != REGO_SET)
			return rego_wrong_type(call, 1, "set", item);
		result = result == NULL ? item : combine(call->work, result, item, what);
		if (result == NULL)
			return NULL;
	}
	return result != NULL ? result : &rego_empty_set;
}

static const struct rego_value *intersection(REGO_OPERANDS)
{
	return fold_sets(call, args, INTERSECTION);
}

static const struct rego_value *union_of(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_SET))
		return NULL;
	struct rego_list all = {0}; /* sorted once, since many sets would be copied many times */
	for (size_t i = 0; i < args[0]->list.count; i++) {
		const struct rego_value *item = args[0]->list.items[i];
		if (item->type != REGO_SET)
			return rego_wrong_type(call, 1, "set", item);
		for (size_t j = 0; j < item->list.count; j++)
			if (!rego_list_add(call->work, &all, item->list.items[j]))
				return NULL;
	}
	return rego_set(call->work, all.items, all.count);
}

static bool has_value(struct rego_work *work, const struct rego_value *collection, const struct rego_value *value)
{
	bool found = false;
	if (collection->type == REGO_SET)
		return rego_get(work, collection, value) != NULL;
	if (collection->type >= REGO_ARRAY && !rego_spend(work, 1 + (uint64_t)rego_count(collection) / 4))
		return false;
	if (collection->type == REGO_ARRAY)
		for (size_t i = 0; i < collection->list.count && !found; i++)
			found = rego_equal(work, collection->list.items[i], value);
	if (collection->type == REGO_OBJECT)
		for (size_t i = 0; i < collection->object.count && !found; i++)
			found = rego_equal(work, collection->object.members[i].value, value);
	return found;
}

static const struct rego_value *member(REGO_OPERANDS)
{
	return rego_boolean(has_value(call->work, args[1], args[0]));
}

static const struct rego_value *member_at(REGO_OPERANDS)
{
	const struct rego_value *found = args[2]->type >= REGO_ARRAY ? rego_get(call->work, args[2], args[0]) : NULL;
	return rego_boolean(found != NULL && rego_equal(call->work, found, args[1]));
}

static const struct rego_builtin rows[] = {
	{"and", 2, REGO_INFIX, set_and},
	{"div", 2, REGO_INFIX, divide},
	{"eq", 2, REGO_INFIX, equal},
	{"equal", 2, REGO_INFIX, equal},
	{"gt", 2, REGO_INFIX, greater},
	{"gte", 2, REGO_INFIX, greater_or_equal},
	{"internal.member_2", 2, REGO_INFIX, member},
	{"internal.member_3", 3, REGO_INFIX, member_at},
	{"intersection", 1, 0, intersection},
	{"lt", 2, REGO_INFIX, less},
	{"lte", 2, REGO_INFIX, less_or_equal},
	{"minus", 2, REGO_INFIX, minus},
	{"mul", 2, REGO_INFIX, multiply},
	{"neq", 2, REGO_INFIX, not_equal},
	{"or", 2, REGO_INFIX, set_or},
	{"plus", 2, REGO_INFIX, plus},
	{"rem", 2, REGO_INFIX, remainder_of},
	{"set_diff", 2, REGO_DEPRECATED, set_difference},
	{"union", 1, 0, union_of},
};
REGO_FAMILY(operators, rows);
