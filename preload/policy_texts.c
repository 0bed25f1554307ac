#include "policy_texts.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "raw.h"
#include "whole_file.h"

enum { MODULES_MAX = 256, TEXT_MAX = 1024 * 1024, DATA_MAX = 8 * 1024 * 1024 };

/* A module's text rather than a path: it has lines, or begins as modules do. */
static bool is_text(const char *value)
{
	static const char word[] = "package";
	const char *at = value + strspn(value, " \t");
	return strchr(value, '\n') != NULL || (strncmp(at, word, sizeof word - 1) == 0 && strchr(" \t", at[sizeof word - 1]) != NULL);
}

/* What was read from `start` on is a module. Its text moves as others follow, and is pointed to when all are there. */
static int add(struct shim_policy_texts *texts, const char *name, size_t start, struct ct_error *err)
{
	struct ct_policy_module *grown = realloc(texts->modules, (texts->count + 1) * sizeof *grown);
	char *copy = strdup(name);
	if (grown != NULL)
		texts->modules = grown;
	if (grown == NULL || copy == NULL || ct_buffer_check(&texts->all, err) < 0) {
		free(copy);
		return ct_fail_nomem(err);
	}
	grown[texts->count++] = (struct ct_policy_module){.name = copy, .len = texts->all.len - start};
	return 0;
}

static int fail(struct ct_error *err, const char *variable, const char *path, int error)
{
	if (error == -EFBIG)
		return ct_fail(err, CT_E_POLICY, "%s: %.200s is too long: loading is denied", variable, path);
	if (error == -ENOMEM)
		return ct_fail_nomem(err);
	return ct_fail(err, CT_E_POLICY, "%s: %.200s cannot be read (%s): loading is denied until it can be", variable, path,
		       strerror(-error));
}

static int add_file(struct shim_policy_texts *texts, const char *path, struct ct_error *err)
{
	size_t start = texts->all.len;
	int status = shim_file_slurp(path, TEXT_MAX, &texts->all);
	return status < 0 ? fail(err, "CTSHIM_POLICY", path, status) : add(texts, path, start, err);
}

static bool is_module(const char *name)
{
	static const char suffix[] = ".rego", test[] = "_test.rego";
	size_t len = strlen(name);
	return name[0] != '.' && len > sizeof suffix - 1 && strcmp(name + len - (sizeof suffix - 1), suffix) == 0
	       && (len < sizeof test - 1 || strcmp(name + len - (sizeof test - 1), test) != 0);
}

/* qsort() may allocate. */
static void sort(char **names, int count)
{
	for (int i = 1; i < count; i++) {
		char *name = names[i];
		int at = i;
		for (; at > 0 && strcmp(names[at - 1], name) > 0; at--)
			names[at] = names[at - 1];
		names[at] = name;
	}
}

/* As getdents64(2) has it. */
struct entry {
	uint64_t inode;
	int64_t offset;
	unsigned short len;
	unsigned char type;
	char name[];
};

/* The names of its modules: their number, or -errno. */
static int list(int fd, char *names[static MODULES_MAX])
{
	_Alignas(struct entry) char bytes[8192];
	int count = 0;
	for (;;) {
		long len = SHIM_RAW(SYS_getdents64, fd, bytes, sizeof bytes, 0, 0, 0);
		if (len <= 0)
			return len < 0 ? (int)len : count;
		for (long at = 0; at < len;) {
			const struct entry *entry = (const void *)(bytes + at);
			at += entry->len;
			if (entry->type == DT_DIR || !is_module(entry->name))
				continue;
			if (count == MODULES_MAX)
				return -EFBIG;
			if ((names[count] = strdup(entry->name)) == NULL)
				return -ENOMEM;
			count++;
		}
	}
}

static int add_directory(struct shim_policy_texts *texts, const char *path, int fd, struct ct_error *err)
{
	char *names[MODULES_MAX] = {NULL}, whole[PATH_MAX];
	int count = list(fd, names), status = count < 0 ? fail(err, "CTSHIM_POLICY", path, count) : 0;
	sort(names, count);
	for (int i = 0; i < count && status == 0; i++) {
		snprintf(whole, sizeof whole, "%s/%s", path, names[i]);
		status = add_file(texts, whole, err);
	}
	for (int i = 0; i < MODULES_MAX; i++)
		free(names[i]);
	if (count == 0)
		return ct_fail(err, CT_E_POLICY, "CTSHIM_POLICY: %.200s has no *.rego file: loading is denied", path);
	return status;
}

static int read_policy(struct shim_policy_texts *texts, const char *value, struct ct_error *err)
{
	int status;
	if (is_text(value)) {
		ct_buffer_puts(&texts->all, value);
		status = add(texts, "CTSHIM_POLICY", 0, err);
	} else {
		int fd = raw_openat(AT_FDCWD, value, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
		status = fd >= 0 ? add_directory(texts, value, fd, err) : add_file(texts, value, err);
		if (fd >= 0)
			raw_close(fd);
	}
	size_t at = 0;
	for (size_t i = 0; i < texts->count; i++) {
		texts->modules[i].text = texts->all.data + at;
		at += texts->modules[i].len;
	}
	return status;
}

/* JSON that is given inline or in a file. */
static int read_json(struct ct_buffer *json, const char *variable, const char *value, const char *brackets,
		     struct ct_error *err)
{
	struct ct_error reason;
	char first = value[strspn(value, " \t\r\n")];
	bool inline_text = first == '{' || first == '[';
	if (inline_text) {
		ct_buffer_puts(json, value);
	} else {
		int status = shim_file_slurp(value, DATA_MAX, json);
		if (status < 0)
			return fail(err, variable, value, status);
	}
	if (ct_buffer_check(json, err) < 0)
		return -1;
	first = json->data[strspn(json->data, " \t\r\n")];
	if (ct_json_check(json->data, json->len, 0, variable, &reason) < 0)
		return ct_fail(err, CT_E_POLICY, "%.300s: loading is denied until it is JSON", reason.message);
	if (brackets != NULL && (first == '\0' || strchr(brackets, first) == NULL))
		return ct_fail(err, CT_E_POLICY, "%s is no JSON object: loading is denied", variable);
	return 0;
}

int shim_policy_texts_read(struct shim_policy_texts *texts, const struct shim_policy_config *config, struct ct_error *err)
{
	*texts = (struct shim_policy_texts){0};
	if (config->policy != NULL && read_policy(texts, config->policy, err) < 0)
		return -1;
	if (config->data != NULL && read_json(&texts->data, "CTSHIM_POLICY_DATA", config->data, "{", err) < 0)
		return -1;
	return config->input != NULL ? read_json(&texts->input, "CTSHIM_POLICY_INPUT", config->input, NULL, err) : 0;
}

void shim_policy_texts_clear(struct shim_policy_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free((char *)texts->modules[i].name);
	free(texts->modules);
	ct_buffer_free(&texts->all);
	ct_buffer_free(&texts->data);
	ct_buffer_free(&texts->input);
}
