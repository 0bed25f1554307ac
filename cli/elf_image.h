/* An ELF file on disk, through libelf. Files may be damaged: whatever cannot be read is not there. */
#ifndef CT_ELF_IMAGE_H
#define CT_ELF_IMAGE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "executable.h"

enum { ELF_NAME_MAX = 256 };

struct elf_image {
	int fd;
	Elf *elf;
	GElf_Ehdr header;
	struct executable kind; /* what follows is set only when it is native */
	bool dynamic;     /* it has a dynamic section */
	bool pie;         /* marked as a program that can lie anywhere */
	bool symbolic;    /* its own definitions win for itself: DF_SYMBOLIC */
	char soname[ELF_NAME_MAX];
};

/* Open `path`. CT_E_ARGUMENT when libelf is missing; CT_E_IO; CT_E_FORMAT when it is no ELF file or its header is
 * damaged. The caller closes it. */
int elf_image_open(struct elf_image *image, const char *path, struct ct_error *err);

/* The same from a descriptor, which the image takes over, also after a failure. */
int elf_image_from(struct elf_image *image, int fd, struct ct_error *err);

void elf_image_close(struct elf_image *image);

/* Each dynamic symbol, by its name without a version. False when the file has no table of them. */
typedef void elf_symbol_visit(void *context, const char *name, const GElf_Sym *symbol);
bool elf_image_symbols(const struct elf_image *image, elf_symbol_visit *visit, void *context);

/* Each symbol of the linker's own table, which stripped files lack. */
void elf_image_linker_symbols(const struct elf_image *image, elf_symbol_visit *visit, void *context);

/* Each relocation that names a dynamic symbol: the address that it fills in. */
typedef void elf_relocation_visit(void *context, const char *name, uint64_t address);
void elf_image_relocations(const struct elf_image *image, elf_relocation_visit *visit, void *context);

/* Each stretch of executable code, at its address. */
typedef void elf_code_visit(void *context, const uint8_t *code, size_t len, uint64_t address);
void elf_image_code(const struct elf_image *image, elf_code_visit *visit, void *context);

#endif
