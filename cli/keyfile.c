#include "keyfile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int load_environment(struct ct_keyset *set)
{
	struct ct_error err;
	char path[PATH_MAX];
	const char *keys = setting("CRYPTOTENSOR_KEYS"), *jku = setting("CRYPTOTENSOR_KEY_JKU");
	if (keys == NULL && jku == NULL) {
		complainf("no keys: use --keys FILE, or set CRYPTOTENSOR_KEY_JKU or CRYPTOTENSOR_KEYS");
		return -1;
	}
	if (keys != NULL && ct_jwk_parse(set, keys, strlen(keys), "CRYPTOTENSOR_KEYS", &err) < 0) {
		complain(NULL, &err);
		return -1;
	}
	if (jku != NULL && ct_key_path(jku, getenv("HOME"), path, sizeof path, &err) < 0) {
		complain("CRYPTOTENSOR_KEY_JKU", &err);
		return -1;
	}
	if (jku != NULL && keyfile_load(set, path, &err) < 0) {
		complainf("CRYPTOTENSOR_KEY_JKU: %s: %s", path, err.message);
		return -1;
	}
	return 0;
}

int keys_load(struct ct_keyset *set, const char *path)
{
	struct ct_error err;
	if (path == NULL)
		return load_environment(set);
	if (keyfile_load(set, path, &err) == 0)
		return 0;
	complain(path, &err);
	return -1;
}
