#include "journal.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "header.h"

static const char magic[] = "ctshim rewrap 1\n";
static const char mark_start[] = "{\"__metadata__\":{\"__encryption__\":\"keys are being exchanged: journal ";
static const char mark_end[] = "\"} unfinished";

enum {
	FIELD = 8,                  /* N, of the file */
	MAGIC = sizeof magic - 1,
	PREFIX = MAGIC + 16, /* of the journal */
	ID = 2 * CT_SHA256_LEN,
	MARK = FIELD + sizeof mark_start - 1 + ID + sizeof mark_end - 1,
	SMALLEST = 256,
};

/* The file with another header. */
struct overlay {
	struct ct_source source;
	const struct ct_source *file;
	const char *head;
	size_t len;
};

struct ct_journal {
	char *text; /* the headers lie in it */
	struct overlay before, after;
};

static void put_number(struct ct_buffer *out, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		uint8_t byte = (uint8_t)(value >> (8 * i));
		ct_buffer_put(out, &byte, 1);
	}
}

static uint64_t get_number(const char *bytes)
{
	uint64_t value = 0;
	for (int i = 7; i >= 0; i--)
		value = value << 8 | (uint8_t)bytes[i];
	return value;
}

int ct_journal_put(struct ct_buffer *out, uint64_t file_size, const char *before, const char *after,
		   size_t len, struct ct_error *err)
{
	ct_buffer_put(out, magic, MAGIC);
	put_number(out, file_size);
	put_number(out, len);
	ct_buffer_put(out, before, len);
	ct_buffer_put(out, after, len);
	return ct_buffer_check(out, err);
}

/* A journal's name for itself: its digest in hexadecimal. */
static int identify(const struct ct_crypto *crypto, const char *text, size_t len, char id[static ID],
		    struct ct_error *err)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[CT_SHA256_LEN];
	if (ct_sha256(crypto, text, len, digest, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof digest; i++) {
		id[2 * i] = digits[digest[i] >> 4];
		id[2 * i + 1] = digits[digest[i] & 15];
	}
	return 0;
}

int ct_journal_mark(const struct ct_crypto *crypto, const struct ct_buffer *journal, const char *before,
		    size_t len, char mark[static CT_JOURNAL_FIRST], struct ct_error *err)
{
	char *at = mark + FIELD;
	if (len < SMALLEST)
		return ct_fail(err, CT_E_ARGUMENT, "the header is too short to be exchanged in place");
	memset(mark, ' ', CT_JOURNAL_FIRST);
	memcpy(mark, before, FIELD);
	memcpy(at, mark_start, sizeof mark_start - 1);
	at += sizeof mark_start - 1;
	if (identify(crypto, journal->data, journal->len, at, err) < 0)
		return -1;
	memcpy(at + ID, mark_end, sizeof mark_end - 1);
	return 0;
}

/* The journal's name in a mark; false when `file` carries none. */
static bool find_mark(const struct ct_source *file, char id[static ID])
{
	struct ct_error unused;
	char first[MARK];
	if (file->size < sizeof first
	    || file->read_at(file->context, first, sizeof first, 0, &unused) < 0
	    || memcmp(first + FIELD, mark_start, sizeof mark_start - 1) != 0
	    || memcmp(first + MARK - sizeof mark_end + 1, mark_end, sizeof mark_end - 1) != 0)
		return false;
	memcpy(id, first + FIELD + sizeof mark_start - 1, ID);
	return true;
}

bool ct_journal_wanted(const struct ct_source *file)
{
	char id[ID];
	return find_mark(file, id);
}

bool ct_journal_is(const struct ct_source *text)
{
	struct ct_error unused;
	char first[MAGIC];
	return text->size >= sizeof first
	       && text->read_at(text->context, first, sizeof first, 0, &unused) == 0
	       && memcmp(first, magic, MAGIC) == 0;
}

static int read_overlay(void *context, void *bytes, size_t len, uint64_t offset, struct ct_error *err)
{
	const struct overlay *overlay = context;
	char *to = bytes;
	if (offset < overlay->len) {
		size_t part = overlay->len - (size_t)offset;
		if (part > len)
			part = len;
		memcpy(to, overlay->head + offset, part);
		to += part;
		len -= part;
		offset += part;
	}
	return len > 0 ? overlay->file->read_at(overlay->file->context, to, len, offset, err) : 0;
}

static void lay_over(struct overlay *overlay, const struct ct_source *file, const char *head, size_t len)
{
	overlay->file = file;
	overlay->head = head;
	overlay->len = len;
	overlay->source = (struct ct_source){.read_at = read_overlay, .context = overlay, .size = file->size};
}

static int check(struct ct_journal *journal, const struct ct_crypto *crypto, const struct ct_source *file,
		 uint64_t size, struct ct_error *err)
{
	char wanted[ID], id[ID];
	const char *text = journal->text;
	if (identify(crypto, text, (size_t)size, id, err) < 0)
		return -1;
	if (!find_mark(file, wanted) || memcmp(wanted, id, ID) != 0)
		return ct_fail(err, CT_E_FORMAT, "it is the journal of another exchange, or was changed: put "
			       "the right one there, or get the file again");
	/* Whoever wrote the mark knew the digest, but need not have meant well. */
	uint64_t len = get_number(text + MAGIC + 8);
	if (memcmp(text, magic, MAGIC) != 0 || get_number(text + MAGIC) != file->size
	    || len < SMALLEST || len > FIELD + CT_HEADER_MAX || len > file->size || size != PREFIX + 2 * len)
		return ct_fail(err, CT_E_FORMAT, "the journal does not fit the file: get the file again");
	lay_over(&journal->before, file, text + PREFIX, (size_t)len);
	lay_over(&journal->after, file, text + PREFIX + len, (size_t)len);
	return 0;
}

int ct_journal_read(struct ct_journal **out, const struct ct_crypto *crypto, const struct ct_source *file,
		    const struct ct_source *text, struct ct_error *err)
{
	int status = -1;
	if (text->size < PREFIX || text->size > PREFIX + 2 * (FIELD + CT_HEADER_MAX))
		return ct_fail(err, CT_E_FORMAT, "it is no journal: put the right one there, or get the file again");
	struct ct_journal *journal = calloc(1, sizeof *journal);
	if (journal == NULL || (journal->text = malloc((size_t)text->size)) == NULL) {
		ct_fail_nomem(err);
		goto out;
	}
	if (text->read_at(text->context, journal->text, (size_t)text->size, 0, err) < 0
	    || check(journal, crypto, file, text->size, err) < 0)
		goto out;
	*out = journal;
	journal = NULL;
	status = 0;
out:
	ct_journal_free(journal);
	return status;
}

void ct_journal_free(struct ct_journal *journal)
{
	if (journal != NULL)
		free(journal->text);
	free(journal);
}

const struct ct_source *ct_journal_before(const struct ct_journal *journal)
{
	return &journal->before.source;
}

const struct ct_source *ct_journal_after(const struct ct_journal *journal)
{
	return &journal->after.source;
}

size_t ct_journal_length(const struct ct_journal *journal)
{
	return journal->after.len;
}

const char *ct_journal_new_header(const struct ct_journal *journal)
{
	return journal->after.head;
}
