/* Three places where ciphertext can lie, told apart by a read of one byte that may not wait:
 *
 * - in memory: there is nothing to do;
 * - on a disk: the kernel reads ahead by itself, with large pages, as long as it sees one reader in sequence. Threads
 *   that decrypt here and there are none. So whoever asks plays that reader, some way ahead of them all, without waiting
 *   for what it looks at. Where only a part is wanted, the kernel is told of just that, or it would read far more;
 * - on a network, whose file systems do not know that kind of read: the kernel's read-ahead may have 128 KiB under way, which
 *   is little where an answer takes milliseconds. All of what is coming is asked for at once. */
#include "near.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "raw.h"

enum {
	CACHESTAT = 451,      /* a system call of Linux 6.5, the same number everywhere */
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

static atomic_bool untold; /* the kernel does not say what is in memory */

/* How much of a stretch is in memory or on its way? */
static enum presence { UNTOLD, NOTHING, SOME, ALL } presence(int fd, uint64_t offset, uint64_t len)
{
	const struct {
		uint64_t offset, len;
	} range = {offset, len};
	struct {
		uint64_t cache, dirty, writeback, evicted, recently_evicted;
	} pages = {0};
	if (SHIM_RAW(CACHESTAT, fd, &range, &pages, 0, 0, 0) != 0)
		return UNTOLD;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t all = (offset + len - 1) / page - offset / page + 1;
	return pages.cache == 0 ? NOTHING : pages.cache >= all ? ALL : SOME;
}

/* The kernel shall read on from `offset`. It begins with single pages: the first are looked at one by one. A hole is left
 * before them, or what is there already would be taken for a sequence of single pages, to be gone on with; it is filled
 * last. The result is up to where that goes. */
static uint64_t begin(int fd, uint64_t offset, uint64_t end)
{
	uint64_t first = (offset + HOLE + COARSE - 1) / COARSE * COARSE, stop = first + COARSE < end ? first + COARSE : end;
	for (uint64_t at = first; at < stop; at += FINE)
		peek(fd, at);
	ask(fd, offset, (first < end ? first : end) - offset);
	return stop;
}

/* Look at one byte here and there: where the kernel has left itself a mark to read on from, it does. Was all there? */
static bool lead(int fd, uint64_t offset, uint64_t len, enum presence whole)
{
	uint64_t end = offset + len, at = offset, left;
	bool all = whole == ALL;
	if (whole == UNTOLD || whole == NOTHING)
		at = begin(fd, at, end);
	for (; at < end; at += left) {
		left = end - at < COARSE ? end - at : COARSE;
		enum presence part = whole == ALL || whole == UNTOLD ? whole : presence(fd, at, left);
		if (part == NOTHING) {
			left = begin(fd, at, end) - at;
			continue;
		}
		if (part == SOME)
			ask(fd, at, left);
		if (peek(fd, at) != 1)
			all = false;
	}
	return all;
}

/* On a disk. Is it in memory after all? */
static bool near_on_disk(int fd, enum ct_nearing how, uint64_t offset, uint64_t len)
{
	enum presence whole = UNTOLD;
	/* A filter of system calls may end the program for one that it does not know. */
	if (SHIM_RAW(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0) == 0)
		whole = presence(fd, offset, len);
	atomic_store(&untold, whole == UNTOLD);
	if (how == CT_NEAR_ALONE) {
		if (whole == UNTOLD ? look(fd, offset) == SHIM_WARM : whole == ALL)
			return true;
		ask(fd, offset, len);
		return false;
	}
	/* Without knowing where the kernel has stopped, a single thread's sequence is best left to it. */
	return (whole != UNTOLD || how == CT_NEAR_TURN) && lead(fd, offset, len, whole);
}

void shim_near(void *context, enum ct_nearing how, uint64_t offset, uint64_t len)
{
	struct shim_ciphertext *ciphertext = context;
	int fd = ciphertext->fd, place = ciphertext->place;
	/* What was cold is taken to go on so until it is seen to be warm. Looking has the kernel read a page, out of order if
	 * it is left alone: then the file's first page is looked at, which has been read. */
	if (place == SHIM_UNKNOWN || place == SHIM_WARM)
		ciphertext->place = place = look(fd, how == CT_NEAR_BEHIND && atomic_load(&untold) ? 0 : offset);
	if (place == SHIM_FAR)
		ask(fd, offset, len);
	else if (place == SHIM_COLD && near_on_disk(fd, how, offset, len))
		ciphertext->place = SHIM_WARM;
}
