/* libelf, loaded when the doctor wants it: on a machine that has none, all other commands work. */
#ifndef CT_ELF_LIBRARY_H
#define CT_ELF_LIBRARY_H

#include <gelf.h>

#define ELF_FUNCTIONS(X)                                                                                   \
	X(elf_version) X(elf_begin) X(elf_end) X(elf_kind) X(elf_getphdrnum) X(elf_getdata_rawchunk)       \
	X(elf_strptr) X(elf_getshdrstrndx) X(elf_nextscn) X(elf_getscn) X(elf_getdata) X(elf_rawdata)      \
	X(gelf_getehdr) X(gelf_getphdr) X(gelf_getdyn) X(gelf_getshdr) X(gelf_getsym) X(gelf_getrela)

struct elf_library {
#define X(name) __typeof__(&name) name;
	ELF_FUNCTIONS(X)
#undef X
};

/* NULL when it cannot be loaded. Not thread-safe. */
const struct elf_library *elf_library(void);

#endif
