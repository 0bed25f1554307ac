#include "executable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { SCRIPTS_MAX = 4 }; /* as many as the kernel follows */

static bool can_execute(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return false;
	if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0) {
		errno = EACCES;
		return false;
	}
	return true;
}

char *executable_find(const char *command)
{
	const char *path = getenv("PATH");
	int problem = ENOENT;
	if (strchr(command, '/') != NULL)
		return can_execute(command) ? strdup(command) : NULL;
	if (command[0] == '\0') {
		errno = ENOENT;
		return NULL;
	}
	for (const char *at = path != NULL ? path : "/bin:/usr/bin"; at != NULL;) {
		const char *end = strchr(at, ':');
		int len = (int)(end != NULL ? end - at : (long)strlen(at));
		char *candidate;
		if (asprintf(&candidate, "%.*s%s%s", len, at, len > 0 ? "/" : "", command) < 0)
			return NULL;
		if (can_execute(candidate))
			return candidate;
		if (errno == EACCES)
			problem = EACCES;
		free(candidate);
		at = end != NULL ? end + 1 : NULL;
	}
	errno = problem;
	return NULL;
}

/* ld.so ignores LD_PRELOAD for programs that gain privileges. */
const struct obstacle *executable_mode_obstacle(const char *path)
{
	static const struct obstacle set_id = {
		"privileges",
		"gains privileges (set-user-ID or set-group-ID), ld.so preloads nothing into it: run a copy without "
		"these mode bits",
	};
	static const struct obstacle capabilities = {
		"privileges",
		"gains privileges (file capabilities), ld.so preloads nothing into it: run a copy without them, or "
		"give them to the service instead",
	};
	struct stat st;
	if (stat(path, &st) < 0)
		return NULL;
	if (((st.st_mode & S_ISUID) != 0 && st.st_uid != getuid())
	    || ((st.st_mode & S_ISGID) != 0 && st.st_gid != getgid()))
		return &set_id;
	if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return &capabilities;
	return NULL;
}

static bool has_name(const char *path, const char *beginning)
{
	const char *slash = strrchr(path, '/');
	return strncmp(slash != NULL ? slash + 1 : path, beginning, strlen(beginning)) == 0;
}

bool executable_musl(const char *interpreter)
{
	return has_name(interpreter, "ld-musl");
}

bool executable_glibc(const char *interpreter)
{
	return has_name(interpreter, "ld-linux") || has_name(interpreter, "ld64.so");
}

const struct obstacle *executable_elf_obstacle(const struct elf_image *image)
{
	static const struct obstacle
		narrow = {"architecture", "is a 32-bit program, the library is for 64 bits: use the 64-bit one"},
		foreign = {"architecture", "is for another kind of processor than the library: use this machine's"},
		go = {"go", "is written in Go, which makes system calls of its own, past libc and the library: decrypt "
			    "the model for it"},
		unlinked = {"static", "is statically linked, the library cannot reach it: decrypt the model for it"},
		musl = {"musl", "is linked with musl, the library needs glibc: use a build for glibc"};
	if (image->header.e_ident[EI_CLASS] == ELFCLASS32)
		return &narrow;
	if (!image->native)
		return &foreign;
	if (image->go)
		return &go;
	if (image->interpreter[0] == '\0')
		return &unlinked;
	if (executable_musl(image->interpreter))
		return &musl;
	return NULL;
}

int executable_script(int fd, char line[static SCRIPT_LINE], char *words[static 2])
{
	ssize_t got = pread(fd, line, SCRIPT_LINE - 1, 0);
	line[got > 0 ? got : 0] = '\0';
	if (strncmp(line, "#!", 2) != 0)
		return 0;
	line[strcspn(line, "\r\n")] = '\0';
	char *at = line + 2;
	at += strspn(at, " \t");
	words[0] = at;
	at += strcspn(at, " \t");
	if (*at != '\0')
		*at++ = '\0';
	at += strspn(at, " \t");
	words[1] = at;
	for (size_t len = strlen(at); len > 0 && strchr(" \t", at[len - 1]) != NULL; len--)
		at[len - 1] = '\0';
	return words[0][0] == '\0' ? 0 : words[1][0] == '\0' ? 1 : 2;
}

static const struct obstacle *obstacle(const char *path, int depth)
{
	char line[SCRIPT_LINE], *words[2];
	struct elf_image image;
	struct ct_error unused;
	const struct obstacle *found = executable_mode_obstacle(path);
	if (found != NULL)
		return found;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL; /* one may be allowed to execute a file and not to read it */
	if (executable_script(fd, line, words) > 0) {
		close(fd);
		return depth < SCRIPTS_MAX ? obstacle(words[0], depth + 1) : NULL;
	}
	if (elf_image_from(&image, fd, &unused) < 0)
		return NULL; /* the kernel will say so */
	found = executable_elf_obstacle(&image);
	elf_image_close(&image);
	return found;
}

const struct obstacle *executable_obstacle(const char *path)
{
	return obstacle(path, 0);
}
