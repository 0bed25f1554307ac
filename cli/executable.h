/* Can a preloaded library reach a program? ld.so goes on in silence where it cannot. */
#ifndef CT_EXECUTABLE_H
#define CT_EXECUTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Why it cannot. Static. */
struct obstacle {
	const char *id;   /* a word for programs */
	const char *text; /* "is statically linked, ...: what to do", to follow a name */
};

/* Where execvp() would find `command`: the path, which the caller frees. NULL with errno: ENOENT when it
 * is nowhere, EACCES when it is there and cannot be executed, ENOMEM. */
char *executable_find(const char *command);

/* What an ELF file's own header and program headers tell. */
struct executable {
	bool elf;    /* it is one; else nothing else is set */
	bool narrow; /* for 32 bits */
	bool native; /* for 64 bits and this machine; only then is what follows set */
	bool go;     /* it has the Go tool chain's note */
	char interpreter[256]; /* its dynamic loader; "" when it names none */
};

/* Read them from an open file. What is damaged is not there. */
void executable_read(struct executable *file, int fd);

/* NULL when a library that is made like this program can be preloaded into the program at `path` (for a
 * script: into its interpreter), or when that cannot be told. */
const struct obstacle *executable_obstacle(const char *path);

/* The same for what is told by the file alone: of an ELF file, and of its mode and capabilities. The latter
 * counts for the user who asks. */
const struct obstacle *executable_elf_obstacle(const struct executable *file);
const struct obstacle *executable_mode_obstacle(const char *path);

/* The words of the "#!" line of an open file. Returns their number, 0 when it is no script: the interpreter and,
 * in one piece as the kernel hands it on, its argument. They lie in `line`. */
enum { SCRIPT_LINE = 4096 };
int executable_script(int fd, char line[static SCRIPT_LINE], char *words[static 2]);

#endif
