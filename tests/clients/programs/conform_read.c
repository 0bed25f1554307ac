/* Reading into one buffer: at the position, at an offset. */
#include "conform.h"

#include <limits.h>
#include <sys/syscall.h>

ssize_t __read(int fd, void *bytes, size_t len);
ssize_t __pread64(int fd, void *bytes, size_t len, off64_t offset);
ssize_t __read_chk(int fd, void *bytes, size_t len, size_t room);
ssize_t __pread_chk(int fd, void *bytes, size_t len, off_t offset, size_t room);
ssize_t __pread64_chk(int fd, void *bytes, size_t len, off64_t offset, size_t room);

typedef ssize_t reader(int fd, void *bytes, size_t len);
typedef ssize_t reader_at(int fd, void *bytes, size_t len, off64_t offset);

static ssize_t read_chk(int fd, void *bytes, size_t len)
{
	return __read_chk(fd, bytes, len, len);
}

static ssize_t pread_chk(int fd, void *bytes, size_t len, off64_t offset)
{
	return __pread_chk(fd, bytes, len, offset, len);
}

static ssize_t pread64_chk(int fd, void *bytes, size_t len, off64_t offset)
{
	return __pread64_chk(fd, bytes, len, offset, len);
}

static ssize_t raw_read(int fd, void *bytes, size_t len)
{
	return syscall(SYS_read, fd, bytes, len);
}

static ssize_t raw_pread(int fd, void *bytes, size_t len, off64_t offset)
{
	return syscall(SYS_pread64, fd, bytes, len, offset);
}

static const struct {
	const char *name;
	reader *call;
} readers[] = {{"read", read}, {"__read", __read}, {"__read_chk", read_chk}, {"syscall read", raw_read}};

static const struct {
	const char *name;
	reader_at *call;
} readers_at[] = {{"pread", pread},           {"pread64", pread64},           {"__pread64", __pread64},
		  {"__pread_chk", pread_chk}, {"__pread64_chk", pread64_chk}, {"syscall pread64", raw_pread}};

/* Addresses where no program has memory: the kernel's, and none of either. */
#define KERNELS ((void *)(UINT64_C(0xffff8) << 44))
#define NOBODYS ((void *)(UINT64_C(1) << 60))

/* Whole chunks into a buffer that ends early: the bytes that are said to be there, and nothing but zeros behind. */
static void cut_short(int fd, const char *name, reader_at *call)
{
	const size_t len = 40 * page;
	unsigned char *place = bad_buffer(len, page, PROT_NONE);
	long long got = STEP_OF(name, "many bytes into what is partly mapped", call(fd, place, len, (off64_t)middle));
	look(name, "many bytes into what is partly mapped: the bytes", place, got > 0 ? (size_t)got : len - page);
	mprotect(place + len - page, page, PROT_READ | PROT_WRITE);
	mprotect(place + len / 2, page, PROT_NONE);
	got = STEP_OF(name, "many bytes across a hole", call(fd, place, len, (off64_t)middle));
	look(name, "many bytes across a hole: the bytes", place, got > 0 ? (size_t)got : len / 2);
	look(name, "many bytes across a hole: what is behind it", place + len / 2 + page, len / 2 - page);
}

/* Address space for lengths past what one call transfers; never touched beyond the file's size. */
static unsigned char *reserve(size_t len)
{
	void *place = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	need(place != MAP_FAILED);
	return place;
}

/* What was read into a buffer that is not `room`. */
static void into(int fd, const char *name, const char *what, const unsigned char *bytes, ssize_t got)
{
	if (got > 0)
		memcpy(room, bytes, (size_t)got);
	READ_OF(fd, name, text("%s: the bytes", what), got);
}

static off_t to(int fd, off_t offset)
{
	off_t at = lseek(fd, offset, SEEK_SET);
	need(at == offset);
	return at;
}

static off_t largest_position(int fd)
{
	off_t largest = 0;
	for (int bit = 62; bit >= 0; bit--)
		if (lseek(fd, largest | (off_t)1 << bit, SEEK_SET) >= 0)
			largest |= (off_t)1 << bit;
	return largest;
}

static void at_position(const char *name, reader *call)
{
	static const size_t lens[] = {1, 7, 8, 100, 4095, 4096, 4097, 65536, 70001};
	int fd = open_model();
	READ_OF(fd, name, "all of it, and more", call(fd, room, size + 4096));
	READ_OF(fd, name, "at the end", call(fd, room, 100));
	READ_OF(fd, name, "nothing, at the end", call(fd, room, 0));
	to(fd, 1);
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
		READ_OF(fd, name, text("%zu bytes", lens[i]), call(fd, room, lens[i]));
	READ_OF(fd, name, "nothing", call(fd, room, 0));
	READ_OF(fd, name, "nothing, nowhere", call(fd, NULL, 0));
	to(fd, (off_t)size - 50);
	READ_OF(fd, name, "across the end", call(fd, room, 100));
	to(fd, (off_t)size + 5000);
	READ_OF(fd, name, "past the end", call(fd, room, 100));
	largest_position(fd);
	STEP_OF(name, "at the largest position", call(fd, room, 100)); /* which one is the file system's */

	to(fd, (off_t)middle);
	STEP_OF(name, "into what is not mapped", call(fd, bad_buffer(100, 100, PROT_NONE), 100));
	STEP_OF(name, "into what is read-only", call(fd, bad_buffer(100, 100, PROT_READ), 100));
	STEP_OF(name, "into no buffer", call(fd, NULL, 100));
	STEP_OF(name, "into nobody's memory", call(fd, NOBODYS, 100));
	STEP_OF(name, "into the kernel's memory", call(fd, KERNELS, 100));
	STEP_OF(name, "nothing into the kernel's memory", call(fd, KERNELS, 0));
	READ_OF(fd, name, "after buffers that were bad", call(fd, room, 100));
	STEP_OF(name, "into what is partly mapped", call(fd, bad_buffer(300, 100, PROT_NONE), 300));
	to(fd, (off_t)size);
	STEP_OF(name, "into no buffer, at the end", call(fd, NULL, 100));
	STEP_OF(name, "into the kernel's memory, at the end", call(fd, KERNELS, 100));

	const size_t much[] = {0x7ffff000, 0x7ffff001, UINT64_C(1) << 31, UINT64_C(3) << 30};
	for (size_t i = 0; i < sizeof much / sizeof *much; i++) {
		unsigned char *place = reserve(much[i]);
		to(fd, (off_t)middle);
		into(fd, name, text("%zu bytes", much[i]), place,
		     (ssize_t)STEP_OF(name, text("%zu bytes", much[i]), call(fd, place, much[i])));
		munmap(place, much[i]);
	}
	to(fd, (off_t)middle);
	STEP_OF(name, "SSIZE_MAX bytes", call(fd, room, SSIZE_MAX));
	STEP_OF(name, "SIZE_MAX bytes", call(fd, room, SIZE_MAX));
	close(fd);
	STEP_OF(name, "of a closed descriptor", call(fd, room, 100));
	STEP_OF(name, "of -1", call(-1, room, 100));
	STEP_OF(name, "of 999", call(999, room, 100));
	STEP_OF(name, "of INT_MAX", call(INT_MAX, room, 100));
	STEP_OF(name, "of INT_MIN", call(INT_MIN, room, 100));
	STEP_OF(name, "of 2 to the 20th", call(1 << 20, room, 100));
	fd = open(".", O_RDONLY);
	STEP_OF(name, "of a directory", call(fd, room, 100));
	close(fd);
	fd = open("/dev/null", O_WRONLY);
	STEP_OF(name, "of what is open for writing", call(fd, room, 100));
	close(fd);
	fd = open("/dev/zero", O_RDONLY);
	READ_OF(fd, name, "of the number, used again", call(fd, room, 100));
	close(fd);
	fd = open_model();
	READ_OF(fd, name, "of the number, a model's again", call(fd, room, 1000));
	close(fd);
	fd = open("other", O_RDONLY);
	READ_OF(fd, name, "of a plain file", call(fd, room, 1000));
	close(fd);
}

static void at_offset(const char *name, reader_at *call)
{
	const off_t n = (off_t)size, half = (off_t)middle;
	const struct {
		off_t offset;
		size_t len;
		const char *what;
	} places[] = {
		{0, size, "all of it"}, {0, 1, "the first byte"}, {n - 1, 1, "the last byte"}, {n - 1, 2, "and one more"},
		{n, 100, "at the end"}, {n, 0, "nothing, at the end"}, {n + 1, 100, "past the end"},
		{half, 4096, "a page"}, {half + 1, 70001, "many bytes"}, {half - 3, 7, "across a page"},
		{half, 0, "nothing"}, {-1, 100, "before the beginning"}, {-1, 0, "nothing, before the beginning"},
		{INT64_MIN, 100, "long before the beginning"}, {(off_t)1 << 31, 100, "after 2 GiB"},
		{(off_t)1 << 50, 100, "far past the end"}, {(off_t)1 << 62, 100, "very far past the end"},
		{INT64_MAX - 100, 100, "up to the last offset"}, {INT64_MAX - 50, 100, "past the last offset"},
		{INT64_MAX, 1, "at the last offset"}, {INT64_MAX, 0, "nothing, at the last offset"},
		{n - 70001, 70001, "up to the end"},
	};
	int fd = open_model();
	to(fd, 77);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		READ_OF(fd, name, places[i].what, call(fd, room, places[i].len, places[i].offset));
	STEP_OF(name, "into what is not mapped", call(fd, bad_buffer(100, 100, PROT_NONE), 100, half));
	STEP_OF(name, "into what is read-only", call(fd, bad_buffer(100, 100, PROT_READ), 100, half));
	STEP_OF(name, "into what is partly mapped", call(fd, bad_buffer(300, 100, PROT_NONE), 300, half));
	cut_short(fd, name, call);
	STEP_OF(name, "into no buffer", call(fd, NULL, 100, half));
	STEP_OF(name, "into no buffer, at the end", call(fd, NULL, 100, n));
	STEP_OF(name, "into nobody's memory", call(fd, NOBODYS, 100, half));
	STEP_OF(name, "into the kernel's memory, at the end", call(fd, KERNELS, 100, n));
	STEP_OF(name, "nothing, nowhere", call(fd, NULL, 0, half));
	STEP_OF(name, "nothing into the kernel's memory", call(fd, KERNELS, 0, half));
	STEP_OF(name, "SSIZE_MAX bytes", call(fd, room, SSIZE_MAX, half));
	STEP_OF(name, "SIZE_MAX bytes", call(fd, room, SIZE_MAX, half));
	STEP_OF(name, "SIZE_MAX bytes before the beginning", call(fd, room, SIZE_MAX, -1));
	unsigned char *place = reserve(UINT64_C(3) << 30);
	into(fd, name, "3 GiB", place,
	     (ssize_t)STEP_OF(name, "3 GiB", call(fd, place, UINT64_C(3) << 30, half)));
	munmap(place, UINT64_C(3) << 30);
	close(fd);
	STEP_OF(name, "at an offset of a closed descriptor", call(fd, room, 100, 0));
	STEP_OF(name, "at an offset of -1", call(-1, room, 100, 0));
	STEP_OF(name, "at an offset of INT_MAX", call(INT_MAX, room, 100, 0));
	STEP_OF(name, "before the beginning of -1", call(-1, room, 100, -1));
	int ends[2];
	need(pipe(ends) == 0);
	STEP_OF(name, "at an offset of a pipe", call(ends[0], room, 100, 0));
	close(ends[0]), close(ends[1]);
}

TOPIC(read)
{
	for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
		at_position(readers[i].name, readers[i].call);
}

TOPIC(pread)
{
	for (size_t i = 0; i < sizeof readers_at / sizeof *readers_at; i++)
		at_offset(readers_at[i].name, readers_at[i].call);
}
