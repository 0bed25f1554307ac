/* Programs as files: ELF, scripts, and commands that run others. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "doctor.h"
#include "executable.h"

enum { DEPTH_MAX = 8 };

static void examine_file(struct doctor_report *report, const char *path, int depth);

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash != NULL ? slash + 1 : path;
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* What holds for others than the user who asks. */
static void note_privileges(struct doctor_report *report, const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && (st.st_mode & (S_ISUID | S_ISGID)) != 0)
		doctor_find(report, DOCTOR_WARNING, "privileges", path,
			    "is set-user-ID or set-group-ID: for other users ld.so preloads nothing into it");
	else if (getxattr(path, "security.capability", NULL, 0) > 0)
		doctor_find(report, DOCTOR_WARNING, "privileges", path,
			    "has file capabilities: for users other than root ld.so preloads nothing into it");
}

static void examine_elf(struct doctor_report *report, const char *path, const struct elf_image *image)
{
	const struct obstacle *obstacle;
	bool shared = image->kind.native && image->header.e_type == ET_DYN && image->kind.interpreter[0] == '\0'
		      && image->dynamic && !image->pie;
	if (image->header.e_type != ET_DYN && image->header.e_type != ET_EXEC) {
		doctor_find(report, DOCTOR_PROBLEM, "not-a-program", path, "is an ELF file, but no program or library");
		return;
	}
	if (report->kind != DOCTOR_SCRIPT)
		report->kind = shared ? DOCTOR_LIBRARY : DOCTOR_PROGRAM;
	if (image->kind.interpreter[0] != '\0')
		report->loader = strdup(image->kind.interpreter);
	obstacle = executable_elf_obstacle(&image->kind);
	if (obstacle != NULL && !(shared && strcmp(obstacle->id, "static") == 0)) {
		doctor_find(report, DOCTOR_PROBLEM, obstacle->id, path, "%s", obstacle->text);
		return;
	}
	doctor_object(report, path, path, !shared);
	if (executable_mode_obstacle(path) == NULL)
		/* By its real name, as the kernel has it: $ORIGIN is where that is. */
		doctor_libraries(report, report->path != NULL ? report->path : path);
	doctor_preloads(report, getenv("LD_PRELOAD"), "");
}

/* Is a shell what the script names, itself or through env? */
static bool is_shell_script(char *const *words, int count)
{
	static const char *const shells[] = {"sh", "bash", "dash", "ksh", "mksh", "zsh", "ash", NULL};
	char text[SCRIPT_LINE], *save = NULL;
	if (strcmp(base_name(words[0]), "env") != 0)
		return is_one_of(base_name(words[0]), shells);
	snprintf(text, sizeof text, "%s", count > 1 ? words[1] : "");
	for (char *word = strtok_r(text, " \t", &save); word != NULL; word = strtok_r(NULL, " \t", &save))
		if (word[0] != '-' && strchr(word, '=') == NULL)
			return is_one_of(base_name(word), shells);
	return false;
}

static void examine_script(struct doctor_report *report, const char *path, char *const *words, int count, int depth)
{
	char *argv[2] = {count > 1 ? words[1] : NULL, NULL};
	report->kind = DOCTOR_SCRIPT;
	if (is_shell_script(words, count)) {
		doctor_find(report, DOCTOR_NOTE, "script", path,
			    "is a shell script: what it runs was not looked at, only the shell: give that itself");
		doctor_script_text(report, path);
	}
	if (strcmp(base_name(words[0]), "env") == 0)
		doctor_env(report, words[0], argv, depth + 1);
	else
		examine_file(report, words[0], depth + 1);
}

static void examine_file(struct doctor_report *report, const char *path, int depth)
{
	char line[SCRIPT_LINE], *words[2];
	struct elf_image image;
	struct ct_error err;
	struct stat st;
	if (depth > DEPTH_MAX) {
		doctor_find(report, DOCTOR_PROBLEM, "not-a-program", path, "too many interpreters of interpreters");
		return;
	}
	free(report->path);
	report->path = realpath(path, NULL);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		doctor_find(report, DOCTOR_PROBLEM, errno == ENOENT ? "not-found" : "unreadable", path,
			    "cannot open it (%s)%s", strerror(errno),
			    depth > 0 ? ": the script names it as its interpreter" : "");
		return;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		doctor_find(report, DOCTOR_PROBLEM, "not-a-program", path, "not a regular file: give a program");
		close(fd);
		return;
	}
	const struct obstacle *obstacle = executable_mode_obstacle(path);
	if (obstacle != NULL)
		doctor_find(report, DOCTOR_PROBLEM, obstacle->id, path, "%s", obstacle->text);
	else
		note_privileges(report, path);
	int count = executable_script(fd, line, words);
	if (count > 0) {
		close(fd);
		examine_script(report, path, words, count, depth);
	} else if (elf_image_from(&image, fd, &err) < 0) {
		doctor_find(report, DOCTOR_PROBLEM, "not-a-program", path,
			    "%s (a file for an interpreter goes behind it: ctshim doctor -- python3 %s)", err.message,
			    base_name(path));
	} else {
		examine_elf(report, path, &image);
		elf_image_close(&image);
	}
}

void doctor_file(struct doctor_report *report, const char *path)
{
	examine_file(report, path, 0);
}

/* Words of env's -S: blanks separate, quotes hold together. In place. */
static void split(char *text, char **words, size_t room)
{
	size_t count = 0;
	while (count + 1 < room) {
		text += strspn(text, " \t");
		if (*text == '\0')
			break;
		char *to = text, quote = '\0';
		words[count++] = text;
		for (; *text != '\0' && (quote != '\0' || strchr(" \t", *text) == NULL); text++) {
			if (*text == quote)
				quote = '\0';
			else if (quote == '\0' && (*text == '\'' || *text == '"'))
				quote = *text;
			else
				*to++ = *text;
		}
		bool more = *text != '\0';
		*to = '\0';
		text += more;
	}
	words[count] = NULL;
}

static void lose(struct doctor_report *report, const char *what)
{
	doctor_find(report, DOCTOR_PROBLEM, "environment", what,
		    "takes LD_PRELOAD away from what it runs: leave that out, or put ctshim run -- behind it");
}

static void run_command(struct doctor_report *report, char **argv, int depth)
{
	static const char *const own[] = {"sudo",        "su",     "doas",   "pkexec", "ssh",
					  "systemd-run", "docker", "podman", NULL};
	const char *name = base_name(argv[0]);
	char *path = executable_find(argv[0]);
	if (path == NULL) {
		doctor_find(report, DOCTOR_PROBLEM, "not-found", argv[0], "%s",
			    errno == ENOENT ? "command not found" : strerror(errno));
		return;
	}
	if (is_one_of(name, own) && argv[1] != NULL)
		doctor_find(report, DOCTOR_PROBLEM, "environment", name,
			    "runs programs in an environment of its own, without LD_PRELOAD: put ctshim run -- "
			    "behind it");
	if (strcmp(name, "env") == 0)
		doctor_env(report, path, argv + 1, depth + 1);
	else
		examine_file(report, path, depth);
	free(path);
}

void doctor_env(struct doctor_report *report, const char *env, char **argv, int depth)
{
	char *words[64];
	const char *value;
	bool lost = false;
	for (; *argv != NULL; argv++) {
		char *word = *argv;
		if (strcmp(word, "-i") == 0 || strcmp(word, "-") == 0 || strcmp(word, "--ignore-environment") == 0) {
			lost = true;
		} else if (strcmp(word, "-u") == 0 || strcmp(word, "--unset") == 0) {
			if (argv[1] == NULL)
				break;
			lost = lost || strcmp(*++argv, "LD_PRELOAD") == 0;
		} else if (strcmp(word, "-uLD_PRELOAD") == 0 || strcmp(word, "--unset=LD_PRELOAD") == 0) {
			lost = true;
		} else if (strncmp(word, "-S", 2) == 0 || strncmp(word, "-vS", 3) == 0
			   || strncmp(word, "--split-string", 14) == 0) {
			char *text = strchr(word, word[1] == '-' ? '=' : 'S');
			if (text == NULL || (text[1] == '\0' && argv[1] == NULL))
				break;
			split(text[1] != '\0' ? text + 1 : *++argv, words, sizeof words / sizeof *words);
			/* Without the arguments behind it: the program is what matters. */
			if (lost)
				lose(report, "env");
			doctor_env(report, env, words, depth + 1);
			return;
		} else if (strncmp(word, "LD_PRELOAD=", 11) == 0) {
			value = word + 11;
			lost = strstr(value, "libctshim.so") == NULL;
		} else if (word[0] != '-' && strchr(word, '=') == NULL) {
			break;
		}
	}
	if (lost)
		lose(report, "env");
	if (*argv == NULL)
		examine_file(report, env, depth);
	else if (depth > DEPTH_MAX)
		doctor_find(report, DOCTOR_PROBLEM, "not-a-program", *argv, "too many commands that run commands");
	else
		run_command(report, argv, depth);
}

void doctor_examine_command(struct doctor_report *report, char **argv)
{
	run_command(report, argv, 0);
}

void doctor_examine(struct doctor_report *report, const char *name)
{
	char directory[64];
	if (name[0] != '\0' && name[strspn(name, "0123456789")] == '\0') {
		snprintf(directory, sizeof directory, "/proc/%.20s", name);
		if (strlen(name) < 10 && access(directory, F_OK) == 0)
			doctor_process(report, (pid_t)strtol(name, NULL, 10));
		else
			doctor_find(report, DOCTOR_PROBLEM, "not-found", name,
				    "no process has this number (a file of this name is given as ./%s)", name);
		return;
	}
	char *path = strchr(name, '/') == NULL ? executable_find(name) : NULL;
	if (path == NULL && strchr(name, '/') == NULL && access(name, F_OK) < 0)
		doctor_find(report, DOCTOR_PROBLEM, "not-found", name, "neither a command on PATH nor a file");
	else
		examine_file(report, path != NULL ? path : name, 0);
	free(path);
}
