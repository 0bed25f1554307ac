#include "pages.h"

#include <stdbool.h>
#include <sys/mman.h>

#include "raw.h"

static bool failed(long result)
{
	return result < 0 && result >= -4095;
}

/* `len` bytes at an address that is `phase` past a huge page's beginning. */
static int place(uintptr_t *start, size_t len, int prot, int flags, size_t phase)
{
	size_t room = len + SHIM_HUGE_PAGE;
	if (room < len)
		return ENOMEM;
	long got = raw_mmap(NULL, room, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (failed(got))
		return (int)-got;
	uintptr_t from = (uintptr_t)got, end = from + room;
	*start = (from - phase + SHIM_HUGE_PAGE - 1) / SHIM_HUGE_PAGE * SHIM_HUGE_PAGE + phase;
	if (*start > from)
		raw_munmap((void *)from, *start - from);
	if (*start + len < end)
		raw_munmap((void *)(*start + len), end - *start - len);
	return 0;
}

int shim_pages_allocate(uintptr_t *start, size_t len, uintptr_t target)
{
	int error = place(start, len, PROT_READ | PROT_WRITE, 0, target % SHIM_HUGE_PAGE);
	if (error == 0 && len >= SHIM_HUGE_PAGE)
		SHIM_RAW(SYS_madvise, *start, len, MADV_HUGEPAGE, 0, 0, 0);
	if (error == 0)
		SHIM_RAW(SYS_madvise, *start, len, MADV_DONTDUMP, 0, 0, 0);
	return error;
}

int shim_pages_reserve(uintptr_t *start, size_t len)
{
	int error = place(start, len, PROT_NONE, MAP_NORESERVE, 0);
	if (error == 0)
		SHIM_RAW(SYS_madvise, *start, len, MADV_DONTDUMP, 0, 0, 0);
	return error;
}

int shim_pages_past_end(uintptr_t start, size_t len, int prot)
{
	int fd = (int)SHIM_RAW(SYS_memfd_create, "ctshim:past-end", MFD_CLOEXEC, 0, 0, 0, 0);
	if (fd < 0)
		return -fd;
	long got = raw_mmap((void *)start, len, prot, MAP_PRIVATE | MAP_FIXED, fd, 0);
	raw_close(fd);
	return failed(got) ? (int)-got : 0;
}
