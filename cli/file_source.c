#include "file_source.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int read_at(void *context, void *bytes, size_t len, uint64_t offset, struct ct_error *err)
{
	const struct file_source *file = context;
	char *to = bytes;
	while (len > 0) {
		ssize_t got = pread(file->fd, to, len, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ct_fail_sys(err, errno, "cannot read it");
		if (got == 0)
			return ct_fail_sys(err, EIO, "it became shorter while it was read");
		to += got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

int file_source_open(struct file_source *file, const char *path, struct ct_error *err)
{
	/* O_NONBLOCK: a FIFO must not hold us up before we see that it is one. */
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0)
		return ct_fail_sys(err, errno, "cannot open it");
	if (fstat(file->fd, &file->st) < 0) {
		ct_fail_sys(err, errno, "cannot stat it");
		goto fail;
	}
	if (!S_ISREG(file->st.st_mode)) {
		ct_fail(err, CT_E_ARGUMENT, "not a regular file");
		goto fail;
	}
	posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	file->source = (struct ct_source){
		.read_at = read_at, .context = file, .size = (uint64_t)file->st.st_size};
	return 0;
fail:
	file_source_close(file);
	return -1;
}

int file_source_unchanged(const struct file_source *file, struct ct_error *err)
{
	struct stat now;
	if (fstat(file->fd, &now) < 0)
		return ct_fail_sys(err, errno, "cannot stat it");
	if (now.st_size != file->st.st_size || now.st_mtim.tv_sec != file->st.st_mtim.tv_sec
	    || now.st_mtim.tv_nsec != file->st.st_mtim.tv_nsec)
		return ct_fail(err, CT_E_IO, "it was changed while it was read: do it again when it is at rest");
	return 0;
}

void file_source_close(struct file_source *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
}
