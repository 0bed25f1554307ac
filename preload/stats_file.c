/* The process's file of figures: making it, locking it, removing those of others that are no more. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "own.h"
#include "raw.h"
#include "stats.h"

enum { SIZE = sizeof(struct shim_stats_table), NAMES = 100, YOUNG = 10 /* seconds */ };

static char path[PATH_MAX + 32]; /* of this process's own; empty: it has none */
static atomic_int own = -1;

static long set_lock(int fd)
{
	const struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	return SHIM_RAW(SYS_fcntl, fd, F_SETLK, &whole, 0, 0, 0);
}

static int stat_at(int dir, const char *name, struct stat *st)
{
	return (int)SHIM_RAW(SYS_newfstatat, dir, name, st, AT_SYMLINK_NOFOLLOW, 0, 0);
}

/* Whose process is no more? Its magic is written under its lock; without both it may be about to be made. */
static bool is_left(int fd, const struct stat *st)
{
	char magic[8] = "";
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (!S_ISREG(st->st_mode) || st->st_uid != (uid_t)SHIM_RAW(SYS_geteuid, 0, 0, 0, 0, 0, 0))
		return false;
	if (st->st_size != 0 && st->st_size != SIZE)
		return false;
	raw_pread(fd, magic, sizeof magic, 0);
	bool made = memcmp(magic, SHIM_STATS_MAGIC, sizeof magic) == 0;
	static const char nothing[8];
	if (!made && (memcmp(magic, nothing, sizeof magic) != 0 || now.tv_sec - st->st_mtim.tv_sec < YOUNG))
		return false;
	return set_lock(fd) == 0;
}

/* Remove one of them. The name may be another's by the time that the lock is ours. */
static bool sweep_one(int dir, const char *name)
{
	struct stat st, now;
	int fd = raw_openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	bool gone = raw_fstat(fd, &st) == 0 && is_left(fd, &st) && stat_at(dir, name, &now) == 0
		    && now.st_ino == st.st_ino && now.st_dev == st.st_dev
		    && SHIM_RAW(SYS_unlinkat, dir, name, 0, 0, 0, 0) == 0;
	raw_close(fd);
	return gone;
}

static bool is_ours(const char *name)
{
	const size_t len = sizeof SHIM_STATS_PREFIX - 1;
	return strncmp(name, SHIM_STATS_PREFIX, len) == 0 && name[len] >= '0' && name[len] <= '9';
}

struct entry {
	uint64_t inode, offset;
	uint16_t len;
	uint8_t type;
	char name[];
};

static void sweep(int dir)
{
	_Alignas(struct entry) char bytes[2048];
	long got;
	while ((got = SHIM_RAW(SYS_getdents64, dir, bytes, sizeof bytes, 0, 0, 0)) > 0) {
		for (long at = 0; at < got;) {
			const struct entry *entry = (const struct entry *)(const void *)(bytes + at);
			if (is_ours(entry->name))
				sweep_one(dir, entry->name);
			at += entry->len;
		}
	}
}

/* An empty file under a name that nobody has; or -errno. */
static int create(int dir, char name[static 32])
{
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
	for (unsigned i = 0; i < NAMES; i++) {
		snprintf(name, 32, i == 0 ? SHIM_STATS_PREFIX "%d" : SHIM_STATS_PREFIX "%d.%u", raw_getpid(), i);
		int fd = raw_openat(dir, name, flags, 0600);
		if (fd == -EEXIST) /* another PID namespace's, or somebody stands in the way */
			continue;
		return fd;
	}
	return -EEXIST;
}

/* Bytes that are there: a page that the file system has no room for would be a bus error. */
static long reserve(int fd)
{
	static const char zeros[4096];
	struct rlimit limit;
	if (SHIM_RAW(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, &limit, 0, 0) == 0 && limit.rlim_cur < SIZE)
		return -EFBIG; /* and a signal, if it were tried */
	long failed = SHIM_RAW(SYS_fallocate, fd, 0, 0, SIZE, 0, 0);
	if (failed != -EOPNOTSUPP && failed != -ENOSYS)
		return failed;
	for (int64_t at = 0; at < SIZE; at += (int64_t)sizeof zeros) {
		long wrote = SHIM_RAW(SYS_pwrite64, fd, zeros, sizeof zeros, at, 0, 0);
		if (wrote != (long)sizeof zeros)
			return wrote < 0 ? wrote : -ENOSPC;
	}
	return 0;
}

static void set_head(struct shim_stats_head *head)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	head->version = SHIM_STATS_VERSION;
	head->slots = SHIM_STATS_SLOTS - 1;
	head->counts = SHIM_STATS;
	head->pid = raw_getpid();
	head->began = (uint64_t)now.tv_sec;
	atomic_thread_fence(memory_order_release);
	memcpy(head->magic, SHIM_STATS_MAGIC, sizeof head->magic);
}

/* `fd` is the shim's own from now on, or closed. The mapping, or -errno. */
static long settle(int fd)
{
	SHIM_RAW(SYS_fchmod, fd, 0600, 0, 0, 0, 0); /* whatever the program's umask is */
	long failed = reserve(fd);
	int kept = failed == 0 ? shim_own_keep(fd) : -1;
	raw_close(fd); /* before it is locked: closing any descriptor of the file ends the lock */
	if (kept < 0)
		return failed != 0 ? failed : -EMFILE;
	long mapped = set_lock(kept);
	if (mapped == 0)
		mapped = raw_mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, kept, 0);
	if (mapped < 0 && mapped >= -4095) {
		shim_own_close(kept);
		return mapped;
	}
	atomic_store(&own, kept);
	return mapped;
}

static const char *reason_of(long error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return "there is no such directory: make it";
	case EACCES:
	case EPERM:
	case EROFS:
		return "it cannot be written to: give the program's user permission, or name another directory";
	case ENOSPC:
	case EDQUOT:
		return "no space is left: name another directory";
	case EEXIST:
		return "every name for this process is taken: name a directory that only its user can write to";
	case EMFILE:
	case ENFILE:
		return "no descriptor is left: raise their limit (ulimit -n)";
	case EFBIG:
		return "a file of 256 KiB is too large: raise the limit (ulimit -f)";
	case ENOLCK:
	case ENOSYS:
	case EOPNOTSUPP:
		return "its file system has no locks: name a directory on a local one";
	default:
		return strerror((int)error);
	}
}

struct shim_stats_table *shim_stats_file_make(const char *dir, const char **reason)
{
	char name[32];
	long made = -ENAMETOOLONG;
	int at = raw_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (at >= 0) {
		sweep(at); /* before there is one of our own, which to close would unlock */
		int fd = create(at, name);
		made = fd < 0 ? fd : settle(fd);
		if (made < 0 && made >= -4095 && fd >= 0)
			SHIM_RAW(SYS_unlinkat, at, name, 0, 0, 0, 0);
		raw_close(at);
	}
	if (at < 0 || (made < 0 && made >= -4095)) {
		*reason = reason_of(at < 0 ? -at : -made);
		return NULL;
	}
	snprintf(path, sizeof path, "%s/%s", dir, name);
	struct shim_stats_table *table = (struct shim_stats_table *)made;
	set_head(&table->head);
	return table;
}

void shim_stats_file_remove(void)
{
	struct stat st, mine;
	int fd = atomic_load(&own);
	/* The path may lead elsewhere by now. */
	if (path[0] != '\0' && fd >= 0 && raw_fstat(fd, &mine) == 0 && stat_at(AT_FDCWD, path, &st) == 0
	    && st.st_ino == mine.st_ino && st.st_dev == mine.st_dev)
		SHIM_RAW(SYS_unlinkat, AT_FDCWD, path, 0, 0, 0, 0);
	path[0] = '\0';
}

void shim_stats_own_moved(int from, int to)
{
	atomic_compare_exchange_strong(&own, &from, to);
}

void shim_stats_file_after_fork(void)
{
	path[0] = '\0';
	shim_own_close(atomic_exchange(&own, -1));
}
