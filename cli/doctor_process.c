/* A running process: what /proc says. */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "executable.h"

struct process {
	pid_t pid;
	char name[32];          /* "process 123" */
	char program[PATH_MAX]; /* its file, as it sees it */
	char root[48];          /* what its paths are below */
	bool has_library;       /* it has our library loaded, */
	bool replaced;          /* whose file is another by now */
};

static FILE *open_part(const struct process *process, const char *part)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", (int)process->pid, part);
	return fopen(path, "re");
}

/* Number behind `field` in /proc/PID/status; -1 when there is none. */
static long status_field(const struct process *process, const char *field)
{
	char line[256];
	long value = -1;
	FILE *file = open_part(process, "status");
	while (file != NULL && value < 0 && fgets(line, sizeof line, file) != NULL)
		if (strncmp(line, field, strlen(field)) == 0 && line[strlen(field)] == ':')
			value = strtol(line + strlen(field) + 1, NULL, 10);
	if (file != NULL)
		fclose(file);
	return value;
}

static bool is_secure(const struct process *process)
{
	Elf64_auxv_t entry;
	bool secure = false;
	FILE *file = open_part(process, "auxv");
	while (file != NULL && fread(&entry, sizeof entry, 1, file) == 1 && entry.a_type != AT_NULL)
		if (entry.a_type == AT_SECURE)
			secure = entry.a_un.a_val != 0;
	if (file != NULL)
		fclose(file);
	return secure;
}

/* LD_PRELOAD as the process was started with; NULL when it had none, or that cannot be read. The caller frees it. */
static char *read_preload(const struct process *process)
{
	char *item = NULL, *value = NULL;
	size_t room = 0;
	FILE *file = open_part(process, "environ");
	while (file != NULL && value == NULL && getdelim(&item, &room, '\0', file) > 0)
		if (strncmp(item, "LD_PRELOAD=", 11) == 0)
			value = strdup(item + 11);
	if (item != NULL) /* it may have held keys */
		explicit_bzero(item, room);
	free(item);
	if (file != NULL)
		fclose(file);
	return value;
}

/* One line of /proc/PID/maps: a file that has code in it. */
static void note_mapping(struct doctor_report *report, struct process *process, char *line)
{
	static const char gone[] = " (deleted)";
	char path[PATH_MAX + sizeof process->root], *name = strchr(line, '/');
	char mode[5] = "";
	if (sscanf(line, "%*s %4s", mode) != 1 || strchr(mode, 'x') == NULL || name == NULL)
		return;
	name[strcspn(name, "\n")] = '\0';
	size_t len = strlen(name);
	bool deleted = len >= sizeof gone && strcmp(name + len - (sizeof gone - 1), gone) == 0;
	if (deleted)
		name[len - (sizeof gone - 1)] = '\0';
	if (doctor_is_ours(name)) {
		process->has_library = true;
		process->replaced = deleted;
	}
	if (strcmp(name, process->program) == 0)
		snprintf(path, sizeof path, "/proc/%d/exe", (int)process->pid);
	else
		snprintf(path, sizeof path, "%s%s", process->root, name);
	if (!deleted || strcmp(name, process->program) == 0)
		doctor_object(report, name, path, strcmp(name, process->program) == 0);
}

static void read_maps(struct doctor_report *report, struct process *process)
{
	char *line = NULL;
	size_t room = 0;
	FILE *file = open_part(process, "maps");
	while (file != NULL && getline(&line, &room, file) > 0)
		note_mapping(report, process, line);
	free(line);
	if (file != NULL)
		fclose(file);
}

static void judge_limits(struct doctor_report *report, const struct process *process)
{
	long seccomp = status_field(process, "Seccomp");
	if (is_secure(process))
		doctor_find(report, DOCTOR_PROBLEM, "privileges", process->name,
			    "gained privileges when it was started: ld.so preloads nothing into it: run a copy without "
			    "these");
	if (seccomp == 1)
		doctor_find(report, DOCTOR_PROBLEM, "seccomp", process->name,
			    "is in seccomp's strict mode: it cannot open files at all");
	else if (seccomp == 2)
		doctor_find(report, DOCTOR_WARNING, "seccomp", process->name,
			    "has a seccomp filter%s, which may refuse what the library needs (memfd_create, mmap, "
			    "pread, openat): try it with --model under the same filter",
			    status_field(process, "NoNewPrivs") == 1 ? " (and no_new_privs)" : "");
}

static void judge_preload(struct doctor_report *report, const struct process *process, const char *preload)
{
	bool wanted = preload != NULL && strstr(preload, "libctshim.so") != NULL;
	if (process->has_library && process->replaced)
		doctor_find(report, DOCTOR_NOTE, "library-replaced", process->name,
			    "runs under a libctshim.so whose file was replaced since: it goes on with the old one");
	if (process->has_library && !wanted)
		doctor_find(report, DOCTOR_NOTE, "preload-lost", process->name,
			    "has the library, but was not started with it in LD_PRELOAD: programs that it starts "
			    "may not");
	if (process->has_library)
		return;
	if (doctor_has(report, DOCTOR_PROBLEM))
		return; /* which says why */
	if (wanted)
		doctor_find(report, DOCTOR_PROBLEM, "preload-lost", process->name,
			    "was started with LD_PRELOAD=%s, yet the library is not in it: is the path right, in its "
			    "own file system, and the file readable for it?", preload);
	else
		doctor_find(report, DOCTOR_PROBLEM, "preload-absent", process->name,
			    "runs without the library: start it anew by ctshim run");
}

/* False when nothing can be preloaded into it. */
static bool judge_program(struct doctor_report *report, const struct process *process)
{
	char path[64];
	struct elf_image image;
	struct ct_error err;
	snprintf(path, sizeof path, "/proc/%d/exe", (int)process->pid);
	if (elf_image_open(&image, path, &err) < 0) {
		doctor_find(report, DOCTOR_PROBLEM, "unreadable", process->name, "its program: %s", err.message);
		return false;
	}
	const struct obstacle *obstacle = executable_elf_obstacle(&image.kind);
	if (obstacle != NULL)
		doctor_find(report, DOCTOR_PROBLEM, obstacle->id, process->program, "%s", obstacle->text);
	if (image.kind.interpreter[0] != '\0')
		report->loader = strdup(image.kind.interpreter);
	elf_image_close(&image);
	return obstacle == NULL;
}

void doctor_process(struct doctor_report *report, pid_t pid)
{
	struct process process = {.pid = pid};
	char path[64];
	report->kind = DOCTOR_PROCESS;
	report->pid = pid;
	snprintf(process.name, sizeof process.name, "process %d", (int)pid);
	snprintf(process.root, sizeof process.root, "/proc/%d/root", (int)pid);
	snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
	ssize_t len = readlink(path, process.program, sizeof process.program - 1);
	if (len <= 0) {
		doctor_find(report, DOCTOR_PROBLEM, "unreadable", process.name,
			    errno == EACCES || errno == EPERM
				    ? "cannot be looked at: do it as its owner, or as root"
				    : "has no program: a thread of the kernel, or just ended");
		return;
	}
	process.program[len] = '\0';
	char *gone = strstr(process.program, " (deleted)");
	if (gone != NULL)
		*gone = '\0';
	report->path = strdup(process.program);
	char *preload = read_preload(&process);
	judge_limits(report, &process);
	if (judge_program(report, &process)) {
		read_maps(report, &process);
		judge_preload(report, &process, preload);
		doctor_preloads(report, preload, process.root);
	}
	free(preload);
}
