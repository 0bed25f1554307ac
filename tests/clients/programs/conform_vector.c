/* Reading into many buffers: readv, preadv, preadv2. */
#include "conform.h"

#include <limits.h>
#include <sys/syscall.h>

#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE 0x80
#endif

enum { SPREAD = 20000 }; /* bytes of `room` that a step's buffers lie in */

/* A step for `call`, and all of `room` that its buffers lie in: gaps between them stay as they are. */
#define VECTOR(fd, name, what, call)                                                       \
	do {                                                                               \
		READ_ONLY_RESULT(fd, name, what, call);                                    \
		look(name, text("%s: the buffers", what), room, SPREAD);                   \
		memset(room, UNTOUCHED, SPREAD);                                           \
	} while (0)
#define READ_ONLY_RESULT(fd, name, what, call)                                             \
	(STEP_OF(name, what, call), found(name, text("%s: the position", what), "%lld",    \
					  (long long)lseek(fd, 0, SEEK_CUR)))

typedef ssize_t vector_reader(int fd, const struct iovec *parts, int count);

/* Each call in the form of readv: at the position, or from the middle. */
static ssize_t v_preadv(int fd, const struct iovec *parts, int count)
{
	return preadv(fd, parts, count, (off_t)middle);
}

static ssize_t v_preadv64(int fd, const struct iovec *parts, int count)
{
	return preadv64(fd, parts, count, (off64_t)middle);
}

static ssize_t v_preadv2(int fd, const struct iovec *parts, int count)
{
	return preadv2(fd, parts, count, (off_t)middle, 0);
}

static ssize_t v_preadv64v2(int fd, const struct iovec *parts, int count)
{
	return preadv64v2(fd, parts, count, -1, 0);
}

static ssize_t v_raw_readv(int fd, const struct iovec *parts, int count)
{
	return syscall(SYS_readv, fd, parts, count);
}

static ssize_t v_raw_preadv(int fd, const struct iovec *parts, int count)
{
	return syscall(SYS_preadv, fd, parts, count, middle, 0);
}

static ssize_t v_raw_preadv2(int fd, const struct iovec *parts, int count)
{
	return syscall(SYS_preadv2, fd, parts, count, middle, 0, 0);
}

static const struct {
	const char *name;
	vector_reader *call;
} readers[] = {
	{"readv", readv},           {"preadv", v_preadv},         {"preadv64", v_preadv64},
	{"preadv2", v_preadv2},     {"preadv64v2", v_preadv64v2}, {"syscall readv", v_raw_readv},
	{"syscall preadv", v_raw_preadv}, {"syscall preadv2", v_raw_preadv2},
};

static void parts_of(const char *name, vector_reader *call)
{
	static struct iovec many[1025];
	struct iovec some[] = {{room, 1}, {room + 10, 0}, {NULL, 0}, {room + 20, 4095}, {room + 6000, 9000}};
	struct iovec one[] = {{room, 777}}, empty[] = {{room, 0}}, backwards[] = {{room + 500, 100}, {room, 100}};
	struct iovec twice[] = {{room, 100}, {room + 50, 100}};
	struct iovec over[] = {{room, 100}, {room, SSIZE_MAX}}, minus[] = {{room, (size_t)-1}};
	struct iovec limit[] = {{room, SSIZE_MAX}, {room, 1}};
	struct iovec last_bad[] = {{room, 100}, {bad_buffer(100, 100, PROT_NONE), 100}};
	struct iovec none_first[] = {{NULL, 100}, {room, 100}}, bad_empty[] = {{(void *)8, 0}, {room, 100}};
	int fd = open_model();
	need(lseek(fd, (off_t)middle, SEEK_SET) > 0);
	for (size_t i = 0; i < 1025; i++)
		many[i] = (struct iovec){room + 18 * i, 1 + i % 17};

	VECTOR(fd, name, "no buffers", call(fd, some, 0));
	VECTOR(fd, name, "no buffers, nowhere", call(fd, NULL, 0));
	VECTOR(fd, name, "one buffer", call(fd, one, 1));
	VECTOR(fd, name, "an empty buffer", call(fd, empty, 1));
	VECTOR(fd, name, "some, some of them empty", call(fd, some, 5));
	VECTOR(fd, name, "the second before the first", call(fd, backwards, 2));
	VECTOR(fd, name, "one over the other", call(fd, twice, 2));
	VECTOR(fd, name, "1024", call(fd, many, 1024));
	VECTOR(fd, name, "1025", call(fd, many, 1025));
	VECTOR(fd, name, "-1", call(fd, many, -1));
	VECTOR(fd, name, "INT_MAX", call(fd, many, INT_MAX));
	VECTOR(fd, name, "too many bytes together", call(fd, over, 2));
	VECTOR(fd, name, "too many bytes in one", call(fd, minus, 1));
	VECTOR(fd, name, "one byte past SSIZE_MAX", call(fd, limit, 2));
	VECTOR(fd, name, "the list is not mapped", call(fd, (struct iovec *)bad_buffer(32, 32, PROT_NONE), 2));
	VECTOR(fd, name, "the list is nowhere", call(fd, NULL, 2));
	VECTOR(fd, name, "the first buffer is nowhere", call(fd, none_first, 2));
	VECTOR(fd, name, "an empty buffer is nowhere", call(fd, bad_empty, 2));
	VECTOR(fd, name, "the last buffer is not mapped", call(fd, last_bad, 2));
	need(lseek(fd, (off_t)size - 9, SEEK_SET) > 0);
	VECTOR(fd, name, "across the end", call(fd, some, 5));
	VECTOR(fd, name, "at the end", call(fd, some, 5));
	VECTOR(fd, name, "at the end, nowhere", call(fd, none_first, 2));
	close(fd);
	STEP_OF(name, "a closed descriptor", call(fd, some, 5));
	STEP_OF(name, "a closed descriptor, too many", call(fd, many, 1025));
	STEP_OF(name, "-1 for a descriptor", call(-1, some, 5));
	fd = open("other", O_RDONLY);
	VECTOR(fd, name, "a plain file", call(fd, some, 5));
	close(fd);
}

TOPIC(vector)
{
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
		parts_of(readers[i].name, readers[i].call);
}

TOPIC(vector_offsets)
{
	const off_t n = (off_t)size;
	const struct {
		off_t offset;
		const char *what;
	} places[] = {{0, "the beginning"}, {-1, "-1"}, {-2, "-2"}, {INT64_MIN, "INT64_MIN"}, {n - 5, "across the end"},
		      {n, "the end"}, {n + 1, "past the end"}, {INT64_MAX, "the last offset"}, {(off_t)1 << 62, "far away"}};
	const struct iovec parts[] = {{room, 100}, {room + 200, 300}};
	int fd = open_model();
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		off_t at = places[i].offset;
		const char *what = places[i].what;
		need(lseek(fd, 77, SEEK_SET) == 77);
		VECTOR(fd, "preadv", what, preadv(fd, parts, 2, at));
		VECTOR(fd, "preadv64", what, preadv64(fd, parts, 2, at));
		VECTOR(fd, "preadv2", what, preadv2(fd, parts, 2, at, 0));
		VECTOR(fd, "preadv64v2", what, preadv64v2(fd, parts, 2, at, 0));
		VECTOR(fd, "syscall preadv2", what, syscall(SYS_preadv2, fd, parts, 2, at, at >> 32, 0));
		VECTOR(fd, "preadv", text("%s, no buffers", what), preadv(fd, parts, 0, at));
	}
	close(fd);
}

TOPIC(vector_flags)
{
	static const struct {
		int flags;
		const char *name;
	} flags[] = {{RWF_NOWAIT, "RWF_NOWAIT"}, {RWF_HIPRI, "RWF_HIPRI"}, {RWF_DSYNC, "RWF_DSYNC"},
		     {RWF_SYNC, "RWF_SYNC"}, {RWF_APPEND, "RWF_APPEND"}, {RWF_HIPRI | RWF_NOWAIT, "both"},
		     {1 << 30, "an unknown flag"}, {-1, "every flag"}};
	const struct iovec parts[] = {{room, 100}, {room + 200, 300}};
	int fd = open_model();
	need(pread(fd, room, size, 0) == (ssize_t)size); /* what RWF_NOWAIT finds is in the page cache */
	memset(room, UNTOUCHED, size);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		need(lseek(fd, 3000, SEEK_SET) == 3000);
		VECTOR(fd, "preadv2", flags[i].name, preadv2(fd, parts, 2, 5000, flags[i].flags));
		VECTOR(fd, "preadv64v2", text("%s, at the position", flags[i].name),
		       preadv64v2(fd, parts, 2, -1, flags[i].flags));
		VECTOR(fd, "syscall preadv2", text("%s, no buffers", flags[i].name),
		       syscall(SYS_preadv2, fd, parts, 0, 5000, 0, flags[i].flags));
	}
	close(fd);
}
