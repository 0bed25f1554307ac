#include "journal_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "file_source.h"

char *journal_file_name(const char *path, struct ct_error *err)
{
	char *name = NULL, *resolved = realpath(path, NULL);
	if (resolved == NULL) {
		ct_fail_sys(err, errno, "cannot resolve its path");
		return NULL;
	}
	if (asprintf(&name, "%s" CT_JOURNAL_SUFFIX, resolved) < 0) {
		name = NULL;
		ct_fail_nomem(err);
	}
	free(resolved);
	return name;
}

int journal_file_read(struct ct_journal **journal, const struct ct_crypto *crypto, const char *path,
		      const struct ct_source *file, struct ct_error *err)
{
	struct ct_error reason;
	struct file_source text;
	char *name = journal_file_name(path, err);
	if (name == NULL)
		return -1;
	int status = file_source_open(&text, name, &reason);
	if (status == 0) {
		status = ct_journal_read(journal, crypto, file, &text.source, &reason);
		file_source_close(&text);
	}
	if (status < 0)
		ct_fail(err, reason.code, "an exchange of its keys was interrupted, and %.200s has its header: %s",
			name, reason.message);
	free(name);
	return status;
}
