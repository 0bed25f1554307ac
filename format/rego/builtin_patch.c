/* json.patch (RFC 6902), which patches sets too: a member's path is the member. An operation that cannot be done is an
 * error. */
#include <string.h>

#include "json_path.h"
#include "operand.h"

enum action { INSERT, DELETE };

struct edit {
	struct rego_work *work;
	enum action action;
	const struct rego_value *path, *value;
};

static bool read_index(const struct rego_value *segment, size_t count, size_t *index)
{
	int64_t number;
	if (segment->type == REGO_NUMBER) {
		if (!rego_number_int64(&segment->number, &number) || number < 0 || (uint64_t)number > count)
			return false;
		*index = (size_t)number;
		return true;
	}
	if (segment->type != REGO_STRING)
		return false;
	const char *bytes = segment->string.bytes;
	size_t len = segment->string.len;
	if (rego_is_text(segment, "-")) {
		*index = count;
		return true;
	}
	if (len == 0 || len > 9 || (len > 1 && bytes[0] == '0'))
		return false;
	*index = 0;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] < '0' || bytes[i] > '9')
			return false;
		*index = *index * 10 + (size_t)(bytes[i] - '0');
	}
	return *index <= count;
}

/* The value at a path from segment `depth` on; NULL: there is none. */
static const struct rego_value *look_up(struct rego_work *work, const struct rego_value *value,
					const struct rego_value *path, size_t depth)
{
	for (; value && depth < path->list.count; depth++) {
		const struct rego_value *segment = path->list.items[depth];
		size_t index;
		if (value->type != REGO_ARRAY)
			value = rego_get(work, value, segment);
		else
			value = read_index(segment, value->list.count, &index) && index < value->list.count
					? value->list.items[index]
					: NULL;
	}
	return value;
}

/* `value` with the edit done; NULL: that cannot be done. */
static const struct rego_value *apply(struct edit *edit, const struct rego_value *value, size_t depth);

static const struct rego_value *edit_array(struct edit *edit, const struct rego_value *array, size_t depth)
{
	size_t count = array->list.count, index;
	bool last = depth + 1 == edit->path->list.count, inserts = last && edit->action == INSERT;
	if (!read_index(edit->path->list.items[depth], count, &index) || (!inserts && index == count)
	    || !rego_spend(edit->work, count))
		return NULL;
	const struct rego_value **items = rego_alloc_array(edit->work, count + 1, sizeof *items);
	const struct rego_value *child = inserts ? edit->value : NULL;
	if (!items || (!last && !(child = apply(edit, array->list.items[index], depth + 1))))
		return NULL;
	size_t kept = 0;
	for (size_t i = 0; i <= count; i++) {
		if (i == index && child)
			items[kept++] = child;
		if (i < count && (i != index || inserts))
			items[kept++] = array->list.items[i];
	}
	return rego_array(edit->work, items, kept);
}

static const struct rego_value *edit_set(struct edit *edit, const struct rego_value *set, size_t depth)
{
	const struct rego_value *segment = edit->path->list.items[depth], *child = NULL;
	bool last = depth + 1 == edit->path->list.count;
	const struct rego_value *member = rego_get(edit->work, set, segment);
	if (last && edit->action == INSERT) {
		if (!rego_equal(edit->work, segment, edit->value))
			return NULL;
		child = edit->value;
	} else if (!member || (!last && !(child = apply(edit, member, depth + 1)))) {
		return NULL;
	}
	const struct rego_value **items = rego_alloc_array(edit->work, set->list.count + 1, sizeof *items);
	size_t kept = 0;
	if (!items)
		return NULL;
	for (size_t i = 0; i < set->list.count; i++) {
		if (set->list.items[i] != member)
			items[kept++] = set->list.items[i];
	}
	if (child)
		items[kept++] = child;
	return rego_set(edit->work, items, kept);
}

static const struct rego_value *edit_object(struct edit *edit, const struct rego_value *object, size_t depth)
{
	const struct rego_value *segment = edit->path->list.items[depth], *child = NULL;
	bool last = depth + 1 == edit->path->list.count;
	const struct rego_value *member = rego_get(edit->work, object, segment);
	if (last && edit->action == INSERT)
		child = edit->value;
	else if (!member || (!last && !(child = apply(edit, member, depth + 1))))
		return NULL;
	struct rego_member *members = rego_alloc_array(edit->work, object->object.count + 1, sizeof *members);
	size_t kept = 0;
	if (!members)
		return NULL;
	for (size_t i = 0; i < object->object.count; i++) {
		if (!member || !rego_equal(edit->work, object->object.members[i].key, segment))
			members[kept++] = object->object.members[i];
	}
	if (child)
		members[kept++] = (struct rego_member){segment, child};
	return rego_object(edit->work, members, kept);
}

static const struct rego_value *apply(struct edit *edit, const struct rego_value *value, size_t depth)
{
	if (!rego_descend(edit->work))
		return NULL;
	switch (value->type) {
	case REGO_ARRAY: return edit_array(edit, value, depth);
	case REGO_SET: return edit_set(edit, value, depth);
	case REGO_OBJECT: return edit_object(edit, value, depth);
	default: return NULL;
	}
}

/* `document` is NULL after the whole of it was removed. */
static bool change(struct rego_work *work, const struct rego_value **document, enum action action,
		   const struct rego_value *path, const struct rego_value *value)
{
	struct edit edit = {work, action, path, value};
	if (path->list.count == 0) {
		bool possible = action == INSERT || *document;
		*document = action == INSERT ? value : NULL;
		return possible;
	}
	if (!*document)
		return false;
	*document = apply(&edit, *document, 0);
	return *document;
}

static bool failed(struct rego_call *call, const char *why)
{
	rego_builtin_failed(call, "%s", why);
	return false;
}

/* One operation; false: it cannot be done. */
static bool operate(struct rego_call *call, const struct rego_value **document, const struct rego_value *operation)
{
	struct rego_work *work = call->work;
	if (operation->type != REGO_OBJECT)
		return failed(call, "must be an array of JSON-Patch objects, but at least one element is not an object");
	const struct rego_value *op = rego_get_text(work, operation, "op"), *given = rego_get_text(work, operation, "path"),
				*from = rego_get_text(work, operation, "from"),
				*value = rego_get_text(work, operation, "value");
	const struct rego_value *path = given ? rego_path(work, given) : NULL;
	if (!path)
		return failed(call, "missing required attribute 'path'");
	if (!op || op->type != REGO_STRING)
		return failed(call, "missing required attribute 'op'");
	if (rego_is_text(op, "remove"))
		return change(work, document, DELETE, path, NULL);
	if (rego_is_text(op, "move") || rego_is_text(op, "copy")) {
		const struct rego_value *source = from ? rego_path(work, from) : NULL;
		if (!source)
			return failed(call, "missing required attribute 'from'");
		if (!*document || !(value = look_up(work, *document, source, 0)))
			return false;
		return (rego_is_text(op, "copy") || change(work, document, DELETE, source, NULL))
		       && change(work, document, INSERT, path, value);
	}
	if (!rego_is_text(op, "add") && !rego_is_text(op, "replace") && !rego_is_text(op, "test"))
		return failed(call, "unrecognized op");
	if (!value)
		return failed(call, "missing required attribute 'value'");
	if (rego_is_text(op, "add"))
		return change(work, document, INSERT, path, value);
	if (rego_is_text(op, "replace"))
		return change(work, document, DELETE, path, NULL) && change(work, document, INSERT, path, value);
	const struct rego_value *found = *document ? look_up(work, *document, path, 0) : NULL;
	return (found && rego_equal(work, found, value)) || failed(call, "the value is not the one to test for");
}

static const struct rego_value *json_patch(struct rego_call *call, const struct rego_value *const *args)
{
	const struct rego_value *document = args[0];
	if (!rego_operand(call, args, 2, REGO_ARRAY))
		return NULL;
	for (size_t i = 0; i < args[1]->list.count; i++) {
		if (!operate(call, &document, args[1]->list.items[i]) || rego_failed(call->work))
			return call->failure == REGO_CALL_GOOD ? rego_builtin_failed(call, "operation %zu: no such path", i) : NULL;
	}
	return document;
}

static const struct rego_builtin rows[] = {
	{"json.patch", 2, 0, json_patch},
};

REGO_FAMILY(patch, rows);
