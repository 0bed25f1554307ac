/* What a program says of memory. On a mapping of ours, which is anonymous memory to the kernel, it means what it
 * means on a file's: pages that are given up come back with the file's content, never as zeros. */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lazy.h"
#include "mapping.h"
#include "real.h"

#ifndef MADV_POPULATE_READ /* Linux 5.14 */
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLD /* Linux 5.4 */
#define MADV_COLD 20
#endif
#ifndef MADV_DONTNEED_LOCKED /* Linux 5.18 */
#define MADV_DONTNEED_LOCKED 24
#endif
#ifndef MADV_GUARD_INSTALL /* Linux 6.13 */
#define MADV_GUARD_INSTALL 102
#endif

/* Pages of ours are kept, as they hold what would have to come back (and what the program wrote there); all
 * others are given up. The kernel judges the range by advice that does no harm: pages that are cold are those that
 * may be given up. */
static int keep(void *address, size_t len, int advice)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)address, end = at + (len + page - 1) / page * page;
	bool known = shim_real.madvise(NULL, 0, MADV_COLD) == 0, shared;
	int harmless = advice == MADV_DONTNEED && known ? MADV_COLD : MADV_WILLNEED;
	int result = shim_real.madvise(address, len, harmless), reason = errno;
	if (result != 0 && reason != ENOMEM) /* ENOMEM: there are holes, but the rest was done */
		return result;
	while (at < end) {
		uintptr_t start = at, stop = end;
		if (!shim_mapping_next(&start, &stop, &shared))
			start = stop = end;
		if (at < start && shim_real.madvise((void *)at, start - at, advice) != 0 && errno != ENOMEM)
			return -1;
		at = stop;
	}
	errno = reason;
	return result;
}

/* What the kernel refuses a file's mapping, after it has refused ranges that are none. */
static int refuse(void *address, size_t len, int error)
{
	if (shim_real.madvise(address, len, MADV_WILLNEED) == 0 || errno != EINVAL)
		errno = error;
	return -1;
}

SHIM_HOOK int madvise(void *address, size_t len, int advice)
{
	if (!shim_mapping_has(address, len))
		return shim_real.madvise(address, len, advice);
	int saved = errno, result;
	switch (advice) {
	case MADV_WILLNEED:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_NORMAL:
		shim_lazy_advise(address, len, advice);
		return shim_real.madvise(address, len, advice);
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		shim_lazy_ready(address, len);
		return shim_real.madvise(address, len, advice);
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
		result = keep(address, len, advice);
		break;
	case MADV_REMOVE:
		return refuse(address, len, EACCES); /* the file is open for reading only */
	case MADV_FREE:
	case MADV_WIPEONFORK:
	case MADV_GUARD_INSTALL: /* it would empty the pages */
		return refuse(address, len, EINVAL);
	default:
		return shim_real.madvise(address, len, advice);
	}
	if (result == 0)
		errno = saved;
	return result;
}

SHIM_HOOK int posix_madvise(void *address, size_t len, int advice)
{
	if (advice == POSIX_MADV_DONTNEED || !shim_mapping_has(address, len))
		return shim_real.posix_madvise(address, len, advice);
	int saved = errno, result = madvise(address, len, advice) != 0 ? errno : 0;
	errno = saved;
	return result;
}

/* A shared mapping of a file that is open for reading only never becomes writable. */
static bool may_not_write(const void *address, size_t len, int prot)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)address, end = start + len;
	bool shared = false;
	if ((prot & PROT_WRITE) == 0 || start % page != 0 || !shim_mapping_has(address, len))
		return false;
	for (uintptr_t stop = end; !shared && start < end && shim_mapping_next(&start, &stop, &shared); stop = end)
		start = stop;
	return shared;
}

/* What is there is the kernel's affair; what is not will be as wanted when it is. */
static int protect(void *address, size_t len, int prot, int key, bool keyed)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)address, end = at + (len + page - 1) / page * page;
	if (!shim_lazy_any() || !shim_mapping_has(address, len) || at % page != 0 || end < at)
		return keyed ? shim_real.pkey_mprotect(address, len, prot, key) : shim_real.mprotect(address, len, prot);
	while (at < end) {
		uintptr_t start = at, stop = end;
		bool kernel = shim_lazy_protect(&start, &stop, prot);
		if (kernel && (keyed ? shim_real.pkey_mprotect((void *)at, stop - at, prot, key)
				     : shim_real.mprotect((void *)at, stop - at, prot)) != 0)
			return -1;
		at = stop;
	}
	return 0;
}

SHIM_HOOK int mprotect(void *address, size_t len, int prot)
{
	if (!may_not_write(address, len, prot))
		return protect(address, len, prot, -1, false);
	errno = EACCES;
	return -1;
}

SHIM_HOOK int pkey_mprotect(void *address, size_t len, int prot, int key)
{
	if (!may_not_write(address, len, prot))
		return protect(address, len, prot, key, true);
	errno = EACCES;
	return -1;
}
