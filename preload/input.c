#include "input.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static atomic_bool kept_away;

void shim_input_keep_stream(bool away)
{
	if (away && stdin != NULL && stdin->_fileno == STDIN_FILENO) {
		stdin->_fileno = -1;
		atomic_store(&kept_away, true);
	} else if (!away && atomic_exchange(&kept_away, false) && stdin->_fileno == -1) {
		stdin->_fileno = STDIN_FILENO;
	}
}

static bool reads_stream(const char *symbol)
{
	static const char *const names[] = {"stdin", "getchar", "getchar_unlocked", "gets", "scanf",
					    "vscanf", "__isoc99_scanf", "__isoc99_vscanf", "__isoc23_scanf",
					    "__isoc23_vscanf", "getwchar", "getwchar_unlocked", "wscanf",
					    "__isoc99_wscanf", "__isoc23_wscanf"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(symbol, names[i]) == 0)
			return true;
	return false;
}

static bool holds(const struct dl_phdr_info *object, const void *address)
{
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + segment->p_vaddr;
		if (segment->p_type == PT_LOAD && (uintptr_t)address - start < segment->p_memsz)
			return true;
	}
	return false;
}

/* Whether the object imports one of the names. Symbols that it imports stand before those that its hash
 * table knows. */
static bool imports(const struct dl_phdr_info *object)
{
	const ElfW(Dyn) *dynamic = NULL;
	const ElfW(Sym) *symbols = NULL;
	const char *strings = NULL;
	const uint32_t *gnu_hash = NULL;
	for (int i = 0; i < object->dlpi_phnum; i++)
		if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
	for (; dynamic != NULL && dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_SYMTAB)
			symbols = (const void *)dynamic->d_un.d_ptr;
		else if (dynamic->d_tag == DT_STRTAB)
			strings = (const void *)dynamic->d_un.d_ptr;
		else if (dynamic->d_tag == DT_GNU_HASH)
			gnu_hash = (const void *)dynamic->d_un.d_ptr;
	}
	/* The vdso's addresses are not relocated; it imports nothing either. */
	if (symbols == NULL || strings == NULL || (uintptr_t)symbols < object->dlpi_addr)
		return false;
	if (gnu_hash == NULL)
		return true; /* an older table: better memory spent than ciphertext read */
	uint32_t imported = gnu_hash[1];
	for (uint32_t i = 1; i < imported; i++)
		if (symbols[i].st_shndx == SHN_UNDEF && reads_stream(strings + symbols[i].st_name))
			return true;
	return false;
}

static int look(struct dl_phdr_info *object, size_t size, void *context)
{
	bool *uses = context;
	(void)size;
	if (holds(object, (const void *)&kept_away)) /* this library itself */
		return 0;
	/* A program that was linked at a fixed place holds libc's variable itself. */
	void *variable = dlsym(RTLD_DEFAULT, "stdin"), *libc = dlsym(RTLD_DEFAULT, "getchar");
	bool owns = holds(object, variable) && !holds(object, libc);
	*uses = owns || imports(object);
	return *uses;
}

bool shim_input_uses_stream(void)
{
	bool uses = false;
	dl_iterate_phdr(look, &uses);
	return uses;
}
