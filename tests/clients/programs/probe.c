/* PROBE FILE EXPECTED OFFSET LENGTH reads a range of FILE in every way, and prints a line for each:
 * "WAY: OUTCOME", where the outcome is "right", "open ERRNO", "read ERRNO" or "map ERRNO", or what went
 * wrong: "WRONG …" when a byte was seen that is not the expected one, also in the buffer of a read that
 * failed; "SHORT …" when there were too few. ERRNO is a number. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static const char *path;
static unsigned char *expected, *room;
static size_t offset, length;

static void say(const char *way, const char *what, long long value)
{
	printf("%s: %s %lld\n", way, what, value);
}

/* What a program sees of a failed read is nothing: its own bytes, or zeros. Of several buffers, some may
 * have been filled before. */
static void judge(const char *way, ssize_t got, int error)
{
	int several = strcmp(way, "preadv") == 0;
	if (got < 0) {
		for (size_t i = 0; i < length; i++)
			if (room[i] != 0xa5 && room[i] != 0 && !(several && room[i] == expected[i])) {
				say(way, "WRONG bytes left in the buffer, first at", (long long)i);
				return;
			}
		say(way, "read", error);
		return;
	}
	for (size_t i = 0; i < (size_t)got; i++)
		if (room[i] != expected[i]) {
			say(way, "WRONG byte at", (long long)i);
			return;
		}
	if ((size_t)got < length)
		say(way, "SHORT by", (long long)(length - (size_t)got));
	else
		printf("%s: right\n", way);
}

static int start(const char *way)
{
	memset(room, 0xa5, length);
	int fd = open(path, O_RDONLY);
	if (fd < 0)
		say(way, "open", errno);
	return fd;
}

static void by_read(const char *way, size_t step)
{
	int fd = start(way);
	if (fd < 0)
		return;
	lseek(fd, (off_t)offset, SEEK_SET);
	size_t at = 0;
	while (at < length) {
		size_t want = step < length - at ? step : length - at;
		ssize_t got = read(fd, room + at, want);
		if (got < 0) {
			/* What came before was right, or it would be worse than the error. */
			int error = errno;
			if (memcmp(room, expected, at) != 0)
				say(way, "WRONG byte before", (long long)at);
			else {
				memset(room, 0, at);
				judge(way, -1, error);
			}
			if (lseek(fd, 0, SEEK_CUR) != (off_t)(offset + at))
				say(way, "WRONG position", lseek(fd, 0, SEEK_CUR));
			close(fd);
			return;
		}
		if (got == 0)
			break;
		at += (size_t)got;
	}
	judge(way, (ssize_t)at, 0);
	close(fd);
}

static void by_pread(const char *way)
{
	int fd = start(way);
	if (fd < 0)
		return;
	ssize_t got = pread(fd, room, length, (off_t)offset);
	judge(way, got, errno);
	close(fd);
}

static void by_preadv(const char *way)
{
	int fd = start(way);
	if (fd < 0)
		return;
	struct iovec parts[] = {{room, length / 3}, {room + length / 3, length - length / 3}};
	ssize_t got = preadv(fd, parts, 2, (off_t)offset);
	judge(way, got, errno);
	close(fd);
}

static void by_mmap(const char *way, int prot, int flags)
{
	int fd = start(way);
	if (fd < 0)
		return;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), from = offset / page * page, lead = offset - from;
	struct stat st;
	if (fstat(fd, &st) < 0 || (size_t)st.st_size < offset + length) {
		say(way, "SHORT file of", st.st_size); /* touching what is not there is death */
		close(fd);
		return;
	}
	unsigned char *p = mmap(NULL, lead + length, prot, flags, fd, (off_t)from);
	int error = errno;
	close(fd);
	if (p == MAP_FAILED) {
		say(way, "map", error);
		return;
	}
	memcpy(room, p + lead, length);
	munmap(p, lead + length);
	judge(way, (ssize_t)length, 0);
}

static void by_stdio(const char *way)
{
	memset(room, 0xa5, length);
	FILE *f = fopen(path, "rb");
	if (f == NULL) {
		say(way, "open", errno);
		return;
	}
	errno = 0;
	if (fseeko(f, (off_t)offset, SEEK_SET) != 0)
		say(way, "WRONG seek", errno);
	size_t got = fread(room, 1, length, f);
	int error = errno;
	judge(way, got < length && ferror(f) ? -1 : (ssize_t)got, error);
	fclose(f);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	path = argv[1];
	offset = strtoull(argv[3], NULL, 10);
	length = strtoull(argv[4], NULL, 10);
	expected = malloc(length);
	room = malloc(length);
	int fd = open(argv[2], O_RDONLY);
	if (expected == NULL || room == NULL || fd < 0
	    || pread(fd, expected, length, (off_t)offset) != (ssize_t)length)
		return 2;
	close(fd);
	by_read("read", length);
	by_read("small reads", 1000);
	by_pread("pread");
	by_preadv("preadv");
	by_mmap("shared mapping", PROT_READ, MAP_SHARED);
	by_mmap("private mapping", PROT_READ | PROT_WRITE, MAP_PRIVATE);
	by_stdio("stdio");
	return 0;
}
