#include "real.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>

#include "raw.h"

static long finish(long result)
{
	if (result < 0 && result >= -4095) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

static mode_t mode_of(int flags, va_list args)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(args, unsigned) : 0;
}

static int first_open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = mode_of(flags, args);
	va_end(args);
	return (int)finish(raw_openat(AT_FDCWD, path, flags, mode));
}

static int first_open_2(const char *path, int flags)
{
	return (int)finish(raw_openat(AT_FDCWD, path, flags, 0));
}

static int first_openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = mode_of(flags, args);
	va_end(args);
	return (int)finish(raw_openat(dir, path, flags, mode));
}

static int first_openat_2(int dir, const char *path, int flags)
{
	return (int)finish(raw_openat(dir, path, flags, 0));
}

static int first_creat(const char *path, mode_t mode)
{
	return (int)finish(raw_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode));
}

static ssize_t first_read(int fd, void *bytes, size_t len)
{
	return finish(SHIM_RAW(SYS_read, fd, bytes, len, 0, 0, 0));
}

static ssize_t first_read_chk(int fd, void *bytes, size_t len, size_t room)
{
	if (len > room)
		__builtin_trap();
	return first_read(fd, bytes, len);
}

static ssize_t first_pread(int fd, void *bytes, size_t len, off64_t offset)
{
	return finish(raw_pread(fd, bytes, len, offset));
}

static ssize_t first_pread_chk(int fd, void *bytes, size_t len, off64_t offset, size_t room)
{
	if (len > room)
		__builtin_trap();
	return first_pread(fd, bytes, len, offset);
}

static ssize_t first_readv(int fd, const struct iovec *parts, int count)
{
	return finish(SHIM_RAW(SYS_readv, fd, parts, count, 0, 0, 0));
}

static ssize_t first_preadv(int fd, const struct iovec *parts, int count, off64_t offset)
{
	return finish(SHIM_RAW(SYS_preadv, fd, parts, count, offset, 0, 0));
}

static ssize_t first_preadv2(int fd, const struct iovec *parts, int count, off64_t offset, int flags)
{
	return finish(SHIM_RAW(SYS_preadv2, fd, parts, count, offset, 0, flags));
}

static void *first_mmap(void *address, size_t len, int prot, int flags, int fd, off64_t offset)
{
	return (void *)finish(raw_mmap(address, len, prot, flags, fd, offset));
}

static int first_munmap(void *address, size_t len)
{
	return (int)finish(raw_munmap(address, len));
}

static void *first_mremap(void *address, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	void *to = va_arg(args, void *);
	va_end(args);
	return (void *)finish(SHIM_RAW(SYS_mremap, address, len, new_len, flags, to, 0));
}

static int first_madvise(void *address, size_t len, int advice)
{
	return (int)finish(SHIM_RAW(SYS_madvise, address, len, advice, 0, 0, 0));
}

static ssize_t first_sendfile(int out, int in, off64_t *offset, size_t len)
{
	return finish(SHIM_RAW(SYS_sendfile, out, in, offset, len, 0, 0));
}

static ssize_t first_copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t len,
				     unsigned flags)
{
	return finish(SHIM_RAW(SYS_copy_file_range, in, in_at, out, out_at, len, flags));
}

static ssize_t first_splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t len,
			    unsigned flags)
{
	return finish(SHIM_RAW(SYS_splice, in, in_at, out, out_at, len, flags));
}

static int first_ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	va_start(args, request);
	void *argument = va_arg(args, void *);
	va_end(args);
	return (int)finish(SHIM_RAW(SYS_ioctl, fd, request, argument, 0, 0, 0));
}

static int first_close(int fd)
{
	return (int)finish(raw_close(fd));
}

static int first_dup(int fd)
{
	return (int)finish(SHIM_RAW(SYS_dup, fd, 0, 0, 0, 0, 0));
}

static int first_dup2(int fd, int to)
{
	if (fd == to) /* dup3 refuses it, dup2 checks the descriptor */
		return finish(raw_fcntl(fd, F_GETFD, 0)) < 0 ? -1 : to;
	return (int)finish(raw_dup3(fd, to, 0));
}

static int first_dup3(int fd, int to, int flags)
{
	return (int)finish(raw_dup3(fd, to, flags));
}

static int first_fcntl(int fd, int command, ...)
{
	va_list args;
	va_start(args, command);
	long argument = va_arg(args, long);
	va_end(args);
	return (int)finish(raw_fcntl(fd, command, argument));
}

static int first_close_range(unsigned first, unsigned last, int flags)
{
	return (int)finish(SHIM_RAW(SYS_close_range, first, last, flags, 0, 0, 0));
}

static void first_closefrom(int first)
{
	SHIM_RAW(SYS_close_range, first, ~0u, 0, 0, 0, 0);
}

static long first_syscall(long number, ...)
{
	long a[6];
	va_list args;
	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	return finish(shim_raw6(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

/* stdio and aio have no system call to start from: the first call looks everything up. */

static int first_aio_read(struct aiocb *request)
{
	shim_real_resolve();
	return shim_real.aio_read(request);
}

static int first_aio_read64(struct aiocb64 *request)
{
	shim_real_resolve();
	return shim_real.aio_read64(request);
}

static int first_lio_listio(int mode, struct aiocb *const requests[], int count, struct sigevent *event)
{
	shim_real_resolve();
	return shim_real.lio_listio(mode, requests, count, event);
}

static int first_lio_listio64(int mode, struct aiocb64 *const requests[], int count,
			      struct sigevent *event)
{
	shim_real_resolve();
	return shim_real.lio_listio64(mode, requests, count, event);
}

static FILE *first_fopen(const char *path, const char *mode)
{
	shim_real_resolve();
	return shim_real.fopen(path, mode);
}

static FILE *first_fdopen(int fd, const char *mode)
{
	shim_real_resolve();
	return shim_real.fdopen(fd, mode);
}

static FILE *first_freopen(const char *path, const char *mode, FILE *stream)
{
	shim_real_resolve();
	return shim_real.freopen(path, mode, stream);
}

_Thread_local bool shim_handing_on;

struct shim_real shim_real = {
	.open = first_open,
	.open64 = first_open,
	.__open = first_open,
	.__open64 = first_open,
	.__open_2 = first_open_2,
	.__open64_2 = first_open_2,
	.openat = first_openat,
	.openat64 = first_openat,
	.__openat_2 = first_openat_2,
	.__openat64_2 = first_openat_2,
	.creat = first_creat,
	.creat64 = first_creat,
	.fopen = first_fopen,
	.fopen64 = first_fopen,
	.fdopen = first_fdopen,
	.freopen = first_freopen,
	.freopen64 = first_freopen,
	.read = first_read,
	.__read = first_read,
	.__read_chk = first_read_chk,
	.pread = first_pread,
	.pread64 = first_pread,
	.__pread64 = first_pread,
	.__pread_chk = first_pread_chk,
	.__pread64_chk = first_pread_chk,
	.readv = first_readv,
	.preadv = first_preadv,
	.preadv64 = first_preadv,
	.preadv2 = first_preadv2,
	.preadv64v2 = first_preadv2,
	.mmap = first_mmap,
	.mmap64 = first_mmap,
	.munmap = first_munmap,
	.mremap = first_mremap,
	.madvise = first_madvise,
	.aio_read = first_aio_read,
	.aio_read64 = first_aio_read64,
	.lio_listio = first_lio_listio,
	.lio_listio64 = first_lio_listio64,
	.sendfile = first_sendfile,
	.sendfile64 = first_sendfile,
	.copy_file_range = first_copy_file_range,
	.splice = first_splice,
	.ioctl = first_ioctl,
	.close = first_close,
	.dup = first_dup,
	.dup2 = first_dup2,
	.dup3 = first_dup3,
	.fcntl = first_fcntl,
	.fcntl64 = first_fcntl,
	.close_range = first_close_range,
	.closefrom = first_closefrom,
	.syscall = first_syscall,
};

/* One name: stored whole or not at all, while other threads may be calling through the table. */
static void resolve(void *entry, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);
	if (found != NULL)
		__atomic_store_n((void **)entry, found, __ATOMIC_RELAXED);
}

void shim_real_resolve(void)
{
#define HOOK(result, name, parameters) resolve(&shim_real.name, #name);
#include "hooks.def"
#undef HOOK
}
