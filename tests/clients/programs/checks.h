/* What client programs in C share. PROGRAM MODEL EXPECTED SCRATCH runs every CHECK, in the order of the
 * source, and prints a line of JSON for each: {"check": NAME, "says": "ok" or what is wrong}. */
#ifndef CHECKS_H
#define CHECKS_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *model, *scratch, *expected_path;
static unsigned char *expected, *room; /* the right bytes; as many to read into, and more */
static size_t size, room_size;
#ifdef __cplusplus
struct check_failed {}; /* destructors run */
#else
static jmp_buf check_end;
#endif
static char check_says[1024];

typedef void check_function(void);
struct check {
	const char *name;
	check_function *run;
	struct check *next;
};
static struct check *checks, **checks_end = &checks;

#define CHECK(function)                                                         \
	static void function(void);                                             \
	__attribute__((constructor)) static void add_##function(void)           \
	{                                                                       \
		static struct check self = {#function, function, NULL};         \
		*checks_end = &self;                                            \
		checks_end = &self.next;                                        \
	}                                                                       \
	static void function(void)

__attribute__((noreturn, format(printf, 2, 3))) static void fail_at(int line, const char *format, ...)
{
	va_list args;
	int saved = errno;
	va_start(args, format);
	int len = snprintf(check_says, sizeof check_says, "line %d: ", line);
	vsnprintf(check_says + len, sizeof check_says - (size_t)len, format, args);
	va_end(args);
	len = (int)strlen(check_says);
	snprintf(check_says + len, sizeof check_says - (size_t)len, " (errno %d)", saved);
#ifdef __cplusplus
	throw check_failed();
#else
	longjmp(check_end, 1);
#endif
}

#define fail(...) fail_at(__LINE__, __VA_ARGS__)
#define must(condition)                         \
	do {                                    \
		if (!(condition))               \
			fail("not: %s", #condition); \
	} while (0)

/* `call` gives exactly `want`. */
#define gives(want, call)                                                                    \
	do {                                                                                 \
		long long got_ = (long long)(call), want_ = (long long)(want);               \
		if (got_ != want_)                                                           \
			fail("%s is %lld instead of %lld", #call, got_, want_);              \
	} while (0)

/* `call` fails with errno `number`. */
#define refused(number, call)                                                                \
	do {                                                                                 \
		errno = 0;                                                                   \
		long long got_ = (long long)(call);                                          \
		if (got_ != -1 || errno != (number))                                         \
			fail("%s is %lld, not refused with %d", #call, got_, number);        \
	} while (0)

static inline void bytes_at(int line, const void *bytes, size_t at, size_t len)
{
	const unsigned char *got = (const unsigned char *)bytes;
	if (at > size || len > size - at)
		fail_at(line, "a comparison outside the file");
	if (memcmp(got, expected + at, len) == 0)
		return;
	for (size_t i = 0; i < len; i++)
		if (got[i] != expected[at + i])
			fail_at(line, "byte %zu of %zu at %zu is %#x instead of %#x", i, len, at, got[i],
				expected[at + i]);
}
#define right(bytes, at, len) bytes_at(__LINE__, bytes, at, len)

static inline int open_model(void)
{
	int fd = open(model, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("open %s", model);
	return fd;
}

static inline long long position(int fd)
{
	return lseek(fd, 0, SEEK_CUR);
}

/* A file in the scratch directory. */
static inline const char *scratch_path(const char *name)
{
	static char path[4][4200];
	static int next;
	next = (next + 1) % 4;
	snprintf(path[next], sizeof path[next], "%s/%s", scratch, name);
	return path[next];
}

static inline void all_equal(int line, const void *bytes, int byte, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((const unsigned char *)bytes)[i] != byte)
			fail_at(line, "byte %zu is %#x instead of %#x", i,
				((const unsigned char *)bytes)[i], byte);
}

/* A repeatable sequence of numbers. */
static inline size_t draw(size_t below)
{
	static unsigned long long state = 88172645463325252ull;
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % below);
}

static void print_result(const char *name, const char *says)
{
	char line[2048];
	int len = snprintf(line, sizeof line, "{\"check\": \"%s\", \"says\": \"", name);
	for (; *says != '\0' && len < 2000; says++)
		if (*says == '"' || *says == '\\' || (unsigned char)*says < 0x20)
			line[len++] = '\'';
		else
			line[len++] = *says;
	len += snprintf(line + len, sizeof line - (size_t)len, "\"}\n");
	if (write(1, line, (size_t)len) != len)
		_exit(3);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	model = argv[1];
	expected_path = argv[2];
	scratch = argv[3];
	FILE *f = fopen(expected_path, "rb");
	struct stat st;
	if (f == NULL || fstat(fileno(f), &st) < 0)
		return 2;
	size = (size_t)st.st_size;
	room_size = size + (1 << 20);
	expected = (unsigned char *)malloc(size);
	room = (unsigned char *)malloc(room_size);
	if (expected == NULL || room == NULL || fread(expected, 1, size, f) != size)
		return 2;
	fclose(f);
	for (struct check *c = checks; c != NULL; c = c->next) {
		if (argc > 4 && strcmp(argv[4], c->name) != 0)
			continue;
		memset(room, 0xa5, room_size);
		strcpy(check_says, "ok");
		errno = 0;
#ifdef __cplusplus
		try {
			c->run();
		} catch (const check_failed &) {
		} catch (const std::exception &e) {
			snprintf(check_says, sizeof check_says, "exception: %s", e.what());
		}
#else
		if (setjmp(check_end) == 0)
			c->run();
#endif
		print_result(c->name, check_says);
	}
	return 0;
}

#endif
