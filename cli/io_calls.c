#include "io_calls.h"

#include <string.h>

/* Only the names of the library's list matter here. */
#define HOOK(result, name, parameters) {#name, IO_SERVED, false, NULL},
#define ALIAS(name, hook) {#name, IO_SERVED, false, NULL},
#define IO_FINE(name) {#name, IO_HARMLESS, false, NULL},
#define IO_PAST(name, memfd, text) {#name, IO_PASSES, memfd, text},

/* The first of a name counts. */
static const struct io_call calls[] = {
#include "../preload/hooks.def"
#include "io_calls.def"
};

const struct io_call *io_call_find(const char *name)
{
	if (name[0] == '_' && name[1] == 'Z') /* C++: most names of large libraries */
		return NULL;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	return NULL;
}

bool io_call_hooked(const char *name)
{
	const struct io_call *call = io_call_find(name);
	return call != NULL && call->fate == IO_SERVED;
}

bool io_call_reads(const char *name)
{
	static const char *const parts[] = {"open", "creat", "read", "mmap", "sendfile", "copy_file", "splice"};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strstr(name, parts[i]) != NULL)
			return true;
	return false;
}
