/* What makes one value of many, and arrays of arrays. */
#include <string.h>

#include "builtin_family.h"
#include "operand.h"
#include "sort.h"

static const struct rego_value *count(REGO_OPERANDS)
{
	int64_t members = rego_count(args[0]);
	if (members < 0)
		return rego_wrong_type(call, 1, "one of {array, object, set, string}", args[0]);
	return rego_spend(call->work, args[0]->type == REGO_STRING ? args[0]->string.len / 16 : 0)
		       ? rego_integer(call->work, members) : NULL;
}

/* An array or set of numbers, of which `what` makes one. */
static const struct rego_value *fold(REGO_OPERANDS, int64_t from,
				     bool (*what)(struct rego_work *, const struct rego_number *, const struct rego_number *,
						  struct rego_number *))
{
	const struct rego_value *list = args[0];
	if (!rego_is_list(list))
		return rego_wrong_type(call, 1, "one of {set, array}", list);
	struct rego_number result = rego_number_from(from), next;
	for (size_t i = 0; i < list->list.count; i++) {
		const struct rego_value *item = list->list.items[i];
		if (item->type != REGO_NUMBER)
			return rego_wrong_element(call, 1, rego_type_name(list->type), "numbers", item);
		if (!rego_spend(call->work, 1) || !what(call->work, &result, &item->number, &next))
			return NULL;
		result = next;
	}
	return rego_number_value(call->work, result);
}

static const struct rego_value *sum(REGO_OPERANDS)
{
	return fold(call, args, 0, rego_number_add);
}

static const struct rego_value *product(REGO_OPERANDS)
{
	return fold(call, args, 1, rego_number_multiply);
}

static const struct rego_value *extreme(REGO_OPERANDS, int sign)
{
	const struct rego_value *list = args[0];
	if (!rego_is_list(list))
		return rego_wrong_type(call, 1, "one of {set, array}", list);
	const struct rego_value *best = list->list.count > 0 ? list->list.items[0] : NULL;
	for (size_t i = 1; i < list->list.count; i++)
		if (rego_compare(call->work, list->list.items[i], best) * sign >= 0)
			best = list->list.items[i];
	return best; /* of nothing: undefined */
}

static const struct rego_value *max(REGO_OPERANDS)
{
	return extreme(call, args, 1);
}

static const struct rego_value *min(REGO_OPERANDS)
{
	return extreme(call, args, -1);
}

static const struct rego_value **copy_items(struct rego_work *work, const struct rego_value *list)
{
	const struct rego_value **items = rego_alloc_array(work, list->list.count, sizeof *items);
	if (items != NULL && list->list.count != 0)
		memcpy(items, list->list.items, list->list.count * sizeof *items);
	return items;
}

static const struct rego_value *sort(REGO_OPERANDS)
{
	if (!rego_is_list(args[0]))
		return rego_wrong_type(call, 1, "one of {set, array}", args[0]);
	const struct rego_value **items = copy_items(call->work, args[0]);
	if (items == NULL || !rego_sort(call->work, items, args[0]->list.count, 1))
		return NULL;
	return rego_array(call->work, items, args[0]->list.count);
}

static bool is_true(const struct rego_value *value)
{
	return value->type == REGO_BOOLEAN && value->boolean;
}

static const struct rego_value *all(REGO_OPERANDS)
{
	if (!rego_is_list(args[0]))
		return rego_wrong_type(call, 1, "one of {array, set}", args[0]);
	size_t i = 0;
	while (i < args[0]->list.count && is_true(args[0]->list.items[i]))
		i++;
	return rego_boolean(i == args[0]->list.count);
}

static const struct rego_value *any(REGO_OPERANDS)
{
	if (!rego_is_list(args[0]))
		return rego_wrong_type(call, 1, "one of {array, set}", args[0]);
	size_t i = 0;
	while (i < args[0]->list.count && !is_true(args[0]->list.items[i]))
		i++;
	return rego_boolean(i < args[0]->list.count);
}

static const struct rego_value *concatenate(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_ARRAY) || !rego_operand(call, args, 2, REGO_ARRAY))
		return NULL;
	size_t first = args[0]->list.count, second = args[1]->list.count;
	const struct rego_value **items = rego_alloc_array(call->work, first + second, sizeof *items);
	if (items == NULL)
		return NULL;
	if (first != 0)
		memcpy(items, args[0]->list.items, first * sizeof *items);
	if (second != 0)
		memcpy(items + first, args[1]->list.items, second * sizeof *items);
	return rego_array(call->work, items, first + second);
}

static const struct rego_value *slice(REGO_OPERANDS)
{
	int64_t start, stop;
	if (!rego_operand(call, args, 1, REGO_ARRAY) || !rego_operand_int64(call, args, 2, &start)
	    || !rego_operand_int64(call, args, 3, &stop))
		return NULL;
	int64_t length = (int64_t)args[0]->list.count;
	stop = stop < 0 ? 0 : stop > length ? length : stop;
	start = start < 0 ? 0 : start > stop ? stop : start;
	const struct rego_value **items = copy_items(call->work, args[0]);
	return items != NULL ? rego_array(call->work, items + start, (size_t)(stop - start)) : NULL;
}

static const struct rego_value *reverse(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_ARRAY))
		return NULL;
	size_t length = args[0]->list.count;
	const struct rego_value **items = rego_alloc_array(call->work, length, sizeof *items);
	for (size_t i = 0; items != NULL && i < length; i++)
		items[i] = args[0]->list.items[length - 1 - i];
	return items != NULL ? rego_array(call->work, items, length) : NULL;
}

/* By one level. */
static const struct rego_value *flatten(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_ARRAY))
		return NULL;
	struct rego_list flat = {0};
	for (size_t i = 0; i < args[0]->list.count; i++) {
		const struct rego_value *item = args[0]->list.items[i];
		bool nested = item->type == REGO_ARRAY;
		for (size_t j = 0; j < (nested ? item->list.count : 1); j++)
			if (!rego_list_add(call->work, &flat, nested ? item->list.items[j] : item))
				return NULL;
	}
	return rego_array(call->work, flat.items, flat.count);
}

static const struct rego_builtin rows[] = {
	{"all", 1, REGO_DEPRECATED, all},
	{"any", 1, REGO_DEPRECATED, any},
	{"array.concat", 2, 0, concatenate},
	{"array.flatten", 1, 0, flatten},
	{"array.reverse", 1, 0, reverse},
	{"array.slice", 3, 0, slice},
	{"count", 1, 0, count},
	{"max", 1, 0, max},
	{"min", 1, 0, min},
	{"product", 1, 0, product},
	{"sort", 1, 0, sort},
	{"sum", 1, 0, sum},
};
REGO_FAMILY(aggregates, rows);
