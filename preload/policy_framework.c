/* Which frameworks has the process loaded? Their libraries are among its mappings. (dl_iterate_phdr() would take the
 * loader's lock.) */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "json_put.h"
#include "policy_fields.h"
#include "whole_file.h"

enum { MAPS_MAX = 32 * 1024 * 1024, VERSION_MAX = 64 * 1024 };

/* Best first: a process that has loaded several most likely opens the model for the one that comes first. */
static const struct framework {
	const char *name;
	const char *library;      /* how its file's name begins */
	const char *version_file; /* relative to the library; NULL: nothing tells its version cheaply */
} frameworks[] = {
	{"pytorch", "libtorch_cpu.so", "../version.py"},
	{"pytorch", "libtorch.so", "../version.py"},
	{"tensorflow", "libtensorflow_framework.so", NULL},
	{"tensorflow", "libtensorflow_cc.so", NULL},
	{"jax", "libjax_common.so", "version.py"},
	{"jax", "xla_extension.so", "version.py"},
	{"paddle", "libpaddle.so", NULL},
	{"mlx", "libmlx.so", NULL},
	{"onnxruntime", "libonnxruntime.so", NULL},
	{"onnxruntime", "onnxruntime_pybind11_state", NULL},
	{"llama.cpp", "libllama.so", NULL},
};
enum { FRAMEWORKS = sizeof frameworks / sizeof *frameworks };

/* The path of a mapping of code; NULL otherwise. "FROM-TO r-xp OFFSET DEVICE INODE   PATH". */
static const char *code_path(const char *line)
{
	const char *rights = strchr(line, ' ');
	if (rights == NULL || strlen(rights) < 5 || rights[3] != 'x')
		return NULL;
	return strchr(rights, '/');
}

static void note(char paths[FRAMEWORKS][PATH_MAX], const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	for (size_t i = 0; i < FRAMEWORKS; i++)
		if (paths[i][0] == '\0' && strncmp(name, frameworks[i].library, strlen(frameworks[i].library)) == 0)
			snprintf(paths[i], PATH_MAX, "%s", path);
}

/* __version__ = '2.1.0' */
static void put_version(struct ct_buffer *json, const char *library, const char *relative)
{
	static const char assignment[] = "__version__ = ";
	char path[PATH_MAX + 32];
	struct ct_buffer text = {0};
	snprintf(path, sizeof path, "%.*s/%s", (int)(strrchr(library, '/') - library), library, relative);
	const char *at = shim_file_slurp(path, VERSION_MAX, &text) == 0 ? text.data : NULL;
	while (at != NULL && strncmp(at, assignment, sizeof assignment - 1) != 0)
		at = (at = strchr(at, '\n')) != NULL ? at + 1 : NULL;
	if (at != NULL) {
		char quote = at[sizeof assignment - 1];
		at += sizeof assignment;
		size_t len = strcspn(at, "'\"\n");
		if ((quote == '\'' || quote == '"') && len > 0 && at[len] == quote)
			shim_json_bytes(json, "framework_version", at, len);
	}
	ct_buffer_free(&text);
}

static void put_all(struct ct_buffer *json, char paths[FRAMEWORKS][PATH_MAX])
{
	const char *first = NULL, *last = NULL;
	for (size_t i = 0; i < FRAMEWORKS && first == NULL; i++) {
		if (paths[i][0] == '\0')
			continue;
		first = frameworks[i].name;
		shim_json_text(json, "framework", first);
		if (frameworks[i].version_file != NULL)
			put_version(json, paths[i], frameworks[i].version_file);
	}
	shim_json_begin(json, "frameworks", '[');
	for (size_t i = 0; i < FRAMEWORKS; i++) {
		if (paths[i][0] != '\0' && (last == NULL || strcmp(last, frameworks[i].name) != 0))
			shim_json_text(json, NULL, last = frameworks[i].name);
	}
	shim_json_end(json, ']');
}

void shim_put_framework(struct ct_buffer *json)
{
	struct ct_buffer maps = {0}, room = {0};
	ct_buffer_fill(&room, '\0', (size_t)FRAMEWORKS * PATH_MAX);
	if (!room.failed && shim_file_slurp("/proc/self/maps", MAPS_MAX, &maps) == 0) {
		char (*paths)[PATH_MAX] = (void *)room.data;
		for (char *line = maps.data; line != NULL && *line != '\0';) {
			char *end = strchr(line, '\n');
			if (end != NULL)
				*end = '\0';
			const char *path = code_path(line);
			if (path != NULL)
				note(paths, path);
			line = end != NULL ? end + 1 : NULL;
		}
		put_all(json, paths);
	}
	ct_buffer_free(&maps);
	ct_buffer_free(&room);
}
