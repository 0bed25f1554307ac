/* A library to preload that answers libc's calls with syscall(2), as allocators and profilers do. */
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

void *mmap(void *address, size_t len, int prot, int flags, int fd, off_t offset)
{
	return (void *)syscall(SYS_mmap, address, len, prot, flags, fd, offset);
}

void *mmap64(void *address, size_t len, int prot, int flags, int fd, off64_t offset)
{
	return (void *)syscall(SYS_mmap, address, len, prot, flags, fd, offset);
}

int munmap(void *address, size_t len)
{
	return (int)syscall(SYS_munmap, address, len);
}

void *mremap(void *address, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	void *to = va_arg(args, void *);
	va_end(args);
	return (void *)syscall(SYS_mremap, address, len, new_len, flags, to);
}

int madvise(void *address, size_t len, int advice)
{
	return (int)syscall(SYS_madvise, address, len, advice);
}

int mprotect(void *address, size_t len, int prot)
{
	return (int)syscall(SYS_mprotect, address, len, prot);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	return syscall(SYS_write, fd, bytes, len);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	return syscall(SYS_writev, fd, parts, count);
}

ssize_t read(int fd, void *bytes, size_t len)
{
	return syscall(SYS_read, fd, bytes, len);
}

ssize_t pread64(int fd, void *bytes, size_t len, off64_t offset)
{
	return syscall(SYS_pread64, fd, bytes, len, offset);
}

ssize_t readv(int fd, const struct iovec *parts, int count)
{
	return syscall(SYS_readv, fd, parts, count);
}
