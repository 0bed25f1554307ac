/* A library that reads a model in its constructor, in its destructor and at every other end of a process, and says what it
 * saw: lines "WHEN right", "WHEN wrong" or "WHEN errno N". Compiled with WHO, its name. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void say(const char *when, const char *what, int value)
{
	char line[200];
	int len = value != 0 ? snprintf(line, sizeof line, WHO " %s %s %d\n", when, what, value)
			     : snprintf(line, sizeof line, WHO " %s %s\n", when, what);
	if (write(1, line, (size_t)len) != len)
		_exit(3);
}

/* In every way that there is, each from the model's beginning on. */
void read_model(const char *when);
void read_model(const char *when)
{
	static unsigned char expected[20000], room[20000];
	const size_t len = sizeof room;
	const char *model = getenv("EARLY_MODEL"), *twin = getenv("EARLY_EXPECTED");
	int plain = open(twin, O_RDONLY);
	if (plain < 0 || read(plain, expected, len) != (ssize_t)len) {
		say(when, "errno", errno);
		return;
	}
	close(plain);
	int fd = open(model, O_RDONLY), bad = 0;
	if (fd < 0) {
		say(when, "errno", errno);
		return;
	}
	bad |= read(fd, room, len) != (ssize_t)len || memcmp(room, expected, len) != 0;
	bad |= pread(fd, room, 9000, 5000) != 9000 || memcmp(room, expected + 5000, 9000) != 0;
	unsigned char *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	bad |= p == MAP_FAILED || memcmp(p, expected, len) != 0;
	if (p != MAP_FAILED)
		munmap(p, len);
	int twin_fd = dup(fd);
	close(fd);
	bad |= pread(twin_fd, room, 5000, 77) != 5000 || memcmp(room, expected + 77, 5000) != 0;
	close(twin_fd);
	FILE *f = fopen(model, "rb");
	memset(room, 0, len);
	bad |= f == NULL || fread(room, 1, len, f) != len || memcmp(room, expected, len) != 0;
	if (f != NULL)
		fclose(f);
	say(when, bad ? "wrong" : "right", 0);
}

__attribute__((constructor)) static void begin(void)
{
	read_model("constructor");
}

/* The first of its kind, as far as priorities go. */
__attribute__((constructor(101))) static void begin_first(void)
{
	read_model("first-constructor");
}

__attribute__((destructor)) static void end(void)
{
	read_model("destructor");
}

__attribute__((destructor(101))) static void end_last(void)
{
	read_model("last-destructor");
}
