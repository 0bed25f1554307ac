/* Mode eager: all of a mapping is decrypted, in parallel, before mmap() returns. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mapping.h"
#include "raw.h"

#ifndef MAP_32BIT /* x86 only */
#define MAP_32BIT 0
#endif

static const size_t HUGE = 2 * 1024 * 1024;

static bool failed(long result)
{
	return result < 0 && result >= -4095;
}

/* Fresh memory of `len` bytes, a huge page's alignment where that pays: filling 4 KiB pages costs more
 * than decrypting. Address or -errno. */
static long allocate(size_t len, int flags)
{
	int wanted = MAP_PRIVATE | MAP_ANONYMOUS | (flags & (MAP_NORESERVE | MAP_32BIT));
	bool huge = len >= HUGE && (flags & MAP_32BIT) == 0;
	size_t room = huge ? len + HUGE : len;
	long got = raw_mmap(NULL, room, PROT_READ | PROT_WRITE, wanted, -1, 0);
	if (failed(got) || !huge)
		return got;
	uintptr_t start = (uintptr_t)got, aligned = (start + HUGE - 1) / HUGE * HUGE;
	if (aligned > start)
		raw_munmap((void *)start, aligned - start);
	if (aligned + len < start + room)
		raw_munmap((void *)(aligned + len), start + room - aligned - len);
	SHIM_RAW(SYS_madvise, aligned, len, MADV_HUGEPAGE, 0, 0, 0);
	return (long)aligned;
}

/* Whole pages past the end of the file: touching them is a bus error, as in any mapping of a file.
 * An empty memfd has just such pages. */
static int map_past_end(uintptr_t start, size_t len, int prot)
{
	int fd = (int)SHIM_RAW(SYS_memfd_create, "ctshim:past-end", MFD_CLOEXEC, 0, 0, 0, 0);
	if (fd < 0)
		return -fd;
	long got = raw_mmap((void *)start, len, prot, MAP_PRIVATE | MAP_FIXED, fd, 0);
	raw_close(fd);
	return failed(got) ? (int)-got : 0;
}

/* MAP_FIXED_NOREPLACE: the place is taken, empty, before memory is allocated, which might land there. */
static int reserve(const struct shim_mapping_request *request)
{
	if ((request->flags & MAP_FIXED_NOREPLACE) != MAP_FIXED_NOREPLACE)
		return 0;
	long got = raw_mmap(request->address, request->len, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (failed(got))
		return (int)-got;
	if ((void *)got == request->address)
		return 0;
	raw_munmap((void *)got, request->len); /* an old kernel takes the flag for a hint */
	return EEXIST;
}

/* The finished pages go to the address that the program asked for, in one step. */
static int move(uintptr_t *at, const struct shim_mapping_request *request)
{
	if ((request->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == 0)
		return 0;
	long got = SHIM_RAW(SYS_mremap, *at, request->len, request->len,
			    MREMAP_MAYMOVE | MREMAP_FIXED, request->address, 0);
	if (failed(got))
		return (int)-got;
	*at = (uintptr_t)request->address;
	return 0;
}

/* Fill fresh memory, protect it, put it in its place. 0 with *at, or an errno and nothing left behind. */
static int make(struct shim_file *file, const struct shim_mapping_request *request, uintptr_t *at)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t size = (uint64_t)file->identity.st_size, offset = (uint64_t)request->offset;
	size_t inside = offset >= size ? 0 : (size_t)(size - offset);
	if (inside > request->len)
		inside = request->len;
	size_t pages = (inside + page - 1) / page * page;

	long got = allocate(request->len, request->flags);
	if (failed(got))
		return (int)-got;
	*at = (uintptr_t)got;
	int error = 0;
	if (inside > 0)
		error = shim_file_read(file, request->fd, (void *)*at, inside, offset, SHIM_READING);
	if (error == 0 && pages > 0 && request->prot != (PROT_READ | PROT_WRITE))
		error = -(int)SHIM_RAW(SYS_mprotect, *at, pages, request->prot, 0, 0, 0);
	if (error == 0 && (request->flags & MAP_LOCKED) != 0 && pages > 0)
		SHIM_RAW(SYS_mlock, *at, pages, 0, 0, 0, 0); /* MAP_LOCKED never fails for this */
	if (error == 0)
		error = move(at, request);
	/* Last, as mremap() moves only one mapping at a time. */
	if (error == 0 && pages < request->len)
		error = map_past_end(*at + pages, request->len - pages, request->prot);
	if (error != 0)
		raw_munmap((void *)*at, request->len);
	return error;
}

void *shim_map_eager(struct shim_file *file, const struct shim_mapping_request *request)
{
	uintptr_t at = 0;
	int error = reserve(request);
	if (error == 0) {
		error = make(file, request, &at);
		if (error != 0 && (request->flags & MAP_FIXED_NOREPLACE) == MAP_FIXED_NOREPLACE)
			raw_munmap(request->address, request->len);
	}
	if (error == 0)
		return (void *)at;
	errno = error != SHIM_ANOTHER ? error : EIO;
	return MAP_FAILED;
}
