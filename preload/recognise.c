#include "recognise.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "detect.h"
#include "input.h"
#include "log.h"
#include "plain.h"
#include "process.h"
#include "raw.h"
#include "table.h"

enum { ATTEMPTS = 10 };

static void resolved_path(int fd, char path[static PATH_MAX])
{
	char link[32];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = raw_readlink(link, path, PATH_MAX - 1);
	if (len <= 0)
		snprintf(path, PATH_MAX, "descriptor %d", fd);
	else
		path[len] = '\0';
}

/* Is it one of the kernel's own files, where a read may run a driver's code? They have a size, but no
 * blocks; hardly any file elsewhere is like that, so hardly any pays for the second question. */
static bool is_kernels(int fd, const struct stat *st)
{
	struct statfs fs;
	if (st->st_blocks != 0 || SHIM_RAW(SYS_fstatfs, fd, &fs, 0, 0, 0, 0) != 0)
		return false;
	switch ((unsigned long)fs.f_type) {
	case SYSFS_MAGIC:
	case PROC_SUPER_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case EFIVARFS_MAGIC:
		return true;
	default:
		return false;
	}
}

/* Does the file's header speak of encryption? `fd` can be read. */
static bool speaks_of_encryption(int fd, uint64_t header_len, const struct stat *st)
{
	uint64_t room = (uint64_t)st->st_size - 8;
	size_t len = (size_t)(header_len < room ? header_len : room), have = 0;
	char *header = malloc(len);
	if (header == NULL)
		return true; /* the parser will say that there is no memory */
	while (have < len) {
		ssize_t got = raw_pread(fd, header + have, len - have, (int64_t)(8 + have));
		if (got == -EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	bool speaks = ct_detect_encryption(header, have);
	free(header);
	return speaks;
}

/* The cheap look that every opened regular file gets: certainly plain, or worth a closer look. */
static bool looks_encrypted(int fd, const struct stat *st)
{
	uint8_t prefix[CT_DETECT_PREFIX];
	uint64_t header_len;
	int readable = -1;
	ssize_t got = raw_pread(fd, prefix, sizeof prefix, 0);
	if (got == -EBADF || got == -EINVAL) {
		/* Open for writing only, or for O_DIRECT: look through a descriptor of our own. */
		char link[32];
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		readable = raw_openat(AT_FDCWD, link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
		if (readable < 0)
			return false;
		fd = readable;
		got = raw_pread(fd, prefix, sizeof prefix, 0);
	}
	bool looks = got == sizeof prefix && ct_detect_safetensors(prefix, &header_len)
		     && speaks_of_encryption(fd, header_len, st);
	if (readable >= 0)
		raw_close(readable);
	return looks;
}

static int refuse(const char *path, const struct ct_error *err)
{
	shim_log(SHIM_ERROR, path, "%s", err->message);
	return ct_error_errno(err, 0);
}

/* The closer look. 0 with *file set or NULL, or the errno of the refusal. */
static int examine(int fd, int flags, const struct stat *st, struct shim_file **file,
		   struct shim_config *config)
{
	char path[PATH_MAX];
	struct ct_error err;
	resolved_path(fd, path);
	if (shim_config_read(config, &err) < 0)
		return refuse(path, &err);
	if (config->disabled || !shim_config_matches(config, path))
		return 0;
	if ((flags & O_ACCMODE) != O_RDONLY) {
		shim_log(SHIM_ERROR, path,
			 "it is encrypted and was opened for writing: open it for reading only, or replace it");
		return EROFS;
	}
	if ((flags & O_DIRECT) != 0) {
		shim_log(SHIM_ERROR, path,
			 "it is encrypted and was opened with O_DIRECT, which goes past this library: open it without");
		return EINVAL;
	}
	if (shim_file_open(file, fd, st, path, config, &err) < 0)
		return refuse(path, &err);
	if (*file != NULL)
		shim_log(SHIM_DEBUG, path, "descriptor %d serves plaintext, mode %s", fd,
			 config->mode == SHIM_MEMFD ? "memfd" : "eager");
	return 0;
}

int shim_attach(struct shim_file *file, int fd, enum shim_mode mode)
{
	if (mode == SHIM_MEMFD || fd >= SHIM_TABLE_SIZE) /* what no slot can track must be plain */
		return shim_plain_replace(file, fd);
	shim_table_set_file(fd, file);
	if (fd == STDIN_FILENO)
		shim_input_keep_stream(true);
	return 0;
}

static bool is_same(int fd, const struct stat *st)
{
	struct stat now;
	return raw_fstat(fd, &now) == 0 && now.st_dev == st->st_dev && now.st_ino == st->st_ino;
}

static bool is_candidate(int fd, int flags, struct stat *st)
{
	return (flags & (O_PATH | O_DIRECTORY)) == 0 && raw_fstat(fd, st) == 0 && S_ISREG(st->st_mode)
	       && st->st_size >= CT_DETECT_SIZE_MIN && !is_kernels(fd, st);
}

int shim_recognise(int fd, int flags)
{
	struct stat st;
	struct shim_file *file = NULL;
	struct shim_config config;
	int refusal = 0;
	bool candidate = is_candidate(fd, flags, &st);
	if (!shim_process_owns())
		return 0; /* what a vfork child hands to exec is recognised there */
	if (candidate && looks_encrypted(fd, &st)) {
		/* Another thread may have put another file under the number between two looks: what is
		 * judged next must be of one. */
		flags = raw_fcntl(fd, F_GETFL, 0);
		if (flags < 0 || !is_same(fd, &st))
			return SHIM_CHANGED;
		refusal = examine(fd, flags, &st, &file, &config);
	}
	if (refusal != 0)
		return refusal;
	if (file == NULL) {
		/* Not if another thread has put a model there meanwhile. */
		shim_table_learn_plain(fd);
		if (fd == STDIN_FILENO)
			shim_input_keep_stream(false);
		return 0;
	}
	refusal = shim_attach(file, fd, config.mode);
	shim_file_put(file);
	return refusal;
}

int shim_opened(int fd, int flags)
{
	if (fd < 0)
		return fd;
	int saved = errno;
	/* Whatever had the number before was closed without our being told. */
	if (shim_is_plain(fd))
		shim_table_forget_plain(fd);
	else if (shim_is_file(fd) && shim_process_owns())
		shim_table_set_unknown(fd);
	int refusal = shim_recognise(fd, flags);
	errno = saved;
	if (refusal <= 0)
		return fd;
	raw_close(fd);
	errno = refusal;
	return -1;
}

struct shim_file *shim_lookup(int fd, int *refusal)
{
	*refusal = 0;
	for (int attempt = 0; fd >= 0 && attempt < ATTEMPTS; attempt++) {
		bool plain;
		struct shim_file *file = shim_table_get(fd, &plain);
		if (plain)
			return NULL;
		bool owned = shim_process_owns();
		if (file != NULL) {
			if (shim_file_is(file, fd))
				return file;
			/* Closed and reused behind our back. */
			if (owned)
				shim_table_forget(fd, file);
			shim_file_put(file);
			if (!owned)
				return NULL;
			continue;
		}
		int flags = raw_fcntl(fd, F_GETFL, 0), saved = errno;
		if (flags < 0 || !owned)
			return NULL;
		int result = shim_recognise(fd, flags);
		errno = saved;
		if (result > 0)
			*refusal = result;
		if (result > 0 || fd >= SHIM_TABLE_SIZE)
			return NULL;
	}
	if (fd >= 0)
		*refusal = EIO; /* the number changes faster than it can be looked at */
	return NULL;
}

int shim_refused(int fd, int error)
{
	int refusal;
	if (shim_is_plain(fd))
		return 0;
	struct shim_file *file = shim_lookup(fd, &refusal);
	if (file == NULL)
		return refusal;
	shim_file_put(file);
	return error;
}
