#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_source.h"
#include "jwk.h"
#include "key_path.h"
#include "say.h"

enum { KEYFILE_MAX = 1024 * 1024 };

int read_text(const char *path, char *text, size_t room, size_t *len, struct ct_error *err)
{
	struct file_source file;
	int status = -1;
	if (file_source_open(&file, path, err) < 0)
		return -1;
	if (file.source.size >= room) {
		ct_fail(err, CT_E_ARGUMENT, "longer than %zu bytes: is it the right file?", room - 1);
		goto out;
	}
	*len = (size_t)file.source.size;
	if (file.source.read_at(&file, text, *len, 0, err) < 0)
		goto out;
	text[*len] = '\0';
	if (memchr(text, '\0', *len) != NULL) {
		ct_fail(err, CT_E_ARGUMENT, "not a text file");
		goto out;
	}
	status = 0;
out:
	file_source_close(&file);
	return status;
}

int keyfile_load(struct ct_keyset *set, const char *path, struct ct_error *err)
{
	size_t len;
	char *text = malloc(KEYFILE_MAX);
	if (text == NULL)
		return ct_fail_nomem(err);
	int status = read_text(path, text, KEYFILE_MAX, &len, err);
	if (status == 0)
		status = ct_jwk_parse(set, text, len, "key file", err);
	ct_wipe(text, KEYFILE_MAX);
	free(text);
	return status;
}

static const char *setting(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

static int read_environment(struct ct_keyset *set, struct ct_error *err)
{
	struct ct_error reason;
	char path[PATH_MAX];
	const char *keys = setting("CRYPTOTENSOR_KEYS"), *jku = setting("CRYPTOTENSOR_KEY_JKU");
	if (keys == NULL && jku == NULL && setting("CTSHIM_KEY_PATH") == NULL)
		return ct_fail(err, CT_E_KEY,
			       "no keys: use --keys FILE, or set CRYPTOTENSOR_KEY_JKU or CRYPTOTENSOR_KEYS");
	if (keys != NULL && ct_jwk_parse(set, keys, strlen(keys), "CRYPTOTENSOR_KEYS", err) < 0)
		return -1;
	if (jku != NULL && ct_key_path(jku, getenv("HOME"), path, sizeof path, &reason) < 0)
		return ct_fail(err, reason.code, "CRYPTOTENSOR_KEY_JKU: %s", reason.message);
	if (jku != NULL && keyfile_load(set, path, &reason) < 0)
		return ct_fail(err, reason.code, "CRYPTOTENSOR_KEY_JKU: %.300s: %s", path, reason.message);
	return 0;
}

int keys_read(struct ct_keyset *set, const char *path, struct ct_error *err)
{
	return path != NULL ? keyfile_load(set, path, err) : read_environment(set, err);
}

int keys_load(struct ct_keyset *set, const char *path)
{
	struct ct_error err;
	if (keys_read(set, path, &err) == 0)
		return 0;
	complain(path, &err);
	return -1;
}

static bool is_listed(const char *list, const char *path)
{
	char directory[PATH_MAX], real[PATH_MAX];
	while (ct_key_path_next(&list, directory, sizeof directory))
		if (realpath(directory, real) != NULL && ct_key_path_below(path, real))
			return true;
	return false;
}

/* The file that a header names, if it really lies below a directory that CTSHIM_KEY_PATH lists. It is opened for
 * reading only then, and what is read is what was looked at. */
static int load_listed(struct ct_keyset *set, const char *list, const char *path, struct ct_error *err)
{
	char link[32], real[PATH_MAX];
	int status, fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return ct_fail_sys(err, errno, "a header names this key file, which cannot be opened");
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, real, sizeof real - 1);
	real[len > 0 ? len : 0] = '\0';
	if (!is_listed(list, real))
		status = ct_fail(err, CT_E_KEY, "a header names this key file, which is not below a directory in "
						"CTSHIM_KEY_PATH");
	else
		status = keyfile_load(set, link, err);
	close(fd);
	return status;
}

static void follow(struct ct_keyset *set, const char *jku)
{
	char path[PATH_MAX];
	struct ct_error err;
	if (jku != NULL && ct_key_path(jku, NULL, path, sizeof path, &err) == 0 && path[0] == '/'
	    && load_listed(set, setting("CTSHIM_KEY_PATH"), path, &err) < 0)
		complainf("%s: warning: %s", path, err.message);
}

bool keys_more(struct ct_keyset *all, const char *path, const struct ct_model *model,
	       const struct ct_error *err)
{
	const char *signer = model->manifest.signer.jku, *master = model->manifest.master.jku;
	if (err->code != CT_E_KEY || path != NULL || setting("CTSHIM_KEY_PATH") == NULL
	    || (signer == NULL && master == NULL) || keys_load(all, NULL) < 0)
		return false;
	follow(all, signer);
	if (signer == NULL || master == NULL || strcmp(signer, master) != 0)
		follow(all, master);
	return true;
}

int keys_unlock(const struct ct_keyset *set, const char *path, struct ct_model *model,
		const struct ct_crypto *crypto, struct asking *asking, struct ct_error *err)
{
	struct ct_keyset all = {0};
	ct_model_ask *ask = asking != NULL ? asking_ask : NULL;
	int status = ct_model_unlock_asking(model, crypto, set, ask, asking, err);
	if (status < 0 && keys_more(&all, path, model, err))
		status = ct_model_unlock_asking(model, crypto, &all, ask, asking, err);
	ct_keyset_clear(&all);
	return status;
}
