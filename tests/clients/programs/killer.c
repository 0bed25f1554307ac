/* Preloaded into a program, kills it at the Nth call that changes files.
 *
 *   KILL_AT=N   which call (from 1); 0: none. KILL_COUNT=FILE: the number of calls is left there at exit.
 *   KILL_HOW    before: the call is not made; after: it is made, then death; half: a write gets to half of its
 *               sectors; power: as after, and of what was written and not brought to disk since, any
 *               sectors may be lost (KILL_SEED), as when the machine loses power.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { SECTOR = 512, RECORDS = 4096 };

static struct record {
	int fd;
	off_t at;
	size_t len;
	char *old; /* what was there, zeros where nothing was */
} records[RECORDS];
static int record_count, calls;

static const char *how(void)
{
	const char *value = getenv("KILL_HOW");
	return value != NULL ? value : "before";
}

static int is_last(void)
{
	const char *at = getenv("KILL_AT");
	return ++calls == (at != NULL ? atoi(at) : 0);
}

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static ssize_t real_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	ssize_t (*call)(int, const void *, size_t, off_t) = real("pwrite");
	return call(fd, bytes, len, at);
}

static void lose_power(void)
{
	const char *seed = getenv("KILL_SEED");
	srandom(seed != NULL ? (unsigned)atoi(seed) : 0);
	while (record_count-- > 0) { /* the last one first, so that the first one's old bytes win */
		struct record *record = &records[record_count];
		for (size_t at = 0; at < record->len; at += SECTOR) {
			size_t len = record->len - at < SECTOR ? record->len - at : SECTOR;
			if (random() % 2 != 0)
				real_pwrite(record->fd, record->old + at, len, record->at + (off_t)at);
		}
	}
}

static void die(void)
{
	if (strcmp(how(), "power") == 0)
		lose_power();
	kill(getpid(), SIGKILL);
}

/* Around a call: dies before it or after it. */
#define CALL(result, expression)                                 \
	int last = is_last();                                    \
	if (last && strcmp(how(), "before") == 0)                \
		die();                                           \
	result = (expression);                                   \
	if (last)                                                \
		die();                                           \
	return result

static void note_write(int fd, size_t len, off_t at)
{
	struct record *record = &records[record_count < RECORDS ? record_count++ : RECORDS - 1];
	*record = (struct record){fd, at, len, calloc(1, len + 1)};
	(void)!pread(fd, record->old, len, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	int last = is_last();
	if (last && strcmp(how(), "before") == 0)
		die();
	if (last && strcmp(how(), "half") == 0)
		len = len / 2 / SECTOR * SECTOR;
	if (strcmp(how(), "power") == 0)
		note_write(fd, len, at);
	ssize_t result = real_pwrite(fd, bytes, len, at);
	if (last)
		die();
	return result;
}

ssize_t copy_file_range(int in, off_t *from, int out, off_t *to, size_t len, unsigned flags)
{
	ssize_t (*call)(int, off_t *, int, off_t *, size_t, unsigned) = real("copy_file_range");
	ssize_t result;
	CALL(result, call(in, from, out, to, len, flags));
}

int fsync(int fd)
{
	int (*call)(int) = real("fsync"), result;
	int last = is_last();
	if (last && strcmp(how(), "after") != 0)
		die();
	for (int i = 0; i < record_count; i++) /* what is on disk stays */
		if (records[i].fd == fd)
			records[i].len = 0;
	result = call(fd);
	if (last)
		die();
	return result;
}

int unlink(const char *path)
{
	int (*call)(const char *) = real("unlink"), result;
	CALL(result, call(path));
}

int rename(const char *from, const char *to)
{
	int (*call)(const char *, const char *) = real("rename"), result;
	CALL(result, call(from, to));
}

int fchmod(int fd, mode_t mode)
{
	int (*call)(int, mode_t) = real("fchmod"), result;
	CALL(result, call(fd, mode));
}

int open(const char *path, int flags, ...)
{
	int (*call)(const char *, int, ...) = real("open"), result;
	mode_t mode = 0;
	if ((flags & O_CREAT) != 0) {
		va_list args;
		va_start(args, flags);
		mode = (mode_t)va_arg(args, unsigned);
		va_end(args);
	}
	if ((flags & (O_CREAT | O_RDWR | O_WRONLY)) == 0)
		return call(path, flags, mode);
	CALL(result, call(path, flags, mode));
}

__attribute__((destructor)) static void count(void)
{
	const char *path = getenv("KILL_COUNT");
	FILE *file = path != NULL ? fopen(path, "w") : NULL;
	if (file != NULL) {
		fprintf(file, "%d\n", calls);
		fclose(file);
	}
}
