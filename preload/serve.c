#include "serve.h"

#include <errno.h>

#include "raw.h"

/* The most that one read(2) transfers: Linux, MAX_RW_COUNT. */
#define READ_MAX UINT64_C(0x7ffff000)

int shim_check_parts(int fd, const struct iovec *parts, int count)
{
	/* The kernel judges array, count and lengths, and finds nothing to read so far out. */
	const int64_t nowhere = INT64_C(1) << 62;
	long got = SHIM_RAW(SYS_preadv, fd, parts, count, nowhere, nowhere >> 32, 0);
	return got < 0 ? (int)-got : 0;
}

/* Bytes that `parts` ask for, at most READ_MAX. */
static int64_t wanted(const struct iovec *parts, int count)
{
	uint64_t total = 0;
	for (int i = 0; i < count && total < READ_MAX; i++)
		total += parts[i].iov_len;
	return (int64_t)(total < READ_MAX ? total : READ_MAX);
}

static int fill(struct shim_file *file, int fd, const struct iovec *parts, uint64_t len,
		uint64_t offset)
{
	for (int i = 0; len > 0; i++) {
		size_t part = parts[i].iov_len < len ? parts[i].iov_len : (size_t)len;
		int failed = 0;
		if (part > 0)
			failed = shim_file_read(file, fd, parts[i].iov_base, part, offset, SHIM_READING);
		if (failed != 0)
			return failed;
		len -= part;
		offset += part;
	}
	return 0;
}

/* What is left of `len` bytes at `offset` before the end. */
static uint64_t clamp(const struct shim_file *file, int64_t offset, uint64_t len)
{
	uint64_t size = (uint64_t)file->identity.st_size;
	if ((uint64_t)offset >= size)
		return 0;
	return size - (uint64_t)offset < len ? size - (uint64_t)offset : len;
}

ssize_t shim_serve(struct shim_file *file, int fd, const struct iovec *parts, int count,
		   int64_t offset)
{
	int saved = errno, failed = 0;
	int64_t len = wanted(parts, count);
	bool moves = offset == SHIM_AT_POSITION;
	if (moves) {
		/* One step claims the range, also from other threads and processes that share the
		 * position; what lies past the end is given back. */
		int64_t after = raw_lseek(fd, len, SEEK_CUR);
		if (after < 0) {
			errno = (int)-after;
			return -1;
		}
		offset = after - len;
	}
	uint64_t take = clamp(file, offset, (uint64_t)len);
	if (moves && take < (uint64_t)len)
		raw_lseek(fd, (int64_t)take - len, SEEK_CUR);

	failed = fill(file, fd, parts, take, (uint64_t)offset);
	if (failed != 0) {
		if (moves)
			raw_lseek(fd, -(int64_t)take, SEEK_CUR);
		errno = failed != SHIM_ANOTHER ? failed : EIO;
		/* Whose position was moved, if any, nobody can say. */
		return failed == SHIM_ANOTHER && !moves ? SHIM_AGAIN : -1;
	}
	errno = saved;
	return (ssize_t)take;
}
