/* Hints that the process runs in a container. A process that controls its machine can forge each of them. */
#include <stdlib.h>
#include <string.h>

#include "json_put.h"
#include "policy_fields.h"
#include "raw.h"
#include "whole_file.h"

enum { SMALL = 64 * 1024, LARGE = 4 * 1024 * 1024, ID = 64 };

static bool is_there(const char *path)
{
	return SHIM_RAW(SYS_faccessat, AT_FDCWD, path, 0, 0, 0, 0) == 0;
}

/* The process's place: of the unified hierarchy, or of the first one that there is. */
static char *find_cgroup(char *text)
{
	char *found = NULL;
	for (char *line = text; line != NULL && *line != '\0';) {
		char *end = strchr(line, '\n');
		if (end != NULL)
			*end = '\0';
		char *controllers = strchr(line, ':'), *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
		if (path != NULL && (found == NULL || strncmp(line, "0::", 3) == 0))
			found = path + 1;
		line = end != NULL ? end + 1 : NULL;
	}
	return found;
}

/* Container ids are 64 hexadecimal digits. */
static const char *find_id(const char *text)
{
	for (size_t run; text != NULL && *text != '\0'; text += run > 0 ? run : 1) {
		run = strspn(text, "0123456789abcdef");
		if (run == ID)
			return text;
	}
	return NULL;
}

/* KEY="VALUE" on a line of what podman leaves in its containers. */
static void put_assigned(struct ct_buffer *json, const char *key, const char *text, const char *assignment)
{
	const char *at = text;
	while (at != NULL && strncmp(at, assignment, strlen(assignment)) != 0)
		at = (at = strchr(at, '\n')) != NULL ? at + 1 : NULL;
	if (at == NULL)
		return;
	at += strlen(assignment);
	size_t len = strcspn(at, "\"\n");
	if (len > 0 && at[len] == '"')
		shim_json_bytes(json, key, at, len);
}

static const char *runtime_of(const char *cgroup, bool podman)
{
	static const struct {
		const char *word, *runtime;
	} words[] = {{"libpod", "podman"}, {"cri-containerd", "containerd"}, {"crio-", "cri-o"}, {"kubepods", "kubernetes"},
		     {"docker", "docker"}, {"lxc", "lxc"}};
	if (podman)
		return "podman";
	for (size_t i = 0; cgroup != NULL && i < sizeof words / sizeof *words; i++)
		if (strstr(cgroup, words[i].word) != NULL)
			return words[i].runtime;
	if (is_there("/.dockerenv"))
		return "docker";
	return getenv("KUBERNETES_SERVICE_HOST") != NULL ? "kubernetes" : NULL;
}

void shim_put_container(struct ct_buffer *json)
{
	struct ct_buffer groups = {0}, podman = {0}, mounts = {0};
	char *cgroup = shim_file_slurp("/proc/self/cgroup", SMALL, &groups) == 0 ? find_cgroup(groups.data) : NULL;
	bool is_podman = shim_file_slurp("/run/.containerenv", SMALL, &podman) == 0;
	shim_json_text(json, "cgroup", cgroup);
	const char *runtime = runtime_of(cgroup, is_podman);
	if (runtime != NULL) {
		const char *id = find_id(cgroup);
		/* In a group namespace of its own, a container sees itself at the root; what is mounted tells more. */
		if (id == NULL && shim_file_slurp("/proc/self/mountinfo", LARGE, &mounts) == 0)
			id = find_id(strstr(mounts.data, "/containers/"));
		shim_json_begin(json, "container", '{');
		shim_json_text(json, "runtime", runtime);
		if (id != NULL)
			shim_json_bytes(json, "id", id, ID);
		if (is_podman) {
			put_assigned(json, "name", podman.data, "name=\"");
			put_assigned(json, "image", podman.data, "image=\"");
		}
		shim_json_end(json, '}');
	}
	ct_buffer_free(&groups);
	ct_buffer_free(&podman);
	ct_buffer_free(&mounts);
}
