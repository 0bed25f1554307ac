/* What machine code alone tells of a program or library: system calls of its own, and libraries opened apart from
 * others. A heuristic: it looks for the few instructions that compilers write for such a call, and not at how control
 * gets there. On other machines than x86-64 and aarch64 nothing is found. */
#ifndef CT_ELF_CODE_H
#define CT_ELF_CODE_H

#include "elf_image.h"

/* Kinds of system calls that concern files' contents, as bits. */
enum {
	CODE_OPENS = 1,    /* open and its kin */
	CODE_READS = 2,    /* read, pread, readv, mmap, sendfile and their kin */
	CODE_URING = 4,    /* io_uring_setup */
	CODE_AIO = 8,      /* io_submit */
};

struct elf_code {
	unsigned calls;     /* the bits above */
	char first[32];     /* the name of one of them, "" when there is none */
	unsigned count;     /* places */
	unsigned deep_binds; /* calls of dlopen() with RTLD_DEEPBIND */
};

void elf_code_scan(struct elf_code *code, const struct elf_image *image);

#endif
