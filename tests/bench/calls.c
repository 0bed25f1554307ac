/* Times one kind of call: calls KIND COUNT [FILE], prints nanoseconds a call.
 *
 *   open   open and close FILE          file   read one byte of FILE, again and again
 *   pipe   read one byte from a pipe, which another call has put there (its time is in it)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void check(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

static void open_file(const char *path, long count)
{
	for (long i = 0; i < count; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		check(fd >= 0, path);
		close(fd);
	}
}

static void read_file(const char *path, long count)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	check(fd >= 0, path);
	for (long i = 0; i < count; i++) {
		if (read(fd, &byte, 1) != 1)
			lseek(fd, 0, SEEK_SET);
	}
}

static void read_pipe(long count)
{
	char byte = 'x';
	int ends[2];
	check(pipe(ends) == 0, "pipe");
	for (long i = 0; i < count; i++) {
		check(write(ends[1], &byte, 1) == 1, "write");
		check(read(ends[0], &byte, 1) == 1, "read");
	}
}

int main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";
	long count = argc > 2 ? atol(argv[2]) : 0;
	const char *path = argc > 3 ? argv[3] : "/dev/null";
	double start = now();
	if (strcmp(kind, "open") == 0)
		open_file(path, count);
	else if (strcmp(kind, "file") == 0)
		read_file(path, count);
	else if (strcmp(kind, "pipe") == 0)
		read_pipe(count);
	else
		return 2;
	printf("%.1f\n", (now() - start) / (double)(count > 0 ? count : 1));
	return 0;
}
