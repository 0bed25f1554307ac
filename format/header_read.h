/* The ordinary way through a header: tensors and metadata as nearly all are written, read without building a tree.
 * header.c has the way that takes everything, and that tells what is wrong. */
#ifndef CT_HEADER_READ_H
#define CT_HEADER_READ_H

#include "header.h"
#include "json.h"

/* A tensor, into *tensor, which is zero. False, with nothing in it to release: another form, or anything wrong. */
bool ct_header_read_tensor(struct ct_tensor *tensor, const struct ct_json_span *name, struct ct_json_reader *reader);

/* The metadata of a header that has none so far. False, with none in it: as above. */
bool ct_header_read_metadata(struct ct_header *header, struct ct_json_reader *reader);

void ct_header_clear_metadata(struct ct_header *header);

/* Shape and type must make as many bytes as the offsets say. */
int ct_header_check_size(const struct ct_tensor *tensor, struct ct_error *err);

#endif
