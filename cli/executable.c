#include "executable.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
#else
enum { MACHINE = EM_NONE };
#endif

enum { NOTES_MAX = 4096, SCRIPTS_MAX = 4 }; /* as many as the kernel follows */

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

static bool is_musl(const char *interpreter)
{
	const char *slash = strrchr(interpreter, '/');
	return strncmp(slash != NULL ? slash + 1 : interpreter, "ld-musl", 7) == 0;
}

/* The Go tool chain's note: its name is "Go", its type 4. */
static bool has_go_note(int fd, const Elf64_Phdr *segment)
{
	static const char note[] = {4, 0, 0, 0, 'G', 'o', 0, 0};
	char bytes[NOTES_MAX];
	ssize_t len = pread(fd, bytes, segment->p_filesz < sizeof bytes ? segment->p_filesz : sizeof bytes,
			    (off_t)segment->p_offset);
	return len > 0 && memmem(bytes, (size_t)len, note, sizeof note) != NULL;
}

static void read_segments(struct executable *file, int fd, const Elf64_Ehdr *header)
{
	Elf64_Phdr segment;
	for (unsigned i = 0; i < header->e_phnum; i++) {
		off_t at = (off_t)(header->e_phoff + (Elf64_Off)i * header->e_phentsize);
		if (pread(fd, &segment, sizeof segment, at) != sizeof segment)
			return;
		if (segment.p_type == PT_NOTE && has_go_note(fd, &segment))
			file->go = true;
		if (segment.p_type != PT_INTERP)
			continue;
		size_t room = sizeof file->interpreter - 1;
		ssize_t len = pread(fd, file->interpreter, segment.p_filesz < room ? segment.p_filesz : room,
				    (off_t)segment.p_offset);
		file->interpreter[len > 0 ? len : 0] = '\0';
	}
}

void executable_read(struct executable *file, int fd)
{
	Elf64_Ehdr header; /* the beginning of a 32-bit one is the same */
	*file = (struct executable){.elf = false};
	memset(&header, 0, sizeof header);
	if (pread(fd, &header, sizeof header, 0) < (ssize_t)sizeof(Elf32_Ehdr)
	    || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return;
	file->elf = true;
	file->narrow = header.e_ident[EI_CLASS] == ELFCLASS32;
	file->native = header.e_ident[EI_CLASS] == ELFCLASS64 && (MACHINE == EM_NONE || header.e_machine == MACHINE);
	if (file->native)
		read_segments(file, fd, &header);
}

const struct obstacle *executable_elf_obstacle(const struct executable *file)
{
	static const struct obstacle
		narrow = {"architecture", "is a 32-bit program, the library is for 64 bits: use the 64-bit one"},
		foreign = {"architecture", "is for another kind of processor than the library: use this machine's"},
		go = {"go", "is written in Go, which makes system calls of its own, past libc and the library: decrypt "
			    "the model for it"},
		unlinked = {"static", "is statically linked, the library cannot reach it: decrypt the model for it"},
		musl = {"musl", "is linked with musl, the library needs glibc: use a build for glibc, or decrypt the model "
			"for it"};
	if (file->narrow)
		return &narrow;
	if (!file->native)
		return &foreign;
	if (file->go)
		return &go;
	if (file->interpreter[0] == '\0')
		return &unlinked;
	if (is_musl(file->interpreter))
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
	struct executable file;
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
	executable_read(&file, fd);
	close(fd);
	return file.elf ? executable_elf_obstacle(&file) : NULL; /* what is none, the kernel will say */
}

const struct obstacle *executable_obstacle(const char *path)
{
	return obstacle(path, 0);
}
