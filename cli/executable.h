/* Can a preloaded library reach a program? ld.so goes on in silence where it cannot. */
#ifndef CT_EXECUTABLE_H
#define CT_EXECUTABLE_H

#include <stddef.h>

/* Where execvp() would find `command`: the path, which the caller frees. NULL with errno: ENOENT when it
 * is nowhere, EACCES when it is there and cannot be executed, ENOMEM. */
char *executable_find(const char *command);

/* NULL when a library that is made like this program can be preloaded into the program at `path` (for a
 * script: into its interpreter), or when that cannot be told; else why it cannot, static text. */
const char *executable_obstacle(const char *path);

#endif
