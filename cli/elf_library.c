#include "elf_library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static struct elf_library library;

static bool load(void)
{
	void *handle = dlopen("libelf.so.1", RTLD_NOW | RTLD_LOCAL), *found;
	if (handle == NULL)
		return false;
#define X(name)                                                                                            \
	if ((found = dlsym(handle, #name)) == NULL)                                                        \
		return false;                                                                              \
	memcpy(&library.name, &found, sizeof found);
	ELF_FUNCTIONS(X)
#undef X
	library.elf_version(EV_CURRENT);
	return true;
}

const struct elf_library *elf_library(void)
{
	static bool tried, loaded;
	if (!tried)
		loaded = load();
	tried = true;
	return loaded ? &library : NULL;
}
