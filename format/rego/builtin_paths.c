/* json.filter and json.remove: the parts of a document that paths name ("a/b/0", or arrays of segments). */
#include <string.h>

#include "json_path.h"
#include "operand.h"

/* Paths as a tree: an object for each segment with more behind it, null where a path ends. They are sorted, so that a path
 * stands before those that it begins. */
static const struct rego_value *build_tree(struct rego_work *work, const struct rego_value *const *paths, size_t count,
					   size_t depth)
{
	if (!rego_descend(work) || !rego_spend(work, count))
		return NULL;
	if (count > 0 && paths[0]->list.count == depth)
		return &rego_null;
	struct rego_member *members = rego_alloc_array(work, count + 1, sizeof *members);
	if (!members)
		return NULL;
	size_t groups = 0;
	for (size_t i = 0, end; i < count; i = end) {
		const struct rego_value *segment = paths[i]->list.items[depth];
		for (end = i + 1; end < count && rego_equal(work, paths[end]->list.items[depth], segment);)
			end++;
		const struct rego_value *rest = build_tree(work, paths + i, end - i, depth + 1);
		if (!rest)
			return NULL;
		members[groups++] = (struct rego_member){segment, rest};
	}
	return rego_object(work, members, groups);
}

static const struct rego_value *read_paths(struct rego_call *call, const struct rego_value *operand)
{
	struct rego_work *work = call->work;
	if (!rego_is_list(operand))
		return rego_wrong_type(call, 2, "one of {set, array}", operand);
	size_t count = 0;
	const struct rego_value **paths = rego_alloc_array(work, operand->list.count + 1, sizeof *paths);
	if (!paths)
		return NULL;
	for (size_t i = 0; i < operand->list.count; i++) {
		const struct rego_value *given = operand->list.items[i], *path = rego_path(work, given);
		if (!path && !rego_failed(work))
			return rego_type_failed(call,
						"operand 2 must be one of {set, array} containing string paths or array "
						"of path segments but got %s",
						rego_type_name(given->type));
		if (!path)
			return NULL;
		/* The whole document is no path here. */
		if (path->list.count > 0)
			paths[count++] = path;
	}
	return rego_sort(work, paths, count, 1) ? build_tree(work, paths, count, 0) : NULL;
}

/* How trees name elements of arrays: "0", "1" ... */
static const struct rego_value *index_name(struct rego_work *work, size_t i)
{
	size_t len;
	struct rego_number number = rego_number_from((int64_t)i);
	const char *text = rego_number_text(work, &number, &len);
	return text ? rego_string_take(work, text, len) : NULL;
}

/* What becomes of `value` when a tree says what to take or leave. NULL without a failure: nothing. */
typedef const struct rego_value *visit(struct rego_work *work, const struct rego_value *value,
				       const struct rego_value *tree);

static const struct rego_value *visit_object(struct rego_work *work, const struct rego_value *value,
					     const struct rego_value *tree, visit *function)
{
	struct rego_member *members = rego_alloc_array(work, value->object.count + 1, sizeof *members);
	size_t count = 0;
	if (!members)
		return NULL;
	for (size_t i = 0; i < value->object.count; i++) {
		struct rego_member member = value->object.members[i];
		member.value = function(work, member.value, rego_get(work, tree, member.key));
		if (rego_failed(work))
			return NULL;
		if (member.value)
			members[count++] = member;
	}
	return rego_object(work, members, count);
}

static const struct rego_value *visit_list(struct rego_work *work, const struct rego_value *value,
					   const struct rego_value *tree, visit *function)
{
	const struct rego_value **items = rego_alloc_array(work, value->list.count + 1, sizeof *items);
	size_t count = 0;
	if (!items)
		return NULL;
	for (size_t i = 0; i < value->list.count; i++) {
		const struct rego_value *item = value->list.items[i];
		const struct rego_value *key = value->type == REGO_SET ? item : index_name(work, i);
		const struct rego_value *kept = key ? function(work, item, rego_get(work, tree, key)) : NULL;
		if (rego_failed(work))
			return NULL;
		if (kept)
			items[count++] = kept;
	}
	return value->type == REGO_SET ? rego_set(work, items, count) : rego_array(work, items, count);
}

static const struct rego_value *remove_from(struct rego_work *work, const struct rego_value *value,
					    const struct rego_value *tree)
{
	if (!tree || value->type < REGO_ARRAY)
		return tree && tree->type == REGO_NULL ? NULL : value;
	if (tree->type == REGO_NULL || !rego_descend(work))
		return NULL;
	return value->type == REGO_OBJECT ? visit_object(work, value, tree, remove_from)
					  : visit_list(work, value, tree, remove_from);
}

static const struct rego_value *filter_from(struct rego_work *work, const struct rego_value *value,
					    const struct rego_value *tree)
{
	if (!tree)
		return NULL;
	if (tree->type == REGO_NULL || value->type < REGO_ARRAY)
		return value;
	if (!rego_descend(work))
		return NULL;
	return value->type == REGO_OBJECT ? visit_object(work, value, tree, filter_from)
					  : visit_list(work, value, tree, filter_from);
}

static const struct rego_value *json_filter(struct rego_call *call, const struct rego_value *const *args)
{
	if (!rego_operand(call, args, 1, REGO_OBJECT))
		return NULL;
	const struct rego_value *tree = read_paths(call, args[1]);
	return tree ? filter_from(call->work, args[0], tree) : NULL;
}

static const struct rego_value *json_remove(struct rego_call *call, const struct rego_value *const *args)
{
	if (!rego_operand(call, args, 1, REGO_OBJECT))
		return NULL;
	const struct rego_value *tree = read_paths(call, args[1]);
	return tree ? remove_from(call->work, args[0], tree) : NULL;
}

static const struct rego_builtin rows[] = {
	{"json.filter", 2, 0, json_filter},
	{"json.remove", 2, 0, json_remove},
};

REGO_FAMILY(paths, rows);
