/* Can a preloaded library reach a program? ld.so goes on in silence where it cannot. */
#ifndef CT_EXECUTABLE_H
#define CT_EXECUTABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "elf_image.h"

/* Why it cannot. Static. */
struct obstacle {
	const char *id;   /* a word for programs */
	const char *text; /* "is statically linked, ...: what to do", to follow a name */
};

/* Where execvp() would find `command`: the path, which the caller frees. NULL with errno: ENOENT when it
 * is nowhere, EACCES when it is there and cannot be executed, ENOMEM. */
char *executable_find(const char *command);

/* NULL when a library that is made like this program can be preloaded into the program at `path` (for a
 * script: into its interpreter), or when that cannot be told. */
const struct obstacle *executable_obstacle(const char *path);

/* The same for what is told by the file alone: of an ELF file, and of its mode and capabilities. The latter
 * counts for the user who asks. */
const struct obstacle *executable_elf_obstacle(const struct elf_image *image);
const struct obstacle *executable_mode_obstacle(const char *path);

/* The words of the "#!" line of an open file. Returns their number, 0 when it is no script: the interpreter and,
 * in one piece as the kernel hands it on, its argument. They lie in `line`. */
enum { SCRIPT_LINE = 4096 };
int executable_script(int fd, char line[static SCRIPT_LINE], char *words[static 2]);

/* Is this the loader's file name of musl, of glibc? */
bool executable_musl(const char *interpreter);
bool executable_glibc(const char *interpreter);

#endif
