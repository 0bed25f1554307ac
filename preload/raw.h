/* System calls without libc: the shim's own work must not run into its own hooks, and must not touch
 * errno. Each returns what the kernel does: a result, or -errno. */
#ifndef SHIM_RAW_H
#define SHIM_RAW_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>

static inline long shim_raw6(long n, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
#error "the system call sequence of this processor is not known here"
#endif
}

#define SHIM_RAW(n, a, b, c, d, e, f) \
	shim_raw6((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static inline int raw_openat(int dir, const char *path, int flags, mode_t mode)
{
	return (int)SHIM_RAW(SYS_openat, dir, path, flags, mode, 0, 0);
}

static inline int raw_close(int fd)
{
	return (int)SHIM_RAW(SYS_close, fd, 0, 0, 0, 0, 0);
}

static inline ssize_t raw_pread(int fd, void *bytes, size_t len, int64_t offset)
{
	return SHIM_RAW(SYS_pread64, fd, bytes, len, offset, 0, 0);
}

static inline ssize_t raw_write(int fd, const void *bytes, size_t len)
{
	return SHIM_RAW(SYS_write, fd, bytes, len, 0, 0, 0);
}

static inline int64_t raw_lseek(int fd, int64_t offset, int whence)
{
	return SHIM_RAW(SYS_lseek, fd, offset, whence, 0, 0, 0);
}

/* Did a sandbox say no, rather than the file? */
static inline bool raw_forbidden(long result)
{
	return result == -EPERM || result == -EACCES || result == -ENOSYS;
}

/* Sandboxes let programs do what libc does, which is the second of these for some, the first for others. */
static inline int raw_fstat(int fd, struct stat *st)
{
	long result = SHIM_RAW(SYS_fstat, fd, st, 0, 0, 0, 0);
	if (raw_forbidden(result))
		result = SHIM_RAW(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH, 0, 0);
	return (int)result;
}

static inline int raw_fcntl(int fd, int command, long argument)
{
	return (int)SHIM_RAW(SYS_fcntl, fd, command, argument, 0, 0, 0);
}

static inline int raw_dup3(int fd, int to, int flags)
{
	return (int)SHIM_RAW(SYS_dup3, fd, to, flags, 0, 0, 0);
}

static inline long raw_mmap(void *address, size_t len, int prot, int flags, int fd, int64_t offset)
{
	return SHIM_RAW(SYS_mmap, address, len, prot, flags, fd, offset);
}

#if defined(__SANITIZE_THREAD__)
/* The sanitizer must see that memory goes, or it takes two threads that are given the same address one after the
 * other for a race. */
int __interceptor_munmap(void *address, size_t len);
#endif

static inline int raw_munmap(void *address, size_t len)
{
#if defined(__SANITIZE_THREAD__)
	/* In whole pages: it forgets no part of one. */
	return __interceptor_munmap(address, (len + 4095) / 4096 * 4096) == 0 ? 0 : -EINVAL;
#else
	return (int)SHIM_RAW(SYS_munmap, address, len, 0, 0, 0, 0);
#endif
}

static inline pid_t raw_getpid(void)
{
	return (pid_t)SHIM_RAW(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

/* Can the 8 bytes at `address` be read? The kernel looks at them, and then refuses to do anything. */
static inline int raw_is_readable(const void *address)
{
	const int no_such_way = 99;
	return address != NULL && SHIM_RAW(SYS_rt_sigprocmask, no_such_way, address, 0, 8, 0, 0) != -EFAULT;
}

static inline ssize_t raw_readlink(const char *path, char *target, size_t room)
{
	return SHIM_RAW(SYS_readlinkat, AT_FDCWD, path, target, room, 0, 0);
}

#endif
