#include "log.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "raw.h"

/* To a reader that is gone: the program is not to die of it. */
static void write_line(int fd, const char *line)
{
	const uint64_t set = UINT64_C(1) << (SIGPIPE - 1);
	const struct timespec at_once = {0, 0};
	uint64_t before, pending = 0;
	SHIM_RAW(SYS_rt_sigprocmask, SIG_BLOCK, &set, &before, 8, 0, 0);
	SHIM_RAW(SYS_rt_sigpending, &pending, 8, 0, 0, 0, 0);
	if (raw_write(fd, line, strlen(line)) == -EPIPE && (pending & set) == 0)
		SHIM_RAW(SYS_rt_sigtimedwait, &set, NULL, &at_once, 8, 0, 0);
	SHIM_RAW(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, 8, 0, 0);
}

static void say(const char *file, const char *format, va_list args)
{
	int saved = errno;
	char line[6144];
	int len = snprintf(line, sizeof line, "ctshim: %.4096s: ", file);
	for (int i = 0; i < len; i++) /* a file's name may hold anything */
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	vsnprintf(line + len, sizeof line - (size_t)len - 1, format, args);
	strcat(line, "\n");

	const char *path = getenv("CTSHIM_LOG_FILE");
	int fd = 2;
	if (path != NULL && *path != '\0')
		fd = raw_openat(AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	write_line(fd >= 0 ? fd : 2, line);
	if (fd > 2)
		raw_close(fd);
	errno = saved;
}

void shim_say(const char *file, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	say(file, format, args);
	va_end(args);
}

void shim_log(enum shim_level level, const char *file, const char *format, ...)
{
	va_list args;
	if (level > shim_config_level())
		return;
	va_start(args, format);
	say(file, format, args);
	va_end(args);
}
