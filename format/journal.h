/* The journal of a header that is exchanged in place.
 *
 * A header cannot be overwritten in one step that is never seen half done. So, beside the file, a journal is
 * written first: the header before and after. Then the beginning of the file (CT_JOURNAL_FIRST bytes, a sector:
 * a disk writes it whole or not) is overwritten with a mark that names the journal by its SHA-256, then the rest
 * of the header, last of all its beginning; then the journal is removed. Whoever finds the mark takes the header
 * from the journal; whoever does not find it finds a whole header. The mark keeps the file's length field and is
 * no JSON, but speaks of `__encryption__`: the file never passes for a plain one.
 *
 * Journal file: "ctshim rewrap 1\n", size of the file (u64, little-endian), length L of the header with its
 * length field (u64), L bytes before, L bytes after.
 *
 * A journal that was read is read only and may be shared by threads. */
#ifndef CT_JOURNAL_H
#define CT_JOURNAL_H

#include <stdbool.h>

#include "buffer.h"
#include "crypto.h"
#include "source.h"

/* Behind the file's own name. */
#define CT_JOURNAL_SUFFIX ".rewrap"

enum { CT_JOURNAL_FIRST = 512 };

struct ct_journal;

/* Append the journal of a file of `file_size` bytes whose first `len` bytes change from `before` to `after`. */
int ct_journal_put(struct ct_buffer *out, uint64_t file_size, const char *before, const char *after,
		   size_t len, struct ct_error *err);

/* The mark for a file whose journal is `journal`, and whose first `len` bytes were `before`; what stands in
 * the first min(len, CT_JOURNAL_FIRST) bytes meanwhile. At least 256 bytes are needed (CT_E_ARGUMENT). */
int ct_journal_mark(const struct ct_crypto *crypto, const struct ct_buffer *journal, const char *before,
		    size_t len, char mark[static CT_JOURNAL_FIRST], struct ct_error *err);

/* Does `file` carry a mark? False also when it cannot be read. */
bool ct_journal_wanted(const struct ct_source *file);

/* Is `text` a journal, of whatever file? */
bool ct_journal_is(const struct ct_source *text);

/* Read the journal from `text`, which must be the one that the mark in `file` names (CT_E_FORMAT when not). The
 * journal keeps `file`, which must live as long. */
int ct_journal_read(struct ct_journal **journal, const struct ct_crypto *crypto, const struct ct_source *file,
		    const struct ct_source *text, struct ct_error *err);

/* NULL is allowed. */
void ct_journal_free(struct ct_journal *journal);

/* The file as it is with one of the two headers. They belong to the journal. */
const struct ct_source *ct_journal_before(const struct ct_journal *journal);
const struct ct_source *ct_journal_after(const struct ct_journal *journal);

/* Bytes of header and length field, and the header that is to come. */
size_t ct_journal_length(const struct ct_journal *journal);
const char *ct_journal_new_header(const struct ct_journal *journal);

#endif
