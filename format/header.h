/* The safetensors header: parsed, checked, written back.
 *
 * A parsed header is read only and may be shared by threads. */
#ifndef CT_HEADER_H
#define CT_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "dtype.h"
#include "error.h"
#include "json_read.h"

/* Longest header, in bytes (FORMAT facts, "Container"). */
#define CT_HEADER_MAX UINT64_C(100000000)

struct ct_tensor {
	char *name;
	ct_dtype dtype;
	uint64_t *shape;
	size_t rank;
	uint64_t begin, end; /* relative to the first data byte */
};

struct ct_metadata {
	char *key, *value;
};

struct ct_header {
	uint64_t length; /* N: bytes of header text */
	struct ct_tensor *tensors; /* in the order in which the header lists them */
	size_t count;
	size_t *data_order; /* indices of tensors by data_offsets; ties as the header lists them */
	size_t *name_order; /* indices of tensors by name */
	struct ct_metadata *metadata; /* in the header's order */
	size_t metadata_count;
};

/* Parse `length` bytes of header text of a file of `file_size` bytes. All rules of the container are
 * checked; CT_E_FORMAT names the first that is broken. The caller releases it with
 * ct_header_clear(), also after a failure. */
int ct_header_parse(struct ct_header *header, const char *text, uint64_t length,
		    uint64_t file_size, struct ct_error *err);

void ct_header_clear(struct ct_header *header);

/* Release the reserved metadata, which can be nearly all of a header, once nobody asks for it any more:
 * neither canonical form nor manifest can be made afterwards. */
void ct_header_forget_reserved(struct ct_header *header);

/* The tensor called `name`, or NULL. O(log n). */
const struct ct_tensor *ct_header_find(const struct ct_header *header, const char *name);

/* The same for a name without a NUL in or behind it. */
const struct ct_tensor *ct_header_find_span(const struct ct_header *header, const struct ct_json_span *name);

/* The metadata value under `key`, or NULL. */
const char *ct_header_get(const struct ct_header *header, const char *key);

/* True for the four keys that carry encryption: "__crypto_keys__", "__encryption__", "__policy__",
 * "__signature__". */
bool ct_header_reserved(const char *key);

/* Append the header's JSON without the reserved metadata, in the header's own order, compact and
 * canonically escaped: the header of the plain file. Never longer than the text it came from. */
void ct_header_put_plain(const struct ct_header *header, struct ct_buffer *out);

/* Append the header's JSON in the header's order, with `extra`, which takes the place of the reserved
 * metadata, behind the file's own. */
void ct_header_put(const struct ct_header *header, const struct ct_metadata *extra, size_t count,
		   struct ct_buffer *out);

/* Append the canonical form that the signature covers (FORMAT facts, `__signature__`): metadata by
 * key without "__signature__", then tensors in data order. `extra`, when there is any, takes the place of the
 * reserved metadata. -1: CT_E_NOMEM. */
int ct_header_put_canonical(const struct ct_header *header, const struct ct_metadata *extra,
			    size_t count, struct ct_buffer *out, struct ct_error *err);

#endif
