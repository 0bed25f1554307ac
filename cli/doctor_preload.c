/* What is preloaded beside the library: whoever stands in front of it is asked first. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

struct hooks {
	char list[300];
	unsigned count;
};

static void note_hook(void *context, const char *name, const GElf_Sym *symbol)
{
	struct hooks *hooks = context;
	if (symbol->st_shndx == SHN_UNDEF || GELF_ST_BIND(symbol->st_info) == STB_LOCAL || !io_call_hooked(name))
		return;
	size_t at = strlen(hooks->list);
	if (at + strlen(name) + 8 < sizeof hooks->list)
		snprintf(hooks->list + at, sizeof hooks->list - at, "%s%s", at > 0 ? ", " : "", name);
	hooks->count++;
}

/* Where an entry without a slash was found, if the loader told. */
static const char *resolve(const struct doctor_report *report, const char *entry)
{
	for (size_t i = 0; strchr(entry, '/') == NULL && i < report->object_count; i++) {
		const char *slash = strrchr(report->objects[i].path, '/');
		if (slash != NULL && strcmp(slash + 1, entry) == 0)
			return report->objects[i].path;
	}
	return entry;
}

static void judge(struct doctor_report *report, const char *entry, const char *root, bool before, const char *source)
{
	char path[2 * PATH_MAX];
	struct elf_image image;
	struct ct_error err;
	struct hooks hooks = {0};
	const char *found = resolve(report, entry);
	if (strchr(found, '/') == NULL)
		return;
	snprintf(path, sizeof path, "%s%s", found[0] == '/' ? root : "", found);
	if (access(path, F_OK) < 0) {
		doctor_find(report, doctor_is_ours(found) ? DOCTOR_PROBLEM : DOCTOR_WARNING, "preload-missing", source,
			    "names %s, which does not exist, and ld.so goes on without it: correct the path", entry);
		return;
	}
	if (doctor_is_ours(found) || doctor_is_sanitizer(found) || elf_image_open(&image, path, &err) < 0)
		return;
	if (image.kind.native)
		elf_image_symbols(&image, note_hook, &hooks);
	elf_image_close(&image);
	if (hooks.count > 0 && before)
		doctor_find(report, DOCTOR_WARNING, "preload-before", found,
			    "is preloaded before the library and stands in front of %u of its functions itself (%s): "
			    "put libctshim.so first in %s", hooks.count, hooks.list, source);
	else if (hooks.count > 0)
		doctor_find(report, DOCTOR_NOTE, "preload-behind", found,
			    "is preloaded too, behind the library, which hands calls on to it: %s", hooks.list);
}

static void judge_list(struct doctor_report *report, char *list, const char *root, const char *source, bool behind)
{
	bool ours = false;
	char *save = NULL;
	/* Where ours is not named, `ctshim run` puts it first. */
	for (const char *at = list; !ours && *at != '\0'; at += strcspn(at, " :\n\t")) {
		char name[PATH_MAX];
		at += strspn(at, " :\n\t");
		snprintf(name, sizeof name, "%.*s", (int)strcspn(at, " :\n\t"), at);
		ours = doctor_is_ours(name);
	}
	bool before = ours && !behind;
	for (char *entry = strtok_r(list, " :\n\t", &save); entry != NULL;
	     entry = strtok_r(NULL, " :\n\t", &save)) {
		if (doctor_is_ours(entry))
			before = false;
		judge(report, entry, root, before, source);
	}
}

void doctor_preloads(struct doctor_report *report, const char *preload, const char *root)
{
	char path[PATH_MAX], *text = preload != NULL ? strdup(preload) : NULL, line[4096];
	if (text != NULL)
		judge_list(report, text, root, "LD_PRELOAD", false);
	free(text);
	snprintf(path, sizeof path, "%s/etc/ld.so.preload", root);
	FILE *file = fopen(path, "re");
	size_t len = file != NULL ? fread(line, 1, sizeof line - 1, file) : 0;
	line[len] = '\0';
	if (file != NULL)
		fclose(file);
	if (len > 0 && strlen(line) == len)
		judge_list(report, line, root, "/etc/ld.so.preload", true);
}
