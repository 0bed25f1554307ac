#include "executable.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { SCRIPTS_MAX = 4, HEAD = 4096 };

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
static bool gains_privileges(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return false;
	return ((st.st_mode & S_ISUID) != 0 && st.st_uid != getuid())
	       || ((st.st_mode & S_ISGID) != 0 && st.st_gid != getgid())
	       || (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0);
}

static const char *interpreter_obstacle(int fd, const ElfW(Phdr) *segment)
{
	char name[256] = "";
	size_t len = segment->p_filesz < sizeof name ? segment->p_filesz : sizeof name - 1;
	if (pread(fd, name, len, (off_t)segment->p_offset) < 0)
		return NULL;
	if (strstr(name, "ld-musl") != NULL)
		return "is linked with musl, the library needs glibc";
	return NULL;
}

static const char *elf_obstacle(int fd, const ElfW(Ehdr) *header)
{
	static const ElfW(Half) machine =
#if defined(__x86_64__)
		EM_X86_64;
#elif defined(__aarch64__)
		EM_AARCH64;
#else
		EM_NONE;
#endif
	if (header->e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)
	    || (machine != EM_NONE && header->e_machine != machine))
		return "is for another kind of processor than the library";
	for (unsigned i = 0; i < header->e_phnum; i++) {
		ElfW(Phdr) segment;
		off_t at = (off_t)(header->e_phoff + (ElfW(Off))i * header->e_phentsize);
		if (pread(fd, &segment, sizeof segment, at) != sizeof segment)
			return NULL;
		if (segment.p_type == PT_INTERP)
			return interpreter_obstacle(fd, &segment);
	}
	return "is statically linked, the library cannot reach it: decrypt the model for it";
}

/* The interpreter that a script's first line names, NUL-terminated in place; NULL when none. */
static char *script_interpreter(char *head)
{
	char *at = head + 2;
	at += strspn(at, " \t");
	at[strcspn(at, " \t\r\n")] = '\0';
	return at[0] != '\0' ? at : NULL;
}

static const char *obstacle(const char *path, int depth)
{
	char head[HEAD + 1];
	const char *found = NULL;
	if (gains_privileges(path))
		return "gains privileges (set-user-ID or the like), ld.so preloads nothing into it";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL; /* one may be allowed to execute a file and not to read it */
	ssize_t got = pread(fd, head, HEAD, 0);
	head[got > 0 ? got : 0] = '\0';
	if (got >= (ssize_t)sizeof(ElfW(Ehdr)) && memcmp(head, ELFMAG, SELFMAG) == 0) {
		ElfW(Ehdr) header;
		memcpy(&header, head, sizeof header);
		found = elf_obstacle(fd, &header);
	} else if (got > 2 && head[0] == '#' && head[1] == '!' && depth < SCRIPTS_MAX) {
		char *interpreter = script_interpreter(head);
		if (interpreter != NULL)
			found = obstacle(interpreter, depth + 1);
	}
	close(fd);
	return found;
}

const char *executable_obstacle(const char *path)
{
	return obstacle(path, 0);
}
