#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "raw.h"

void shim_log(enum shim_level level, const char *file, const char *format, ...)
{
	int saved = errno;
	char line[6144];
	va_list args;
	if (level > shim_config_level())
		return;
	int len = snprintf(line, sizeof line, "ctshim: %.4096s: ", file);
	for (int i = 0; i < len; i++) /* a file's name may hold anything */
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	va_start(args, format);
	vsnprintf(line + len, sizeof line - (size_t)len - 1, format, args);
	va_end(args);
	strcat(line, "\n");

	const char *path = getenv("CTSHIM_LOG_FILE");
	int fd = 2;
	if (path != NULL && *path != '\0')
		fd = raw_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	raw_write(fd >= 0 ? fd : 2, line, strlen(line));
	if (fd > 2)
		raw_close(fd);
	errno = saved;
}
