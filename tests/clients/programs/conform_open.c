/* Opening: every name, every flag, every way to name a file. */
#include "conform.h"

#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

/* What only fortified programs call by these names. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
int __open(const char *path, int flags, ...);
int __open64(const char *path, int flags, ...);

static volatile int reading = O_RDONLY; /* not known to the compiler: fortified macros take the other way */

#define OPEN(name, what, arguments) glance(#name, what, (int)STEP(name, what, arguments))

TOPIC(open_names)
{
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(here >= 0);
	OPEN(open, "the model", ("model", reading));
	OPEN(open, "the model, with a mode", ("model", O_RDONLY | O_CREAT, 0600));
	OPEN(open64, "the model", ("model", reading));
	OPEN(open64, "the model, with a mode", ("model", O_RDONLY | O_CREAT, 0600));
	OPEN(__open, "the model", ("model", O_RDONLY));
	OPEN(__open64, "the model", ("model", O_RDONLY));
	OPEN(__open_2, "the model", ("model", O_RDONLY));
	OPEN(__open64_2, "the model", ("model", O_RDONLY));
	OPEN(openat, "the model", (here, "model", reading));
	OPEN(openat, "the model, with a mode", (here, "model", O_RDONLY | O_CREAT, 0600));
	OPEN(openat, "the model, from here", (AT_FDCWD, "model", reading));
	OPEN(openat64, "the model", (here, "model", reading));
	OPEN(openat64, "the model, with a mode", (here, "model", O_RDONLY | O_CREAT, 0600));
	OPEN(__openat_2, "the model", (here, "model", O_RDONLY));
	OPEN(__openat64_2, "the model", (here, "model", O_RDONLY));
	OPEN(open, "a plain file", ("other", reading));
	OPEN(openat64, "a plain file", (here, "other", reading));

	OPEN(open, "what is not there", ("nothing", reading));
	OPEN(open, "an empty name", ("", reading));
	OPEN(open, "below the model", ("model/x", reading));
	OPEN(open, "an address that is not mapped", ((const char *)bad_buffer(100, 100, PROT_NONE), reading));
	char longest[301] = "";
	memset(longest, 'x', 300);
	OPEN(open, "too long a name", (longest, reading));
	OPEN(openat, "in a directory that is none", (-1, "model", reading));
	OPEN(openat, "in a closed directory", (999, "model", reading));
	OPEN(open, "through a link", ("link", reading));
	OPEN(open, "the directory", (".", reading));
	OPEN(open, "the directory for writing", (".", O_WRONLY));
	int file = open_model();
	OPEN(openat, "in a directory that is a file", (file, "model", reading));
	close(file);
	close(here);
}

static const struct {
	int flags;
	const char *name;
} ways[] = {
	{O_CLOEXEC, "O_CLOEXEC"}, {O_NONBLOCK, "O_NONBLOCK"}, {O_APPEND, "O_APPEND"}, {O_SYNC, "O_SYNC"},
	{O_DSYNC, "O_DSYNC"}, {O_NOATIME, "O_NOATIME"}, {O_NOCTTY, "O_NOCTTY"}, {O_NOFOLLOW, "O_NOFOLLOW"},
	{O_ASYNC, "O_ASYNC"}, {O_LARGEFILE | 0100000, "O_LARGEFILE"}, {O_CREAT, "O_CREAT"},
	{O_CREAT | O_EXCL, "O_CREAT and O_EXCL"}, {O_EXCL, "O_EXCL"}, {O_DIRECTORY, "O_DIRECTORY"},
	{O_PATH, "O_PATH"}, {O_PATH | O_CLOEXEC, "O_PATH and O_CLOEXEC"}, {O_DIRECT, "O_DIRECT"},
	{O_TMPFILE, "O_TMPFILE without writing"}, {O_RDWR, "O_RDWR"}, {O_WRONLY, "O_WRONLY"},
	{O_WRONLY | O_APPEND, "O_WRONLY and O_APPEND"}, {O_RDWR | O_CREAT, "O_RDWR and O_CREAT"},
	{O_ACCMODE, "neither reading nor writing"}, {O_TMPFILE | O_RDWR, "O_TMPFILE"}, {1 << 30, "an unknown flag"},
};

TOPIC(open_flags)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		const char *name = ways[i].name;
		int fd = (int)STEP(open, name, ("model", ways[i].flags, 0600));
		if (fd < 0)
			continue;
		STEP(fcntl, text("F_GETFL of %s", name), (fd, F_GETFL));
		STEP(fcntl, text("F_GETFD of %s", name), (fd, F_GETFD));
		glance("open", name, fd);
	}
	OPEN(open, "O_NOFOLLOW of a link", ("link", O_RDONLY | O_NOFOLLOW));
	OPEN(open, "O_PATH and O_NOFOLLOW of a link", ("link", O_PATH | O_NOFOLLOW));
	OPEN(open, "O_PATH of the directory", (".", O_PATH | O_DIRECTORY));

	int fd = (int)STEP(open, "a file without a name", (".", O_TMPFILE | O_RDWR, 0600));
	if (fd >= 0) {
		STEP(write, "to a file without a name", (fd, "some text", 9));
		READ(fd, pread, "of a file without a name", (fd, room, 100, 0));
		close(fd);
	}
	fd = (int)STEP(open, "O_CREAT and O_EXCL of a new file", ("new", O_RDWR | O_CREAT | O_EXCL, 0600));
	STEP(write, "to a new file", (fd, "some text", 9));
	READ(fd, pread, "of a new file", (fd, room, 100, 2));
	STEP(close, "a new file", (fd));
}

/* O_PATH descriptors read nothing, but lead to the file. */
TOPIC(open_path)
{
	char name[64];
	int fd = (int)STEP(open, "O_PATH", ("model", O_PATH));
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	READ(fd, read, "of O_PATH", (fd, room, 100));
	PLACE(mmap, "of O_PATH", (NULL, 100, PROT_READ, MAP_PRIVATE, fd, 0));
	OPEN(open, "an O_PATH descriptor's link", (name, reading));
	OPEN(openat, "from an O_PATH descriptor", (fd, "", reading));
	STEP(dup, "O_PATH", (fd));
	READ(fd + 1, pread, "of O_PATH's duplicate", (fd + 1, room, 100, 0));
	close(fd), close(fd + 1);

	fd = open_model();
	need(lseek(fd, 5000, SEEK_SET) == 5000);
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	OPEN(open, "a descriptor's link", (name, reading));
	OPEN(open, "a descriptor's link for writing", (name, O_WRONLY));
	OPEN(open, "a descriptor's link, O_NOFOLLOW", (name, O_RDONLY | O_NOFOLLOW));
	snprintf(name, sizeof name, "/dev/fd/%d", fd);
	int again = (int)STEP(open, "/dev/fd", (name, reading));
	READ(again, read, "of /dev/fd: a position of its own", (again, room, 300));
	close(again);
	READ(fd, read, "after /dev/fd", (fd, room, 300));
	close(fd);
}

static void from_standard_input(void)
{
	int fd = open_model();
	dup2(fd, 0);
	close(fd);
	READ(0, read, "of 0", (0, room, 300));
	OPEN(open, "/dev/stdin", ("/dev/stdin", reading));
	OPEN(open, "/proc/self/fd/0", ("/proc/self/fd/0", reading));
	READ(0, read, "of 0 again", (0, room, 300));
}

TOPIC(open_input)
{
	in_child("open", "/dev/stdin, in a child", from_standard_input);
}

/* model.1 … model.4 are there to be spoilt. */
TOPIC(open_truncating)
{
	struct stat st;
	OPEN(open, "before anything is spoilt", ("model.4", reading));
	OPEN(open, "O_TRUNC with nothing to write", ("model.1", O_RDONLY | O_TRUNC));
	STEP(stat, "after O_TRUNC with nothing to write", ("model.1", &st));
	found("stat", "the size after O_RDONLY and O_TRUNC", "%lld", (long long)st.st_size);
	int fd = (int)STEP(open64, "O_RDWR and O_TRUNC", ("model.2", O_RDWR | O_TRUNC));
	STEP(write, "after O_TRUNC", (fd, "new content", 11));
	READ(fd, pread64, "after O_TRUNC", (fd, room, 100, 4));
	close(fd);
	fd = (int)STEP(creat, "over a model", ("model.3", 0600));
	STEP(write, "after creat", (fd, "new content", 11));
	READ(fd, read, "after creat: for writing only", (fd, room, 100));
	close(fd);
	OPEN(open, "what creat made", ("model.3", reading));
	fd = (int)STEP(creat64, "over what creat made", ("model.3", 0600));
	STEP(write, "after creat64", (fd, "more", 4));
	close(fd);
	STEP(truncate, "a model that is not open", ("model.4", 0));
	STEP(creat, "of a directory", (".", 0600));
	STEP(creat64, "where nothing can be", ("model/x", 0600));
}

TOPIC(open_raw)
{
	struct open_how how = {.flags = O_RDONLY}, inside = {.flags = O_RDONLY, .resolve = RESOLVE_NO_SYMLINKS};
	struct open_how writing = {.flags = O_RDWR};
	OPEN(syscall, "openat", (SYS_openat, AT_FDCWD, "model", O_RDONLY, 0));
#ifdef SYS_open
	OPEN(syscall, "open", (SYS_open, "model", O_RDONLY, 0));
	STEP(syscall, "creat", (SYS_creat, ".", 0600));
#endif
	OPEN(syscall, "openat2", (SYS_openat2, AT_FDCWD, "model", &how, sizeof how));
	OPEN(syscall, "openat2 without links", (SYS_openat2, AT_FDCWD, "model", &inside, sizeof inside));
	OPEN(syscall, "openat2 without links, a link", (SYS_openat2, AT_FDCWD, "link", &inside, sizeof inside));
	OPEN(syscall, "openat2 for writing", (SYS_openat2, AT_FDCWD, "model", &writing, sizeof writing));
	STEP(syscall, "openat2, too short", (SYS_openat2, AT_FDCWD, "model", &how, 8));
	STEP(syscall, "openat2 of nothing", (SYS_openat2, AT_FDCWD, "model", NULL, sizeof how));
	OPEN(syscall, "openat for writing", (SYS_openat, AT_FDCWD, "model", O_WRONLY, 0));
	STEP(syscall, "openat of nothing", (SYS_openat, AT_FDCWD, "nothing", O_RDONLY, 0));
	STEP(syscall, "a number that there is not", (100000, 1, 2, 3));
}

TOPIC(open_handle)
{
	struct {
		struct file_handle head;
		unsigned char bytes[MAX_HANDLE_SZ];
	} handle = {.head.handle_bytes = MAX_HANDLE_SZ};
	int mount;
	STEP(name_to_handle_at, "the model", (AT_FDCWD, "model", &handle.head, &mount, 0));
	OPEN(open_by_handle_at, "the model", (AT_FDCWD, &handle.head, O_RDONLY));
	OPEN(syscall, "open_by_handle_at", (SYS_open_by_handle_at, AT_FDCWD, &handle.head, O_RDONLY));
	int fd = (int)STEP(open_by_handle_at, "to read it", (AT_FDCWD, &handle.head, O_RDONLY));
	READ(fd, read, "of a handle's file", (fd, room, 5000));
	STEP(close, "a handle's file", (fd));
}

/* A model where shm_open() looks; copied there by a process that has no library. */
TOPIC(open_shared)
{
	const char *name = text("/conform.%d", (int)getpid()), *path = text("/dev/shm%s", name);
	pid_t child = fork();
	need(child >= 0);
	if (child == 0) {
		unsetenv("LD_PRELOAD");
		execlp("cp", "cp", "model", path, NULL);
		_exit(127);
	}
	int status;
	need(waitpid(child, &status, 0) == child && status == 0);
	OPEN(shm_open, "a model", (name, O_RDONLY, 0));
	STEP(shm_open, "a model that is to be made", (name, O_RDWR | O_CREAT | O_EXCL, 0600));
	STEP(shm_unlink, "a model", (name));
	STEP(shm_open, "what is not there", (name, O_RDONLY, 0));
	int fd = (int)STEP(shm_open, "what is made", (name, O_RDWR | O_CREAT, 0600));
	STEP(write, "to what is made", (fd, "text", 4));
	READ(fd, pread, "of what is made", (fd, room, 10, 0));
	close(fd);
	shm_unlink(name);
}

/* What a descriptor says of its file. */
TOPIC(open_facts)
{
	int fd = open_model();
	struct stat st, named;
	struct statfs fs, its;
	struct statx stx;
	STEP(fstat, "the model", (fd, &st));
	STEP(stat, "the model", ("model", &named));
	found("fstat", "size", "%lld", (long long)st.st_size);
	found("fstat", "links and owner", "%ju %u %u", (uintmax_t)st.st_nlink, st.st_uid, st.st_gid);
	found("fstat", "type and mode", "%o", st.st_mode);
	found("fstat", "inode and device", "%s",
	      st.st_ino == named.st_ino && st.st_dev == named.st_dev ? "the name's" : "others");
	found("fstat", "time of change", "%s", st.st_mtim.tv_nsec == named.st_mtim.tv_nsec ? "the name's" : "another");
	STEP(statx, "the model", (fd, "", AT_EMPTY_PATH, STATX_SIZE | STATX_TYPE, &stx));
	found("statx", "size and type", "%llu %o", (unsigned long long)stx.stx_size, stx.stx_mode & S_IFMT);
	STEP(fstatfs, "the model", (fd, &fs));
	STEP(statfs, "the model", ("model", &its));
	found("fstatfs", "kind", "%s", fs.f_type == its.f_type ? "the name's" : "another");
	STEP(syscall, "fstat", (SYS_fstat, fd, &st));
	STEP(close, "the model", (fd));
}
