#include "exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "journal_file.h"
#include "output.h"
#include "stop.h"

static int put(int fd, const char *bytes, size_t len, size_t offset, struct ct_error *err)
{
	while (len > 0) {
		ssize_t done = pwrite(fd, bytes, len, (off_t)offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return ct_fail_sys(err, errno, "cannot write it");
		bytes += done;
		offset += (size_t)done;
		len -= (size_t)done;
	}
	return 0;
}

static int sync_file(int fd, struct ct_error *err)
{
	return fsync(fd) < 0 ? ct_fail_sys(err, errno, "cannot bring it to disk") : 0;
}

static int sync_place(const struct exchange *exchange, struct ct_error *err)
{
	char *copy = strdup(exchange->journal);
	int status = copy != NULL ? sync_directory(dirname(copy), err) : ct_fail_nomem(err);
	free(copy);
	return status;
}

static int remove_journal(const struct exchange *exchange, struct ct_error *err)
{
	if (unlink(exchange->journal) < 0)
		return ct_fail_sys(err, errno, "its keys are exchanged, but %.200s cannot be removed",
				   exchange->journal);
	return sync_place(exchange, err);
}

/* All behind the mark, then what takes the mark's place. */
static int put_header(const struct exchange *exchange, const char *head, size_t len, struct ct_error *err)
{
	size_t first = len < CT_JOURNAL_FIRST ? len : CT_JOURNAL_FIRST;
	if (put(exchange->fd, head + first, len - first, first, err) < 0 || sync_file(exchange->fd, err) < 0
	    || put(exchange->fd, head, first, 0, err) < 0 || sync_file(exchange->fd, err) < 0)
		return -1;
	return remove_journal(exchange, err);
}

static int open_for_writing(struct exchange *exchange, struct ct_error *err)
{
	exchange->fd = open(exchange->path, O_RDWR | O_CLOEXEC);
	return exchange->fd < 0 ? ct_fail_sys(err, errno, "cannot be opened for writing") : 0;
}

/* It appears whole. Who may read the file may read its journal. */
static int write_journal(const struct exchange *exchange, const struct ct_buffer *text, struct ct_error *err)
{
	const struct stat *st = &exchange->file.st;
	struct output output;
	if (output_open_again(&output, exchange->journal, EXCHANGE_TEMPORARY, err) < 0)
		return -1;
	if (output.sink.write_at(&output, text->data, text->len, 0, err) < 0) {
		output_discard(&output);
		return -1;
	}
	bool same_owner = fchown(output.fd, st->st_uid, st->st_gid) == 0 || st->st_uid == geteuid();
	return output_finish(&output, st->st_mode & (same_owner ? 0777 : 0700), err);
}

/* The mark is in the file: only the journal knows the header. */
static int finish_other(struct exchange *exchange, struct ct_error *err)
{
	struct ct_journal *journal;
	if (open_for_writing(exchange, err) < 0
	    || journal_file_read(&journal, exchange->crypto, exchange->path, &exchange->file.source, err)
		       < 0)
		return -1;
	int status = put_header(exchange, ct_journal_new_header(journal), ct_journal_length(journal), err);
	ct_journal_free(journal);
	exchange->finished_other = status == 0;
	return status;
}

/* A journal that no mark names was left behind before the first write to the file, or after the last. */
static int drop_old_journal(const struct exchange *exchange, struct ct_error *err)
{
	struct file_source text;
	struct ct_error unused;
	if (file_source_open(&text, exchange->journal, &unused) < 0) {
		if (access(exchange->journal, F_OK) < 0)
			return 0;
		return ct_fail(err, CT_E_ARGUMENT, "%.200s is in the place of its journal: move it away",
			       exchange->journal);
	}
	bool ours = ct_journal_is(&text.source);
	file_source_close(&text);
	if (!ours)
		return ct_fail(err, CT_E_ARGUMENT, "%.200s is in the place of its journal: move it away",
			       exchange->journal);
	return remove_journal(exchange, err);
}

static int lock(const struct exchange *exchange, struct ct_error *err)
{
	struct stat now;
	if (flock(exchange->file.fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return ct_fail(err, CT_E_IO, "another rewrap is at work on it: wait until that is done");
	/* A file system without locks does without; but it must still be the file of that name. */
	if (stat(exchange->path, &now) < 0 || now.st_dev != exchange->file.st.st_dev
	    || now.st_ino != exchange->file.st.st_ino)
		return ct_fail(err, CT_E_IO, "it was replaced meanwhile: do it again");
	return 0;
}

int exchange_begin(struct exchange *exchange, const char *path, const struct ct_crypto *crypto,
		   struct ct_error *err)
{
	*exchange = (struct exchange){.fd = -1, .file.fd = -1, .crypto = crypto};
	exchange->path = realpath(path, NULL);
	if (exchange->path == NULL) {
		ct_fail_sys(err, errno, "cannot resolve its path");
		goto fail;
	}
	exchange->journal = journal_file_name(exchange->path, err);
	if (exchange->journal == NULL || file_source_open(&exchange->file, exchange->path, err) < 0
	    || lock(exchange, err) < 0)
		goto fail;
	output_clear(exchange->path, EXCHANGE_TEMPORARY);
	output_clear(exchange->journal, EXCHANGE_TEMPORARY);
	bool marked = ct_journal_wanted(&exchange->file.source);
	if (marked ? finish_other(exchange, err) < 0 : drop_old_journal(exchange, err) < 0)
		goto fail;
	if (marked && fstat(exchange->file.fd, &exchange->file.st) < 0) {
		ct_fail_sys(err, errno, "cannot stat it");
		goto fail;
	}
	return 0;
fail:
	exchange_end(exchange);
	return -1;
}

int exchange_header(struct exchange *exchange, const struct ct_buffer *head, struct ct_error *err)
{
	struct ct_buffer journal = {0};
	struct ct_error reason;
	char mark[CT_JOURNAL_FIRST];
	const struct ct_source *source = &exchange->file.source;
	size_t first = head->len < sizeof mark ? head->len : sizeof mark;
	int status = -1;
	char *before = malloc(head->len);
	if (before == NULL) {
		ct_fail_nomem(err);
		goto out;
	}
	if (source->read_at(source->context, before, head->len, 0, err) < 0
	    || ct_journal_put(&journal, source->size, before, head->data, head->len, err) < 0
	    || ct_journal_mark(exchange->crypto, &journal, before, head->len, mark, err) < 0)
		goto out;
	if (stop_requested()) {
		ct_fail(err, CT_E_STOPPED, "stopped");
		goto out;
	}
	if ((exchange->fd < 0 && open_for_writing(exchange, err) < 0)
	    || write_journal(exchange, &journal, err) < 0)
		goto out;
	status = put(exchange->fd, mark, first, 0, &reason);
	if (status == 0)
		status = sync_file(exchange->fd, &reason);
	if (status == 0)
		status = put_header(exchange, head->data, head->len, &reason);
	if (status < 0) /* nothing is lost, and the person is to know where it is */
		ct_fail(err, reason.code, "%.300s: run rewrap again to finish it: %.200s has the header",
			reason.message, exchange->journal);
out:
	free(before);
	ct_buffer_free(&journal);
	return status;
}

void exchange_end(struct exchange *exchange)
{
	file_source_close(&exchange->file); /* and with it the lock */
	if (exchange->fd >= 0)
		close(exchange->fd);
	free(exchange->path);
	free(exchange->journal);
	exchange->path = exchange->journal = NULL;
	exchange->fd = -1;
}
