/* A file that changes while it is open or mapped: replaced, cut, made longer, written anew. What is seen is what was
 * there when it was opened, or an error; never a byte that is neither. */
#include "life.h"

static char path[4200];

static void copy(const char *from, const char *to)
{
	char command[13000];
	snprintf(command, sizeof command, "LD_PRELOAD= cp '%s' '%s.new' && LD_PRELOAD= mv '%s.new' '%s'", from, to, to,
		 to);
	gives(0, system(command));
}

/* The same inode gets another content, by calls that the library does not see. */
static void write_anew(const char *from, int truncate_first)
{
	char command[9000];
	snprintf(command, sizeof command, "LD_PRELOAD= dd if='%s' of='%s' bs=1M status=none %s", from, path,
		 truncate_first ? "" : "conv=notrunc");
	gives(0, system(command));
}

static void fresh(void)
{
	snprintf(path, sizeof path, "%s", scratch_path("changing"));
	copy(model, path);
}

static unsigned char *mapped(int fd, int flags)
{
	unsigned char *p = mmap(NULL, size, PROT_READ, flags, fd, 0);
	must(p != MAP_FAILED);
	return p;
}

CHECK(check_replaced)
{
	find_other();
	fresh();
	int fd = open(path, O_RDONLY);
	must(reads_right(fd, 0, 1000));
	unsigned char *shared = mapped(fd, MAP_SHARED), *private = mapped(fd, MAP_PRIVATE);
	FILE *f = fopen(path, "rb");
	must(f != NULL);
	gives(1000, fread(room, 1, 1000, f));
	copy(other_model, path);
	right(shared, 0, size);
	right(private, 0, size);
	must(is_whole(fd));
	gives(size - 1000, fread(room, 1, size, f));
	right(room, 1000, size - 1000);
	fclose(f);
	/* The name is the other model's now, and the old descriptor still the old one's. */
	int other = open(path, O_RDONLY);
	gives(other_size, pread(other, room, other_size, 0));
	must(is_other(room, 0, other_size));
	unlink(path);
	must(is_whole(fd));
	gives(9000, pread(other, room, 9000, 99));
	must(is_other(room, 99, 9000));
	munmap(shared, size), munmap(private, size);
	close(fd), close(other);
}

/* A read gives the old bytes, or says that it cannot. Says how many came. */
static ssize_t old_bytes_or_error(int line, int fd, size_t at, size_t len)
{
	memset(room, 0xa5, len);
	errno = 0;
	ssize_t got = pread(fd, room, len, (off_t)at);
	if (got > 0)
		bytes_at(line, room, at, (size_t)got);
	else if (got < 0 && errno != EIO)
		fail_at(line, "another error than EIO");
	if (got < 0)
		for (size_t i = 0; i < len; i++)
			if (room[i] != 0xa5 && room[i] != 0 && room[i] != expected[at + i])
				fail_at(line, "a byte left in the buffer of a failed read");
	return got;
}

static void old_everywhere(int line, int fd)
{
	for (size_t at = 0; at < size; at += 5000)
		old_bytes_or_error(line, fd, at, size - at < 5000 ? size - at : 5000);
	old_bytes_or_error(line, fd, 0, size);
	unsigned char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return;
	for (size_t at = 0; at < size; at += 4096) { /* a bus error would be right as well */
		pid_t child = fork();
		if (child == 0) {
			signal(SIGBUS, SIG_DFL);
			size_t len = size - at < 4096 ? size - at : 4096;
			_exit(is_right(p + at, at, len) ? 0 : 1);
		}
		int status;
		waitpid(child, &status, 0);
		if (status != 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS))
			fail_at(line, "a page of a mapping at %zu", at);
		at += 16 * 4096;
	}
	munmap(p, size);
}

/* A mapping that was made before: the old bytes, or a bus error. */
static void old_in_mapping(int line, const unsigned char *p)
{
	for (size_t at = 0; at < size; at += 20 * 4096) {
		pid_t child = fork();
		if (child == 0) {
			signal(SIGBUS, SIG_DFL);
			size_t len = size - at < 4096 ? size - at : 4096;
			_exit(is_right(p + at, at, len) ? 0 : 1);
		}
		int status;
		waitpid(child, &status, 0);
		if (status != 0 && !(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS))
			fail_at(line, "a page of an older mapping at %zu", at);
	}
}

static int open_and_look(unsigned char **p)
{
	fresh();
	int fd = open(path, O_RDONLY);
	must(reads_right(fd, 100, 5000));
	*p = mapped(fd, MAP_SHARED);
	right(*p, 0, 4096);
	return fd;
}

CHECK(check_cut)
{
	static const size_t lengths[] = {300000, 4096, 100, 0};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		unsigned char *p;
		int fd = open_and_look(&p);
		gives(0, truncate(path, (off_t)lengths[i]));
		old_everywhere(__LINE__, fd);
		old_in_mapping(__LINE__, p);
		munmap(p, size);
		close(fd);
	}
}

CHECK(check_cut_and_restored)
{
	unsigned char *p;
	int fd = open_and_look(&p);
	gives(0, truncate(path, 1000));
	old_everywhere(__LINE__, fd);
	write_anew(model, 0);
	must(is_whole(fd));
	old_in_mapping(__LINE__, p);
	munmap(p, size);
	close(fd);
}

CHECK(check_made_longer)
{
	unsigned char *p;
	int fd = open_and_look(&p);
	gives(0, truncate(path, (off_t)size + 100000));
	gives(size, pread(fd, room, size, 0));
	right(room, 0, size);
	right(p, 0, size);
	must(is_whole(fd));
	/* What came behind is not of the model. */
	ssize_t got = pread(fd, room, 5000, (off_t)size);
	must(got <= 0);
	munmap(p, size);
	close(fd);
	int again = open(path, O_RDONLY);
	must(again == -1 && errno == EBADMSG); /* no model any more: its tensors do not fill it */
}

CHECK(check_written_anew)
{
	find_other();
	for (int i = 0; i < 2; i++) {
		unsigned char *p;
		int fd = open_and_look(&p);
		write_anew(other_model, i);
		old_everywhere(__LINE__, fd);
		old_in_mapping(__LINE__, p);
		/* With a file of the same length, the last that could tell is its content. */
		gives(0, truncate(path, (off_t)size));
		old_everywhere(__LINE__, fd);
		munmap(p, size);
		close(fd);
	}
}

CHECK(check_damaged)
{
	unsigned char *p, byte;
	int fd = open_and_look(&p), writer = (int)BARE(SYS_openat, AT_FDCWD, path, O_RDWR, 0, 0, 0);
	must(writer >= 0);
	gives(1, BARE(SYS_pread64, writer, &byte, 1, 300000, 0, 0));
	byte ^= 1;
	gives(1, BARE(SYS_pwrite64, writer, &byte, 1, 300000, 0, 0));
	ssize_t got = old_bytes_or_error(__LINE__, fd, 298000, 5000);
	must(got == 5000 || got == -1);
	old_everywhere(__LINE__, fd);
	old_in_mapping(__LINE__, p);
	byte ^= 1;
	gives(1, BARE(SYS_pwrite64, writer, &byte, 1, 300000, 0, 0));
	must(is_whole(fd));
	bare_close(writer);
	munmap(p, size);
	close(fd);
}

/* Its name, owner and times are no content. */
CHECK(check_touched)
{
	char moved[4200];
	unsigned char *p;
	int fd = open_and_look(&p);
	snprintf(moved, sizeof moved, "%s", scratch_path("moved"));
	gives(0, chmod(path, 0400));
	must(is_whole(fd));
	gives(0, rename(path, moved));
	must(is_whole(fd));
	const struct timespec times[2] = {{1, 0}, {1, 0}};
	gives(0, utimensat(AT_FDCWD, moved, times, 0));
	must(is_whole(fd));
	int again = open(moved, O_RDONLY);
	must(again >= 0 && is_whole(again) && reads_right(fd, 0, size));
	gives(0, unlink(moved));
	must(reads_right(fd, 0, size) && reads_right(again, 0, size));
	right(p, 0, size);
	munmap(p, size);
	close(fd), close(again);
}

/* Readers that know nothing of it, while the name goes to and fro between two models. */
CHECK(check_replaced_all_the_time)
{
	char names[2][4200];
	find_other();
	fresh();
	for (int i = 0; i < 2; i++)
		snprintf(names[i], sizeof names[i], "%s/new%d", scratch, i);
	pid_t child = fork();
	if (child == 0) {
		for (int i = 0; i < 300; i++) {
			const char *from = i % 2 ? model : other_model, *name = names[i % 2];
			size_t len = i % 2 ? size : other_size, done = 0;
			int in = bare_open(from);
			int out = (int)BARE(SYS_openat, AT_FDCWD, name, O_RDWR | O_CREAT | O_TRUNC, 0600, 0, 0);
			while (done < len) {
				long got = BARE(SYS_sendfile, out, in, 0, len - done, 0, 0);
				if (got <= 0)
					_exit(1);
				done += (size_t)got;
			}
			bare_close(in), bare_close(out);
			if (rename(name, path) != 0)
				_exit(1);
		}
		_exit(0);
	}
	int status = -1, rounds = 0, bad = 0;
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct stat st;
		int fd = open(path, O_RDONLY);
		if (fd < 0 || fstat(fd, &st) != 0 || pread(fd, room, room_size, 0) != (ssize_t)st.st_size) {
			bad = 1;
		} else if ((size_t)st.st_size == size) {
			bad |= !is_right(room, 0, size);
		} else {
			bad |= (size_t)st.st_size != other_size || !is_other(room, 0, other_size);
		}
		close(fd);
		rounds++;
	}
	gives(0, status);
	gives(0, bad);
	must(rounds > 0);
}
