#include "look.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#include "detect.h"
#include "guard.h"
#include "header.h"
#include "raw.h"

/* They have a size, but no blocks; hardly any file elsewhere is like that, so hardly any pays for the second question. */
bool shim_look_is_kernels(int fd, const struct stat *st)
{
	struct statfs fs;
	if (st->st_blocks != 0 || SHIM_RAW(SYS_fstatfs, fd, &fs, 0, 0, 0, 0) != 0)
		return false;
	switch ((unsigned long)fs.f_type) {
	case SYSFS_MAGIC:
	case PROC_SUPER_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case SECURITYFS_MAGIC:
	case EFIVARFS_MAGIC:
		return true;
	default:
		return false;
	}
}

/* Do `len` bytes of header text at `offset` name reserved metadata? *whole, where they do not: no metadata is behind
 * them. */
static bool speaks_of_encryption(int fd, uint64_t offset, size_t len, bool *whole)
{
	enum { AT_FIRST = 4096 }; /* nearly every encrypted header says so that early */
	size_t have = 0;
	char *text = malloc(len + 1);
	bool speaks = false;
	*whole = false;
	if (text == NULL)
		return true; /* the parser will say that there is no memory */
	while (have < len && !speaks) {
		size_t stop = have < AT_FIRST && len > AT_FIRST ? AT_FIRST : len;
		ssize_t got = raw_pread(fd, text + have, stop - have, (int64_t)(offset + have));
		if (got == -EINTR)
			continue;
		if (got <= 0) {
			speaks = raw_forbidden(got); /* the parser will say that it cannot read */
			break;
		}
		have += (size_t)got;
		speaks = have == AT_FIRST && ct_detect_encryption(text, have);
	}
	speaks = speaks || ct_detect_encryption(text, have);
	*whole = !speaks && ct_detect_whole(text, have);
	free(text);
	return speaks;
}

/* The same for a header of unknown length: as far as headers may reach. Only damaged files pay for this. */
static bool speaks_further(int fd, uint64_t room)
{
	enum { PIECE = 1 << 20, OVERLAP = 16 }; /* as long as a name */
	bool unused;
	for (uint64_t at = 0; at < room && at < CT_HEADER_MAX; at += PIECE - OVERLAP)
		if (speaks_of_encryption(fd, 8 + at, (size_t)(room - at < PIECE ? room - at : PIECE), &unused))
			return true;
	return false;
}

static enum shim_look look_further(int fd, const uint8_t prefix[static CT_DETECT_PREFIX], const struct stat *st)
{
	uint64_t length, room = (uint64_t)st->st_size - 8;
	bool plausible = ct_detect_safetensors(prefix, &length), whole = false;
	bool damaged = ct_detect_damaged(prefix);
	if (plausible && speaks_of_encryption(fd, 8, (size_t)(length < room ? length : room), &whole))
		return SHIM_LOOKS_ENCRYPTED;
	/* Its length is wrong, or it is cut off. */
	if (!whole && (damaged || ct_detect_object(prefix)) && speaks_further(fd, room))
		return SHIM_LOOKS_ENCRYPTED;
	return plausible && length <= room ? SHIM_LOOKS_PLAIN : SHIM_LOOKS_OTHER;
}

static enum shim_look look_at_header(int fd, const uint8_t prefix[static CT_DETECT_PREFIX], const struct stat *st)
{
	uint64_t length;
	struct shim_guard guard;
	if (!ct_detect_safetensors(prefix, &length) && !ct_detect_damaged(prefix))
		return SHIM_LOOKS_OTHER; /* nearly every file */
	shim_guard_enter(&guard, 0);
	enum shim_look look = look_further(fd, prefix, st);
	shim_guard_leave(&guard);
	return look;
}

/* The beginning of a file that cannot be read by pread(2) as it is: open for O_DIRECT with no way to open it again, or
 * in a sandbox. What could be a model counts as one: whoever takes it further will say what is in the way. */
static enum shim_look look_through_a_page(int fd, bool direct)
{
	enum { PAGE = 4096 };
	_Alignas(PAGE) uint8_t page[PAGE];
	uint8_t *start = page;
	uint64_t length;
	if (direct) {
		if (raw_pread(fd, page, PAGE, 0) < CT_DETECT_PREFIX)
			return SHIM_LOOKS_OTHER;
	} else {
		long at = raw_mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
		if (at < 0 && at >= -4095)
			return SHIM_LOOKS_OTHER;
		start = (uint8_t *)at;
	}
	bool model = ct_detect_safetensors(start, &length) || ct_detect_damaged(start);
	if (!direct)
		raw_munmap(start, PAGE);
	return model ? SHIM_LOOKS_ENCRYPTED : SHIM_LOOKS_OTHER;
}

enum shim_look shim_look_at(int fd, const struct stat *st)
{
	uint8_t prefix[CT_DETECT_PREFIX];
	int readable = -1;
	ssize_t got = raw_pread(fd, prefix, sizeof prefix, 0);
	if (got == -EBADF || got == -EINVAL) {
		/* Open for writing only, or for O_DIRECT: look through a descriptor of our own. */
		char link[32];
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		readable = raw_openat(AT_FDCWD, link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
		if (readable < 0)
			return got == -EINVAL ? look_through_a_page(fd, true) : SHIM_LOOKS_OTHER;
		fd = readable;
		got = raw_pread(fd, prefix, sizeof prefix, 0);
	}
	if (raw_forbidden(got))
		return look_through_a_page(fd, false);
	enum shim_look look = got == sizeof prefix ? look_at_header(fd, prefix, st) : SHIM_LOOKS_OTHER;
	if (readable >= 0)
		raw_close(readable);
	return look;
}

