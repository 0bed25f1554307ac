/* The process that opens the model. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "digest.h"
#include "json_put.h"
#include "policy_fields.h"
#include "raw.h"
#include "whole_file.h"

enum { ARGUMENTS_MAX = 256 * 1024, PASSWD_MAX = 4 * 1024 * 1024, GROUPS_MAX = 1024 };

static void put_link(struct ct_buffer *json, const char *key, const char *link)
{
	char target[PATH_MAX];
	if (shim_link_read(link, target, sizeof target))
		shim_json_text(json, key, target);
}

/* A program that runs cannot be written to. */
static void put_hash(struct ct_buffer *json, const struct ct_crypto *crypto)
{
	uint8_t digest[CT_SHA256_LEN];
	char hex[2 * CT_SHA256_LEN + 1];
	struct ct_error unused;
	struct stat st;
	int fd = raw_openat(AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (raw_fstat(fd, &st) == 0 && st.st_size > 0) {
		long at = raw_mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at > 0 || at < -4095) {
			if (ct_sha256(crypto, (void *)at, (size_t)st.st_size, digest, &unused) == 0) {
				for (size_t i = 0; i < sizeof digest; i++)
					snprintf(hex + 2 * i, 3, "%02x", digest[i]);
				shim_json_text(json, "sha256", hex);
			}
			raw_munmap((void *)at, (size_t)st.st_size);
		}
	}
	raw_close(fd);
}

static void put_arguments(struct ct_buffer *json)
{
	struct ct_buffer text = {0};
	if (shim_file_slurp("/proc/self/cmdline", ARGUMENTS_MAX, &text) == 0 && text.len > 0) {
		shim_json_begin(json, "argv", '[');
		for (size_t at = 0; at < text.len; at += strlen(text.data + at) + 1)
			shim_json_text(json, NULL, text.data + at);
		shim_json_end(json, ']');
	}
	ct_buffer_free(&text);
}

static void put_groups(struct ct_buffer *json)
{
	gid_t groups[GROUPS_MAX];
	long count = SHIM_RAW(SYS_getgroups, GROUPS_MAX, groups, 0, 0, 0, 0);
	if (count < 0)
		return;
	shim_json_begin(json, "groups", '[');
	for (long i = 0; i < count; i++)
		shim_json_u64(json, NULL, groups[i]);
	shim_json_end(json, ']');
}

/* NAME:PASSWORD:UID:... in /etc/passwd. libc would ask services that load libraries and take locks. */
static void put_user(struct ct_buffer *json, unsigned long uid)
{
	struct ct_buffer text = {0};
	char *line = shim_file_slurp("/etc/passwd", PASSWD_MAX, &text) == 0 ? text.data : NULL;
	while (line != NULL && *line != '\0') {
		char *end = strchr(line, '\n'), *name_end = strchr(line, ':');
		if (end != NULL)
			*end = '\0';
		char *number = name_end != NULL && (end == NULL || name_end < end) ? strchr(name_end + 1, ':') : NULL;
		char *rest = NULL;
		if (number != NULL && number[1] >= '0' && number[1] <= '9' && strtoul(number + 1, &rest, 10) == uid
		    && *rest == ':') {
			shim_json_bytes(json, "user", line, (size_t)(name_end - line));
			break;
		}
		line = end != NULL ? end + 1 : NULL;
	}
	ct_buffer_free(&text);
}

static void put_parent(struct ct_buffer *json)
{
	char link[40];
	unsigned long pid = (unsigned long)SHIM_RAW(SYS_getppid, 0, 0, 0, 0, 0, 0);
	snprintf(link, sizeof link, "/proc/%lu/exe", pid);
	shim_json_begin(json, "parent", '{');
	shim_json_u64(json, "pid", pid);
	if (pid != 0)
		put_link(json, "executable", link);
	shim_json_end(json, '}');
}

void shim_put_process(struct ct_buffer *json, unsigned wanted, const struct ct_crypto *crypto)
{
	unsigned long uid = (unsigned long)SHIM_RAW(SYS_geteuid, 0, 0, 0, 0, 0, 0);
	shim_json_begin(json, "process", '{');
	shim_json_u64(json, "pid", (unsigned long)raw_getpid());
	put_link(json, "executable", "/proc/self/exe");
	if ((wanted & SHIM_WANT_HASH) != 0)
		put_hash(json, crypto);
	put_arguments(json);
	put_link(json, "cwd", "/proc/self/cwd");
	shim_json_u64(json, "uid", uid);
	shim_json_u64(json, "gid", (unsigned long)SHIM_RAW(SYS_getegid, 0, 0, 0, 0, 0, 0));
	put_groups(json);
	if ((wanted & SHIM_WANT_USER) != 0)
		put_user(json, uid);
	put_parent(json);
	if ((wanted & SHIM_WANT_CONTAINER) != 0)
		shim_put_container(json);
	shim_json_end(json, '}');
}
