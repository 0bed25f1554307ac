#include "header.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "header_read.h"
#include "json.h"

static int parse_metadata(struct ct_header *header, const cJSON *object, struct ct_error *err)
{
	if (!cJSON_IsObject(object))
		return ct_fail(err, CT_E_FORMAT, "header: __metadata__ is not an object");
	size_t count = (size_t)cJSON_GetArraySize(object);
	header->metadata = calloc(count + 1, sizeof *header->metadata);
	if (header->metadata == NULL)
		return ct_fail_nomem(err);
	cJSON *item;
	cJSON_ArrayForEach(item, object)
	{
		if (!cJSON_IsString(item))
			return ct_fail(err, CT_E_FORMAT,
				       "header: __metadata__ '%.100s' is not a string", item->string);
		struct ct_metadata *pair = &header->metadata[header->metadata_count++];
		pair->key = strdup(item->string);
		pair->value = ct_json_take(item);
		if (pair->key == NULL || pair->value == NULL)
			return ct_fail_nomem(err);
	}
	return 0;
}

static int parse_shape(struct ct_tensor *tensor, const cJSON *array, struct ct_error *err)
{
	if (!cJSON_IsArray(array))
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': no shape", tensor->name);
	size_t rank = (size_t)cJSON_GetArraySize(array);
	tensor->shape = calloc(rank + 1, sizeof *tensor->shape);
	if (tensor->shape == NULL)
		return ct_fail_nomem(err);
	const cJSON *item;
	cJSON_ArrayForEach(item, array)
	{
		if (ct_json_u64(item, &tensor->shape[tensor->rank++]) < 0)
			return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': a dimension is no number",
				       tensor->name);
	}
	return 0;
}

static int parse_tensor(struct ct_tensor *tensor, const cJSON *object, struct ct_error *err)
{
	tensor->name = strdup(object->string);
	if (tensor->name == NULL)
		return ct_fail_nomem(err);
	if (!cJSON_IsObject(object))
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': not an object", tensor->name);
	const cJSON *item, *dtype = NULL, *shape = NULL, *offsets = NULL;
	cJSON_ArrayForEach(item, object)
	{
		if (strcmp(item->string, "dtype") == 0)
			dtype = item;
		else if (strcmp(item->string, "shape") == 0)
			shape = item;
		else if (strcmp(item->string, "data_offsets") == 0)
			offsets = item;
		else /* the signature would not cover it */
			return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': unknown field '%.100s'",
				       tensor->name, item->string);
	}
	if (!cJSON_IsString(dtype))
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': no dtype", tensor->name);
	if (ct_dtype_parse(dtype->valuestring, &tensor->dtype) < 0)
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': unknown dtype '%.40s'", tensor->name,
			       dtype->valuestring);
	if (parse_shape(tensor, shape, err) < 0)
		return -1;
	if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2
	    || ct_json_u64(offsets->child, &tensor->begin) < 0
	    || ct_json_u64(offsets->child->next, &tensor->end) < 0)
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': data_offsets are not two numbers",
			       tensor->name);
	if (tensor->begin > tensor->end)
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': data_offsets run backwards",
			       tensor->name);
	return ct_header_check_size(tensor, err);
}

struct parse {
	struct ct_header *header;
	size_t room; /* for tensors */
	bool has_metadata;
};

/* Room for one more. False: there is no memory. */
static bool make_room(struct parse *parse)
{
	struct ct_header *header = parse->header;
	if (header->count == parse->room) {
		size_t room = parse->room * 2 + 16;
		struct ct_tensor *grown = realloc(header->tensors, room * sizeof *grown);
		if (grown == NULL)
			return false;
		header->tensors = grown;
		parse->room = room;
	}
	header->tensors[header->count] = (struct ct_tensor){0};
	return true;
}

static bool read_member(void *context, const struct ct_json_span *key, struct ct_json_reader *value)
{
	struct parse *parse = context;
	struct ct_header *header = parse->header;
	if (ct_json_span_is(key, "__metadata__")) {
		if (parse->has_metadata || !ct_header_read_metadata(header, value))
			return false;
		parse->has_metadata = true;
		return true;
	}
	if (!make_room(parse) || !ct_header_read_tensor(&header->tensors[header->count], key, value))
		return false;
	header->count++;
	return true;
}

static int parse_member(void *context, cJSON *item, struct ct_error *err)
{
	struct parse *parse = context;
	struct ct_header *header = parse->header;
	if (strcmp(item->string, "__metadata__") == 0) {
		if (parse->has_metadata)
			return ct_json_twice("header", item->string, err);
		parse->has_metadata = true;
		return parse_metadata(header, item, err);
	}
	if (!make_room(parse))
		return ct_fail_nomem(err);
	return parse_tensor(&header->tensors[header->count++], item, err);
}

static int compare_data(const void *a, const void *b, void *context)
{
	const struct ct_tensor *tensors = context;
	size_t i = *(const size_t *)a, j = *(const size_t *)b;
	const struct ct_tensor *x = &tensors[i], *y = &tensors[j];
	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	if (x->end != y->end)
		return x->end < y->end ? -1 : 1;
	return i < j ? -1 : i > j;
}

static int compare_names(const void *a, const void *b, void *context)
{
	const struct ct_tensor *tensors = context;
	return strcmp(tensors[*(const size_t *)a].name, tensors[*(const size_t *)b].name);
}

/* Most headers list tensors as they lie in the file, and many by name. */
static void sort(size_t *order, const struct ct_header *header, int (*compare)(const void *, const void *, void *))
{
	for (size_t i = 1; i < header->count; i++) {
		if (compare(&order[i - 1], &order[i], header->tensors) <= 0)
			continue;
		qsort_r(order, header->count, sizeof *order, compare, header->tensors);
		return;
	}
}

static int make_orders(struct ct_header *header, struct ct_error *err)
{
	header->data_order = calloc(header->count + 1, sizeof *header->data_order);
	header->name_order = calloc(header->count + 1, sizeof *header->name_order);
	if (header->data_order == NULL || header->name_order == NULL)
		return ct_fail_nomem(err);
	for (size_t i = 0; i < header->count; i++)
		header->data_order[i] = header->name_order[i] = i;
	sort(header->data_order, header, compare_data);
	sort(header->name_order, header, compare_names);
	return 0;
}

/* Names that are there twice stand side by side in the order of names. */
static int check_names(const struct ct_header *header, struct ct_error *err)
{
	for (size_t i = 1; i < header->count; i++) {
		const char *name = header->tensors[header->name_order[i]].name;
		if (strcmp(header->tensors[header->name_order[i - 1]].name, name) == 0)
			return ct_json_twice("header", name, err);
	}
	return 0;
}

static int check_layout(const struct ct_header *header, uint64_t data_size, struct ct_error *err)
{
	uint64_t at = 0;
	for (size_t i = 0; i < header->count; i++) {
		const struct ct_tensor *tensor = &header->tensors[header->data_order[i]];
		if (tensor->begin != at)
			return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': %s before it in the data",
				       tensor->name, tensor->begin > at ? "a hole" : "an overlap");
		at = tensor->end;
	}
	if (at != data_size)
		return ct_fail(err, CT_E_FORMAT,
			       "the header describes %" PRIu64 " bytes of data, the file has %" PRIu64
			       ": it was cut off or something was added, get it again",
			       at, data_size);
	return 0;
}

int ct_header_parse(struct ct_header *header, const char *text, uint64_t length,
		    uint64_t file_size, struct ct_error *err)
{
	struct parse parse = {.header = header};
	*header = (struct ct_header){.length = length};
	if (length > CT_HEADER_MAX)
		return ct_fail(err, CT_E_FORMAT, "a header of %" PRIu64 " bytes is over the limit of %" PRIu64,
			       length, CT_HEADER_MAX);
	if (file_size < 8 || length > file_size - 8)
		return ct_fail(err, CT_E_FORMAT, "the file ends inside its header: get it again");
	if (ct_json_each(text, (size_t)length, CT_JSON_EXACT_NUMBERS, "header", read_member, parse_member, &parse,
			 err)
		    < 0
	    || make_orders(header, err) < 0 || check_names(header, err) < 0)
		return -1;
	return check_layout(header, file_size - 8 - length, err);
}

void ct_header_forget_reserved(struct ct_header *header)
{
	size_t kept = 0;
	for (size_t i = 0; i < header->metadata_count; i++) {
		struct ct_metadata *pair = &header->metadata[i];
		if (ct_header_reserved(pair->key)) {
			free(pair->key);
			cJSON_free(pair->value);
		} else {
			header->metadata[kept++] = *pair;
		}
	}
	header->metadata_count = kept;
}

void ct_header_clear(struct ct_header *header)
{
	for (size_t i = 0; i < header->count; i++) {
		free(header->tensors[i].name);
		free(header->tensors[i].shape);
	}
	ct_header_clear_metadata(header);
	free(header->tensors);
	free(header->data_order);
	free(header->name_order);
	*header = (struct ct_header){0};
}

const struct ct_tensor *ct_header_find_span(const struct ct_header *header, const struct ct_json_span *name)
{
	size_t low = 0, high = header->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct ct_tensor *tensor = &header->tensors[header->name_order[middle]];
		int order = strncmp(name->text, tensor->name, name->len);
		if (order == 0 && tensor->name[name->len] == '\0')
			return tensor;
		if (order <= 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct ct_tensor *ct_header_find(const struct ct_header *header, const char *name)
{
	return ct_header_find_span(header, &(struct ct_json_span){name, strlen(name)});
}

const char *ct_header_get(const struct ct_header *header, const char *key)
{
	for (size_t i = 0; i < header->metadata_count; i++)
		if (strcmp(header->metadata[i].key, key) == 0)
			return header->metadata[i].value;
	return NULL;
}

bool ct_header_reserved(const char *key)
{
	return strcmp(key, "__crypto_keys__") == 0 || strcmp(key, "__encryption__") == 0
	       || strcmp(key, "__policy__") == 0 || strcmp(key, "__signature__") == 0;
}
