#include "plain.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guard.h"
#include "input.h"
#include "log.h"
#include "process.h"
#include "raw.h"
#include "recognise.h"
#include "stats.h"
#include "table.h"
#include "whole.h"

static int reopen(int fd)
{
	char link[32];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	return raw_openat(AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
}

/* The memfd that an earlier open made, if some descriptor still holds it. */
static int reuse(struct shim_file *file)
{
	struct shim_plain_hint hint = shim_file_plain_hint(file);
	struct stat st;
	/* Not opened before it is known: the number may be a pipe's by now, or a device's. */
	if (hint.fd < 0 || raw_fstat(hint.fd, &st) != 0 || st.st_dev != hint.dev || st.st_ino != hint.ino)
		return -1;
	int fd = reopen(hint.fd);
	if (fd < 0)
		return -1;
	if (raw_fstat(fd, &st) == 0 && st.st_dev == hint.dev && st.st_ino == hint.ino)
		return fd;
	raw_close(fd);
	return -1;
}

/* Make the memfd as long as the file. Past RLIMIT_FSIZE the kernel sends a signal that ends the process: the
 * program asked to read a file, and is to get an error. */
static int grow(int memfd, int64_t size)
{
	const uint64_t set = UINT64_C(1) << (SIGXFSZ - 1);
	const struct timespec at_once = {0, 0};
	uint64_t before, pending = 0;
	SHIM_RAW(SYS_rt_sigprocmask, SIG_BLOCK, &set, &before, 8, 0, 0);
	SHIM_RAW(SYS_rt_sigpending, &pending, 8, 0, 0, 0, 0);
	int failed = -(int)SHIM_RAW(SYS_ftruncate, memfd, size, 0, 0, 0, 0);
	if (failed == EFBIG && (pending & set) == 0)
		SHIM_RAW(SYS_rt_sigtimedwait, &set, NULL, &at_once, 8, 0, 0);
	SHIM_RAW(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, 8, 0, 0);
	return failed;
}

static int complain(const struct shim_file *file, int error)
{
	const char *what = "check the process's limits";
	if (error == EMFILE || error == ENFILE)
		what = "close descriptors, or raise their limit (ulimit -n)";
	else if (error == EFBIG)
		what = "raise the limit of a file's size (ulimit -f)";
	else if (error == EPERM || error == ENOSYS || error == EACCES)
		what = "permit memfd_create";
	else if (error == ENOMEM)
		what = "free memory, or raise the process's limit";
	shim_log(SHIM_ERROR, file->path != NULL ? file->path : "(unknown)",
		 "a memory file for its plaintext cannot be made (%s): %s", strerror(error), what);
	return error;
}

/* A new memfd with the plaintext; or -errno, and the reason is logged. */
static int make(struct shim_file *file, int encrypted)
{
	const char *slash = strrchr(file->path != NULL ? file->path : "", '/');
	char name[200];
	snprintf(name, sizeof name, "ctshim:%.180s", slash != NULL ? slash + 1 : "model");
	int memfd = (int)SHIM_RAW(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING, 0, 0, 0, 0);
	if (memfd < 0)
		return -complain(file, -memfd);
	int failed = grow(memfd, file->identity.st_size);
	if (failed != 0)
		complain(file, failed);
	else
		failed = shim_whole_copy(file, encrypted, memfd);
	if (failed == SHIM_ANOTHER)
		failed = EIO;
	if (failed != 0) {
		raw_close(memfd);
		return -failed;
	}
	shim_stats_add(file, SHIM_STAT_MEMORY_FILES, 1);
	shim_stats_add(file, SHIM_STAT_MEMORY_FILE_BYTES, (uint64_t)file->identity.st_size);
	const struct timespec times[2] = {file->identity.st_atim, file->identity.st_mtim};
	SHIM_RAW(SYS_fchmod, memfd, file->identity.st_mode & 0777, 0, 0, 0, 0); /* cp(1) gives it to its copy */
	SHIM_RAW(SYS_utimensat, memfd, NULL, times, 0, 0, 0);
	raw_fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	/* Read only also as a descriptor: older kernels refuse to map a sealed, writable one shared. */
	int readable = reopen(memfd);
	if (readable >= 0) {
		raw_close(memfd);
		memfd = readable;
	}
	return memfd;
}

static int replace(struct shim_file *file, int fd)
{
	struct stat st;
	int memfd = reuse(file);
	if (memfd < 0)
		memfd = make(file, fd);
	if (memfd < 0)
		return -memfd;
	raw_lseek(memfd, raw_lseek(fd, 0, SEEK_CUR), SEEK_SET);
	raw_fcntl(memfd, F_SETFL, raw_fcntl(fd, F_GETFL, 0));
	int keep = raw_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC;
	int done = raw_dup3(memfd, fd, keep != 0 ? O_CLOEXEC : 0);
	if (done >= 0 && raw_fstat(memfd, &st) == 0)
		shim_file_set_plain_hint(file, (struct shim_plain_hint){fd, st.st_dev, st.st_ino});
	raw_close(memfd);
	if (done < 0)
		return -done;
	if (!shim_process_owns())
		return 0;
	shim_table_set_sealed(fd);
	if (fd == STDIN_FILENO)
		shim_input_keep_stream(false);
	return 0;
}

int shim_plain_replace(struct shim_file *file, int fd)
{
	struct shim_guard guard;
	shim_guard_enter(&guard, (size_t)file->identity.st_size);
	int failed = replace(file, fd);
	shim_guard_leave(&guard);
	return failed;
}

int shim_plain_for_stdio(int fd)
{
	int refusal;
	struct shim_file *file = shim_lookup(fd, &refusal);
	if (file == NULL)
		return refusal;
	refusal = shim_plain_replace(file, fd);
	shim_file_put(file);
	return refusal;
}
