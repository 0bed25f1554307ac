/* A model file: header, manifest, and everything that is written back from them. */
#include <stdlib.h>
#include <string.h>

#include "model.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int read_at(void *context, void *to, size_t len, uint64_t offset, struct ct_error *err)
{
	(void)err;
	memcpy(to, (const uint8_t *)context + offset, len);
	return 0;
}

static void check(int holds)
{
	if (!holds)
		abort();
}

/* Pieces must cover the file, one behind the other. Files with many chunks take too long. */
static void walk(const struct ct_model *model)
{
	uint64_t at = 0;
	for (int i = 0; i < 1000 && at < model->file_size; i++) {
		struct ct_piece piece = ct_model_piece(model, at);
		check(piece.start == at && piece.end > at && piece.end <= model->file_size);
		at = piece.end;
	}
}

static void write_back(const struct ct_model *model)
{
	struct ct_buffer plain = {0}, canonical = {0}, again = {0};
	struct ct_header header;
	struct ct_error err;
	uint64_t data = model->file_size - model->data_offset;
	ct_header_put_plain(&model->header, &plain);
	check(ct_buffer_check(&plain, &err) == 0 && plain.len <= model->header.length);
	check(ct_header_put_canonical(&model->header, NULL, 0, &canonical, &err) == 0);
	/* What was written is valid, and is its own canonical form. */
	check(ct_header_parse(&header, plain.data, plain.len, 8 + plain.len + data, &err) == 0);
	ct_header_clear(&header);
	check(ct_header_parse(&header, canonical.data, canonical.len, 8 + canonical.len + data, &err) == 0);
	check(ct_header_put_canonical(&header, NULL, 0, &again, &err) == 0);
	check(again.len == canonical.len && memcmp(again.data, canonical.data, again.len) == 0);
	ct_header_clear(&header);
	if (model->encrypted) {
		struct ct_buffer text = {0};
		ct_manifest_put_keys(&model->manifest, &text);
		ct_manifest_put_encryption(&model->manifest, &model->header, &text);
		ct_manifest_put_policy(&model->manifest, &text);
		check(ct_buffer_check(&text, &err) == 0);
		ct_buffer_free(&text);
	}
	ct_buffer_free(&plain);
	ct_buffer_free(&canonical);
	ct_buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ct_error err = {0};
	struct ct_model *model = NULL;
	struct ct_source source = {
		.read_at = read_at, .context = (void *)(uintptr_t)bytes, .size = size};
	if (ct_model_read(&model, &source, &err) < 0) {
		check(err.code == CT_E_FORMAT && err.message[0] != '\0');
		return 0;
	}
	walk(model);
	write_back(model);
	ct_model_free(model);
	return 0;
}
