#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inspect.h"
#include "policy.h"
#include "say.h"

/* The table's columns, in the order of the line. */
enum { NAME, DTYPE, SHAPE, SIZE, ENCRYPTED, COLUMNS };
static const char *const titles[COLUMNS] = {"TENSOR", "DTYPE", "SHAPE", "SIZE", "ENCRYPTED"};

static void put_label(const char *label)
{
	printf("  %-12s ", label);
}

/* Text of several lines, each safe, the first behind the label, the others below it. */
static void put_lines(const char *label, const char *text)
{
	put_label(label);
	while (text != NULL) {
		char line[2048];
		const char *end = strchr(text, '\n');
		size_t len = end != NULL ? (size_t)(end - text) : strlen(text), at = 0;
		while (at < len) { /* by pieces that end between characters */
			size_t piece = len - at < sizeof line ? len - at : sizeof line - 1;
			while (at + piece < len && piece > 1 && ((unsigned char)text[at + piece] & 0xc0) == 0x80)
				piece--;
			memcpy(line, text + at, piece);
			line[piece] = '\0';
			put_safe(stdout, line);
			at += piece;
		}
		putchar('\n');
		text = end != NULL && end[1] != '\0' ? end + 1 : NULL;
		if (text != NULL)
			printf("  %-12s ", "");
	}
}

static void put_key(const char *label, const struct ct_key_name *name)
{
	put_label(label);
	put_safe(stdout, name->kid != NULL ? name->kid : "(no id)");
	if (name->jku != NULL) {
		fputs(", from ", stdout);
		put_safe(stdout, name->jku);
	}
	putchar('\n');
}

static void put_policy(const struct ct_manifest *manifest)
{
	const char *local = manifest->policy_local, *remote = manifest->policy_remote;
	if (strcmp(local, CT_POLICY_DEFAULT) == 0) {
		put_label("policy");
		puts("everyone with the keys (the default)");
	} else {
		put_lines("policy", local);
	}
	if (remote != NULL && strcmp(remote, CT_POLICY_DEFAULT) != 0)
		put_lines("key service", remote);
}

static void put_summary(const char *path, const struct ct_model *model)
{
	char size[SIZE_TEXT];
	const struct ct_header *header = &model->header;
	const struct ct_manifest *manifest = &model->manifest;
	uint64_t data = model->file_size - model->data_offset, sealed = 0;
	put_safe(stdout, path);
	if (!model->encrypted) {
		puts(": not encrypted");
	} else {
		printf(": encrypted, version %d, %s", manifest->version, ct_cipher_name(manifest->cipher));
		if (manifest->chunk_size != 0)
			printf(", chunks of %s\n", exact_size_text(manifest->chunk_size, size));
		else
			puts(", each tensor one message");
	}
	put_label("file");
	printf("%s (%" PRIu64 " bytes)\n", size_text(model->file_size, size), model->file_size);
	put_label("header");
	printf("%s\n", size_text(header->length, size));
	put_label("tensors");
	printf("%zu, %s\n", header->count, size_text(data, size));
	if (model->encrypted) {
		for (size_t i = 0; i < header->count; i++)
			if (manifest->tensors[i].sealed)
				sealed += header->tensors[i].end - header->tensors[i].begin;
		put_label("encrypted");
		printf("%zu, %s\n", manifest->sealed_count, size_text(sealed, size));
		put_label("in the clear");
		printf("%zu, %s\n", header->count - manifest->sealed_count, size_text(data - sealed, size));
		put_key("master key", &manifest->master);
		put_key("signing key", &manifest->signer);
		put_policy(manifest);
	}
	for (size_t i = 0; i < header->metadata_count; i++) {
		if (ct_header_reserved(header->metadata[i].key))
			continue;
		put_label("metadata");
		put_safe(stdout, header->metadata[i].key);
		fputs(" = ", stdout);
		put_safe(stdout, header->metadata[i].value);
		putchar('\n');
	}
}

struct row {
	const char *name; /* not safe yet */
	const char *cells[COLUMNS];
	char shape[256], size[SIZE_TEXT], encrypted[48];
};

static void make_row(struct row *row, const struct ct_model *model, size_t index)
{
	const struct ct_tensor *tensor = &model->header.tensors[index];
	size_t at = 0;
	at += (size_t)snprintf(row->shape, sizeof row->shape, "[");
	for (size_t i = 0; i < tensor->rank; i++) {
		if (at + 32 > sizeof row->shape) {
			at += (size_t)snprintf(row->shape + at, sizeof row->shape - at, ", ...");
			break;
		}
		at += (size_t)snprintf(row->shape + at, sizeof row->shape - at, "%s%" PRIu64,
				       i > 0 ? ", " : "", tensor->shape[i]);
	}
	snprintf(row->shape + at, sizeof row->shape - at, "]");
	size_text(tensor->end - tensor->begin, row->size);
	const struct ct_sealed *sealed = model->encrypted ? &model->manifest.tensors[index] : NULL;
	if (sealed == NULL || !sealed->sealed)
		snprintf(row->encrypted, sizeof row->encrypted, "-");
	else if (model->manifest.chunk_size == 0)
		snprintf(row->encrypted, sizeof row->encrypted, "whole");
	else
		snprintf(row->encrypted, sizeof row->encrypted, "%" PRIu64 " chunk%s", sealed->messages,
			 sealed->messages == 1 ? "" : "s");
	row->name = tensor->name;
	row->cells[DTYPE] = ct_dtype_name(tensor->dtype);
	row->cells[SHAPE] = row->shape;
	row->cells[SIZE] = row->size;
	row->cells[ENCRYPTED] = row->encrypted;
}

static void put_spaces(size_t width, size_t used)
{
	printf("%*s", (int)(used < width ? width - used : 0), "");
}

void inspect_text(const char *path, const struct ct_model *model)
{
	const struct ct_header *header = &model->header;
	size_t widths[COLUMNS];
	int columns = model->encrypted ? COLUMNS : ENCRYPTED;
	struct row row;
	put_summary(path, model);
	if (header->count == 0)
		return;
	for (int c = 0; c < columns; c++)
		widths[c] = strlen(titles[c]);
	for (size_t i = 0; i < header->count; i++) {
		make_row(&row, model, i);
		for (int c = 0; c < columns; c++) {
			size_t width = text_width(c == NAME ? row.name : row.cells[c]);
			if (width > widths[c])
				widths[c] = width;
		}
	}
	enum { NAME_MAX_WIDTH = 64 }; /* a longer name shifts its own line only */
	if (widths[NAME] > NAME_MAX_WIDTH)
		widths[NAME] = NAME_MAX_WIDTH;
	putchar('\n');
	for (size_t i = 0; i <= header->count; i++) {
		if (i > 0)
			make_row(&row, model, header->data_order[i - 1]);
		for (int c = 0; c < columns; c++) {
			const char *cell = i == 0 ? titles[c] : c == NAME ? row.name : row.cells[c];
			if (c > 0)
				fputs("  ", stdout);
			if (c == SIZE)
				put_spaces(widths[c], text_width(cell));
			put_safe(stdout, cell);
			if (c != SIZE && c < columns - 1)
				put_spaces(widths[c], text_width(cell));
		}
		putchar('\n');
	}
}
