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
#include <sys/uio.h>

#include "raw.h"

enum {
	ASK = 128 * 1024,     /* more in one call, and the kernel silently cuts it to what it reads ahead */
	SCRATCH = 64 * 1024,  /* stays in the processor's cache */
	PARTS = 16,
};

static int look(struct shim_ciphertext *ciphertext, uint64_t offset)
{
	char byte;
	struct iovec part = {&byte, 1};
	switch (SHIM_RAW(SYS_preadv2, ciphertext->fd, &part, 1, offset, 0, RWF_NOWAIT)) {
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

/* Read it, into no place. */
static void play_reader(int fd, uint64_t offset, uint64_t len)
{
	char scratch[SCRATCH];
	struct iovec parts[PARTS];
	for (int i = 0; i < PARTS; i++)
		parts[i] = (struct iovec){scratch, SCRATCH};
	for (uint64_t done = 0; done < len;) {
		uint64_t count = (len - done + SCRATCH - 1) / SCRATCH;
		long got = SHIM_RAW(SYS_preadv, fd, parts, count < PARTS ? count : PARTS, offset + done, 0, 0);
		if (got <= 0)
			return; /* whoever needs it will see */
		done += (uint64_t)got;
	}
}

void shim_near(void *context, enum ct_nearing how, uint64_t offset, uint64_t len)
{
	struct shim_ciphertext *ciphertext = context;
	int place = ciphertext->place;
	/* What was cold is taken to go on so. Looking has the kernel read a page, out of order to it: what only comes later
	 * is not looked at, but the file's first page, which has been read. */
	if (place == SHIM_UNKNOWN || place == SHIM_WARM)
		ciphertext->place = place = look(ciphertext, how == CT_NEAR_BEHIND ? 0 : offset);
	if (place == SHIM_FAR || (place == SHIM_COLD && how == CT_NEAR_ALONE))
		ask(ciphertext->fd, offset, len);
	else if (place == SHIM_COLD && how == CT_NEAR_TURN)
		play_reader(ciphertext->fd, offset, len);
}
