/* What an encrypted model refuses, each with the right errno; the file stays as it was. */
#include "checks.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>

CHECK(check_open_for_writing)
{
	static const int flags[] = {O_RDWR, O_WRONLY, O_RDWR | O_APPEND, O_WRONLY | O_APPEND, O_RDWR | O_CREAT,
				    O_WRONLY | O_CREAT, O_RDWR | O_CLOEXEC};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		int free_number = dup(0);
		close(free_number);
		refused(EROFS, open(model, flags[i], 0600));
		refused(EROFS, open64(model, flags[i], 0600));
		refused(EROFS, openat(AT_FDCWD, model, flags[i], 0600));
		gives(free_number, dup(0)); /* nothing was left open */
		close(free_number);
	}
}

CHECK(check_fopen_for_writing)
{
	static const char *const modes[] = {"r+", "rb+", "a", "a+", "ab"};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		errno = 0;
		FILE *f = fopen(model, modes[i]);
		if (f != NULL || errno != EROFS)
			fail("fopen %s is %s", modes[i], f != NULL ? "a stream" : "refused otherwise");
	}
}

CHECK(check_direct)
{
	refused(EINVAL, open(model, O_RDONLY | O_DIRECT));
}

CHECK(check_sendfile)
{
	int fd = open_model(), out = open(scratch_path("out"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t at = 0;
	must(sendfile(out, fd, &at, 4096) == -1);
	must(errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP);
	must(sendfile(out, fd, NULL, 4096) == -1);
	gives(0, at);
	gives(0, position(fd));
	gives(0, lseek(out, 0, SEEK_END));
	close(fd), close(out);
}

CHECK(check_copy_file_range)
{
	int fd = open_model(), out = open(scratch_path("out"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(copy_file_range(fd, NULL, out, NULL, 4096, 0) == -1);
	must(errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP || errno == EXDEV);
	gives(0, position(fd));
	gives(0, lseek(out, 0, SEEK_END));
	close(fd), close(out);
}

CHECK(check_raw_copies)
{
	int fd = open_model(), out = open(scratch_path("out"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(syscall(SYS_sendfile, out, fd, NULL, 4096) == -1);
	must(syscall(SYS_copy_file_range, fd, NULL, out, NULL, 4096, 0) == -1);
	gives(0, lseek(out, 0, SEEK_END));
	close(fd), close(out);
}

CHECK(same_reflink)
{
	/* Many file systems refuse it anyway: what counts is that it does not succeed. */
	int fd = open_model(), out = open(scratch_path("out"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct file_clone_range range = {.src_fd = fd};
	must(ioctl(out, FICLONE, fd) == -1);
	must(errno == EOPNOTSUPP || errno == EINVAL || errno == EXDEV || errno == ENOTTY);
	must(ioctl(out, FICLONERANGE, &range) == -1);
	close(fd), close(out);
}

CHECK(same_shared_writable_mapping)
{
	int fd = open_model();
	must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	gives(EACCES, errno);
	must(mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	gives(EINVAL, errno);
	must(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 1) == MAP_FAILED);
	gives(EINVAL, errno);
	refused(EBADF, write(fd, "x", 1));
	close(fd);
}

/* A file that is written anew is no longer a model: it is the program's own. Last, because it is. */
static void overwrite(int fd, const char *path)
{
	static const char text[] = "no longer a model";
	must(fd >= 0);
	gives(sizeof text, write(fd, text, sizeof text));
	gives(0, close(fd));
	fd = open(path, O_RDONLY);
	gives(sizeof text, read(fd, room, 1000));
	must(memcmp(room, text, sizeof text) == 0);
	close(fd);
}

/* Another encrypted file, made with calls that the shim does not stand in front of. */
static const char *fresh(const char *name)
{
	const char *path = scratch_path(name);
	char command[9000];
	snprintf(command, sizeof command, "LD_PRELOAD= cp '%s' '%s'", model, path);
	gives(0, system(command));
	return path;
}

CHECK(same_opens_that_truncate)
{
	const char *path = fresh("a");
	overwrite(open(path, O_WRONLY | O_TRUNC), path);
	path = fresh("b");
	overwrite(open(path, O_RDWR | O_TRUNC | O_CREAT, 0600), path);
	path = fresh("c");
	overwrite(creat(path, 0600), path);
	path = fresh("d");
	FILE *f = fopen(path, "w");
	must(f != NULL);
	gives(4, fwrite("text", 1, 4, f));
	gives(0, fclose(f));
	struct stat st;
	gives(0, stat(path, &st));
	gives(4, st.st_size);
}

CHECK(same_path_operations)
{
	/* Names are the kernel's: renaming and removing need no key. */
	char from[4200], to[4200];
	snprintf(from, sizeof from, "%s", fresh("e"));
	snprintf(to, sizeof to, "%s", scratch_path("f"));
	gives(0, rename(from, to));
	gives(0, access(to, R_OK));
	int fd = open(to, O_PATH);
	must(fd >= 0);
	struct stat st;
	gives(0, fstat(fd, &st));
	gives(size, st.st_size);
	close(fd);
	gives(0, unlink(to));
}
