#include "value.h"

#include <string.h>

#include "sort.h"
#include "utf8.h"

const struct rego_value rego_null = {.type = REGO_NULL};
const struct rego_value rego_true = {.type = REGO_BOOLEAN, .boolean = true};
const struct rego_value rego_false = {.type = REGO_BOOLEAN, .boolean = false};
const struct rego_value rego_empty_array = {.type = REGO_ARRAY};
const struct rego_value rego_empty_object = {.type = REGO_OBJECT};
const struct rego_value rego_empty_set = {.type = REGO_SET};

static struct rego_value *new_value(struct rego_work *work, enum rego_type type)
{
	struct rego_value *value = rego_alloc(work, sizeof *value);
	if (value != NULL)
		value->type = type;
	return value;
}

const struct rego_value *rego_number_value(struct rego_work *work, struct rego_number number)
{
	struct rego_value *value = new_value(work, REGO_NUMBER);
	if (value != NULL)
		value->number = number;
	return value;
}

const struct rego_value *rego_integer(struct rego_work *work, int64_t integer)
{
	return rego_number_value(work, rego_number_from(integer));
}

const struct rego_value *rego_string_take(struct rego_work *work, const char *bytes, size_t len)
{
	if (len > work->limits.string) {
		rego_fail(work, REGO_LIMIT_STRING, "a string of more than %zu bytes", work->limits.string);
		return NULL;
	}
	struct rego_value *value = new_value(work, REGO_STRING);
	if (value != NULL) {
		value->string.bytes = bytes != NULL ? bytes : "";
		value->string.len = len;
	}
	return value;
}

/* How long the text is when each byte that is not UTF-8 has become U+FFFD. */
static size_t mended_size(const char *bytes, size_t len)
{
	size_t size = 0;
	uint32_t point;
	for (size_t at = 0; at < len;) {
		size_t step = rego_utf8_decode(bytes + at, len - at, &point);
		size += point == REGO_REPLACEMENT ? 3 : step;
		at += step;
	}
	return size;
}

const struct rego_value *rego_string(struct rego_work *work, const char *bytes, size_t len)
{
	if (len > work->limits.string)
		return rego_string_take(work, bytes, len); /* which fails */
	size_t size = mended_size(bytes, len);
	char *copy = size <= work->limits.string ? rego_alloc(work, size) : NULL;
	if (copy != NULL && size == len && rego_utf8_valid(bytes, len)) {
		memcpy(copy, bytes, len);
	} else if (copy != NULL) {
		uint32_t point;
		char *to = copy;
		for (size_t at = 0; at < len;) {
			at += rego_utf8_decode(bytes + at, len - at, &point);
			to += rego_utf8_encode(point, to);
		}
	}
	return copy != NULL || size > work->limits.string ? rego_string_take(work, copy, size) : NULL;
}

const struct rego_value *rego_bytes(struct rego_work *work, const char *bytes, size_t len)
{
	char *copy = len <= work->limits.string ? rego_alloc(work, len) : NULL;
	if (copy != NULL && len != 0)
		memcpy(copy, bytes, len);
	return copy != NULL || len > work->limits.string ? rego_string_take(work, copy, len) : NULL;
}

const struct rego_value *rego_text(struct rego_work *work, const char *text)
{
	return rego_string(work, text, strlen(text));
}

static bool check_count(struct rego_work *work, size_t count)
{
	return count <= work->limits.collection
	       || rego_fail(work, REGO_LIMIT_COLLECTION, "a collection of more than %zu members", work->limits.collection);
}

static bool check_depth(struct rego_work *work, unsigned depth)
{
	return depth <= work->limits.nesting
	       || rego_fail(work, REGO_LIMIT_NESTING, "values nested more than %u deep", work->limits.nesting);
}

static const struct rego_value *new_list(struct rego_work *work, enum rego_type type,
					 const struct rego_value *const *items, size_t count)
{
	unsigned deepest = 0;
	for (size_t i = 0; i < count; i++)
		deepest = items[i]->depth > deepest ? items[i]->depth : deepest;
	if (!check_depth(work, deepest + 1))
		return NULL;
	struct rego_value *value = new_value(work, type);
	if (value != NULL) {
		value->depth = deepest + 1;
		value->list.items = items;
		value->list.count = count;
	}
	return value;
}

const struct rego_value *rego_array(struct rego_work *work, const struct rego_value **items, size_t count)
{
	if (rego_failed(work) || !check_count(work, count) || !rego_spend(work, count))
		return NULL;
	return count == 0 ? &rego_empty_array : new_list(work, REGO_ARRAY, items, count);
}

const struct rego_value *rego_set(struct rego_work *work, const struct rego_value **items, size_t count)
{
	if (rego_failed(work) || !rego_sort(work, items, count, 1))
		return NULL;
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || !rego_equal(work, items[kept - 1], items[i]))
			items[kept++] = items[i];
	if (rego_failed(work) || !check_count(work, kept))
		return NULL;
	return kept == 0 ? &rego_empty_set : new_list(work, REGO_SET, items, kept);
}

static const struct rego_value *new_object(struct rego_work *work, const struct rego_member *members, size_t count)
{
	unsigned deepest = 0;
	for (size_t i = 0; i < count; i++) {
		deepest = members[i].key->depth > deepest ? members[i].key->depth : deepest;
		deepest = members[i].value->depth > deepest ? members[i].value->depth : deepest;
	}
	if (!check_depth(work, deepest + 1))
		return NULL;
	struct rego_value *value = new_value(work, REGO_OBJECT);
	if (value != NULL) {
		value->depth = deepest + 1;
		value->object.members = members;
		value->object.count = count;
	}
	return value;
}

const struct rego_value *rego_object_strict(struct rego_work *work, struct rego_member *members, size_t count,
					    bool *conflict)
{
	if (conflict != NULL)
		*conflict = false;
	_Static_assert(sizeof *members == 2 * sizeof(void *), "a member is two pointers");
	if (rego_failed(work) || !rego_sort(work, (const struct rego_value **)(void *)members, count, 2))
		return NULL;
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || !rego_equal(work, members[kept - 1].key, members[i].key)) {
			members[kept++] = members[i];
			continue;
		}
		if (conflict != NULL && !rego_equal(work, members[kept - 1].value, members[i].value)) {
			*conflict = !rego_failed(work);
			return NULL;
		}
		members[kept - 1] = members[i];
	}
	if (rego_failed(work) || !check_count(work, kept))
		return NULL;
	return kept == 0 ? &rego_empty_object : new_object(work, members, kept);
}

const struct rego_value *rego_object(struct rego_work *work, struct rego_member *members, size_t count)
{
	return rego_object_strict(work, members, count, NULL);
}

bool rego_list_add(struct rego_work *work, struct rego_list *list, const struct rego_value *item)
{
	if (item == NULL || !rego_spend(work, 1) || !check_count(work, list->count + 1))
		return false;
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? 8 : list->capacity * 2;
		const struct rego_value **items = rego_grow(work, list->items, list->capacity * sizeof *items,
							    capacity * sizeof *items);
		if (items == NULL)
			return false;
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = item;
	return true;
}

static int compare_strings(struct rego_work *work, const struct rego_value *a, const struct rego_value *b)
{
	size_t len = a->string.len < b->string.len ? a->string.len : b->string.len;
	if (!rego_spend(work, len / 64))
		return 0;
	int order = len == 0 ? 0 : memcmp(a->string.bytes, b->string.bytes, len);
	if (order != 0)
		return order < 0 ? -1 : 1;
	return (a->string.len > b->string.len) - (a->string.len < b->string.len);
}

static int compare_lists(struct rego_work *work, const struct rego_value *a, const struct rego_value *b)
{
	for (size_t i = 0; i < a->list.count && i < b->list.count; i++) {
		int order = rego_compare(work, a->list.items[i], b->list.items[i]);
		if (order != 0)
			return order;
	}
	return (a->list.count > b->list.count) - (a->list.count < b->list.count);
}

static int compare_objects(struct rego_work *work, const struct rego_value *a, const struct rego_value *b)
{
	for (size_t i = 0; i < a->object.count && i < b->object.count; i++) {
		const struct rego_member *left = &a->object.members[i], *right = &b->object.members[i];
		int order = rego_compare(work, left->key, right->key);
		if (order == 0)
			order = rego_compare(work, left->value, right->value);
		if (order != 0)
			return order;
	}
	return (a->object.count > b->object.count) - (a->object.count < b->object.count);
}

int rego_compare(struct rego_work *work, const struct rego_value *a, const struct rego_value *b)
{
	if (!rego_spend(work, 1) || a == b)
		return 0;
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	int order = 0;
	switch (a->type) {
	case REGO_NULL:
		break;
	case REGO_BOOLEAN:
		order = (int)a->boolean - (int)b->boolean;
		break;
	case REGO_NUMBER:
		order = rego_number_compare(&a->number, &b->number);
		break;
	case REGO_STRING:
		order = compare_strings(work, a, b);
		break;
	case REGO_ARRAY:
	case REGO_SET:
		order = rego_descend(work) ? compare_lists(work, a, b) : 0;
		break;
	case REGO_OBJECT:
		order = rego_descend(work) ? compare_objects(work, a, b) : 0;
		break;
	}
	return rego_failed(work) ? 0 : order;
}

/* Collections of different size are told apart without a look into them. */
static bool may_be_equal(const struct rego_value *a, const struct rego_value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case REGO_STRING:
		return a->string.len == b->string.len;
	case REGO_ARRAY:
	case REGO_SET:
		return a->list.count == b->list.count;
	case REGO_OBJECT:
		return a->object.count == b->object.count;
	default:
		return true;
	}
}

bool rego_equal(struct rego_work *work, const struct rego_value *a, const struct rego_value *b)
{
	return may_be_equal(a, b) && rego_compare(work, a, b) == 0 && !rego_failed(work);
}

static const struct rego_value *get_element(const struct rego_value *array, const struct rego_value *key)
{
	int64_t index;
	if (key->type != REGO_NUMBER || !rego_number_int64(&key->number, &index))
		return NULL;
	return index >= 0 && (uint64_t)index < array->list.count ? array->list.items[index] : NULL;
}

static const struct rego_value *get_set_member(struct rego_work *work, const struct rego_value *set,
					       const struct rego_value *key)
{
	size_t low = 0, high = set->list.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = rego_compare(work, key, set->list.items[middle]);
		if (order == 0)
			return rego_failed(work) ? NULL : set->list.items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static const struct rego_value *get_member(struct rego_work *work, const struct rego_value *object,
					   const struct rego_value *key)
{
	size_t low = 0, high = object->object.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = rego_compare(work, key, object->object.members[middle].key);
		if (order == 0)
			return rego_failed(work) ? NULL : object->object.members[middle].value;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct rego_value *rego_get(struct rego_work *work, const struct rego_value *value, const struct rego_value *key)
{
	switch (value->type) {
	case REGO_ARRAY:
		return get_element(value, key);
	case REGO_OBJECT:
		return get_member(work, value, key);
	case REGO_SET:
		return get_set_member(work, value, key);
	default:
		return NULL;
	}
}

const struct rego_value *rego_get_text(struct rego_work *work, const struct rego_value *object, const char *key)
{
	struct rego_value text = {.type = REGO_STRING, .string = {.bytes = key, .len = strlen(key)}};
	return object->type == REGO_OBJECT ? get_member(work, object, &text) : NULL;
}

const char *rego_type_name(enum rego_type type)
{
	static const char *const names[] = {"null", "boolean", "number", "string", "array", "object", "set"};
	return names[type];
}

int64_t rego_count(const struct rego_value *value)
{
	switch (value->type) {
	case REGO_STRING:
		return (int64_t)rego_utf8_count(value->string.bytes, value->string.len);
	case REGO_ARRAY:
	case REGO_SET:
		return (int64_t)value->list.count;
	case REGO_OBJECT:
		return (int64_t)value->object.count;
	default:
		return -1;
	}
}
