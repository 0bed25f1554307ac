#include "keys.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jwk.h"
#include "key_path.h"
#include "log.h"
#include "raw.h"

enum { KEY_FILE_MAX = 4 * 1024 * 1024 };

static int read_key_file(const char *path, struct ct_buffer *text, struct ct_error *err)
{
	char piece[4096];
	struct stat st;
	int status = -1, fd = raw_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
	if (raw_fstat(fd, &st) == 0 && (st.st_mode & 077) != 0)
		shim_log(SHIM_WARN, path, "others than its owner can read this key file: chmod 600");
	if (fd < 0)
		return ct_fail(err, CT_E_KEY,
			       "the key file '%.200s' cannot be opened (%s): correct CRYPTOTENSOR_KEY_JKU", path,
			       strerrordesc_np(-fd));
	for (;;) {
		ssize_t len = SHIM_RAW(SYS_read, fd, piece, sizeof piece, 0, 0, 0);
		if (len == 0)
			break;
		if (len < 0 || text->len > KEY_FILE_MAX) {
			ct_fail(err, CT_E_KEY, "the key file '%.200s' cannot be read (%s)", path,
				len < 0 ? strerrordesc_np((int)-len) : "too long");
			goto out;
		}
		ct_buffer_put(text, piece, (size_t)len);
	}
	status = ct_buffer_check(text, err);
out:
	ct_wipe(piece, sizeof piece);
	raw_close(fd);
	return status;
}

int shim_keys_read(struct ct_keyset *keys, struct ct_error *err)
{
	const char *inline_keys = getenv("CRYPTOTENSOR_KEYS"), *jku = getenv("CRYPTOTENSOR_KEY_JKU");
	if (inline_keys != NULL && *inline_keys != '\0'
	    && ct_jwk_parse(keys, inline_keys, strlen(inline_keys), "CRYPTOTENSOR_KEYS", err) < 0)
		return -1;
	if (jku == NULL || *jku == '\0')
		return 0;
	char path[PATH_MAX], what[300];
	struct ct_error reason;
	struct ct_buffer text = {.secret = true};
	if (ct_key_path(jku, getenv("HOME"), path, sizeof path, &reason) < 0)
		return ct_fail(err, CT_E_KEY, "CRYPTOTENSOR_KEY_JKU is '%.200s': %.200s", jku, reason.message);
	snprintf(what, sizeof what, "key file '%.256s'", path);
	int status = read_key_file(path, &text, err);
	if (status == 0)
		status = ct_jwk_parse(keys, text.len > 0 ? text.data : "", text.len, what, err);
	ct_buffer_wipe(&text);
	return status;
}
