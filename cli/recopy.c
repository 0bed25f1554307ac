#include "recopy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "exchange.h"
#include "output.h"
#include "say.h"

enum { STEP = 16 * 1024 * 1024, ROOM = 256 * 1024 };

static int advance(const struct ct_progress *progress, uint64_t len, struct ct_error *err)
{
	return progress->advance(progress->context, len) != 0 ? ct_fail(err, CT_E_STOPPED, "stopped") : 0;
}

/* In the kernel, as far as it goes: *from and *to are behind what was copied. */
static int copy_in_kernel(int in, int out, off_t *from, off_t *to, off_t end,
			  const struct ct_progress *progress, struct ct_error *err)
{
	while (*from < end) {
		size_t len = end - *from < STEP ? (size_t)(end - *from) : STEP;
		ssize_t done = copy_file_range(in, from, out, to, len, 0);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return 0; /* the other way will tell whether that is an error */
		if (advance(progress, (uint64_t)done, err) < 0)
			return -1;
	}
	return 0;
}

static int copy_data(struct file_source *file, uint64_t data, struct output *output, uint64_t place,
		     const struct ct_progress *progress, struct ct_error *err)
{
	off_t from = (off_t)data, to = (off_t)place, end = (off_t)file->source.size;
	int status = copy_in_kernel(file->fd, output->fd, &from, &to, end, progress, err);
	char *bytes = NULL;
	if (status == 0 && from < end && (bytes = malloc(ROOM)) == NULL)
		return ct_fail_nomem(err);
	while (status == 0 && from < end) {
		size_t len = end - from < ROOM ? (size_t)(end - from) : ROOM;
		status = file->source.read_at(file, bytes, len, (uint64_t)from, err);
		if (status == 0)
			status = output->sink.write_at(output, bytes, len, (uint64_t)to, err);
		if (status == 0)
			status = advance(progress, len, err);
		from += (off_t)len;
		to += (off_t)len;
	}
	free(bytes);
	return status;
}

/* Access lists, labels and notes; what cannot be set belongs to the new file's place, as with cp. */
static void copy_attributes(int in, int out)
{
	char names[4096], value[4096];
	ssize_t len = flistxattr(in, names, sizeof names);
	for (const char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		ssize_t size = fgetxattr(in, name, value, sizeof value);
		if (size >= 0)
			(void)!fsetxattr(out, name, value, (size_t)size, 0);
	}
}

static void keep_owner(const char *path, const struct file_source *file, int out)
{
	const struct stat *st = &file->st;
	if (fchown(out, st->st_uid, st->st_gid) < 0
	    && (st->st_uid != geteuid() || fchown(out, (uid_t)-1, st->st_gid) < 0))
		complainf("%s: warning: the new file cannot be given to the old one's owner and group", path);
}

int recopy(const char *path, struct file_source *file, uint64_t data, const struct ct_buffer *head,
	   const struct ct_progress *progress, struct ct_error *err)
{
	struct output output;
	if (output_open_again(&output, path, EXCHANGE_TEMPORARY, err) < 0)
		return -1;
	if (output.sink.write_at(&output, head->data, head->len, 0, err) < 0
	    || copy_data(file, data, &output, head->len, progress, err) < 0
	    || file_source_unchanged(file, err) < 0) {
		output_discard(&output);
		return -1;
	}
	keep_owner(path, file, output.fd);
	copy_attributes(file->fd, output.fd);
	return output_finish(&output, file->st.st_mode, err);
}
