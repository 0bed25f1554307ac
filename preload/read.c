/* The read family. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include "real.h"
#include "recognise.h"
#include "serve.h"
#include "table.h"

/* Run `serve` when `fd` reads an encrypted model, `otherwise` when not. */
#define ROUTE(fd, otherwise, serve)                    \
	if (shim_is_plain(fd))                         \
		return otherwise;                      \
	pthread_testcancel(); /* as in read(2); serving itself is none */ \
	for (;;) {                                     \
		int refusal;                           \
		struct shim_file *file = shim_lookup(fd, &refusal); \
		if (file == NULL) {                    \
			if (refusal == 0)              \
				return otherwise;      \
			errno = refusal;               \
			return -1;                     \
		}                                      \
		ssize_t result = serve;                \
		shim_file_put(file);                   \
		if (result != SHIM_AGAIN)              \
			return result;                 \
	}

static ssize_t fail(int error)
{
	errno = error;
	return -1;
}

static ssize_t serve_one(struct shim_file *file, int fd, void *bytes, size_t len)
{
	/* read(2): more than SSIZE_MAX is the caller's mistake; the kernel looks at the address then. */
	const struct iovec part = {bytes, len};
	return len > SSIZE_MAX ? fail(EFAULT) : shim_serve(file, fd, &part, 1, SHIM_AT_POSITION);
}

static ssize_t serve_one_at(struct shim_file *file, int fd, void *bytes, size_t len, off_t offset)
{
	const struct iovec part = {bytes, len};
	if (offset < 0)
		return fail(EINVAL);
	return len > SSIZE_MAX ? fail(EFAULT) : shim_serve(file, fd, &part, 1, offset);
}

static ssize_t serve_parts(struct shim_file *file, int fd, const struct iovec *parts, int count)
{
	int bad = shim_check_parts(fd, parts, count);
	return bad != 0 ? fail(bad) : shim_serve(file, fd, parts, count, SHIM_AT_POSITION);
}

static ssize_t serve_parts_at(struct shim_file *file, int fd, const struct iovec *parts, int count,
			      off_t offset)
{
	int bad = offset < 0 ? EINVAL : shim_check_parts(fd, parts, count);
	return bad != 0 ? fail(bad) : shim_serve(file, fd, parts, count, offset);
}

/* preadv2: offset -1 means the position; of the flags those that only ask for haste are honoured by
 * being ignored. */
static ssize_t serve_flags(struct shim_file *file, int fd, const struct iovec *parts, int count,
			   off_t offset, int flags)
{
	if ((flags & ~(RWF_HIPRI | RWF_NOWAIT)) != 0)
		return fail(EOPNOTSUPP);
	if (offset == -1)
		return serve_parts(file, fd, parts, count);
	return serve_parts_at(file, fd, parts, count, offset);
}

SHIM_HOOK ssize_t read(int fd, void *bytes, size_t len)
{
	ROUTE(fd, shim_real.read(fd, bytes, len), serve_one(file, fd, bytes, len));
}

SHIM_HOOK ssize_t __read(int fd, void *bytes, size_t len)
{
	ROUTE(fd, shim_real.__read(fd, bytes, len), serve_one(file, fd, bytes, len));
}

SHIM_HOOK ssize_t __read_chk(int fd, void *bytes, size_t len, size_t room)
{
	if (len > room) /* libc ends the program */
		return shim_real.__read_chk(fd, bytes, len, room);
	ROUTE(fd, shim_real.__read_chk(fd, bytes, len, room), serve_one(file, fd, bytes, len));
}

SHIM_HOOK ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
	ROUTE(fd, shim_real.pread(fd, bytes, len, offset), serve_one_at(file, fd, bytes, len, offset));
}

SHIM_HOOK ssize_t pread64(int fd, void *bytes, size_t len, off64_t offset)
{
	ROUTE(fd, shim_real.pread64(fd, bytes, len, offset), serve_one_at(file, fd, bytes, len, offset));
}

SHIM_HOOK ssize_t __pread64(int fd, void *bytes, size_t len, off64_t offset)
{
	ROUTE(fd, shim_real.__pread64(fd, bytes, len, offset),
	      serve_one_at(file, fd, bytes, len, offset));
}

SHIM_HOOK ssize_t __pread_chk(int fd, void *bytes, size_t len, off_t offset, size_t room)
{
	if (len > room)
		return shim_real.__pread_chk(fd, bytes, len, offset, room);
	ROUTE(fd, shim_real.__pread_chk(fd, bytes, len, offset, room),
	      serve_one_at(file, fd, bytes, len, offset));
}

SHIM_HOOK ssize_t __pread64_chk(int fd, void *bytes, size_t len, off64_t offset, size_t room)
{
	if (len > room)
		return shim_real.__pread64_chk(fd, bytes, len, offset, room);
	ROUTE(fd, shim_real.__pread64_chk(fd, bytes, len, offset, room),
	      serve_one_at(file, fd, bytes, len, offset));
}

SHIM_HOOK ssize_t readv(int fd, const struct iovec *parts, int count)
{
	ROUTE(fd, shim_real.readv(fd, parts, count),
	      serve_parts(file, fd, parts, count));
}

SHIM_HOOK ssize_t preadv(int fd, const struct iovec *parts, int count, off_t offset)
{
	ROUTE(fd, shim_real.preadv(fd, parts, count, offset), serve_parts_at(file, fd, parts, count, offset));
}

SHIM_HOOK ssize_t preadv64(int fd, const struct iovec *parts, int count, off64_t offset)
{
	ROUTE(fd, shim_real.preadv64(fd, parts, count, offset), serve_parts_at(file, fd, parts, count, offset));
}

SHIM_HOOK ssize_t preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
	ROUTE(fd, shim_real.preadv2(fd, parts, count, offset, flags),
	      serve_flags(file, fd, parts, count, offset, flags));
}

SHIM_HOOK ssize_t preadv64v2(int fd, const struct iovec *parts, int count, off64_t offset, int flags)
{
	ROUTE(fd, shim_real.preadv64v2(fd, parts, count, offset, flags),
	      serve_flags(file, fd, parts, count, offset, flags));
}
