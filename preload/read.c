/* The read family. */
#include <errno.h>
#include <stdint.h>
#include <pthread.h>
#include <unistd.h>

#include "handover.h"
#include "lazy.h"
#include "real.h"
#include "recognise.h"
#include "serve.h"
#include "table.h"

/* The real call. Where the memory is a model's, the kernel could not write to all of it, and might write to a part that it
 * does not tell of: `prepare` has it decrypted first. */
#define PLAINLY(call, prepare)        \
	do {                          \
		if (shim_lazy_any())  \
			prepare;      \
		return call;          \
	} while (0)

/* Run `serve` when `fd` reads an encrypted model, `otherwise` when not. */
#define ROUTE(fd, otherwise, prepare, serve)           \
	if (shim_is_plain(fd))                         \
		PLAINLY(otherwise, prepare);           \
	pthread_testcancel(); /* as in read(2); serving itself is none */ \
	for (;;) {                                     \
		int refusal;                           \
		struct shim_file *file = shim_lookup(fd, &refusal); \
		if (file == NULL) {                    \
			if (refusal == 0)              \
				PLAINLY(otherwise, prepare); \
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
	const struct iovec part = {bytes, len};
	int bad = shim_check_buffer(fd, bytes, len);
	return bad != 0 ? fail(bad) : shim_serve(file, fd, &part, 1, SHIM_AT_POSITION);
}

static ssize_t serve_one_at(struct shim_file *file, int fd, void *bytes, size_t len, off_t offset)
{
	const struct iovec part = {bytes, len};
	int bad = offset < 0 ? EINVAL : shim_check_buffer(fd, bytes, len);
	if (bad == 0 && (uint64_t)offset + len > INT64_MAX)
		bad = EINVAL;
	return bad != 0 ? fail(bad) : shim_serve(file, fd, &part, 1, offset);
}

static ssize_t serve_parts(struct shim_file *file, int fd, const struct iovec *parts, int count, off_t offset,
			   int flags)
{
	int bad = offset < 0 && offset != SHIM_AT_POSITION ? EINVAL : shim_check_parts(fd, parts, count, flags);
	return bad != 0 ? fail(bad) : shim_serve(file, fd, parts, count, offset);
}

static ssize_t serve_parts_at(struct shim_file *file, int fd, const struct iovec *parts, int count,
			      off_t offset)
{
	return offset < 0 ? fail(EINVAL) : serve_parts(file, fd, parts, count, offset, 0);
}

SHIM_HOOK ssize_t read(int fd, void *bytes, size_t len)
{
	ROUTE(fd, shim_real.read(fd, bytes, len), shim_lazy_ready_to_write(bytes, len),
	      serve_one(file, fd, bytes, len));
}
SHIM_ALIAS(__read, read);

SHIM_HOOK ssize_t __read_chk(int fd, void *bytes, size_t len, size_t room)
{
	if (len > room) /* libc ends the program */
		return shim_real.__read_chk(fd, bytes, len, room);
	ROUTE(fd, shim_real.__read_chk(fd, bytes, len, room), shim_lazy_ready_to_write(bytes, len),
	      serve_one(file, fd, bytes, len));
}

SHIM_HOOK ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
	ROUTE(fd, shim_real.pread(fd, bytes, len, offset), shim_lazy_ready_to_write(bytes, len),
	      serve_one_at(file, fd, bytes, len, offset));
}
SHIM_ALIAS(pread64, pread);
SHIM_ALIAS(__pread64, pread);

SHIM_HOOK ssize_t __pread_chk(int fd, void *bytes, size_t len, off_t offset, size_t room)
{
	if (len > room)
		return shim_real.__pread_chk(fd, bytes, len, offset, room);
	ROUTE(fd, shim_real.__pread_chk(fd, bytes, len, offset, room), shim_lazy_ready_to_write(bytes, len),
	      serve_one_at(file, fd, bytes, len, offset));
}
SHIM_ALIAS(__pread64_chk, __pread_chk);

SHIM_HOOK ssize_t readv(int fd, const struct iovec *parts, int count)
{
	ROUTE(fd, shim_real.readv(fd, parts, count), shim_hand_over_parts_to_write(parts, (size_t)count),
	      serve_parts(file, fd, parts, count, SHIM_AT_POSITION, 0));
}

SHIM_HOOK ssize_t preadv(int fd, const struct iovec *parts, int count, off_t offset)
{
	ROUTE(fd, shim_real.preadv(fd, parts, count, offset), shim_hand_over_parts_to_write(parts, (size_t)count),
	      serve_parts_at(file, fd, parts, count, offset));
}
SHIM_ALIAS(preadv64, preadv);

SHIM_HOOK ssize_t preadv2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
	ROUTE(fd, shim_real.preadv2(fd, parts, count, offset, flags), shim_hand_over_parts_to_write(parts, (size_t)count),
	      serve_parts(file, fd, parts, count, offset, flags));
}
SHIM_ALIAS(preadv64v2, preadv2);
