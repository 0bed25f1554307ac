#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make_spans(struct ct_model *model, struct ct_error *err)
{
	const struct ct_header *header = &model->header;
	model->spans = calloc(header->count + 1, sizeof *model->spans);
	if (model->spans == NULL)
		return ct_fail_nomem(err);
	for (size_t i = 0; i < header->count; i++) {
		const struct ct_tensor *tensor = &header->tensors[header->data_order[i]];
		if (tensor->end > tensor->begin)
			model->spans[model->span_count++] = header->data_order[i];
	}
	return 0;
}

/* What to do about a header that breaks the rules, where its message does not say. */
static void advise(struct ct_error *err)
{
	size_t len = strlen(err->message);
	if (err->code == CT_E_FORMAT && strstr(err->message, "get it again") == NULL
	    && strstr(err->message, "newer") == NULL)
		snprintf(err->message + len, sizeof err->message - len, ": it is damaged or was changed, get it again");
}

int ct_model_read(struct ct_model **out, const struct ct_source *source, struct ct_error *err)
{
	int status = -1;
	char *text = NULL;
	uint8_t prefix[8];
	uint64_t length = 0;
	struct ct_model *model = calloc(1, sizeof *model);
	if (model == NULL)
		return ct_fail_nomem(err);
	model->file_size = source->size;
	if (source->size < sizeof prefix) {
		ct_fail(err, CT_E_FORMAT, "not a safetensors file: it has only %u bytes",
			(unsigned)source->size);
		goto out;
	}
	if (source->read_at(source->context, prefix, sizeof prefix, 0, err) < 0)
		goto out;
	for (int i = 7; i >= 0; i--)
		length = length << 8 | prefix[i];
	if (length > CT_HEADER_MAX) {
		ct_fail(err, CT_E_FORMAT,
			"not a safetensors file: its first 8 bytes are no header length up to %u",
			(unsigned)CT_HEADER_MAX);
		goto out;
	}
	if (length > source->size - sizeof prefix) {
		ct_fail(err, CT_E_FORMAT, "the file ends inside its header: get it again");
		goto out;
	}
	text = malloc((size_t)length + 1);
	if (text == NULL) {
		ct_fail_nomem(err);
		goto out;
	}
	if (source->read_at(source->context, text, (size_t)length, sizeof prefix, err) < 0)
		goto out;
	model->data_offset = sizeof prefix + length;
	if (ct_header_parse(&model->header, text, length, source->size, err) < 0
	    || make_spans(model, err) < 0)
		goto out;
	free(text); /* it may be large, and the manifest needs memory too */
	text = NULL;
	model->encrypted = ct_manifest_present(&model->header);
	if (model->encrypted && ct_manifest_parse(&model->manifest, &model->header, err) < 0)
		goto out;
	*out = model;
	model = NULL;
	status = 0;
out:
	if (status < 0)
		advise(err);
	free(text);
	ct_model_free(model);
	return status;
}

void ct_model_free(struct ct_model *model)
{
	if (model == NULL)
		return;
	if (model->data_keys != NULL)
		ct_wipe(model->data_keys, model->header.count * sizeof *model->data_keys);
	free(model->data_keys);
	free(model->spans);
	ct_manifest_clear(&model->manifest);
	ct_header_clear(&model->header);
	free(model);
}

void ct_model_message(const struct ct_model *model, size_t tensor, uint64_t message,
		      uint64_t *start, uint64_t *end)
{
	const struct ct_tensor *t = &model->header.tensors[tensor];
	uint64_t chunk = model->manifest.chunk_size;
	*start = model->data_offset + t->begin;
	*end = model->data_offset + t->end;
	if (chunk == 0)
		return;
	*start += message * chunk; /* message < messages: the product is inside the tensor */
	if (*end - *start > chunk)
		*end = *start + chunk;
}

/* Index into spans of the tensor that holds the data byte at `at`. */
static size_t find_span(const struct ct_model *model, uint64_t at)
{
	size_t low = 0, high = model->span_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (model->header.tensors[model->spans[middle]].begin <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

struct ct_piece ct_model_piece(const struct ct_model *model, uint64_t offset)
{
	struct ct_piece piece = {.kind = CT_PIECE_HEADER, .end = model->data_offset};
	if (offset < model->data_offset)
		return piece;
	uint64_t at = offset - model->data_offset;
	piece.tensor = model->spans[find_span(model, at)];
	const struct ct_tensor *tensor = &model->header.tensors[piece.tensor];
	piece.start = model->data_offset + tensor->begin;
	piece.end = model->data_offset + tensor->end;
	piece.kind = CT_PIECE_CLEAR;
	if (!model->encrypted || !model->manifest.tensors[piece.tensor].sealed)
		return piece;
	piece.kind = CT_PIECE_SEALED;
	if (model->manifest.chunk_size != 0)
		piece.message = (at - tensor->begin) / model->manifest.chunk_size;
	ct_model_message(model, piece.tensor, piece.message, &piece.start, &piece.end);
	return piece;
}

void ct_model_whole_messages(const struct ct_model *model, uint64_t *start, uint64_t *end)
{
	struct ct_piece first = ct_model_piece(model, *start), last = ct_model_piece(model, *end - 1);
	if (first.kind == CT_PIECE_SEALED)
		*start = first.start;
	if (last.kind == CT_PIECE_SEALED)
		*end = last.end;
}
