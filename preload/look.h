/* The cheap look that every opened regular file gets: is it for us? */
#ifndef SHIM_LOOK_H
#define SHIM_LOOK_H

#include <stdbool.h>
#include <sys/stat.h>

enum shim_look {
	SHIM_LOOKS_OTHER,     /* nothing of ours */
	SHIM_LOOKS_PLAIN,     /* safetensors, and certainly not encrypted */
	SHIM_LOOKS_ENCRYPTED, /* to be parsed: encrypted, or encrypted and damaged */
};

/* What the beginning of the file that `fd` reads says; `st` is fstat's word on it. One pread for nearly every file. What
 * cannot be read in a sandbox counts as encrypted where it could be: whoever takes it further says what is in the way. */
enum shim_look shim_look_at(int fd, const struct stat *st);

/* Is it one of the kernel's own files, where a read may run a driver's code? They are not looked at. */
bool shim_look_is_kernels(int fd, const struct stat *st);

#endif
