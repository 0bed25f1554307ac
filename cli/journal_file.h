/* The journal of an exchange of keys, beside its file. */
#ifndef CT_JOURNAL_FILE_H
#define CT_JOURNAL_FILE_H

#include "journal.h"

/* The journal's name for the file that `path` leads to, links resolved; NULL with CT_E_IO or CT_E_NOMEM. The
 * caller frees it. */
char *journal_file_name(const char *path, struct ct_error *err);

/* Read the journal that the mark in `file`, which is at `path`, names. An error says what is wrong with the
 * file itself. The caller frees the journal. */
int journal_file_read(struct ct_journal **journal, const struct ct_crypto *crypto, const char *path,
		      const struct ct_source *file, struct ct_error *err);

#endif
