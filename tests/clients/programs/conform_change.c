/* Mappings while things change: the file below them, and everything around them in a long random sequence. */
#include "conform.h"

enum { PAGES = 6 };

static unsigned char *map_path(const char *path, int prot, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	need(fd >= 0);
	void *place = mmap(NULL, PAGES * page, prot, flags, fd, (off_t)middle);
	need(place != MAP_FAILED);
	close(fd);
	return place;
}

/* model.1 … model.4 are there to be spoilt. */
TOPIC(map_replaced)
{
	unsigned char *place = map_path("model.1", PROT_READ, MAP_PRIVATE);
	unsigned char *shared = map_path("model.1", PROT_READ, MAP_SHARED);
	STEP(rename, "another file over it", ("other", "model.1"));
	look("mmap", "of what was replaced", place, PAGES * page);
	STEP(madvise, "MADV_DONTNEED of what was replaced", (shared, PAGES * page, MADV_DONTNEED));
	look("mmap", "of what was replaced, shared", shared, PAGES * page);
	int fd = open("model.1", O_RDONLY);
	READ(fd, pread, "of what came in its place", (fd, room, 300, 0));
	close(fd);
	place = map_path("model.2", PROT_READ, MAP_PRIVATE);
	STEP(unlink, "the file", ("model.2"));
	look("mmap", "of what was removed", place, PAGES * page);
	STEP(mprotect, "of what was removed", (place, page, PROT_READ | PROT_WRITE));
	touch("mmap", "of what was removed", place);
	look("mmap", "of what was removed, and written to", place, PAGES * page);
}

TOPIC(map_truncated)
{
	unsigned char *place = map_path("model.3", PROT_READ | PROT_WRITE, MAP_PRIVATE);
	unsigned char *shared = map_path("model.3", PROT_READ, MAP_SHARED);
	touch("mmap", "a page before it is cut off", place + 4 * page);
	look("mmap", "before the file is cut off", place, PAGES * page);
	STEP(truncate, "in the midst of a mapping", ("model.3", (off_t)(middle + 2 * page)));
	look("mmap", "what is left of a file", place, 2 * page);
	look("mmap", "what is left of a file, shared", shared, 2 * page);
	look("mmap", "what is cut off", place + 2 * page, page);
	look("mmap", "what is cut off, shared", shared + 2 * page, page);
	int fd = (int)STEP(open, "what is left of a file", ("model.3", O_RDONLY));
	close(fd);
	unsigned char *grown = map_path("model.4", PROT_READ, MAP_SHARED);
	STEP(truncate, "to more", ("model.4", (off_t)(size + 3 * page)));
	look("mmap", "of what grew", grown, PAGES * page);
}

/* A sea of pages on which mappings come, move and go. What a page holds is printed after each step. */
enum { SEA = 24 };

static unsigned char *sea;
static uint64_t state;

static size_t draw(size_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (size_t)(state % below);
}

static void all_pages(unsigned step)
{
	for (size_t i = 0; i < SEA; i++)
		look("sea", text("step %u, page %zu", step, i), sea + i * page, page);
}

/* Pages that a private mapping was written to come back otherwise after MADV_DONTNEED: none is taken. */
static bool written[SEA];

static void set_written(size_t at, size_t count, bool is)
{
	memset(written + at, is, count);
}

static const char *one_step(int fd, int other)
{
	size_t at = draw(SEA), count = 1 + draw(SEA - at), from = draw(SEA);
	unsigned char *place = sea + at * page;
	size_t len = count * page, offset = draw(size / page - SEA) * page;
	const char *what = text("%zu pages at %zu", count, at);
	switch (draw(9)) {
	case 0:
	case 1:
		PLACE(mmap, what, (place, len, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, (off_t)offset));
		set_written(at, count, false);
		return "a private mapping";
	case 2:
		PLACE(mmap, what, (place, len, PROT_READ, MAP_SHARED | MAP_FIXED, fd, (off_t)offset));
		set_written(at, count, false);
		return "a shared mapping";
	case 3:
		PLACE(mmap, what, (place, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		memset(place, (int)(1 + at), len);
		set_written(at, count, false);
		return "other memory";
	case 4:
		PLACE(mmap, what, (place, page, PROT_READ, MAP_PRIVATE | MAP_FIXED, other, 0));
		set_written(at, 1, false);
		return "another file";
	case 5:
		STEP(munmap, what, (place, len));
		return "a hole";
	case 6:
		if (STEP(mprotect, what, (place, page, PROT_READ | PROT_WRITE)) == 0) {
			place[7] ^= 1;
			written[at] = true;
		}
		return "a write";
	case 7:
		if (PLACE(mremap, what, (sea + from * page, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, place)) == place)
			written[at] = written[from];
		return "a move";
	default:
		while (count > 0 && memchr(written + at, true, count) != NULL)
			count--;
		STEP(madvise, text("%zu pages at %zu", count, at), (place, count * page, MADV_DONTNEED));
		return "given up";
	}
}

TOPIC(sea)
{
	int fd = open_model(), other = open("other", O_RDONLY);
	const char *seed = getenv("SEED");
	state = 88172645463325252u ^ (seed != NULL ? strtoull(seed, NULL, 10) : 0);
	sea = mmap(NULL, SEA * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(sea != MAP_FAILED);
	for (unsigned step = 0; step < 400; step++) {
		found("sea", text("step %u", step), "%s", one_step(fd, other));
		all_pages(step);
	}
	munmap(sea, SEA * page);
	close(fd), close(other);
}
