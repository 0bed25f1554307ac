/* Advice on mappings, locks, and what the kernel tells of their pages. */
#include "conform.h"

#include <sys/syscall.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

enum { PAGES = 6 };

/* Those that poison memory (MADV_HWPOISON, MADV_SOFT_OFFLINE) are not for a test. */
static const struct {
	int advice;
	const char *name;
} advices[] = {
	{MADV_NORMAL, "MADV_NORMAL"}, {MADV_RANDOM, "MADV_RANDOM"}, {MADV_SEQUENTIAL, "MADV_SEQUENTIAL"},
	{MADV_WILLNEED, "MADV_WILLNEED"}, {MADV_DONTNEED, "MADV_DONTNEED"}, {MADV_FREE, "MADV_FREE"},
	{MADV_REMOVE, "MADV_REMOVE"}, {MADV_DONTFORK, "MADV_DONTFORK"}, {MADV_DOFORK, "MADV_DOFORK"},
	{MADV_MERGEABLE, "MADV_MERGEABLE"}, {MADV_UNMERGEABLE, "MADV_UNMERGEABLE"},
	{MADV_HUGEPAGE, "MADV_HUGEPAGE"}, {MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE"}, {MADV_DONTDUMP, "MADV_DONTDUMP"},
	{MADV_DODUMP, "MADV_DODUMP"}, {MADV_WIPEONFORK, "MADV_WIPEONFORK"},
	{MADV_KEEPONFORK, "MADV_KEEPONFORK"}, {MADV_COLD, "MADV_COLD"}, {MADV_PAGEOUT, "MADV_PAGEOUT"},
	{MADV_POPULATE_READ, "MADV_POPULATE_READ"}, {MADV_POPULATE_WRITE, "MADV_POPULATE_WRITE"},
	{MADV_DONTNEED_LOCKED, "MADV_DONTNEED_LOCKED"}, {99, "what there is not"},
};

static const struct {
	int prot, flags;
	const char *name;
} kinds[] = {{PROT_READ, MAP_SHARED, "shared"}, {PROT_READ, MAP_PRIVATE, "private"},
	     {PROT_READ | PROT_WRITE, MAP_PRIVATE, "writable"}};

static unsigned char *watched;

static void look_in_child(void)
{
	look("fork", "the child's", watched, PAGES * page);
}

TOPIC(advice)
{
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
			const char *what = text("%s of a %s mapping", advices[i].name, kinds[k].name);
			unsigned char *place = map_model(PAGES * page, kinds[k].prot, kinds[k].flags, middle);
			STEP(madvise, what, (place, PAGES * page, advices[i].advice));
			look("madvise", text("%s: the bytes", what), place, PAGES * page);
			munmap(place, PAGES * page);
		}
	watched = map_model(PAGES * page, PROT_READ, MAP_PRIVATE, middle);
	STEP(madvise, "MADV_WIPEONFORK before a fork", (watched, page, MADV_WIPEONFORK));
	in_child("madvise", "MADV_WIPEONFORK and a fork", look_in_child);
	munmap(watched, PAGES * page);
}

TOPIC(advice_places)
{
	static const int some[] = {MADV_NORMAL, MADV_WILLNEED, MADV_DONTNEED, MADV_REMOVE, MADV_FREE};
	for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
		unsigned char *place = map_model(PAGES * page, PROT_READ, MAP_PRIVATE, middle);
		int advice = some[i];
		STEP(madvise, text("%d: one page", advice), (place + page, page, advice));
		STEP(madvise, text("%d: not at a page", advice), (place + 1, page, advice));
		STEP(madvise, text("%d: nothing", advice), (place, 0, advice));
		STEP(madvise, text("%d: less than a page", advice), (place, 1, advice));
		STEP(madvise, text("%d: SIZE_MAX", advice), (place, SIZE_MAX, advice));
		STEP(syscall, text("madvise %d", advice), (SYS_madvise, place, page, advice));
		STEP(posix_madvise, text("%d", advice), (place, PAGES * page, advice));
		munmap(place + 3 * page, page);
		STEP(madvise, text("%d: across a hole", advice), (place, PAGES * page, advice));
		STEP(madvise, text("%d: nothing there", advice), (place + 3 * page, page, advice));
		look("madvise", text("%d: before the hole", advice), place, 3 * page);
		look("madvise", text("%d: behind the hole", advice), place + 4 * page, 2 * page);
		munmap(place, PAGES * page);
	}
	unsigned char *place = map_model(PAGES * page, PROT_READ, MAP_PRIVATE, middle);
	STEP(mlock, "before MADV_DONTNEED", (place, page));
	STEP(madvise, "MADV_DONTNEED of what is locked", (place, page, MADV_DONTNEED));
	STEP(madvise, "MADV_DONTNEED_LOCKED of what is locked", (place, page, MADV_DONTNEED_LOCKED));
	look("madvise", "MADV_DONTNEED of what is locked", place, page);
	munmap(place, PAGES * page);
}

/* What the program wrote is discarded: the file's bytes come back, and zeros where memory has no file. */
TOPIC(advice_dontneed)
{
	unsigned char *place = map_model(PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, middle);
	touch("madvise", "a write before MADV_DONTNEED", place + page);
	STEP(madvise, "MADV_DONTNEED after a write", (place, PAGES * page, MADV_DONTNEED));
	look("madvise", "MADV_DONTNEED: the page that was written to", place + page, page);
	look("madvise", "MADV_DONTNEED: the others", place + 2 * page, 4 * page);
	munmap(place, PAGES * page);

	unsigned char *sea = mmap(NULL, 5 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(sea != MAP_FAILED);
	memset(sea, 0x33, 5 * page);
	int fd = open_model();
	PLACE(mmap, "among other memory", (sea + 2 * page, page, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, (off_t)middle));
	close(fd);
	STEP(madvise, "MADV_DONTNEED with other memory around", (sea, 5 * page, MADV_DONTNEED));
	for (size_t i = 0; i < 5; i++)
		look("madvise", text("MADV_DONTNEED with other memory around: page %zu", i), sea + i * page, page);
	munmap(sea, 5 * page);

	place = map_model(4 * page, PROT_READ, MAP_SHARED, size / page * page);
	STEP(madvise, "MADV_DONTNEED across the end", (place, 4 * page, MADV_DONTNEED));
	look("madvise", "MADV_DONTNEED across the end", place, 4 * page);
	munmap(place, 4 * page);
}

/* Guards (Linux 6.13): touching one is a fault, and when it is gone the file's bytes are there again. */
TOPIC(advice_guard)
{
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		const char *kind = kinds[k].name;
		unsigned char *place = map_model(PAGES * page, kinds[k].prot, kinds[k].flags, middle);
		if (STEP(madvise, text("MADV_GUARD_INSTALL, %s", kind), (place + page, page, MADV_GUARD_INSTALL)) == 0) {
			look("madvise", text("a guard, %s", kind), place, PAGES * page);
			STEP(madvise, text("MADV_GUARD_REMOVE, %s", kind), (place + page, page, MADV_GUARD_REMOVE));
			look("madvise", text("a guard that is gone, %s", kind), place, PAGES * page);
		}
		munmap(place, PAGES * page);
	}
}

static int resident(const unsigned char *place, size_t pages)
{
	unsigned char map[PAGES] = {0};
	int count = 0;
	if (mincore((void *)place, pages * page, map) < 0)
		return -1;
	for (size_t i = 0; i < pages; i++)
		count += map[i] & 1;
	return count;
}

TOPIC(lock)
{
	unsigned char *place = map_model(PAGES * page, PROT_READ, MAP_PRIVATE, middle), residency[PAGES];
	STEP(mlock, "a mapping", (place, PAGES * page));
	look("mlock", "a mapping", place, PAGES * page);
	found("mincore", "locked", "%d", resident(place, PAGES));
	STEP(munlock, "a mapping", (place, PAGES * page));
	STEP(mlock2, "on fault", (place, PAGES * page, MLOCK_ONFAULT));
	look("mlock2", "on fault", place, PAGES * page);
	found("mincore", "touched", "%d", resident(place, PAGES));
	STEP(mlock2, "an unknown flag", (place, page, 8));
	STEP(munlock, "less than a page", (place + 1, 1));
	STEP(munlock, "nothing", (place, 0));
	STEP(syscall, "mlock", (SYS_mlock, place, page));
	STEP(syscall, "munlock", (SYS_munlock, place, PAGES * page));
	STEP(mincore, "not at a page", (place + 1, page, residency));
	STEP(msync, "MS_SYNC", (place, PAGES * page, MS_SYNC));
	STEP(msync, "MS_ASYNC", (place, PAGES * page, MS_ASYNC));
	STEP(msync, "MS_INVALIDATE", (place, PAGES * page, MS_INVALIDATE));
	STEP(msync, "both", (place, page, MS_SYNC | MS_ASYNC));
	STEP(msync, "an unknown flag", (place, page, 64));
	STEP(msync, "not at a page", (place + 1, page, MS_SYNC));
	munmap(place + page, page);
	STEP(msync, "across a hole", (place, PAGES * page, MS_SYNC));
	STEP(mlock, "across a hole", (place, PAGES * page));
	STEP(mincore, "across a hole", (place, PAGES * page, residency));
	look("msync", "across a hole", place, page);
	munmap(place, PAGES * page);

	place = map_model(4 * page, PROT_READ, MAP_SHARED, size / page * page);
	STEP(mlock, "the last page", (place, page));
	STEP(mlock, "past the end of the file", (place, 4 * page));
	STEP(madvise, "MADV_POPULATE_READ past the end of the file", (place, 4 * page, MADV_POPULATE_READ));
	munmap(place, 4 * page);
	place = map_model(page, PROT_NONE, MAP_PRIVATE, middle);
	STEP(mlock, "what nobody may read", (place, page));
	STEP(madvise, "MADV_POPULATE_READ of what nobody may read", (place, page, MADV_POPULATE_READ));
	munmap(place, page);
}
