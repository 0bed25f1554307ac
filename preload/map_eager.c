/* Mode eager: all of a mapping is decrypted, in parallel, before mmap() returns. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mapping.h"
#include "pages.h"
#include "raw.h"

#ifndef MAP_32BIT /* x86 only */
#define MAP_32BIT 0
#endif

static bool failed(long result)
{
	return result < 0 && result >= -4095;
}

/* Fresh memory of `len` bytes, a huge page's alignment where that pays: filling 4 KiB pages costs more
 * than decrypting. Address or -errno. */
static long allocate(size_t len, int flags)
{
	int wanted = MAP_PRIVATE | MAP_ANONYMOUS | (flags & (MAP_NORESERVE | MAP_32BIT));
	bool huge = len >= SHIM_HUGE_PAGE && (flags & MAP_32BIT) == 0;
	size_t room = huge ? len + SHIM_HUGE_PAGE : len;
	long got = raw_mmap(NULL, room, PROT_READ | PROT_WRITE, wanted, -1, 0);
	if (failed(got) || !huge)
		return got;
	uintptr_t start = (uintptr_t)got, aligned = (start + SHIM_HUGE_PAGE - 1) / SHIM_HUGE_PAGE * SHIM_HUGE_PAGE;
	if (aligned > start)
		raw_munmap((void *)start, aligned - start);
	if (aligned + len < start + room)
		raw_munmap((void *)(aligned + len), start + room - aligned - len);
	SHIM_RAW(SYS_madvise, aligned, len, MADV_HUGEPAGE, 0, 0, 0);
	return (long)aligned;
}

/* The same, but not where the mapping is to go: with MAP_FIXED there may be holes, and what landed in one could not
 * be moved. What did is held on to until another place is found. */
static long allocate_apart(size_t len, int flags, uintptr_t target, size_t target_len, unsigned attempts)
{
	long got = allocate(len, flags);
	if (failed(got) || target == 0 || (uintptr_t)got >= target + target_len || (uintptr_t)got + len <= target)
		return got;
	long another = attempts > 0 ? allocate_apart(len, flags, target, target_len, attempts - 1) : -ENOMEM;
	raw_munmap((void *)got, len);
	return another;
}

static bool replaces(const struct shim_mapping_request *request)
{
	return (request->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == MAP_FIXED;
}

/* Where the mapping must go: *target, NULL where that does not matter. A place that is free is taken, empty, before
 * memory is allocated, which might land there. 0, or an errno. */
static int reserve(const struct shim_mapping_request *request, size_t pages, void **target)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (request->flags & (MAP_FIXED_NOREPLACE | MAP_32BIT));
	*target = request->address;
	if (replaces(request) || (*target == NULL && pages == request->len && (flags & MAP_FIXED_NOREPLACE) == 0))
		return 0;
	long got = raw_mmap(*target, request->len, PROT_NONE, flags, -1, 0);
	if (failed(got))
		return (int)-got;
	if ((flags & MAP_FIXED_NOREPLACE) == 0 || (void *)got == *target) {
		*target = (void *)got; /* an address without a flag is a wish */
		return 0;
	}
	raw_munmap((void *)got, request->len); /* an old kernel takes the flag for a hint */
	return EEXIST;
}

/* The finished pages go where they must be, in one step. */
static int move(uintptr_t *at, size_t pages, void *target)
{
	if (target == NULL)
		return 0;
	long got = SHIM_RAW(SYS_mremap, *at, pages, pages, MREMAP_MAYMOVE | MREMAP_FIXED, target, 0);
	if (failed(got))
		return got == -EINVAL ? ENOMEM : (int)-got; /* as mmap(2) says of what is behind all addresses */
	*at = (uintptr_t)target;
	return 0;
}

/* Fresh memory with `inside` bytes of the file, `pages` bytes long, protected and at *target. 0 with *at, or an
 * errno and nothing left behind. */
static int make(struct shim_file *file, const struct shim_mapping_request *request, size_t inside, size_t pages,
		void *target, uintptr_t *at)
{
	enum { ATTEMPTS = 8 };
	long got = allocate_apart(pages, request->flags, (uintptr_t)target, request->len, ATTEMPTS);
	if (failed(got))
		return (int)-got;
	*at = (uintptr_t)got;
	/* As pages of a file, which a core dump leaves out: plaintext stays in memory. */
	SHIM_RAW(SYS_madvise, *at, pages, MADV_DONTDUMP, 0, 0, 0);
	int error = shim_file_read(file, request->fd, (void *)*at, inside, (uint64_t)request->offset, SHIM_MAPPING);
	if (error == 0 && request->prot != (PROT_READ | PROT_WRITE))
		error = -(int)SHIM_RAW(SYS_mprotect, *at, pages, request->prot, 0, 0, 0);
	if (error == 0 && (request->flags & MAP_LOCKED) != 0)
		SHIM_RAW(SYS_mlock, *at, pages, 0, 0, 0, 0); /* MAP_LOCKED never fails for this */
	if (error == 0)
		error = move(at, pages, target);
	if (error != 0)
		raw_munmap((void *)*at, pages);
	return error;
}

void *shim_map_eager(struct shim_file *file, const struct shim_mapping_request *request)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t size = (uint64_t)file->identity.st_size, offset = (uint64_t)request->offset;
	size_t inside = offset >= size ? 0 : (size_t)(size - offset);
	if (inside > request->len)
		inside = request->len;
	size_t pages = (inside + page - 1) / page * page;
	void *target;
	int error = reserve(request, pages, &target);
	if (error != 0) {
		errno = error;
		return MAP_FAILED;
	}
	uintptr_t at = (uintptr_t)target;
	if (pages > 0)
		error = make(file, request, inside, pages, target, &at);
	bool placed = error == 0 && pages > 0;
	if (error == 0 && pages < request->len)
		error = shim_pages_past_end(at + pages, request->len - pages, request->prot);
	if (error == 0)
		return (void *)at;
	if (placed)
		raw_munmap((void *)at, request->len);
	else if (target != NULL && !replaces(request))
		raw_munmap(target, request->len); /* what was reserved */
	errno = error != SHIM_ANOTHER ? error : EIO;
	return MAP_FAILED;
}
