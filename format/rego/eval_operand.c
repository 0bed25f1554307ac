/* Values of operands, and matching. */
#include "eval.h"

const struct rego_value *rego_index(struct rego_eval *eval, size_t i)
{
	if (i >= REGO_INDICES)
		return rego_integer(eval->work, (int64_t)i);
	if (eval->indices[i] == NULL)
		eval->indices[i] = rego_integer(eval->work, (int64_t)i);
	return eval->indices[i];
}

static const struct rego_value *list_of(struct rego_eval *eval, struct rego_frame *frame, const struct rego_operand *operand)
{
	size_t count = operand->list.count;
	const struct rego_value **items = rego_alloc_array(eval->work, count, sizeof(struct rego_value *));
	for (size_t i = 0; i < count && items != NULL; i++)
		if ((items[i] = rego_value_of(eval, frame, operand->list.items[i])) == NULL)
			return NULL;
	if (items == NULL)
		return NULL;
	return operand->kind == REGO_O_SET ? rego_set(eval->work, items, count) : rego_array(eval->work, items, count);
}

static const struct rego_value *unique(struct rego_eval *eval, struct rego_member *members, size_t count)
{
	bool conflict = false;
	const struct rego_value *value = rego_object_strict(eval->work, members, count, &conflict);
	if (conflict)
		rego_fail(eval->work, REGO_CONFLICT, "object keys must be unique");
	return conflict ? NULL : value;
}

static const struct rego_value *object_of(struct rego_eval *eval, struct rego_frame *frame, const struct rego_operand *operand)
{
	size_t count = operand->list.count / 2;
	struct rego_member *members = rego_alloc_array(eval->work, count, sizeof *members);
	for (size_t i = 0; i < count && members != NULL; i++) {
		members[i].key = rego_value_of(eval, frame, operand->list.items[2 * i]);
		members[i].value = members[i].key != NULL ? rego_value_of(eval, frame, operand->list.items[2 * i + 1]) : NULL;
		if (members[i].value == NULL)
			return NULL;
	}
	return members != NULL ? rego_object(eval->work, members, count) : NULL;
}

static const struct rego_value *comprehend(struct rego_eval *eval, struct rego_frame *frame,
					   const struct rego_closure *closure)
{
	struct rego_collector collector = {0};
	if (rego_run(eval, frame, closure->plan, 0, &collector) == REGO_FAILED)
		return NULL;
	if (closure->kind == REGO_T_OBJECT_OF)
		return unique(eval, collector.members, collector.count);
	return closure->kind == REGO_T_SET_OF ? rego_set(eval->work, collector.list.items, collector.list.count)
					      : rego_array(eval->work, collector.list.items, collector.list.count);
}

const struct rego_value *rego_value_of(struct rego_eval *eval, struct rego_frame *frame, const struct rego_operand *operand)
{
	if (operand->kind == REGO_O_VALUE)
		return operand->value;
	if (operand->kind == REGO_O_SLOT)
		return frame->slots[operand->slot];
	if (!rego_descend(eval->work) || !rego_spend(eval->work, 1))
		return NULL;
	if (operand->kind == REGO_O_CLOSURE)
		return comprehend(eval, frame, operand->closure);
	return operand->kind == REGO_O_OBJECT ? object_of(eval, frame, operand) : list_of(eval, frame, operand);
}

static bool match_object(struct rego_eval *eval, struct rego_frame *frame, const struct rego_operand *pattern,
			 const struct rego_value *value)
{
	size_t count = pattern->list.count / 2;
	const struct rego_value **keys = rego_alloc_array(eval->work, count, sizeof(struct rego_value *));
	if (keys == NULL || value->type != REGO_OBJECT)
		return false;
	for (size_t i = 0; i < count; i++) {
		keys[i] = rego_value_of(eval, frame, pattern->list.items[2 * i]);
		const struct rego_value *member = keys[i] != NULL ? rego_get(eval->work, value, keys[i]) : NULL;
		if (member == NULL || !rego_match(eval, frame, pattern->list.items[2 * i + 1], member))
			return false;
	}
	const struct rego_value *set = rego_set(eval->work, keys, count); /* the pattern may name a key twice */
	return set != NULL && set->list.count == value->object.count;
}

bool rego_match(struct rego_eval *eval, struct rego_frame *frame, const struct rego_operand *pattern,
		const struct rego_value *value)
{
	if (pattern->bind) {
		frame->slots[pattern->slot] = value;
		return true;
	}
	if (!pattern->binds) {
		const struct rego_value *known = rego_value_of(eval, frame, pattern);
		return known != NULL && rego_equal(eval->work, known, value);
	}
	if (!rego_descend(eval->work) || !rego_spend(eval->work, 1))
		return false;
	if (pattern->kind == REGO_O_OBJECT)
		return match_object(eval, frame, pattern, value);
	if (value->type != REGO_ARRAY || value->list.count != pattern->list.count)
		return false;
	for (size_t i = 0; i < pattern->list.count; i++)
		if (!rego_match(eval, frame, pattern->list.items[i], value->list.items[i]))
			return false;
	return true;
}
