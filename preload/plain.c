#include "plain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "input.h"
#include "log.h"
#include "raw.h"
#include "recognise.h"
#include "table.h"

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
	if (hint.fd < 0)
		return -1;
	int fd = reopen(hint.fd);
	if (fd < 0)
		return -1;
	if (raw_fstat(fd, &st) == 0 && st.st_dev == hint.dev && st.st_ino == hint.ino)
		return fd;
	raw_close(fd);
	return -1;
}

static int fill(struct shim_file *file, int encrypted, int memfd)
{
	size_t size = (size_t)file->identity.st_size;
	long at = raw_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	if (at < 0 && at > -4096)
		return (int)-at;
	int failed = shim_file_read(file, encrypted, (void *)at, size, 0, SHIM_OPENING);
	raw_munmap((void *)at, size);
	return failed;
}

/* A new memfd with the plaintext; or -errno. */
static int make(struct shim_file *file, int encrypted)
{
	const char *slash = strrchr(file->path != NULL ? file->path : "", '/');
	char name[200];
	snprintf(name, sizeof name, "ctshim:%.180s", slash != NULL ? slash + 1 : "model");
	int memfd = (int)SHIM_RAW(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING, 0, 0, 0, 0);
	if (memfd < 0)
		return memfd;
	int failed = -(int)SHIM_RAW(SYS_ftruncate, memfd, file->identity.st_size, 0, 0, 0, 0);
	if (failed == 0)
		failed = fill(file, encrypted, memfd);
	if (failed != 0) {
		raw_close(memfd);
		return -failed;
	}
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

int shim_plain_replace(struct shim_file *file, int fd)
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
	shim_table_set_plain(fd);
	if (fd == STDIN_FILENO)
		shim_input_keep_stream(false);
	return 0;
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
