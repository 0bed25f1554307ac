/* Three places where ciphertext can lie, told apart by a read of one byte that may not wait:
 *
 * - in memory: there is nothing to do;
 * - on a disk: the kernel reads ahead by itself, with large pages, as long as it sees one reader in sequence. Threads
 *   that decrypt here and there are none. So the one whose turn it is plays that reader, some way ahead of them all. Where
 *   only a part is wanted, the kernel is told of just that, or it would read far more;
 * - on a network, whose file systems do not know that kind of read: the kernel's read-ahead may have 128 KiB under way, which
 *   is little where an answer takes milliseconds. All of what is coming is asked for at once. */
#include "near.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/uio.h>

#include "raw.h"

enum {
	CACHESTAT = 451,      /* the system call */
	ASK = 128 * 1024,     /* more in one call, and the kernel silently cuts it to what it reads ahead */
	FINE = 4 * 1024,      /* the kernel begins with single pages ... */
	COARSE = 64 * 1024,   /* ... and soon makes them larger than this */
	HOLE = 2 * FINE,
};

static long peek(int fd, uint64_t offset)
{
	char byte;
	struct iovec part = {&byte, 1};
	return SHIM_RAW(SYS_preadv2, fd, &part, 1, offset, 0, RWF_NOWAIT);
}

static int look(int fd, uint64_t offset)
{
	switch (peek(fd, offset)) {
	case 1:
		return SHIM_WARM;
	case -EAGAIN:
		return SHIM_COLD;
	case -EOPNOTSUPP:
		return SHIM_FAR;
	default:
		return SHIM_UNTOLD; /* an old kernel, a sandbox, the end of the file */
	}
}

static void ask(int fd, uint64_t offset, uint64_t len)
{
	for (uint64_t done = 0; done < len; done += ASK)
		SHIM_RAW(SYS_fadvise64, fd, offset + done, len - done < ASK ? len - done : ASK, POSIX_FADV_WILLNEED, 0, 0);
}

/* How much of a stretch is in memory or on its way? Linux tells since 6.5. */
static enum here { UNTOLD, NOTHING, SOME, ALL } here(int fd, uint64_t offset, uint64_t len)
{
	struct {
		uint64_t offset, len;
	} range = {offset, len};
	struct {
		uint64_t cache, dirty, writeback, evicted, recently_evicted;
	} pages = {0};
	if (SHIM_RAW(CACHESTAT, fd, &range, &pages, 0, 0, 0) != 0)
		return UNTOLD;
	uint64_t first = offset / FINE, last = (offset + len - 1) / FINE;
	return pages.cache == 0 ? NOTHING : pages.cache > last - first ? ALL : SOME;
}

/* The kernel begins to read on from `offset`. A hole is left, or it would take what is there already for a sequence of
 * single pages and go on so; and it is filled. */
static uint64_t begin(int fd, uint64_t offset, uint64_t end)
{
	uint64_t first = (offset + HOLE + COARSE - 1) / COARSE * COARSE;
	for (uint64_t at = first; at < end && at < first + COARSE; at += FINE)
		peek(fd, at);
	if (first > end)
		first = end;
	ask(fd, offset, first - offset);
	return first + COARSE;
}

/* Look at one byte here and there, without waiting: where the kernel has left itself a mark to read on from, it does.
 * Was there all of it? */
static bool lead(int fd, uint64_t offset, uint64_t len)
{
	uint64_t end = offset + len, left;
	enum here part, whole = here(fd, offset, len);
	bool all = whole == ALL;
	for (uint64_t at = offset; at < end; at += left) {
		left = end - at < COARSE ? end - at : COARSE;
		part = whole == SOME ? here(fd, at, left) : whole;
		if (part == NOTHING) {
			left = begin(fd, at, end) - at;
			whole = SOME;
			continue;
		}
		if (part == SOME)
			ask(fd, at, left);
		if (peek(fd, at) != 1)
			all = false;
	}
	return all;
}

void shim_near(void *context, enum ct_nearing how, uint64_t offset, uint64_t len)
{
	struct shim_ciphertext *ciphertext = context;
	int fd = ciphertext->fd, place = ciphertext->place;
	/* What was cold is taken to go on so until it is seen to be warm. */
	if (place == SHIM_UNKNOWN || place == SHIM_WARM)
		ciphertext->place = place = look(fd, offset);
	if (place == SHIM_FAR) {
		ask(fd, offset, len);
	} else if (place == SHIM_COLD && how == CT_NEAR_ALONE) {
		if (here(fd, offset, len) == ALL)
			ciphertext->place = SHIM_WARM;
		else
			ask(fd, offset, len);
	} else if (place == SHIM_COLD && lead(fd, offset, len)) {
		ciphertext->place = SHIM_WARM;
	}
}
