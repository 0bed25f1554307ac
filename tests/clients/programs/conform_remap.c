/* What becomes of a mapping: unmapped in part, moved, protected, seen by children. */
#include "conform.h"

#include <sys/syscall.h>
#include <sys/wait.h>

enum { PAGES = 8 };

static unsigned char *window(int prot, int flags)
{
	return map_model(PAGES * page, prot, flags, middle);
}

static void view(const char *name, const char *what, unsigned char *place)
{
	for (size_t i = 0; i < PAGES; i++)
		look(name, text("%s: page %zu", what, i), place + i * page, page);
}

TOPIC(unmap)
{
	unsigned char *place = window(PROT_READ, MAP_PRIVATE);
	STEP(munmap, "two pages in the middle", (place + 2 * page, 2 * page));
	view("munmap", "two pages in the middle", place);
	STEP(munmap, "the same again", (place + 2 * page, 2 * page));
	STEP(munmap, "less than a page", (place + 6 * page, 1));
	view("munmap", "less than a page", place);
	STEP(munmap, "not at a page", (place + 1, PAGES * page));
	STEP(munmap, "nothing", (place, 0));
	STEP(munmap, "all addresses", (place, SIZE_MAX));
	view("munmap", "what failed", place);
	STEP(madvise, "MADV_DONTNEED after munmap failed", (place, 2 * page, MADV_DONTNEED));
	STEP(madvise, "MADV_DONTNEED of the rest", (place + 4 * page, 2 * page, MADV_DONTNEED));
	view("madvise", "MADV_DONTNEED after munmap failed", place);
	STEP(munmap, "all", (place, PAGES * page));
	view("munmap", "all", place);
}

static unsigned char *nowhere(size_t pages)
{
	unsigned char *place = mmap(NULL, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(place != MAP_FAILED);
	return place;
}

TOPIC(move)
{
	unsigned char *place = window(PROT_READ, MAP_PRIVATE), *to = nowhere(20), *got;
	got = PLACE(mremap, "the same length", (place, PAGES * page, PAGES * page, 0));
	found("mremap", "the same length: moved", "%d", got != place);
	got = PLACE(mremap, "to half", (place, PAGES * page, PAGES * page / 2, 0));
	found("mremap", "to half: moved", "%d", got != place);
	view("mremap", "to half", place);
	PLACE(mremap, "to nothing", (place, PAGES * page / 2, 0, 0));
	PLACE(mremap, "not at a page", (place + 1, page, page, 0));
	PLACE(mremap, "an unknown flag", (place, page, page, 64));
	PLACE(mremap, "MREMAP_FIXED alone", (place, page, page, MREMAP_FIXED, to));
	PLACE(mremap, "what is not mapped", (place + PAGES / 2 * page, page, page, MREMAP_MAYMOVE));
	got = PLACE(mremap, "to a place", (place, 4 * page, 4 * page, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	found("mremap", "to a place: there", "%d", got == to);
	look("mremap", "to a place: what is left behind", place, 1);
	view("mremap", "to a place", to);
	got = PLACE(mremap, "a part to a place", (to + page, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED,
						  to + 10 * page));
	look("mremap", "a part to a place", got, 2 * page);
	view("mremap", "a part to a place: the rest", to);
	PLACE(mremap, "to a place over itself", (to, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	got = PLACE(mremap, "shorter, to a place", (to + 10 * page, 2 * page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
						    to + 14 * page));
	look("mremap", "shorter, to a place", got, page);
	STEP(madvise, "MADV_DONTNEED of what moved", (to + 14 * page, page, MADV_DONTNEED));
	look("madvise", "MADV_DONTNEED of what moved", to + 14 * page, page);
	got = PLACE_OF("syscall", "mremap", (void *)syscall(SYS_mremap, to, page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
							    to + 16 * page));
	look("syscall", "mremap", got, page);
	munmap(to, 20 * page);

	place = map_model(PAGES * page, PROT_READ, MAP_SHARED, size / page * page - 2 * page);
	to = nowhere(PAGES);
	PLACE(mremap, "across the end of the file", (place, PAGES * page, PAGES * page, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	view("mremap", "across the end of the file", to);
	munmap(to, PAGES * page);
}

TOPIC(grow)
{
	unsigned char *place = window(PROT_READ, MAP_PRIVATE), *to = nowhere(PAGES + 4), *got;
	got = PLACE(mremap, "to more", (place, PAGES * page, (PAGES + 2) * page, MREMAP_MAYMOVE));
	look("mremap", "to more", got != MAP_FAILED ? got : place, PAGES * page);
	place = window(PROT_READ, MAP_SHARED);
	got = PLACE(mremap, "to more, at a place",
		    (place, PAGES * page, (PAGES + 2) * page, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	look("mremap", "to more, at a place", got != MAP_FAILED ? got : place, PAGES * page);
	place = window(PROT_READ, MAP_SHARED);
	PLACE(mremap, "a second time", (place, 0, page, MREMAP_MAYMOVE));
	PLACE(mremap, "a second time, a private one", (window(PROT_READ, MAP_PRIVATE), 0, page, MREMAP_MAYMOVE));
	STEP(remap_file_pages, "another page", (place, page, 0, 1, 0));
	look("remap_file_pages", "another page", place, 2 * page);
}

/* The old place stays, and is the file's again. */
TOPIC(move_and_keep)
{
	unsigned char *place = window(PROT_READ, MAP_PRIVATE);
	view("mremap", "before MREMAP_DONTUNMAP", place);
	unsigned char *to = PLACE(mremap, "MREMAP_DONTUNMAP", (place, PAGES * page, PAGES * page,
							       MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL));
	if (to == MAP_FAILED)
		return; /* the kernel is older than 5.13 */
	view("mremap", "MREMAP_DONTUNMAP", to);
	view("mremap", "MREMAP_DONTUNMAP: the old place", place);
	unsigned char *shared = window(PROT_READ, MAP_SHARED);
	to = PLACE(mremap, "MREMAP_DONTUNMAP, shared", (shared, page, page, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL));
	look("mremap", "MREMAP_DONTUNMAP, shared", to, page);
	look("mremap", "MREMAP_DONTUNMAP, shared: the old place", shared, page);
}

TOPIC(protect)
{
	unsigned char *place = window(PROT_NONE, MAP_PRIVATE);
	look("mprotect", "no access", place, page);
	STEP(mprotect, "to reading", (place, PAGES * page, PROT_READ));
	view("mprotect", "to reading", place);
	touch("mprotect", "a write to what is for reading", place);
	STEP(mprotect, "one page to writing", (place + page, page, PROT_READ | PROT_WRITE));
	touch("mprotect", "a write to what is for writing", place + page + 5);
	touch("mprotect", "a write to the next page", place + 2 * page);
	STEP(mprotect, "one page to nothing", (place + 3 * page, page, PROT_NONE));
	view("mprotect", "a page written to, one for nobody", place);
	STEP(mprotect, "to executing", (place, page, PROT_READ | PROT_EXEC));
	STEP(mprotect, "to everything", (place, PAGES * page, PROT_READ | PROT_WRITE | PROT_EXEC));
	view("mprotect", "to everything", place);
	STEP(mprotect, "not at a page", (place + 1, page, PROT_READ));
	STEP(mprotect, "nothing", (place, 0, PROT_NONE));
	munmap(place + 6 * page, page);
	STEP(mprotect, "across a hole", (place + 5 * page, 2 * page, PROT_NONE));
	view("mprotect", "across a hole", place);
	STEP(pkey_mprotect, "without a key", (place, page, PROT_READ, -1));
	STEP(syscall, "mprotect", (SYS_mprotect, place, page, PROT_READ));
	munmap(place, PAGES * page);

	place = window(PROT_READ, MAP_SHARED);
	STEP(mprotect, "a shared mapping to writing", (place, page, PROT_READ | PROT_WRITE));
	STEP(mprotect, "a shared mapping to executing", (place, page, PROT_READ | PROT_EXEC));
	touch("mprotect", "a write to a shared mapping", place);
	munmap(place, PAGES * page);
}

static unsigned char *inherited;

static void look_in_child(void)
{
	view("fork", "the child's", inherited);
	touch("fork", "a write of the child's", inherited + page);
	view("fork", "the child's, written to", inherited);
	STEP(munmap, "in the child", (inherited + 2 * page, page));
	int fd = open_model();
	unsigned char *own = PLACE(mmap, "in the child", (NULL, page, PROT_READ, MAP_SHARED, fd, (off_t)middle));
	look("mmap", "in the child", own, page);
	STEP(madvise, "MADV_DONTNEED in the child", (own, page, MADV_DONTNEED));
	look("madvise", "MADV_DONTNEED in the child", own, page);
}

TOPIC(inherit)
{
	inherited = window(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	touch("fork", "a write before it", inherited);
	in_child("fork", "with a mapping", look_in_child);
	view("fork", "the parent's, afterwards", inherited);
	STEP(madvise, "MADV_DONTFORK", (inherited + 3 * page, page, MADV_DONTFORK));
	in_child("fork", "with a mapping that is not inherited", look_in_child);
	STEP(madvise, "MADV_DOFORK", (inherited + 3 * page, page, MADV_DOFORK));
	munmap(inherited, PAGES * page);
	inherited = window(PROT_READ, MAP_SHARED);
	in_child("fork", "with a shared mapping", look_in_child);
	munmap(inherited, PAGES * page);
}

/* Private means that nobody else sees a write: no other mapping, no read. */
TOPIC(write_private)
{
	unsigned char *mine = window(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	unsigned char *other = window(PROT_READ | PROT_WRITE, MAP_PRIVATE), *shared = window(PROT_READ, MAP_SHARED);
	memset(mine + page, 0x5c, 2 * page);
	look("mmap", "written to", mine, PAGES * page);
	look("mmap", "written to: another private one", other, PAGES * page);
	look("mmap", "written to: a shared one", shared, PAGES * page);
	int fd = open_model();
	READ(fd, pread, "of what was written to in memory", (fd, room, PAGES * page, (off_t)middle));
	STEP(pread, "into a mapping", (fd, mine, 3 * page, 100));
	STEP(read, "into a mapping for reading", (fd, shared, 100));
	look("mmap", "read into", mine, PAGES * page);
	close(fd);
}
