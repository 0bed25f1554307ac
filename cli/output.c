#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stop.h"

/* So many bytes are left to gather in memory before the disk is told to begin with them: in the end
 * little is left to wait for. */
enum { BEGIN_WRITING = 4 * 1024 * 1024 };

static int write_at(void *context, const void *bytes, size_t len, uint64_t offset, struct ct_error *err)
{
	struct output *output = context;
	const char *from = bytes;
	uint64_t before = atomic_fetch_add_explicit(&output->written, len, memory_order_relaxed);
	bool begin = before / BEGIN_WRITING != (before + len) / BEGIN_WRITING;
	while (len > 0) {
		ssize_t put = pwrite(output->fd, from, len, (off_t)offset);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return ct_fail_sys(err, errno, "cannot write %.200s", output->path);
		from += put;
		offset += (uint64_t)put;
		len -= (size_t)put;
	}
	if (begin)
		sync_file_range(output->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return 0;
}

/* The directory that holds `path`; the caller frees it. */
static char *directory_of(const char *path)
{
	char *copy = strdup(path), *directory = NULL;
	if (copy != NULL)
		directory = strdup(dirname(copy));
	free(copy);
	return directory;
}

/* "DIR/.NAME.ENDING"; the caller frees it. */
static char *name_beside(const char *path, const char *ending)
{
	char *directory = directory_of(path), *copy = strdup(path), *name = NULL;
	if (directory != NULL && copy != NULL
	    && asprintf(&name, "%s/.%.200s.%s", directory, basename(copy), ending) < 0)
		name = NULL;
	free(directory);
	free(copy);
	return name;
}

char *temporary_name(const char *path)
{
	return name_beside(path, "XXXXXX");
}

int output_check(const char *path, bool replace, struct ct_error *err)
{
	struct stat st;
	size_t len = strlen(path);
	if (len == 0 || path[len - 1] == '/')
		return ct_fail(err, CT_E_ARGUMENT, "no name for a file");
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : ct_fail_sys(err, errno, "cannot write it");
	if (S_ISDIR(st.st_mode))
		return ct_fail(err, CT_E_ARGUMENT, "is a directory: name a file to write");
	if (!S_ISREG(st.st_mode))
		return ct_fail(err, CT_E_ARGUMENT, "is %s: name a file to write",
			       S_ISLNK(st.st_mode) ? "a symbolic link" : "no regular file");
	if (!replace)
		return ct_fail(err, CT_E_ARGUMENT, "exists already: use --force to replace it");
	return 0;
}

/* Both names are taken over; the descriptor is that of `temp`, or -1 with errno. */
static int begin(struct output *output, char *path, char *temp, int fd, struct ct_error *err)
{
	int error = errno;
	output->path = path;
	output->temp = temp;
	output->fd = fd;
	output->sink = (struct ct_sink){.write_at = write_at, .context = output};
	if (fd >= 0)
		return 0;
	if (path == NULL || temp == NULL)
		ct_fail_nomem(err);
	else
		ct_fail_sys(err, error, "cannot create it");
	free(path);
	free(temp);
	output->path = output->temp = NULL;
	return -1;
}

int output_open(struct output *output, const char *path, bool replace, struct ct_error *err)
{
	*output = (struct output){.fd = -1, .replace = replace};
	if (output_check(path, replace, err) < 0)
		return -1;
	char *copy = strdup(path), *temp = temporary_name(path);
	return begin(output, copy, temp, copy != NULL && temp != NULL ? mkostemp(temp, O_CLOEXEC) : -1, err);
}

int output_open_again(struct output *output, const char *path, const char *purpose, struct ct_error *err)
{
	*output = (struct output){.fd = -1, .replace = true};
	int fd = -1;
	char *copy = strdup(path), *temp = name_beside(path, purpose);
	if (copy != NULL && temp != NULL) {
		unlink(temp);
		fd = open(temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	return begin(output, copy, temp, fd, err);
}

void output_clear(const char *path, const char *purpose)
{
	char *temp = name_beside(path, purpose);
	if (temp != NULL)
		unlink(temp);
	free(temp);
}

int sync_directory(const char *path, struct ct_error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) /* one may be allowed to write a directory and not to read it */
		return errno == EACCES ? 0 : ct_fail_sys(err, errno, "cannot open directory %.200s", path);
	int failed = fsync(fd) < 0 && errno != EINVAL && errno != EROFS ? errno : 0;
	close(fd);
	return failed != 0 ? ct_fail_sys(err, failed, "cannot bring directory %.200s to disk", path) : 0;
}

static int move(const char *temp, const char *path, bool replace)
{
	if (replace)
		return rename(temp, path);
	if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	/* A file system that cannot do that: a link never overwrites either. */
	if (link(temp, path) == 0)
		return unlink(temp);
	if (errno == EEXIST || access(path, F_OK) == 0) {
		errno = EEXIST;
		return -1;
	}
	return rename(temp, path);
}

int put_in_place(const char *temp, const char *path, bool replace, struct ct_error *err)
{
	if (stop_requested())
		return ct_fail(err, CT_E_STOPPED, "stopped");
	if (move(temp, path, replace) < 0)
		return ct_fail_sys(err, errno, "cannot put %.200s in its place", path);
	char *directory = directory_of(path);
	if (directory == NULL)
		return ct_fail_nomem(err);
	int status = sync_directory(directory, err);
	free(directory);
	return status;
}

int output_finish(struct output *output, mode_t mode, struct ct_error *err)
{
	if (fchmod(output->fd, mode & 0777) < 0) {
		ct_fail_sys(err, errno, "cannot set the mode of %.200s", output->path);
		goto fail;
	}
	if (fsync(output->fd) < 0) {
		ct_fail_sys(err, errno, "cannot bring %.200s to disk", output->path);
		goto fail;
	}
	int closed = close(output->fd);
	output->fd = -1;
	if (closed < 0) {
		ct_fail_sys(err, errno, "cannot close %.200s", output->path);
		goto fail;
	}
	if (put_in_place(output->temp, output->path, output->replace, err) < 0)
		goto fail;
	free(output->temp);
	output->temp = NULL;
	output_discard(output);
	return 0;
fail:
	output_discard(output);
	return -1;
}

void output_discard(struct output *output)
{
	if (output->fd >= 0)
		close(output->fd);
	if (output->temp != NULL)
		unlink(output->temp);
	free(output->temp);
	free(output->path);
	*output = (struct output){.fd = -1};
}
