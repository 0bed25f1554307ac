/* What the shim has to say: one line a time, on stderr or in the file that CTSHIM_LOG_FILE names.
 * Nothing at all when all is well, unless CTSHIM_LOG asks for it. errno is untouched. */
#ifndef SHIM_LOG_H
#define SHIM_LOG_H

#include "config.h"

/* "ctshim: FILE: message", whatever CTSHIM_LOG says: what the program's user has asked for. */
void shim_say(const char *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "ctshim: FILE: message". */
void shim_log(enum shim_level level, const char *file, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
