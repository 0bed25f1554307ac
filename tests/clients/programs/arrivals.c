/* Descriptors that come in every way but open(2), and numbers that are left behind the library's back. */
#include "life.h"

#include <sys/mount.h>
#include <sched.h>

/* In a process that may only read: a descriptor under which the model is to appear. */
static void good_descriptor(int line, int fd, size_t at)
{
	if (fd < 0)
		fail_at(line, "no descriptor");
	unsigned char bytes[5000];
	if (pread(fd, bytes, sizeof bytes, 7000) != sizeof bytes)
		fail_at(line, "pread");
	bytes_at(line, bytes, 7000, sizeof bytes);
	if (lseek(fd, 0, SEEK_CUR) != (off_t)at || read(fd, bytes, 300) != 300)
		fail_at(line, "read");
	bytes_at(line, bytes, at, 300);
	unsigned char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		fail_at(line, "mmap");
	bytes_at(line, p, 0, size);
	munmap(p, size);
	FILE *f = fdopen(dup(fd), "rb");
	if (f == NULL || fseeko(f, 1000, SEEK_SET) != 0 || fread(room, 1, 9000, f) != 9000)
		fail_at(line, "a stream");
	bytes_at(line, room, 1000, 9000);
	fclose(f);
	close(fd);
}
#define good(fd, at) good_descriptor(__LINE__, fd, at)

CHECK(check_names_of_descriptors)
{
	static const char *const forms[] = {"/proc/self/fd/%d", "/dev/fd/%d", "/proc/thread-self/fd/%d"};
	int fd = open_model();
	gives(100, lseek(fd, 100, SEEK_SET));
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		char path[64];
		snprintf(path, sizeof path, forms[i], fd);
		good(open(path, O_RDONLY), 0);
		FILE *f = fopen(path, "rb");
		must(f != NULL);
		gives(9000, fread(room, 1, 9000, f));
		right(room, 0, 9000);
		fclose(f);
	}
	close(fd);
}

static void from_standard_input(void)
{
	int fd = open_model();
	gives(50, lseek(fd, 50, SEEK_SET));
	gives(0, dup2(fd, 0));
	good(open("/dev/stdin", O_RDONLY), 0);
	good(open("/proc/self/fd/0", O_RDONLY), 0);
	gives(700, read(0, room, 700));
	right(room, 50, 700);
	/* The stream was there before: plaintext, or an error. */
	errno = 0;
	size_t got = fread(room, 1, 500, stdin);
	if (got > 0)
		right(room, 750, got);
	else
		must(ferror(stdin) != 0);
	clearerr(stdin);
	/* Another file in its place, and the stream goes on with that. */
	int plain = open(expected_path, O_RDONLY);
	gives(0, dup2(plain, 0));
	if (got == 0) {
		gives(500, fread(room, 1, 500, stdin));
		right(room, 0, 500);
	}
	close(fd), close(plain);
}

CHECK(check_standard_input)
{
	apart(from_standard_input);
}

/* Over a socket: from a process of this kind, and from one that the library does not know: it opens the model by the
 * processor's own instruction. */
static void received_from(int (*open_it)(void))
{
	int pair[2];
	gives(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid_t child = fork();
	if (child == 0) {
		int fd = open_it();
		lseek(fd, 1234, SEEK_SET);
		send_descriptor(pair[0], fd);
		_exit(0);
	}
	int fd = receive_descriptor(pair[1]);
	ended_well(child);
	close(pair[0]), close(pair[1]);
	good(fd, 1234);
}

static int by_open(void)
{
	return open(model, O_RDONLY);
}

static int by_instruction(void)
{
	return bare_open(model);
}

CHECK(check_received_over_a_socket)
{
	received_from(by_open);
	received_from(by_instruction);
}

/* A number that the library knows as plain, closed where it does not see it. */
static int left_plain_number(void)
{
	int fd = open(expected_path, O_RDONLY);
	gives(100, read(fd, room, 100));
	bare_close(fd);
	return fd;
}

CHECK(check_received_under_a_number_that_was_plain)
{
	int pair[2];
	gives(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	int sent = open_model();
	send_descriptor(pair[0], sent);
	close(sent);
	int number = left_plain_number(), fd = receive_descriptor(pair[1]);
	gives(number, fd);
	good(fd, 0);
	close(pair[0]), close(pair[1]);
}

#ifdef SYS_recvmmsg
CHECK(check_received_with_many_messages)
{
	int pair[2], number;
	gives(0, socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	for (int i = 0; i < 2; i++) {
		int sent = open_model();
		send_descriptor(pair[0], sent);
		close(sent);
	}
	char control[2][CMSG_SPACE(sizeof(int))], byte[2];
	struct iovec parts[2] = {{&byte[0], 1}, {&byte[1], 1}};
	struct mmsghdr messages[2] = {0};
	for (int i = 0; i < 2; i++)
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = control[i],
						      .msg_controllen = sizeof control[i]};
	number = left_plain_number();
	gives(2, recvmmsg(pair[1], messages, 2, 0, NULL));
	for (int i = 0; i < 2; i++) {
		int fd;
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&messages[i].msg_hdr)), sizeof fd);
		must(i > 0 || fd == number);
		good(fd, 0);
	}
	close(pair[0]), close(pair[1]);
}
#endif

#ifdef SYS_pidfd_getfd
CHECK(check_taken_from_another_process)
{
	int ends[2];
	char byte;
	gives(0, pipe(ends));
	int fd = open_model();
	pid_t child = fork();
	if (child == 0) {
		close(ends[1]);
		_exit(read(ends[0], &byte, 1) == 0 ? 0 : 1); /* until the parent has what it wants */
	}
	int process = (int)syscall(SYS_pidfd_open, child, 0);
	int number = left_plain_number();
	int taken = process >= 0 ? (int)syscall(SYS_pidfd_getfd, process, fd, 0) : -1, error = errno;
	close(fd);
	close(ends[1]), close(ends[0]);
	ended_well(child);
	if (taken < 0) {
		must(error == EPERM || error == ENOSYS); /* a sandbox */
		fd = open_model();
		good(fd, 0);
		return;
	}
	gives(number, taken);
	good(taken, 0);
	close(process);
}
#endif

/* Numbers left behind the library's back, and given to another file, where it sees neither. */
CHECK(check_closed_and_reused_behind_the_back)
{
	find_other();
	for (int i = 0; i < 4; i++) {
		int fd = open_model();
		must(reads_right(fd, 100, 9000));
		bare_close(fd);
		gives(fd, bare_open(other_model));
		gives(9000, pread(fd, room, 9000, 200));
		must(is_other(room, 200, 9000));
		unsigned char *p = mmap(NULL, other_size, PROT_READ, MAP_SHARED, fd, 0);
		must(p != MAP_FAILED && is_other(p, 0, other_size));
		munmap(p, other_size);
		bare_close(fd);
		gives(fd, bare_open(expected_path));
		gives(9000, read(fd, room, 9000));
		right(room, 0, 9000);
		close(fd);
	}
}

CHECK(check_stream_closed_and_number_reused)
{
	find_other();
	FILE *f = fopen(model, "rb");
	must(f != NULL);
	int number = fileno(f);
	gives(100, pread(number, room, 100, 5000));
	right(room, 5000, 100);
	fclose(f);
	int fd = open(other_model, O_RDONLY);
	gives(number, fd);
	gives(9000, read(fd, room, 9000));
	must(is_other(room, 0, 9000));
	close(fd);
}

/* Where the memory file of an earlier stream was there is a pipe now, which must not be opened. */
static void pipe_in_the_place_of_a_stream(void)
{
	char path[4200];
	FILE *f = fopen(model, "rb");
	must(f != NULL);
	int number = fileno(f);
	fclose(f);
	snprintf(path, sizeof path, "%s", scratch_path("pipe"));
	unlink(path);
	gives(0, mkfifo(path, 0600));
	int fifo = open(path, O_RDONLY | O_NONBLOCK);
	gives(number, fifo);
	f = fopen(model, "rb");
	must(f != NULL);
	gives(9000, fread(room, 1, 9000, f));
	right(room, 0, 9000);
	fclose(f);
	close(fifo);
}

CHECK(check_pipe_in_the_place_of_a_stream)
{
	apart(pipe_in_the_place_of_a_stream);
}

static void copy(const char *from, const char *to)
{
	char command[9000];
	snprintf(command, sizeof command, "LD_PRELOAD= cp '%s' '%s'", from, to);
	gives(0, system(command));
}

/* The model is gone, and a new file has its inode's number: on many file systems at once. */
static void inode_number_reused(void)
{
	char path[4200];
	struct stat before, after;
	find_other();
	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof path, "%s/gone%d", scratch, i);
		copy(model, path);
		int fd = open(path, O_RDONLY);
		must(fd >= 0 && fstat(fd, &before) == 0);
		must(reads_right(fd, 0, 9000));
		bare_close(fd);
		unlink(path);
		copy(i % 2 ? other_model : expected_path, path);
		fd = bare_open(path);
		must(fd >= 0 && fstat(fd, &after) == 0);
		gives(9000, pread(fd, room, 9000, 0));
		if (i % 2)
			must(is_other(room, 0, 9000));
		else
			right(room, 0, 9000);
		gives(9000, pread(fd, room, 9000, 100000));
		if (i % 2)
			must(is_other(room, 100000, 9000));
		else
			right(room, 100000, 9000);
		close(fd);
		unlink(path);
		if (before.st_ino == after.st_ino)
			return;
	}
}

CHECK(check_inode_number_reused)
{
	apart(inode_number_reused);
}

/* Two file systems that count their inodes alike. */
static void same_inode_number_elsewhere(void)
{
	char places[2][4200], paths[2][4208];
	struct stat st[2];
	find_other();
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
		must(reads_right(open_model(), 0, 9000)); /* not allowed here */
		return;
	}
	for (int i = 0; i < 2; i++) {
		snprintf(places[i], sizeof places[i], "%s", scratch_path(i == 0 ? "mount0" : "mount1"));
		mkdir(places[i], 0700);
		gives(0, mount("none", places[i], "tmpfs", 0, NULL));
		snprintf(paths[i], sizeof paths[i], "%.4199s/model", places[i]);
		copy(i == 0 ? model : other_model, paths[i]);
		gives(0, stat(paths[i], &st[i]));
	}
	gives(st[0].st_ino, st[1].st_ino);
	int fd = open(paths[0], O_RDONLY);
	must(reads_right(fd, 100, 9000));
	bare_close(fd);
	gives(fd, bare_open(paths[1]));
	gives(9000, pread(fd, room, 9000, 300));
	must(is_other(room, 300, 9000));
	close(fd);
	fd = open(paths[0], O_RDONLY);
	must(reads_right(fd, 0, size));
	close(fd);
	umount(places[0]), umount(places[1]);
}

CHECK(check_same_inode_number_elsewhere)
{
	apart(same_inode_number_elsewhere);
}

/* Another process changes what a number means, for both: descriptors are one table, memory is not. */
CHECK(check_number_exchanged_by_another_process)
{
	int plain = open(expected_path, O_RDONLY), number = dup(plain);
	gives(100, pread(number, room, 100, 0));
	pid_t child = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (child == 0) {
		int fd = open(model, O_RDONLY);
		_exit(dup2(fd, number) == number && close(fd) == 0 ? 0 : 1);
	}
	ended_well(child);
	gives(9000, pread(number, room, 9000, 5000));
	right(room, 5000, 9000);
	good(number, 0);
	close(plain);
}
