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

static int first___open_2(const char *path, int flags)
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

static int first___openat_2(int dir, const char *path, int flags)
{
	return (int)finish(raw_openat(dir, path, flags, 0));
}

static int first_creat(const char *path, mode_t mode)
{
	return (int)finish(raw_openat(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode));
}

static int first_open_by_handle_at(int mount, struct file_handle *handle, int flags)
{
	return (int)finish(SHIM_RAW(SYS_open_by_handle_at, mount, handle, flags, 0, 0, 0));
}

static ssize_t first_read(int fd, void *bytes, size_t len)
{
	return finish(SHIM_RAW(SYS_read, fd, bytes, len, 0, 0, 0));
}

static ssize_t first___read_chk(int fd, void *bytes, size_t len, size_t room)
{
	if (len <= room)
		return first_read(fd, bytes, len);
	shim_real_resolve(); /* libc ends the program */
	return shim_real.__read_chk(fd, bytes, len, room);
}

static ssize_t first_pread(int fd, void *bytes, size_t len, off64_t offset)
{
	return finish(raw_pread(fd, bytes, len, offset));
}

static ssize_t first___pread_chk(int fd, void *bytes, size_t len, off64_t offset, size_t room)
{
	if (len <= room)
		return first_pread(fd, bytes, len, offset);
	shim_real_resolve();
	return shim_real.__pread_chk(fd, bytes, len, offset, room);
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

static int first_posix_madvise(void *address, size_t len, int advice)
{
	return advice == POSIX_MADV_DONTNEED ? 0 : -(int)SHIM_RAW(SYS_madvise, address, len, advice, 0, 0, 0);
}

static int first_mprotect(void *address, size_t len, int prot)
{
	return (int)finish(SHIM_RAW(SYS_mprotect, address, len, prot, 0, 0, 0));
}

static int first_pkey_mprotect(void *address, size_t len, int prot, int key)
{
	return key == -1 ? first_mprotect(address, len, prot)
			 : (int)finish(SHIM_RAW(SYS_pkey_mprotect, address, len, prot, key, 0, 0));
}

static ssize_t first_write(int fd, const void *bytes, size_t len)
{
	return finish(raw_write(fd, bytes, len));
}

static ssize_t first_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	return finish(SHIM_RAW(SYS_pwrite64, fd, bytes, len, offset, 0, 0));
}

static ssize_t first_writev(int fd, const struct iovec *parts, int count)
{
	return finish(SHIM_RAW(SYS_writev, fd, parts, count, 0, 0, 0));
}

static ssize_t first_pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	return finish(SHIM_RAW(SYS_pwritev, fd, parts, count, offset, 0, 0));
}

static ssize_t first_pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
	return finish(SHIM_RAW(SYS_pwritev2, fd, parts, count, offset, 0, flags));
}

static ssize_t first_vmsplice(int fd, const struct iovec *parts, size_t count, unsigned flags)
{
	return finish(SHIM_RAW(SYS_vmsplice, fd, parts, count, flags, 0, 0));
}

static ssize_t first_sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
			    socklen_t to_len)
{
	return finish(SHIM_RAW(SYS_sendto, fd, bytes, len, flags, to, to_len));
}

static ssize_t first_send(int fd, const void *bytes, size_t len, int flags)
{
	return first_sendto(fd, bytes, len, flags, NULL, 0);
}

static ssize_t first_sendmsg(int fd, const struct msghdr *message, int flags)
{
	return finish(SHIM_RAW(SYS_sendmsg, fd, message, flags, 0, 0, 0));
}

static int first_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	return (int)finish(SHIM_RAW(SYS_sendmmsg, fd, messages, count, flags, 0, 0));
}

static int first_mlock(const void *address, size_t len)
{
	return (int)finish(SHIM_RAW(SYS_mlock, address, len, 0, 0, 0, 0));
}

static int first_mlock2(const void *address, size_t len, unsigned flags)
{
	return (int)finish(SHIM_RAW(SYS_mlock2, address, len, flags, 0, 0, 0));
}

static int first_sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	return (int)finish(SHIM_RAW(SYS_rt_sigprocmask, how, set, old, 8, 0, 0));
}

static int first_pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	return -(int)SHIM_RAW(SYS_rt_sigprocmask, how, set, old, 8, 0, 0);
}

static int first_sigsuspend(const sigset_t *set)
{
	return (int)finish(SHIM_RAW(SYS_rt_sigsuspend, set, 8, 0, 0, 0, 0));
}

static int first_epoll_pwait(int fd, struct epoll_event *events, int most, int timeout, const sigset_t *set)
{
	return (int)finish(SHIM_RAW(SYS_epoll_pwait, fd, events, most, timeout, set, 8));
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

static int first_unshare(int flags)
{
	return (int)finish(SHIM_RAW(SYS_unshare, flags, 0, 0, 0, 0, 0));
}

static ssize_t first_recvmsg(int socket, struct msghdr *message, int flags)
{
	return finish(SHIM_RAW(SYS_recvmsg, socket, message, flags, 0, 0, 0));
}

static int first_recvmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags,
			  struct timespec *timeout)
{
	return (int)finish(SHIM_RAW(SYS_recvmmsg, socket, messages, count, flags, timeout, 0));
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

/* What has no system call to start from: the first call looks everything up. */
#define FIRST(result, name, parameters, arguments)             \
	static result first_##name parameters                  \
	{                                                      \
		shim_real_resolve();                           \
		return shim_real.name arguments;               \
	}

FIRST(FILE *, fopen, (const char *path, const char *mode), (path, mode))
FIRST(FILE *, fdopen, (int fd, const char *mode), (fd, mode))
FIRST(FILE *, freopen, (const char *path, const char *mode, FILE *stream), (path, mode, stream))
FIRST(int, shm_open, (const char *name, int flags, mode_t mode), (name, flags, mode))
FIRST(size_t, fwrite, (const void *items, size_t size, size_t count, FILE *stream), (items, size, count, stream))
FIRST(size_t, fwrite_unlocked, (const void *items, size_t size, size_t count, FILE *stream),
      (items, size, count, stream))
FIRST(int, sigaction, (int number, const struct sigaction *action, struct sigaction *old), (number, action, old))
FIRST(sighandler_t, signal, (int number, sighandler_t handler), (number, handler))
FIRST(sighandler_t, __sysv_signal, (int number, sighandler_t handler), (number, handler))
FIRST(sighandler_t, sigset, (int number, sighandler_t handler), (number, handler))
FIRST(int, sigignore, (int number), (number))
FIRST(int, sighold, (int number), (number))
FIRST(int, sigrelse, (int number), (number))
FIRST(int, siggetmask, (void), ())
FIRST(int, ppoll, (struct pollfd *polled, nfds_t count, const struct timespec *timeout, const sigset_t *set),
      (polled, count, timeout, set))
FIRST(int, __ppoll_chk,
      (struct pollfd *polled, nfds_t count, const struct timespec *timeout, const sigset_t *set, size_t room),
      (polled, count, timeout, set, room))
FIRST(int, pselect,
      (int count, fd_set *in, fd_set *out, fd_set *other, const struct timespec *timeout, const sigset_t *set),
      (count, in, out, other, timeout, set))
FIRST(int, pthread_attr_setsigmask_np, (pthread_attr_t *attributes, const sigset_t *set), (attributes, set))
FIRST(int, sigblock, (int mask), (mask))
FIRST(int, sigsetmask, (int mask), (mask))
FIRST(int, aio_read, (struct aiocb *request), (request))
FIRST(int, aio_read64, (struct aiocb64 *request), (request))
FIRST(int, lio_listio, (int mode, struct aiocb *const requests[], int count, struct sigevent *event),
      (mode, requests, count, event))
FIRST(int, lio_listio64, (int mode, struct aiocb64 *const requests[], int count, struct sigevent *event),
      (mode, requests, count, event))

struct shim_real shim_real = {
#define HOOK(result, name, parameters) .name = first_##name,
#define ALIAS(name, hook)
#include "hooks.def"
#undef HOOK
#undef ALIAS
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
#define ALIAS(name, hook)
#include "hooks.def"
#undef HOOK
#undef ALIAS
}
