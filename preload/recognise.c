#include "recognise.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect.h"
#include "guard.h"
#include "input.h"
#include "log.h"
#include "look.h"
#include "plain.h"
#include "process.h"
#include "raw.h"
#include "table.h"
#include "whole.h"

enum { ATTEMPTS = 10 };

/* False, and a name for messages only, where there is no /proc. */
static bool resolved_path(int fd, char path[static PATH_MAX])
{
	char link[32];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = raw_readlink(link, path, PATH_MAX - 1);
	if (len <= 0)
		snprintf(path, PATH_MAX, "descriptor %d", fd);
	else
		path[len] = '\0';
	return len > 0;
}

static int refuse(const char *path, const struct ct_error *err)
{
	shim_log(SHIM_ERROR, path, "%s", err->message);
	return ct_error_errno(err, 0);
}

/* A memory file that nobody can change: no model that was found on a disk, and in all likelihood the plaintext of one,
 * made by this library. */
static bool is_sealed(int fd)
{
	const int wanted = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	int seals = raw_fcntl(fd, F_GET_SEALS, 0);
	return seals >= 0 && (seals & wanted) == wanted;
}

/* A plain model, where there should be an encrypted one. */
static int examine_plain(int flags, const char *path, const struct shim_config *config)
{
	if (!config->require_encrypted || (flags & O_ACCMODE) == O_WRONLY)
		return 0;
	shim_log(SHIM_ERROR, path, "it is not encrypted, and CTSHIM_REQUIRE asks for encrypted models: encrypt it, "
		 "or find out who replaced it");
	return EACCES;
}

/* The closer look. 0 with *file set or NULL, or the errno of the refusal. */
static int examine(int fd, int flags, enum shim_look look, const struct stat *st, struct shim_file **file,
		   struct shim_config *config)
{
	char path[PATH_MAX];
	struct ct_error err;
	bool named = resolved_path(fd, path);
	if (shim_config_read(config, &err) < 0)
		return refuse(path, &err);
	/* What has no name may be one of those that are meant: better plaintext than ciphertext. */
	if (config->disabled || (named && !shim_config_matches(config, path)))
		return 0;
	if (look == SHIM_LOOKS_PLAIN)
		return examine_plain(flags, path, config);
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
	if (*file == NULL) /* it spoke of encryption, no more: else that would be the way past CTSHIM_REQUIRE */
		return examine_plain(flags, path, config);
	shim_log(SHIM_DEBUG, path, "descriptor %d serves plaintext, mode %s", fd,
		 shim_config_mode_name(config->mode));
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
	if ((flags & (O_PATH | O_DIRECTORY)) != 0)
		return false;
	int failed = raw_fstat(fd, st);
	if (raw_forbidden(failed)) {
		/* In a sandbox: it is looked at, and if it could be a model, the next question fails. */
		*st = (struct stat){.st_size = CT_DETECT_PREFIX};
		return true;
	}
	return failed == 0 && S_ISREG(st->st_mode) && st->st_size >= CT_DETECT_PREFIX && !shim_look_is_kernels(fd, st);
}

/* CTSHIM_VERIFY=open. A memory file is authenticated as it is made. */
static int verify(struct shim_file **file, int fd, const struct shim_config *config)
{
	if (!config->verify_open || config->mode == SHIM_MEMFD)
		return 0;
	int failed = shim_whole_check(*file, fd);
	if (failed == 0)
		return 0;
	shim_file_put(*file);
	*file = NULL;
	return failed != SHIM_ANOTHER ? failed : SHIM_CHANGED;
}

/* What descriptor `fd` is: 0 with *file (and a reference) or NULL, the errno of the refusal, or SHIM_CHANGED. */
static int identify(int fd, int flags, struct shim_file **file, bool *sealed, struct shim_config *config)
{
	struct stat st;
	struct shim_guard guard;
	*file = NULL;
	*sealed = false;
	enum shim_look look = is_candidate(fd, flags, &st) ? shim_look_at(fd, &st) : SHIM_LOOKS_OTHER;
	*sealed = look == SHIM_LOOKS_PLAIN && is_sealed(fd);
	/* Plain models matter only to those who ask for encrypted ones. */
	if (look == SHIM_LOOKS_OTHER || *sealed || (look == SHIM_LOOKS_PLAIN && getenv("CTSHIM_REQUIRE") == NULL))
		return 0;
	/* Another thread may have put another file under the number between two looks: what is judged next must
	 * be of one. */
	int now = raw_fcntl(fd, F_GETFL, 0);
	if (now == -EBADF || !is_same(fd, &st))
		return SHIM_CHANGED;
	if (now >= 0)
		flags = now;
	shim_guard_enter(&guard, 0);
	int refusal = examine(fd, flags, look, &st, file, config);
	shim_guard_leave(&guard);
	return refusal == 0 && *file != NULL ? verify(file, fd, config) : refusal;
}

/* In a process that shares memory, but not descriptors, with the one that the table describes: a vfork child that
 * opens a model. It gets on without the table. */
static int meet_elsewhere(int fd, int flags)
{
	bool sealed;
	struct shim_file *file;
	struct shim_config config;
	int refusal = identify(fd, flags, &file, &sealed, &config);
	if (file == NULL)
		return refusal;
	/* What is plain under this number over there must not be taken for plain here. */
	shim_table_distrust();
	if (config.mode == SHIM_MEMFD)
		refusal = shim_plain_replace(file, fd);
	shim_file_put(file);
	return refusal;
}

int shim_recognise(int fd, int flags)
{
	bool sealed;
	struct shim_file *file;
	struct shim_config config;
	if (!shim_process_owns())
		return meet_elsewhere(fd, flags);
	int refusal = identify(fd, flags, &file, &sealed, &config);
	if (refusal != 0)
		return refusal;
	if (file == NULL) {
		/* Not if another thread has put a model there meanwhile. */
		shim_table_learn(fd, sealed ? SHIM_SEALED : SHIM_PLAIN);
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
	if (!shim_is_file(fd))
		shim_table_forget_plain(fd);
	else if (shim_process_owns())
		shim_table_set_unknown(fd);
	int refusal = shim_recognise(fd, flags);
	errno = saved;
	if (refusal <= 0)
		return fd;
	raw_close(fd);
	errno = refusal;
	return -1;
}

/* One look for shim_lookup(). True when it is the answer: *file, or *refusal, or neither. */
static bool look_up(int fd, struct shim_file **file, int *refusal)
{
	bool plain, owned = shim_process_owns();
	*file = shim_table_get(fd, &plain);
	if (plain || (*file == NULL && shim_is_sealed(fd) && is_sealed(fd)))
		return true;
	if (shim_is_sealed(fd) && owned)
		shim_table_forget_plain(fd);
	if (*file != NULL) {
		if (shim_file_is(*file, fd))
			return true;
		/* Closed and reused behind our back. */
		if (owned)
			shim_table_forget(fd, *file);
		shim_file_put(*file);
		*file = NULL;
		if (owned)
			return false;
	}
	int flags = raw_fcntl(fd, F_GETFL, 0), saved = errno;
	if (flags == -EBADF)
		return true;
	if (flags < 0)
		flags = O_RDONLY; /* a sandbox does not say */
	bool sealed;
	struct shim_config config;
	int result = owned ? shim_recognise(fd, flags) : identify(fd, flags, file, &sealed, &config);
	if (!owned && *file != NULL)
		shim_table_distrust();
	errno = saved;
	if (result > 0)
		*refusal = result;
	if (result != 0 || fd >= SHIM_TABLE_SIZE || !owned)
		return result != SHIM_CHANGED;
	/* The slot has the answer; unless it may not say that it is plain. */
	return shim_table_distrusted() && !shim_is_file(fd);
}

struct shim_file *shim_lookup(int fd, int *refusal)
{
	struct shim_file *file = NULL;
	*refusal = 0;
	for (int attempt = 0; fd >= 0 && attempt < ATTEMPTS; attempt++)
		if (look_up(fd, &file, refusal))
			return file;
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
