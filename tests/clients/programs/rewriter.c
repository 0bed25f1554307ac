/* A library that does to mmap and its kin what communication libraries do: libc's own functions are rewritten so
 * that a jump leads here, and from here the call goes on through syscall(2). */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static long calls;

static void *other_mmap(void *address, size_t len, int prot, int flags, int fd, off_t offset)
{
	calls++;
	return (void *)syscall(SYS_mmap, address, len, prot, flags, fd, offset);
}

static int other_munmap(void *address, size_t len)
{
	calls++;
	return (int)syscall(SYS_munmap, address, len);
}

static void *other_mremap(void *address, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	void *to = va_arg(args, void *);
	va_end(args);
	calls++;
	return (void *)syscall(SYS_mremap, address, len, new_len, flags, to);
}

static int other_madvise(void *address, size_t len, int advice)
{
	calls++;
	return (int)syscall(SYS_madvise, address, len, advice);
}

/* movabs $to, %rax; jmp *%rax */
static void rewrite(void *libc, const char *name, void *to)
{
	unsigned char jump[12] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0};
	unsigned char *at = dlsym(libc, name);
	uintptr_t page = (uintptr_t)at & ~(uintptr_t)4095;
	memcpy(jump + 2, &to, sizeof to);
	if (at == NULL || mprotect((void *)page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC) != 0)
		abort();
	memcpy(at, jump, sizeof jump);
	mprotect((void *)page, 8192, PROT_READ | PROT_EXEC);
}

__attribute__((constructor)) static void start(void)
{
	void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	rewrite(libc, "mmap", other_mmap);
	rewrite(libc, "munmap", other_munmap);
	rewrite(libc, "mremap", other_mremap);
	rewrite(libc, "madvise", other_madvise);
}

/* How often it was called: it must be, or the test proves nothing. */
__attribute__((destructor)) static void end(void)
{
	if (getenv("REWRITER_SAYS") != NULL)
		fprintf(stderr, "rewriter: %ld calls\n", calls);
}
