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
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include "raw.h"

enum {
	CACHESTAT = 451,      /* a system call of Linux 6.5, the same number everywhere */
	ASK = 128 * 1024,     /* that every kernel reads at once */
	ASK_MOST = 2048 * 1024,
	ASK_ALONE = 256 * 1024, /* what comes first is decrypted while the rest is on its way: ... */
	ASK_FIRST = 512 * 1024, /* ... so much of it */
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

/* `step`: in one call. More than the kernel reads ahead, and it silently cuts that. */
static void ask_in_steps(int fd, uint64_t offset, uint64_t len, uint64_t step)
{
	for (uint64_t done = 0; done < len; done += step)
		SHIM_RAW(SYS_fadvise64, fd, offset + done, len - done < step ? len - done : step, POSIX_FADV_WILLNEED, 0, 0);
}

static void ask(int fd, uint64_t offset, uint64_t len)
{
	ask_in_steps(fd, offset, len, ASK);
}

/* What the kernel reads ahead of files on a file system, in KiB; 0: it does not say. */
static uint64_t read_ahead(dev_t device)
{
	char text[80];
	snprintf(text, sizeof text, "/sys/class/bdi/%u:%u/read_ahead_kb", major(device), minor(device));
	int fd = raw_openat(AT_FDCWD, text, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	long got = raw_pread(fd, text, sizeof text - 1, 0);
	raw_close(fd);
	uint64_t kib = 0;
	for (long i = 0; i < got && text[i] >= '0' && text[i] <= '9'; i++)
		kib = kib * 10 + (uint64_t)(text[i] - '0');
	return kib;
}

/* How much a file system that is far away is asked for at once: each call becomes a request of its own. */
static uint64_t far_step(int fd)
{
	static atomic_uint_fast64_t known; /* a device, and KiB */
	enum { BITS = 12 };
	struct stat st;
	if (raw_fstat(fd, &st) != 0)
		return ASK;
	uint64_t last = atomic_load_explicit(&known, memory_order_relaxed), kib = last & ((1 << BITS) - 1);
	if (last >> BITS != (uint64_t)st.st_dev << BITS >> BITS || kib == 0) {
		kib = read_ahead(st.st_dev);
		kib = kib < ASK / 1024 ? ASK / 1024 : kib > ASK_MOST / 1024 ? ASK_MOST / 1024 : kib;
		atomic_store_explicit(&known, (uint64_t)st.st_dev << BITS | kib, memory_order_relaxed);
	}
	return kib * 1024;
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

/* A filter of system calls may end the program for one that it does not know. */
static bool may_ask_presence(void)
{
	return SHIM_RAW(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0) == 0;
}

/* Its first byte is in memory: is its end, too? The kernel's read-ahead may have come just so far. */
static bool ends_warm(int fd, uint64_t offset, uint64_t len)
{
	uint64_t end = len < COARSE ? len : COARSE;
	if (len == 0 || !may_ask_presence())
		return true;
	enum presence last = presence(fd, offset + len - end, end);
	return last == ALL || last == UNTOLD;
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
	enum presence whole = may_ask_presence() ? presence(fd, offset, len) : UNTOLD;
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
	if (place == SHIM_UNKNOWN || place == SHIM_WARM) {
		place = look(fd, how == CT_NEAR_BEHIND && atomic_load(&untold) ? 0 : offset);
		if (place == SHIM_WARM && !ends_warm(fd, offset, len))
			place = SHIM_COLD;
		ciphertext->place = place;
	}
	if (place == SHIM_FAR) {
		uint64_t step = far_step(fd), first = 0;
		if (how == CT_NEAR_ALONE && step > ASK_ALONE)
			first = len < ASK_FIRST ? len : ASK_FIRST;
		ask_in_steps(fd, offset, first, ASK_ALONE);
		ask_in_steps(fd, offset + first, len - first, step);
	}
	if (place == SHIM_COLD && near_on_disk(fd, how, offset, len))
		ciphertext->place = SHIM_WARM;
}
