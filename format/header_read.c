#include "header_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void ct_header_clear_metadata(struct ct_header *header)
{
	for (size_t i = 0; i < header->metadata_count; i++) {
		free(header->metadata[i].key);
		cJSON_free(header->metadata[i].value);
	}
	free(header->metadata);
	header->metadata = NULL;
	header->metadata_count = 0;
}

int ct_header_check_size(const struct ct_tensor *tensor, struct ct_error *err)
{
	uint64_t bits = ct_dtype_bits(tensor->dtype), elements = 1;
	for (size_t i = 0; i < tensor->rank; i++)
		if (__builtin_mul_overflow(elements, tensor->shape[i], &elements))
			return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': the shape overflows",
				       tensor->name);
	if (__builtin_mul_overflow(elements, bits, &bits))
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': the shape overflows", tensor->name);
	if (bits % 8 != 0)
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': its size is no whole number of bytes",
			       tensor->name);
	if (bits / 8 != tensor->end - tensor->begin)
		return ct_fail(err, CT_E_FORMAT,
			       "tensor '%.200s': shape and type make %" PRIu64
			       " bytes, data_offsets say %" PRIu64,
			       tensor->name, bits / 8, tensor->end - tensor->begin);
	return 0;
}

/* The values of one array of at most `room` numbers. */
static bool read_numbers(struct ct_json_reader *reader, uint64_t *values, size_t room, size_t *count)
{
	*count = 0;
	if (!ct_json_read_open(reader, '['))
		return false;
	while (ct_json_read_next(reader, *count == 0, ']')) {
		if (*count == room || !ct_json_read_u64(reader, &values[*count]))
			return false;
		++*count;
	}
	return true;
}

static bool read_dtype(struct ct_json_reader *reader, ct_dtype *dtype)
{
	struct ct_json_span span;
	char name[16];
	if (!ct_json_read_string(reader, &span) || span.len >= sizeof name)
		return false;
	memcpy(name, span.text, span.len);
	name[span.len] = '\0';
	return ct_dtype_parse(name, dtype) == 0;
}

static char *copy_span(const struct ct_json_span *span)
{
	char *copy = malloc(span->len + 1);
	if (copy != NULL) {
		memcpy(copy, span->text, span->len);
		copy[span->len] = '\0';
	}
	return copy;
}

bool ct_header_read_tensor(struct ct_tensor *tensor, const struct ct_json_span *name, struct ct_json_reader *reader)
{
	enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4, RANK = 8 };
	unsigned seen = 0, field;
	uint64_t shape[RANK], offsets[2];
	size_t two;
	struct ct_error unused;
	struct ct_json_span key;
	if (!ct_json_read_open(reader, '{'))
		return false;
	for (; ct_json_read_next(reader, seen == 0, '}'); seen |= field) {
		bool good = ct_json_read_key(reader, &key);
		if (good && ct_json_span_is(&key, "dtype")) {
			field = DTYPE;
			good = read_dtype(reader, &tensor->dtype);
		} else if (good && ct_json_span_is(&key, "shape")) {
			field = SHAPE;
			good = read_numbers(reader, shape, RANK, &tensor->rank);
		} else if (good && ct_json_span_is(&key, "data_offsets")) {
			field = OFFSETS;
			good = read_numbers(reader, offsets, 2, &two) && two == 2;
		} else {
			return false;
		}
		if (!good || (seen & field) != 0)
			return false;
	}
	if (seen != (DTYPE | SHAPE | OFFSETS) || offsets[0] > offsets[1])
		return false;
	tensor->begin = offsets[0];
	tensor->end = offsets[1];
	tensor->name = copy_span(name);
	tensor->shape = calloc(tensor->rank + 1, sizeof *tensor->shape);
	if (tensor->name != NULL && tensor->shape != NULL) {
		memcpy(tensor->shape, shape, tensor->rank * sizeof *shape);
		if (ct_header_check_size(tensor, &unused) == 0)
			return true;
	}
	free(tensor->name);
	free(tensor->shape);
	return false;
}

bool ct_header_read_metadata(struct ct_header *header, struct ct_json_reader *reader)
{
	enum { MANY = 16 };
	struct ct_json_span keys[MANY], values[MANY];
	size_t count = 0;
	if (!ct_json_read_open(reader, '{'))
		return false;
	for (; ct_json_read_next(reader, count == 0, '}'); count++) {
		if (count == MANY || !ct_json_read_key(reader, &keys[count]) || !ct_json_read_text(reader, &values[count]))
			return false;
		for (size_t i = 0; i < count; i++)
			if (keys[i].len == keys[count].len && memcmp(keys[i].text, keys[count].text, keys[i].len) == 0)
				return false;
	}
	header->metadata = calloc(count + 1, sizeof *header->metadata);
	for (size_t i = 0; header->metadata != NULL && i < count; i++) {
		struct ct_metadata *pair = &header->metadata[header->metadata_count++];
		pair->key = copy_span(&keys[i]);
		pair->value = cJSON_malloc(values[i].len + 1); /* as ct_json_take() gives it */
		if (pair->key == NULL || pair->value == NULL || !ct_json_decode(&values[i], pair->value)) {
			ct_header_clear_metadata(header);
			return false;
		}
	}
	return header->metadata != NULL;
}
