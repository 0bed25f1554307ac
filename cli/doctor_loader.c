/* Questions to the dynamic loader: what would it load? It maps the files, and runs nothing of them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"
#include "executable.h"
#include "launch.h"

enum { LISTING = 256 * 1024 };

/* No other loader is started: a program may name any file as its own. */
static const char *const loaders[] = {
	"/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
	"/lib/ld-linux-aarch64.so.1",  "/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1",
};

static const char *known_loader(const char *path)
{
	for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++)
		if (strcmp(path, loaders[i]) == 0)
			return loaders[i];
	return NULL;
}

/* In the child: nothing of our environment but where libraries are, and limits that stop a loader that a damaged
 * file leads astray. */
_Noreturn static void run_loader(const char *loader, const char *path, const char *preload, int out)
{
	char *argv[] = {(char *)loader, (char *)"--list", (char *)path, NULL};
	char *env[3] = {NULL}, *value;
	const char *libraries = getenv("LD_LIBRARY_PATH");
	size_t count = 0;
	if (libraries != NULL && asprintf(&value, "LD_LIBRARY_PATH=%s", libraries) >= 0)
		env[count++] = value;
	if (preload != NULL && asprintf(&value, "LD_PRELOAD=%s", preload) >= 0)
		env[count++] = value;
	alarm(60);
	setrlimit(RLIMIT_CPU, &(struct rlimit){10, 10});
	setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	setrlimit(RLIMIT_AS, &(struct rlimit){(rlim_t)64 << 30, (rlim_t)64 << 30});
	int null = open("/dev/null", O_RDWR);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0
	    && dup2(out, STDERR_FILENO) >= 0)
		execve(loader, argv, env);
	_exit(127);
}

/* What the loader says of `path`, NUL-terminated text that the caller frees; NULL when it cannot be asked. *status is
 * as from waitpid(). */
static char *ask_loader(const char *loader, const char *path, const char *preload, int *status)
{
	int ends[2];
	size_t len = 0;
	char *text = malloc(LISTING);
	if (text == NULL || pipe2(ends, O_CLOEXEC) < 0) {
		free(text);
		return NULL;
	}
	pid_t child = fork();
	if (child == 0)
		run_loader(loader, path, preload, ends[1]);
	close(ends[1]);
	while (child > 0 && len < LISTING - 1) {
		ssize_t got = read(ends[0], text + len, LISTING - 1 - len);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	close(ends[0]);
	text[len] = '\0';
	while (child > 0 && waitpid(child, status, 0) < 0)
		if (errno != EINTR)
			child = -1;
	if (child < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* "	libc.so.6 => /lib/libc.so.6 (0x...)", "	/lib/ld.so (0x...)"; or what is wrong. */
static void read_line(struct doctor_report *report, const char *path, char *line)
{
	static const char words[] = "error while loading shared libraries: ";
	char *target = line + strspn(line, "\t "), *arrow = strstr(line, " => "), *error = strstr(line, words), *end;
	if (line[0] != '\t' && error != NULL) {
		error += sizeof words - 1;
		if (strstr(error, "cannot open shared object file") != NULL)
			doctor_find(report, DOCTOR_PROBLEM, "library-missing", path,
				    "it cannot start: %s: install it, or correct LD_LIBRARY_PATH", error);
		else
			doctor_find(report, DOCTOR_PROBLEM, "not-loadable", path, "ld.so cannot load it: %s", error);
	}
	if (arrow != NULL)
		target = arrow + 4;
	if (line[0] != '\t' || target[0] != '/' || (end = strstr(target, " (0x")) == NULL)
		return;
	*end = '\0';
	doctor_object(report, target, target, false);
}

/* Does what the loader said show that it did not load `library`? Then `reason` has its words. */
static bool refusal(const char *said, const char *library, char reason[static 300])
{
	static const char words[] = "cannot be preloaded (", error[] = "error while loading shared libraries: ";
	const char *at = strstr(said, library), *end;
	if (at != NULL && strncmp(at + strlen(library), " (0x", 4) == 0)
		return false;
	if (strstr(said, "statically linked") != NULL) /* a library that needs no other: nothing was tried */
		return false;
	if (at != NULL && (at = strstr(at, words)) != NULL && (end = strstr(at, "): ignored")) != NULL) {
		at += sizeof words - 1;
	} else {
		at = strstr(said, error);
		at = at != NULL ? at + sizeof error - 1 : said;
		end = at + strcspn(at, "\n");
	}
	snprintf(reason, 300, "%.*s", (int)(end - at), at);
	return true;
}

/* With our library in front: it brings libraries of its own, which are none of the program's. */
static void try_library(struct doctor_report *report, const char *loader, const char *path)
{
	int status;
	char reason[300], *said = ask_loader(loader, path, report->library, &status);
	if (said != NULL && refusal(said, report->library, reason))
		doctor_find(report, DOCTOR_PROBLEM, "library-refused", path, "ld.so does not load %s for it: %s",
			    report->library, reason);
	free(said);
}

void doctor_libraries(struct doctor_report *report, const char *path)
{
	int status = 0;
	char *save = NULL;
	const char *loader = known_loader(report->loader != NULL ? report->loader : loaders[0]);
	if (loader == NULL || access(loader, X_OK) < 0) {
		doctor_find(report, DOCTOR_WARNING, "loader", path,
			    "its loader %s is not one of glibc's in its usual place: which libraries it loads is not "
			    "known: look at its process", report->loader != NULL ? report->loader : "");
		return;
	}
	char *said = ask_loader(loader, path, getenv("LD_PRELOAD"), &status);
	if (said == NULL) {
		report->failed = true;
		return;
	}
	for (char *line = strtok_r(said, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
		read_line(report, path, line);
	if (WIFSIGNALED(status))
		doctor_find(report, DOCTOR_PROBLEM, "not-loadable", path,
			    "ld.so cannot load it (it ends with signal %d): is the file damaged?", WTERMSIG(status));
	free(said);
	if (report->library != NULL && !doctor_has(report, DOCTOR_PROBLEM))
		try_library(report, loader, path);
}

void doctor_own_library(struct doctor_report *report, char *path)
{
	struct ct_error err;
	char reason[300], *said = NULL, *before = NULL;
	char *self = realpath("/proc/self/exe", NULL); /* for the loader, that is the loader */
	int status;
	if (launch_find_library(path, &err) < 0) {
		doctor_find(report, DOCTOR_PROBLEM, "library", "libctshim.so", "%s", err.message);
		free(self);
		return;
	}
	for (size_t i = 0; said == NULL && self != NULL && i < sizeof loaders / sizeof *loaders; i++)
		if (access(loaders[i], X_OK) == 0)
			said = ask_loader(loaders[i], self, path, &status);
	free(self);
	if (said != NULL && refusal(said, path, reason)) {
		doctor_find(report, DOCTOR_PROBLEM, "library", path, "ld.so cannot load it: %s: install it anew",
			    reason);
		free(said);
		return;
	}
	free(said);
	if (getenv("LD_PRELOAD") != NULL)
		before = strdup(getenv("LD_PRELOAD"));
	unsetenv("LD_PRELOAD"); /* what else it names is another matter */
	if (launch_preload(path, &err) < 0 || launch_check(path, &err) < 0)
		doctor_find(report, DOCTOR_PROBLEM, "library", path, "%s: install it anew", err.message);
	else
		report->library = path;
	if (before != NULL)
		setenv("LD_PRELOAD", before, 1);
	else
		unsetenv("LD_PRELOAD");
	free(before);
}
