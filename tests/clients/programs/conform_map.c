/* Making mappings: every protection and flag, every length and offset. */
#include "conform.h"

#include <signal.h>
#include <sys/syscall.h>

static const struct {
	int prot;
	const char *name;
} protections[] = {{PROT_NONE, "no access"}, {PROT_READ, "read"}, {PROT_WRITE, "write"},
		   {PROT_READ | PROT_WRITE, "read and write"}, {PROT_READ | PROT_EXEC, "read and execute"},
		   {PROT_READ | PROT_WRITE | PROT_EXEC, "everything"}, {PROT_EXEC, "execute"},
		   {PROT_READ | 0x100, "read and an unknown bit"}};

static const struct {
	int flags;
	const char *name;
} kinds[] = {
	{MAP_SHARED, "shared"}, {MAP_PRIVATE, "private"}, {MAP_SHARED_VALIDATE, "validated"}, {0, "neither"},
	{MAP_PRIVATE | MAP_POPULATE, "private, populated"}, {MAP_SHARED | MAP_POPULATE, "shared, populated"},
	{MAP_PRIVATE | MAP_NORESERVE, "private, not reserved"}, {MAP_PRIVATE | MAP_LOCKED, "private, locked"},
	{MAP_SHARED | MAP_LOCKED, "shared, locked"}, {MAP_PRIVATE | MAP_NONBLOCK | MAP_POPULATE, "not blocking"},
	{MAP_PRIVATE | MAP_DENYWRITE, "MAP_DENYWRITE"}, {MAP_PRIVATE | MAP_EXECUTABLE, "MAP_EXECUTABLE"},
	{MAP_PRIVATE | MAP_STACK, "MAP_STACK"}, {MAP_PRIVATE | MAP_HUGETLB, "MAP_HUGETLB"},
	{MAP_PRIVATE | MAP_GROWSDOWN, "MAP_GROWSDOWN"}, {MAP_SHARED_VALIDATE | MAP_SYNC, "MAP_SYNC"},
	{MAP_SHARED_VALIDATE | 0x8000000, "validated, an unknown flag"}, {MAP_PRIVATE | 0x8000000, "an unknown flag"},
	{MAP_SHARED_VALIDATE | MAP_NORESERVE, "validated, not reserved"},
#ifdef MAP_32BIT
	{MAP_PRIVATE | MAP_32BIT, "MAP_32BIT"},
#endif
	{MAP_PRIVATE | MAP_ANONYMOUS, "no file at all"},
};

TOPIC(map_kinds)
{
	int fd = open_model();
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (size_t p = 0; p < sizeof protections / sizeof *protections; p++) {
			const char *what = text("%s: %s", kinds[k].name, protections[p].name);
			unsigned char *place = PLACE(mmap, what, (NULL, 3 * page, protections[p].prot, kinds[k].flags, fd,
								  (off_t)middle));
			if (place == MAP_FAILED)
				continue;
			look("mmap", text("%s, the bytes", what), place, 3 * page);
			touch("mmap", text("%s, a byte", what), place + page);
			look("mmap", text("%s, the bytes afterwards", what), place, 3 * page);
			munmap(place, 3 * page);
		}
	READ(fd, pread, "after mappings that were written to", (fd, room, 3 * page, (off_t)middle));
	close(fd);
}

TOPIC(map_places)
{
	const off_t n = (off_t)size, end = (off_t)(size / page * page), last = INT64_MAX / 4096 * 4096;
	const struct {
		size_t len;
		off_t offset;
		const char *what;
	} places[] = {
		{size, 0, "all"}, {1, 0, "the first byte"}, {0, 0, "nothing"}, {0, n, "nothing, not at a page"},
		{100, 1, "not at a page"}, {100, -1, "before the beginning"}, {100, -4096, "a page before the beginning"},
		{page, end, "the last page"}, {3 * page, end, "the last page and two more"},
		{page, end + (off_t)page, "a page past the end"}, {page, end + (off_t)(100 * page), "far past the end"},
		{page, (off_t)1 << 40, "at 1 TiB"}, {size + 5 * page, 0, "all and five pages"},
		{5000, (off_t)middle, "not a whole page"}, {page, last, "the last page that there can be"},
		{2 * page, last, "across the last offset"}, {SIZE_MAX, 0, "SIZE_MAX"}, {SIZE_MAX - page + 1, 0, "nearly SIZE_MAX"},
		{SIZE_MAX / 2, 0, "half of SIZE_MAX"}, {(size_t)1 << 46, 0, "64 TiB"},
	};
	int fd = open_model();
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		for (int shared = 0; shared < 2; shared++) {
			const char *what = text("%s, %s", places[i].what, shared ? "shared" : "private");
			size_t len = places[i].len, whole = (len + page - 1) / page * page;
			unsigned char *place = PLACE(mmap, what, (NULL, len, PROT_READ, shared ? MAP_SHARED : MAP_PRIVATE,
								  fd, places[i].offset));
			if (place == MAP_FAILED)
				continue;
			look("mmap", text("%s: the bytes", what), place, whole);
			STEP(munmap, what, (place, len));
		}
	PLACE(mmap64, "the middle", (NULL, page, PROT_READ, MAP_SHARED, fd, (off64_t)middle));
	void *place = PLACE(mmap64, "all", (NULL, size, PROT_READ, MAP_PRIVATE, fd, 0));
	look("mmap64", "all: the bytes", place, size);
	STEP(syscall, "munmap", (SYS_munmap, place, size));
	look("syscall", "after munmap", place, page);
#ifdef SYS_mmap
	place = PLACE_OF("syscall", "mmap", (void *)syscall(SYS_mmap, NULL, size, PROT_READ, MAP_SHARED, fd, 0));
	look("syscall", "mmap: the bytes", place, size);
	munmap(place, size);
	PLACE_OF("syscall", "mmap, nothing", (void *)syscall(SYS_mmap, NULL, 0, PROT_READ, MAP_SHARED, fd, 0));
#endif
	close(fd);
	PLACE(mmap, "of a closed descriptor", (NULL, page, PROT_READ, MAP_SHARED, fd, 0));
	PLACE(mmap, "of -1", (NULL, page, PROT_READ, MAP_SHARED, -1, 0));
	PLACE(mmap64, "of 999", (NULL, page, PROT_READ, MAP_SHARED, 999, 0));
	fd = open("other", O_RDONLY);
	place = PLACE(mmap, "a plain file", (NULL, page, PROT_READ, MAP_SHARED, fd, 0));
	look("mmap", "a plain file", place, page);
	STEP(munmap, "a plain file", (place, page));
	close(fd);
}

/* Behind the end: zeros up to the end of the page, which stay the program's own when it writes there. */
TOPIC(map_end)
{
	size_t end = size / page * page, tail = size - end;
	need(tail > 0);
	for (int shared = 0; shared < 2; shared++) {
		const char *kind = shared ? "shared" : "private";
		unsigned char *place = map_model(4 * page, shared ? PROT_READ : PROT_READ | PROT_WRITE,
						 shared ? MAP_SHARED : MAP_PRIVATE, end);
		look("mmap", text("the end of the file, %s", kind), place, tail);
		look("mmap", text("the end of the page, %s", kind), place + tail, page - tail);
		look("mmap", text("the page behind the end, %s", kind), place + page, 1);
		look("mmap", text("the page behind that, %s", kind), place + 2 * page + 7, 1);
		touch("mmap", text("the last byte of the page, %s", kind), place + page - 1);
		touch("mmap", text("the page behind the end is written to, %s", kind), place + page);
		look("mmap", text("the last page after all that, %s", kind), place, page);
		int pipes[2];
		need(pipe(pipes) == 0);
		STEP(write, text("from the page behind the end, %s", kind), (pipes[1], place + page, 100));
		STEP(write, text("from across the page's end, %s", kind), (pipes[1], place + page - 50, 100));
		int fd = open("other", O_RDONLY);
		STEP(pread, text("into the page behind the end, %s", kind), (fd, place + page, 100, 0));
		close(fd), close(pipes[0]), close(pipes[1]);
		munmap(place, 4 * page);
	}
}

static unsigned char *island(size_t pages)
{
	unsigned char *place = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(place != MAP_FAILED);
	memset(place, 0x77, pages * page);
	return place;
}

/* Where the program wants it. */
TOPIC(map_fixed)
{
	int fd = open_model();
	unsigned char *sea = island(12), *place;
	place = PLACE(mmap, "over other memory", (sea + page, 4 * page, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0));
	found("mmap", "over other memory: where", "%td", place - sea);
	look("mmap", "over other memory: around it", sea, 12 * page);
	PLACE(mmap, "over a model", (sea + 3 * page, 4 * page, PROT_READ, MAP_SHARED | MAP_FIXED, fd, (off_t)middle));
	look("mmap", "over a model: around it", sea, 12 * page);
	PLACE(mmap, "memory over a model",
	      (sea + 2 * page, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	look("mmap", "memory over a model: around it", sea, 12 * page);
	int other = open("other", O_RDONLY);
	PLACE(mmap, "a plain file over a model", (sea + 4 * page, page, PROT_READ, MAP_PRIVATE | MAP_FIXED, other, 0));
	close(other);
	look("mmap", "a plain file over a model: around it", sea, 12 * page);
	const int noreplace = MAP_PRIVATE | MAP_FIXED_NOREPLACE;
	PLACE(mmap, "where something is", (sea, 2 * page, PROT_READ, noreplace, fd, 0));
	PLACE(mmap, "where a model is", (sea + 5 * page, page, PROT_READ, noreplace, fd, 0));
	PLACE(mmap, "where something is, validated",
	      (sea, page, PROT_READ, MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE, fd, 0));
	look("mmap", "where something is: around it", sea, 12 * page);
	STEP(munmap, "a hole", (sea + 6 * page, 3 * page));
	place = PLACE(mmap, "into the hole", (sea + 6 * page, 3 * page, PROT_READ, noreplace, fd, (off_t)middle));
	found("mmap", "into the hole: where", "%td", place - sea);
	look("mmap", "into the hole: around it", sea, 12 * page);
	PLACE(mmap, "not at a page", (sea + 1, page, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0));
	PLACE(mmap, "not at a page, where nothing is", (sea + 1, page, PROT_READ, noreplace, fd, 0));
	PLACE(mmap, "at the end of all addresses",
	      ((void *)(UINTPTR_MAX / page * page), page, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0));
	PLACE(mmap, "of what is closed, over a model", (sea + 6 * page, page, PROT_READ, MAP_PRIVATE | MAP_FIXED, 999, 0));
	PLACE(mmap, "to be written to, over a model",
	      (sea + 6 * page, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0));
	look("mmap", "after calls that failed", sea, 12 * page);
	STEP(madvise, "MADV_DONTNEED after calls that failed", (sea + 6 * page, 3 * page, MADV_DONTNEED));
	look("madvise", "MADV_DONTNEED after calls that failed", sea, 12 * page);
	STEP(munmap, "a hole again", (sea + 3 * page, 4 * page));
	place = PLACE(mmap, "where it would like to be", (sea + 4 * page, 2 * page, PROT_READ, MAP_SHARED, fd, 0));
	found("mmap", "where it would like to be: where", "%td", place - sea);
	look("mmap", "where it would like to be: around it", sea + 2 * page, 6 * page);
	look("mmap", "where it would like to be: it", place, 2 * page);
	place = mmap(sea + 1000, page, PROT_READ, MAP_PRIVATE, fd, 0); /* a hint that is no page */
	look("mmap", "near an address", place, page);
	munmap(place, page);
	munmap(sea, 12 * page);
	close(fd);
}
