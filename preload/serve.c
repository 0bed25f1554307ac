#include "serve.h"

#include <errno.h>

#include "lazy.h"
#include "raw.h"
#include "stats.h"

/* The most that one read(2) transfers: Linux, MAX_RW_COUNT. */
#define READ_MAX UINT64_C(0x7ffff000)

/* Where no file has bytes: the kernel judges everything else about a read, and then finds nothing. */
static const int64_t NOWHERE = INT64_C(1) << 62;

int shim_check_parts(int fd, const struct iovec *parts, int count, int flags)
{
	long got = SHIM_RAW(SYS_preadv2, fd, parts, count, NOWHERE, 0, flags);
	if (got == -ENOSYS && flags == 0) /* before Linux 4.6 */
		got = SHIM_RAW(SYS_preadv, fd, parts, count, NOWHERE, 0, 0);
	return got < 0 ? (int)-got : 0;
}

int shim_check_buffer(int fd, const void *bytes, size_t len)
{
	const uint64_t certain = UINT64_C(1) << 47;
	if ((uintptr_t)bytes < certain && len < certain - (uintptr_t)bytes)
		return 0;
	long got = raw_pread(fd, (void *)bytes, len, NOWHERE);
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

/* The kernel fills what it can of a buffer that is not all there. Bytes filled. */
static size_t fill_pages(struct shim_file *file, int fd, void *bytes, size_t len, uint64_t offset)
{
	const size_t page = 4096;
	size_t done = 0;
	while (done < len) {
		size_t piece = page - ((uintptr_t)bytes + done) % page;
		if (piece > len - done)
			piece = len - done;
		if (shim_file_read(file, fd, (char *)bytes + done, piece, offset + done, SHIM_READING) != 0)
			break;
		done += piece;
	}
	return done;
}

/* Fill `parts` with `len` bytes: 0, or an errno. *done counts what is good in either case. */
static int fill(struct shim_file *file, int fd, const struct iovec *parts, uint64_t len,
		uint64_t offset, uint64_t *done)
{
	*done = 0;
	for (int i = 0; *done < len; i++) {
		size_t part = parts[i].iov_len < len - *done ? parts[i].iov_len : (size_t)(len - *done);
		uint64_t at = offset + *done;
		int failed = 0;
		if (part > 0)
			failed = shim_file_read(file, fd, parts[i].iov_base, part, at, SHIM_READING);
		if (failed == EFAULT)
			*done += fill_pages(file, fd, parts[i].iov_base, part, at);
		if (failed != 0)
			return failed;
		*done += part;
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

/* One step claims `*len` bytes at the position, also from other threads and processes that share it: where they
 * begin, or -errno. Close to the largest position that there is, *len becomes what is left of the file. */
static int64_t claim(const struct shim_file *file, int fd, int64_t *len)
{
	for (;;) {
		int64_t after = raw_lseek(fd, *len, SEEK_CUR);
		if (after >= 0)
			return after - *len;
		int64_t at = raw_lseek(fd, 0, SEEK_CUR);
		if (at > INT64_MAX - *len)
			return -EINVAL;
		int64_t left = at < 0 ? *len : (int64_t)clamp(file, at, (uint64_t)*len);
		if (left == *len)
			return after;
		*len = left;
	}
}

ssize_t shim_serve(struct shim_file *file, int fd, const struct iovec *parts, int count,
		   int64_t offset)
{
	int saved = errno, failed;
	int64_t len = wanted(parts, count);
	bool moves = offset == SHIM_AT_POSITION;
	if (moves)
		offset = claim(file, fd, &len);
	else if (offset > INT64_MAX - len)
		offset = -EINVAL;
	if (offset < 0) {
		errno = (int)-offset;
		return -1;
	}
	uint64_t take = clamp(file, offset, (uint64_t)len), done;
	if (moves && take < (uint64_t)len)
		raw_lseek(fd, (int64_t)take - len, SEEK_CUR); /* what lies past the end is given back */

	for (int i = 0; i < count && shim_lazy_any(); i++)
		shim_lazy_ready_to_write(parts[i].iov_base, parts[i].iov_len);
	failed = fill(file, fd, parts, take, (uint64_t)offset, &done);
	if (failed == EFAULT && done > 0)
		failed = 0;
	if (failed != 0)
		done = 0;
	if (moves && done < take)
		raw_lseek(fd, (int64_t)(done - take), SEEK_CUR);
	if (failed != 0) {
		errno = failed != SHIM_ANOTHER ? failed : EIO;
		/* Whose position was moved, if any, nobody can say. */
		return failed == SHIM_ANOTHER && !moves ? SHIM_AGAIN : -1;
	}
	if (done > 0) {
		shim_stats_add(file, SHIM_STAT_READS, 1);
		shim_stats_add(file, SHIM_STAT_READ_BYTES, done);
	}
	errno = saved;
	return (ssize_t)done;
}
