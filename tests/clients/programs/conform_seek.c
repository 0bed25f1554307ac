/* Positions, hints, and what fortified programs call. */
#include "conform.h"

#include <poll.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>

#define SEEK(what, offset, whence) STEP(lseek, what, (fd, (off_t)(offset), whence))

TOPIC(seek)
{
	int fd = open_model();
	SEEK("SEEK_SET", 1000, SEEK_SET);
	SEEK("SEEK_CUR", -999, SEEK_CUR);
	SEEK("SEEK_CUR before the beginning", -2, SEEK_CUR);
	SEEK("SEEK_SET before the beginning", -1, SEEK_SET);
	READ(fd, read, "from byte 1", (fd, room, 5000));
	SEEK("SEEK_END", 0, SEEK_END);
	SEEK("SEEK_END before it", -100, SEEK_END);
	READ(fd, read, "the last 100 bytes", (fd, room, 5000));
	SEEK("SEEK_END past it", 100, SEEK_END);
	READ(fd, read, "past the end", (fd, room, 100));
	SEEK("SEEK_SET to 1 TiB", (off_t)1 << 40, SEEK_SET);
	READ(fd, read, "at 1 TiB", (fd, room, 100));
	SEEK("SEEK_SET to the last offset", INT64_MAX, SEEK_SET);
	SEEK("SEEK_DATA", 5, SEEK_DATA);
	SEEK("SEEK_HOLE", 5, SEEK_HOLE);
	SEEK("SEEK_DATA at the end", size, SEEK_DATA);
	SEEK("SEEK_HOLE at the end", size, SEEK_HOLE);
	SEEK("SEEK_HOLE just before it", size - 1, SEEK_HOLE);
	SEEK("SEEK_DATA before the beginning", -1, SEEK_DATA);
	SEEK("a way that there is not", 0, 99);
	READ(fd, read, "after all that", (fd, room, 100));
	STEP(lseek64, "SEEK_SET", (fd, (off64_t)middle, SEEK_SET));
	READ(fd, read, "after lseek64", (fd, room, 100));
	STEP(syscall, "lseek", (SYS_lseek, fd, 100, SEEK_SET));
	READ(fd, read, "after a raw lseek", (fd, room, 100));
	close(fd);
	SEEK("of a closed descriptor", 0, SEEK_CUR);
}

/* A plain file with holes, and bytes where 32 bits do not reach. */
TOPIC(seek_sparse)
{
	const off_t far = ((off_t)1 << 31) + 5;
	int fd = new_file("sparse", 100);
	STEP(pwrite, "beyond 2 GiB", (fd, "here", 4, far));
	SEEK("beyond 2 GiB, sparse", far - 2, SEEK_SET);
	READ(fd, read, "beyond 2 GiB", (fd, room, 100));
	READ(fd, pread, "beyond 2 GiB", (fd, room, 100, far + 1));
	READ(fd, pread64, "in the hole", (fd, room, 1000, far - 100000));
	void *place = PLACE(mmap, "beyond 2 GiB", (NULL, 100, PROT_READ, MAP_SHARED, fd, (off_t)1 << 31));
	look("mmap", "beyond 2 GiB", place, 100);
	STEP(munmap, "beyond 2 GiB", (place, 100));
	STEP(ftruncate, "a plain file", (fd, 50));
	READ(fd, pread, "of what became short", (fd, room, 100, 0));
	close(fd);
}

TOPIC(hints)
{
	static const int advices[] = {POSIX_FADV_NORMAL, POSIX_FADV_RANDOM, POSIX_FADV_SEQUENTIAL, POSIX_FADV_WILLNEED,
				      POSIX_FADV_DONTNEED, POSIX_FADV_NOREUSE, 99};
	int fd = open_model();
	for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
		STEP(posix_fadvise, text("advice %d", advices[i]), (fd, 0, 0, advices[i]));
	STEP(posix_fadvise, "a part", (fd, 5000, 100, POSIX_FADV_DONTNEED));
	STEP(posix_fadvise, "a negative length", (fd, 0, -1, POSIX_FADV_NORMAL));
	STEP(readahead, "a part", (fd, 5000, 100));
	STEP(readahead, "past the end", (fd, (off64_t)size + 1, 100));
	STEP(readahead, "of -1", (-1, 0, 100));
	READ(fd, read, "after hints", (fd, room, 1000));
	STEP(fsync, "the model", (fd));
	STEP(fdatasync, "the model", (fd));
	STEP(sync_file_range, "the model", (fd, 0, 0, 0));
	STEP(fallocate, "more", (fd, 0, (off_t)size, 100));
	STEP(fallocate, "a hole", (fd, 3, 4096, 4096));
	STEP(posix_fallocate, "more", (fd, (off_t)size, 100));
	STEP(ftruncate, "to less", (fd, 100));
	STEP(ftruncate, "to a negative length", (fd, -1));
	STEP(write, "to a model", (fd, "abc", 3));
	STEP(write, "nothing to a model", (fd, "", 0));
	STEP(pwrite, "to a model", (fd, "abc", 3, 0));
	struct iovec part = {room, 3};
	STEP(writev, "to a model", (fd, &part, 1));
	STEP(pwritev, "to a model", (fd, &part, 1, 0));
	int other = open("other", O_RDONLY | O_CLOEXEC);
	STEP(sendfile, "a plain file to a model", (fd, other, NULL, 100));
	close(other);
	struct pollfd ready = {.fd = fd, .events = POLLIN | POLLOUT};
	STEP(poll, "the model", (&ready, 1, 0));
	found("poll", "events", "%d", ready.revents);
	STEP(fchmod, "the model, as it is", (fd, 0644));
	STEP(isatty, "the model", (fd));
	READ(fd, pread, "after it was not changed", (fd, room, 1000, 0));
	close(fd);
}

/* The compiler knows these sizes: fortified programs call the checking forms. */
static unsigned char fixed[1000];

#define FIXED(name, what, ...)                                                               \
	do {                                                                                 \
		memset(fixed, UNTOUCHED, sizeof fixed);                                      \
		STEP(name, what, (fd, fixed, __VA_ARGS__));                                  \
		look(#name, text("%s: the array", what), fixed, sizeof fixed);               \
	} while (0)

static volatile size_t wanted = 900;

static void read_too_much(void)
{
	ssize_t __read_chk(int fd, void *bytes, size_t len, size_t limit);
	int fd = open_model();
	close(2); /* libc says why it ends */
	STEP(__read_chk, "more than there is room for", (fd, fixed, 2000, sizeof fixed));
}

static void pread_too_much(void)
{
	ssize_t __pread_chk(int fd, void *bytes, size_t len, off_t at, size_t limit);
	int fd = open_model();
	close(2);
	STEP(__pread_chk, "more than there is room for", (fd, fixed, 2000, 0, sizeof fixed));
}

static void pread64_too_much(void)
{
	ssize_t __pread64_chk(int fd, void *bytes, size_t len, off64_t at, size_t limit);
	int fd = open_model();
	close(2);
	STEP(__pread64_chk, "more than there is room for", (fd, fixed, 2000, 0, sizeof fixed));
}

TOPIC(fortified)
{
	int fd = open_model();
	FIXED(read, "into an array", wanted);
	FIXED(pread, "into an array", wanted, (off_t)middle);
	FIXED(pread64, "into an array", wanted, (off64_t)middle);
	wanted = 1000;
	FIXED(read, "into all of an array", wanted);
	FIXED(pread, "into all of an array, across the end", wanted, (off_t)size - 500);
	close(fd);
	FIXED(read, "into an array, of a closed descriptor", wanted);
	in_child("__read_chk", "in a child", read_too_much);
	in_child("__pread_chk", "in a child", pread_too_much);
	in_child("__pread64_chk", "in a child", pread64_too_much);
}
