#include "keys.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jwk.h"
#include "key_path.h"
#include "log.h"
#include "raw.h"

enum { KEY_FILE_MAX = 4 * 1024 * 1024 };

/* All of the open file `fd`, which is closed. */
static int read_key_file(struct ct_keyset *keys, int fd, const char *path, struct ct_error *err)
{
	char piece[4096], what[300];
	struct stat st;
	struct ct_buffer text = {.secret = true};
	int status = -1;
	if (raw_fstat(fd, &st) == 0 && (st.st_mode & 077) != 0)
		shim_log(SHIM_WARN, path, "others than its owner can read this key file: chmod 600");
	for (;;) {
		ssize_t len = SHIM_RAW(SYS_read, fd, piece, sizeof piece, 0, 0, 0);
		if (len == 0)
			break;
		if (len < 0 || text.len > KEY_FILE_MAX) {
			ct_fail(err, CT_E_KEY, "the key file '%.200s' cannot be read (%s)", path,
				len < 0 ? strerror((int)-len) : "too long");
			goto out;
		}
		ct_buffer_put(&text, piece, (size_t)len);
	}
	snprintf(what, sizeof what, "key file '%.256s'", path);
	if (ct_buffer_check(&text, err) == 0)
		status = ct_jwk_parse(keys, text.len > 0 ? text.data : "", text.len, what, err);
out:
	ct_wipe(piece, sizeof piece);
	ct_buffer_wipe(&text);
	raw_close(fd);
	return status;
}

static int open_key_file(const char *path)
{
	return raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
}

/* Where the open file really is. */
static bool resolve(int fd, char path[static PATH_MAX])
{
	char link[32];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = raw_readlink(link, path, PATH_MAX - 1);
	if (len <= 0)
		return false;
	path[len] = '\0';
	return path[0] == '/';
}

static bool is_listed(const char *list, const char *path)
{
	char directory[PATH_MAX], real[PATH_MAX];
	while (ct_key_path_next(&list, directory, sizeof directory)) {
		int fd = raw_openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		bool below = fd >= 0 && resolve(fd, real) && ct_key_path_below(path, real);
		if (fd >= 0)
			raw_close(fd);
		if (below)
			return true;
	}
	return false;
}

/* Open `path` for reading if it really lies below a listed directory. It is not opened before that is
 * known: opening a device or a pipe can do things. What is opened then is what was looked at. -1, with the
 * reason logged. */
static int open_listed(const char *list, const char *path, char real[static PATH_MAX])
{
	char link[32];
	struct stat st;
	int fd = -1, found = raw_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
	if (found < 0) {
		shim_log(SHIM_WARN, path, "a header names this key file, which cannot be opened (%s)",
			 strerror(-found));
		return -1;
	}
	if (!resolve(found, real) || !is_listed(list, real)) {
		shim_log(SHIM_WARN, path,
			 "a header names this key file, which is not below a directory in CTSHIM_KEY_PATH");
	} else if (raw_fstat(found, &st) != 0 || !S_ISREG(st.st_mode)) {
		shim_log(SHIM_WARN, path, "a header names this as a key file, which is no file");
	} else {
		snprintf(link, sizeof link, "/proc/self/fd/%d", found);
		fd = open_key_file(link);
		if (fd < 0)
			shim_log(SHIM_WARN, path, "a header names this key file, which cannot be opened (%s)",
				 strerror(-fd));
	}
	raw_close(found);
	return fd;
}

/* The file that a header names. Whoever made the model chose it, so it counts only where the operator said
 * that key files may be, and what is wrong with it is no error: the keys may be elsewhere. */
static void follow(struct ct_keyset *keys, const char *jku)
{
	const char *list = getenv("CTSHIM_KEY_PATH");
	char path[PATH_MAX], real[PATH_MAX];
	struct ct_error reason;
	if (list == NULL || jku == NULL || ct_key_path(jku, NULL, path, sizeof path, &reason) < 0
	    || path[0] != '/')
		return;
	int fd = open_listed(list, path, real);
	if (fd >= 0 && read_key_file(keys, fd, real, &reason) < 0)
		shim_log(SHIM_WARN, path, "%s", reason.message);
}

static int read_named(struct ct_keyset *keys, const char *jku, struct ct_error *err)
{
	char path[PATH_MAX];
	struct ct_error reason;
	if (ct_key_path(jku, getenv("HOME"), path, sizeof path, &reason) < 0)
		return ct_fail(err, CT_E_KEY, "CRYPTOTENSOR_KEY_JKU is '%.200s': %.200s", jku, reason.message);
	int fd = open_key_file(path);
	if (fd == -EMFILE || fd == -ENFILE)
		return ct_fail_sys(err, -fd,
				   "no descriptor is left for the key file '%.200s': close some, or raise their "
				   "limit (ulimit -n)", path);
	if (fd < 0)
		return ct_fail(err, CT_E_KEY,
			       "the key file '%.200s' cannot be opened (%s): correct CRYPTOTENSOR_KEY_JKU", path,
			       strerror(-fd));
	return read_key_file(keys, fd, path, err);
}

int shim_keys_read(struct ct_keyset *keys, const struct ct_manifest *manifest, struct ct_error *err)
{
	const char *inline_keys = getenv("CRYPTOTENSOR_KEYS"), *jku = getenv("CRYPTOTENSOR_KEY_JKU");
	if (inline_keys != NULL && *inline_keys != '\0'
	    && ct_jwk_parse(keys, inline_keys, strlen(inline_keys), "CRYPTOTENSOR_KEYS", err) < 0)
		return -1;
	if (jku != NULL && *jku != '\0' && read_named(keys, jku, err) < 0)
		return -1;
	const char *signer = manifest->signer.jku, *master = manifest->master.jku;
	follow(keys, signer);
	if (signer == NULL || master == NULL || strcmp(signer, master) != 0)
		follow(keys, master);
	return 0;
}
