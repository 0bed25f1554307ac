#include "pages.h"

#include <stdbool.h>
#include <sys/mman.h>

#include "raw.h"

#ifndef MADV_POPULATE_WRITE /* Linux 5.14 */
#define MADV_POPULATE_WRITE 23
#endif

static bool failed(long result)
{
	return result < 0 && result >= -4095;
}

/* `len` bytes at an address that is `phase` past a huge page's beginning, if they can have a huge page. */
static int place(uintptr_t *start, size_t len, int prot, int flags, size_t phase)
{
	size_t room = len >= SHIM_HUGE_PAGE ? len + SHIM_HUGE_PAGE : len; /* there is none in less, wherever it lies */
	if (room < len)
		return ENOMEM;
	long got = raw_mmap(NULL, room, prot, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (failed(got))
		return (int)-got;
	if (room == len) {
		*start = (uintptr_t)got;
		return 0;
	}
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

/* Is it worth a huge page of which only `part` of the `len` bytes are wanted? The others are cleared, too, and given back. */
static bool worth(size_t part, size_t len)
{
	return (part < len ? part : len) >= SHIM_HUGE_PAGE / 4 * 3;
}

static void populate(uintptr_t start, uintptr_t end)
{
	if (start < end)
		SHIM_RAW(SYS_madvise, start, end - start, MADV_POPULATE_WRITE, 0, 0, 0); /* an older kernel fills them as before */
}

/* Where it has no huge page: pages made at once cost less than a fault for each. */
static void populate_small(const struct shim_stage *stage)
{
	uintptr_t first = (stage->first + SHIM_HUGE_PAGE - 1) / SHIM_HUGE_PAGE * SHIM_HUGE_PAGE;
	uintptr_t last = stage->end / SHIM_HUGE_PAGE * SHIM_HUGE_PAGE;
	uintptr_t end = stage->start + stage->len;
	if (first >= last) { /* no huge page */
		populate(stage->start, end);
		return;
	}
	populate(stage->start, first);
	populate(last, end);
}

int shim_pages_stage(struct shim_stage *stage, size_t len, uintptr_t target)
{
	size_t before = target % SHIM_HUGE_PAGE, past = (target + len) % SHIM_HUGE_PAGE, after = 0;
	if (!worth(SHIM_HUGE_PAGE - before, len))
		before = 0;
	if (past != 0 && worth(past, len))
		after = SHIM_HUGE_PAGE - past;
	int error = shim_pages_allocate(&stage->first, before + len + after, target - before);
	stage->start = stage->first + before;
	stage->len = len;
	stage->end = stage->start + len + after;
	if (error == 0)
		populate_small(stage);
	return error;
}

/* Part of a huge page: the kernel divides it. Where it is only unmapped, it stays with the process's control group until memory
 * is short. */
static void give_part(uintptr_t start, uintptr_t end)
{
	SHIM_RAW(SYS_madvise, start, end - start, MADV_FREE, 0, 0, 0);
	raw_munmap((void *)start, end - start);
}

void shim_pages_unstage(const struct shim_stage *stage, bool moved)
{
	uintptr_t end = stage->start + stage->len;
	if (!moved)
		raw_munmap((void *)stage->first, stage->end - stage->first);
	if (moved && stage->first < stage->start)
		give_part(stage->first, stage->start);
	if (moved && end < stage->end)
		give_part(end, stage->end);
}

void *shim_pages_take(size_t size)
{
	uintptr_t start;
	return shim_pages_allocate(&start, size, 0) == 0 ? (void *)start : NULL;
}

void shim_pages_give(void *bytes, size_t size)
{
	raw_munmap(bytes, size);
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
