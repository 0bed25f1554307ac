#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "json.h"

static void put_tensor(const struct ct_tensor *tensor, struct ct_buffer *out)
{
	ct_json_put_string(out, tensor->name);
	ct_buffer_puts(out, ":{\"dtype\":");
	ct_json_put_string(out, ct_dtype_name(tensor->dtype));
	ct_buffer_puts(out, ",\"shape\":[");
	for (size_t i = 0; i < tensor->rank; i++) {
		if (i > 0)
			ct_buffer_puts(out, ",");
		ct_buffer_put_u64(out, tensor->shape[i]);
	}
	ct_buffer_puts(out, "],\"data_offsets\":[");
	ct_buffer_put_u64(out, tensor->begin);
	ct_buffer_puts(out, ",");
	ct_buffer_put_u64(out, tensor->end);
	ct_buffer_puts(out, "]}");
}

static void put_pair(const struct ct_metadata *pair, bool first, struct ct_buffer *out)
{
	ct_buffer_puts(out, first ? "\"__metadata__\":{" : ",");
	ct_json_put_string(out, pair->key);
	ct_buffer_puts(out, ":");
	ct_json_put_string(out, pair->value);
}

static void put_object(const struct ct_header *header, const struct ct_metadata *extra,
		       size_t extra_count, struct ct_buffer *out)
{
	bool first = true;
	ct_buffer_puts(out, "{");
	for (size_t i = 0; i < header->metadata_count; i++) {
		if (ct_header_reserved(header->metadata[i].key))
			continue;
		put_pair(&header->metadata[i], first, out);
		first = false;
	}
	for (size_t i = 0; i < extra_count; i++) {
		put_pair(&extra[i], first, out);
		first = false;
	}
	bool comma = !first;
	if (!first)
		ct_buffer_puts(out, "}");
	for (size_t i = 0; i < header->count; i++) {
		if (comma)
			ct_buffer_puts(out, ",");
		comma = true;
		put_tensor(&header->tensors[i], out);
	}
	ct_buffer_puts(out, "}");
}

void ct_header_put_plain(const struct ct_header *header, struct ct_buffer *out)
{
	put_object(header, NULL, 0, out);
}

void ct_header_put(const struct ct_header *header, const struct ct_metadata *extra, size_t count,
		   struct ct_buffer *out)
{
	put_object(header, extra, count, out);
}

static int compare_pairs(const void *a, const void *b)
{
	return strcmp(((const struct ct_metadata *)a)->key, ((const struct ct_metadata *)b)->key);
}

int ct_header_put_canonical(const struct ct_header *header, const struct ct_metadata *extra,
			    size_t count, struct ct_buffer *out, struct ct_error *err)
{
	struct ct_metadata *pairs = calloc(header->metadata_count + count + 1, sizeof *pairs);
	if (pairs == NULL)
		return ct_fail_nomem(err);
	size_t kept = 0;
	for (size_t i = 0; i < header->metadata_count; i++) { /* strings are borrowed */
		const char *key = header->metadata[i].key;
		if (count > 0 ? !ct_header_reserved(key) : strcmp(key, "__signature__") != 0)
			pairs[kept++] = header->metadata[i];
	}
	for (size_t i = 0; i < count; i++)
		if (strcmp(extra[i].key, "__signature__") != 0)
			pairs[kept++] = extra[i];
	qsort(pairs, kept, sizeof *pairs, compare_pairs);

	ct_buffer_puts(out, "{");
	for (size_t i = 0; i < kept; i++)
		put_pair(&pairs[i], i == 0, out);
	if (kept > 0)
		ct_buffer_puts(out, "}");
	for (size_t i = 0; i < header->count; i++) {
		if (i > 0 || kept > 0)
			ct_buffer_puts(out, ",");
		put_tensor(&header->tensors[header->data_order[i]], out);
	}
	ct_buffer_puts(out, "}");
	free(pairs);
	return ct_buffer_check(out, err);
}
