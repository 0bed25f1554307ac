/* object.* */
#include <string.h>

#include "builtin_family.h"
#include "operand.h"
#include "sort.h"

/* In an array of keys each leads one step down, through objects, arrays and sets. */
static const struct rego_value *get(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_OBJECT))
		return NULL;
	const struct rego_value *found = args[0], *path = args[1];
	if (path->type != REGO_ARRAY)
		found = rego_get(call->work, found, path);
	else
		for (size_t i = 0; i < path->list.count && found != NULL; i++)
			found = rego_get(call->work, found, path->list.items[i]);
	return found != NULL ? found : args[2];
}

static const struct rego_value *keys_of(struct rego_work *work, const struct rego_value *object)
{
	const struct rego_value **items = rego_alloc_array(work, object->object.count, sizeof *items);
	for (size_t i = 0; items != NULL && i < object->object.count; i++)
		items[i] = object->object.members[i].key;
	return items != NULL ? rego_set(work, items, object->object.count) : NULL;
}

static const struct rego_value *keys(REGO_OPERANDS)
{
	return rego_operand(call, args, 1, REGO_OBJECT) ? keys_of(call->work, args[0]) : NULL;
}

/* Operand 2, whatever it is, as a set of keys. */
static const struct rego_value *wanted_keys(REGO_OPERANDS)
{
	const struct rego_value *given = args[1];
	if (given->type == REGO_SET)
		return given;
	if (given->type == REGO_OBJECT)
		return keys_of(call->work, given);
	if (given->type != REGO_ARRAY)
		return rego_wrong_type(call, 2, "one of {object, set, array}", given);
	const struct rego_value **items = rego_alloc_array(call->work, given->list.count, sizeof *items);
	if (items != NULL && given->list.count != 0)
		memcpy(items, given->list.items, given->list.count * sizeof *items);
	return items != NULL ? rego_set(call->work, items, given->list.count) : NULL;
}

/* The members whose keys are in operand 2, or are not. */
static const struct rego_value *select_members(REGO_OPERANDS, bool in)
{
	if (!rego_operand(call, args, 1, REGO_OBJECT))
		return NULL;
	const struct rego_value *wanted = wanted_keys(call, args);
	struct rego_member *members = rego_alloc_array(call->work, args[0]->object.count, sizeof *members);
	if (wanted == NULL || members == NULL)
		return NULL;
	size_t kept = 0;
	for (size_t i = 0; i < args[0]->object.count; i++) {
		const struct rego_member *member = &args[0]->object.members[i];
		if ((rego_get(call->work, wanted, member->key) != NULL) == in)
			members[kept++] = *member;
	}
	return rego_object(call->work, members, kept);
}

static const struct rego_value *filter(REGO_OPERANDS)
{
	return select_members(call, args, true);
}

static const struct rego_value *remove_keys(REGO_OPERANDS)
{
	return select_members(call, args, false);
}

static const struct rego_value *unite(struct rego_work *work, const struct rego_value *const *objects, size_t count);

/* What one key has in several objects, in their order: the last value that is no object hides all before it, and the
 * objects after it are united. */
static const struct rego_value *unite_values(struct rego_work *work, const struct rego_member *members, size_t count)
{
	size_t from = count;
	while (from > 0 && members[from - 1].value->type == REGO_OBJECT)
		from--;
	if (from >= count - 1)
		return members[count - 1].value;
	const struct rego_value **objects = rego_alloc_array(work, count - from, sizeof *objects);
	if (objects == NULL)
		return NULL;
	for (size_t i = from; i < count; i++)
		objects[i - from] = members[i].value;
	return unite(work, objects, count - from);
}

static const struct rego_value *unite(struct rego_work *work, const struct rego_value *const *objects, size_t count)
{
	size_t total = 0, filled = 0, kept = 0;
	for (size_t i = 0; i < count; i++)
		total += objects[i]->object.count;
	struct rego_member *members = rego_alloc_array(work, total, sizeof *members);
	if (members == NULL || !rego_descend(work))
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (objects[i]->object.count != 0)
			memcpy(members + filled, objects[i]->object.members, objects[i]->object.count * sizeof *members);
		filled += objects[i]->object.count;
	}
	if (!rego_sort(work, (const struct rego_value **)(void *)members, total, 2)) /* which keeps their order */
		return NULL;
	for (size_t i = 0, next; i < total; i = next) {
		next = i + 1;
		while (next < total && rego_equal(work, members[i].key, members[next].key))
			next++;
		const struct rego_value *value = unite_values(work, members + i, next - i);
		if (value == NULL)
			return NULL;
		members[kept++] = (struct rego_member){members[next - 1].key, value};
	}
	return rego_object(work, members, kept);
}

static const struct rego_value *union_of_two(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_OBJECT) || !rego_operand(call, args, 2, REGO_OBJECT))
		return NULL;
	return unite(call->work, args, 2);
}

static const struct rego_value *union_of_many(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_ARRAY))
		return NULL;
	for (size_t i = 0; i < args[0]->list.count; i++)
		if (args[0]->list.items[i]->type != REGO_OBJECT)
			return rego_wrong_element(call, 1, "array", "objects", args[0]->list.items[i]);
	return unite(call->work, args[0]->list.items, args[0]->list.count);
}

static bool is_subset(struct rego_work *work, const struct rego_value *super, const struct rego_value *sub);

static bool object_subset(struct rego_work *work, const struct rego_value *super, const struct rego_value *sub)
{
	for (size_t i = 0; i < sub->object.count; i++) {
		const struct rego_member *member = &sub->object.members[i];
		const struct rego_value *above = rego_get(work, super, member->key);
		if (above == NULL)
			return false;
		if (rego_equal(work, above, member->value))
			continue;
		if (above->type != member->value->type || above->type < REGO_ARRAY || !is_subset(work, above, member->value))
			return false;
	}
	return true;
}

/* All members of a set are in another set, or in an array. */
static bool set_subset(struct rego_work *work, const struct rego_value *super, const struct rego_value *sub)
{
	size_t found = 0;
	if (super->type == REGO_SET) {
		while (found < sub->list.count && rego_get(work, super, sub->list.items[found]) != NULL)
			found++;
		return found == sub->list.count;
	}
	bool *seen = rego_alloc_array(work, sub->list.count, sizeof *seen);
	for (size_t i = 0; seen != NULL && i < super->list.count; i++) {
		size_t low = 0, high = sub->list.count;
		while (low < high) {
			size_t middle = (low + high) / 2;
			int order = rego_compare(work, super->list.items[i], sub->list.items[middle]);
			if (order == 0) {
				found += !seen[middle];
				seen[middle] = true;
				break;
			}
			if (order < 0)
				high = middle;
			else
				low = middle + 1;
		}
	}
	return found == sub->list.count;
}

/* One array is a stretch of the other. */
static bool array_subset(struct rego_work *work, const struct rego_value *super, const struct rego_value *sub)
{
	size_t length = sub->list.count;
	for (size_t at = 0; at + length <= super->list.count && rego_spend(work, 1); at++) {
		size_t i = 0;
		while (i < length && rego_equal(work, super->list.items[at + i], sub->list.items[i]))
			i++;
		if (i == length)
			return true;
	}
	return false;
}

static bool is_subset(struct rego_work *work, const struct rego_value *super, const struct rego_value *sub)
{
	if (!rego_descend(work))
		return false;
	if (sub->type == REGO_OBJECT)
		return object_subset(work, super, sub);
	return sub->type == REGO_SET ? set_subset(work, super, sub) : array_subset(work, super, sub);
}

static const struct rego_value *subset(REGO_OPERANDS)
{
	enum rego_type super = args[0]->type, sub = args[1]->type;
	if (sub < REGO_ARRAY || (super != sub && (super != REGO_ARRAY || sub != REGO_SET)))
		return rego_type_failed(call, "both arguments object.subset must be of the same type or array and set");
	return rego_boolean(is_subset(call->work, args[0], args[1]));
}

static const struct rego_builtin rows[] = {
	{"object.filter", 2, 0, filter},
	{"object.get", 3, 0, get},
	{"object.keys", 1, 0, keys},
	{"object.remove", 2, 0, remove_keys},
	{"object.subset", 2, 0, subset},
	{"object.union", 2, 0, union_of_two},
	{"object.union_n", 1, 0, union_of_many},
};
REGO_FAMILY(objects, rows);
