/* The open family. */
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>

#include "real.h"
#include "recognise.h"

/* Does this open take a mode? (open(2): O_CREAT, and both bits of O_TMPFILE.) */
static int takes_mode(int flags)
{
	return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

#define MODE(flags)                                          \
	mode_t mode = 0;                                     \
	if (takes_mode(flags)) {                             \
		va_list args;                                \
		va_start(args, flags);                       \
		mode = (mode_t)va_arg(args, unsigned);       \
		va_end(args);                                \
	}

SHIM_HOOK int open(const char *path, int flags, ...)
{
	MODE(flags)
	return shim_opened(shim_real.open(path, flags, mode), flags);
}
SHIM_ALIAS(open64, open);
SHIM_ALIAS(__open, open);
SHIM_ALIAS(__open64, open);

SHIM_HOOK int __open_2(const char *path, int flags)
{
	return shim_opened(shim_real.__open_2(path, flags), flags);
}
SHIM_ALIAS(__open64_2, __open_2);

SHIM_HOOK int openat(int dir, const char *path, int flags, ...)
{
	MODE(flags)
	return shim_opened(shim_real.openat(dir, path, flags, mode), flags);
}
SHIM_ALIAS(openat64, openat);

SHIM_HOOK int __openat_2(int dir, const char *path, int flags)
{
	return shim_opened(shim_real.__openat_2(dir, path, flags), flags);
}
SHIM_ALIAS(__openat64_2, __openat_2);

SHIM_HOOK int creat(const char *path, mode_t mode)
{
	return shim_opened(shim_real.creat(path, mode), O_WRONLY | O_CREAT | O_TRUNC);
}
SHIM_ALIAS(creat64, creat);

SHIM_HOOK int open_by_handle_at(int mount, struct file_handle *handle, int flags)
{
	return shim_opened(shim_real.open_by_handle_at(mount, handle, flags), flags);
}

SHIM_HOOK int shm_open(const char *name, int flags, mode_t mode)
{
	return shim_opened(shim_real.shm_open(name, flags, mode), flags);
}
