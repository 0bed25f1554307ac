/* Descriptors: read and its kin, positions, duplicates, flags, raw system calls. */
#include "checks.h"

#include <aio.h>

#include <limits.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* Built with fortified macros, a read into an array of known size becomes __read_chk. */
static unsigned char fixed[65536];

CHECK(check_read_whole)
{
	int fd = open_model();
	gives(size, read(fd, room, size));
	right(room, 0, size);
	gives(size, position(fd));
	gives(0, read(fd, room, 10));
	close(fd);
}

CHECK(check_read_more_than_the_file)
{
	int fd = open_model();
	gives(size, read(fd, room, size + 1));
	right(room, 0, size);
	all_equal(__LINE__, room + size, 0xa5, 4096);
	gives(0, read(fd, room, size));
	gives(size, position(fd));
	close(fd);
}

CHECK(check_read_sizes)
{
	static const size_t steps[] = {1, 7, 8, 511, 4095, 4096, 4097, 65536, 99991, 2097152, 2097153, 5000000};
	for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
		int fd = open_model();
		/* Tiny steps only for a while, from a place in the data. */
		size_t at = steps[s] < 100 ? size / 3 : 0, end = steps[s] < 100 ? at + 5000 : size;
		gives(at, lseek(fd, (off_t)at, SEEK_SET));
		while (at < end) {
			size_t want = steps[s] < size - at ? steps[s] : size - at;
			gives(want, read(fd, room, steps[s]));
			right(room, at, want);
			at += want;
			gives(at, position(fd));
		}
		close(fd);
	}
}

CHECK(check_read_into_array)
{
	volatile size_t len = sizeof fixed;
	int fd = open_model();
	gives(len, read(fd, fixed, len));
	right(fixed, 0, len);
	len = 12345;
	gives(len, pread(fd, fixed, len, 23456));
	right(fixed, 23456, len);
	gives(sizeof fixed, position(fd));
	close(fd);
}

CHECK(check_lseek)
{
	int fd = open_model();
	gives(size, lseek(fd, 0, SEEK_END));
	gives(0, read(fd, room, 100));
	gives(size - 100, lseek(fd, -100, SEEK_END));
	gives(100, read(fd, room, 1000));
	right(room, size - 100, 100);
	gives(3, lseek(fd, 3, SEEK_SET));
	gives(9, lseek(fd, 6, SEEK_CUR));
	gives(1000, read(fd, room, 1000));
	right(room, 9, 1000);
	gives(size + 5000, lseek(fd, (off_t)size + 5000, SEEK_SET));
	gives(0, read(fd, room, 1000));
	gives(size + 5000, position(fd));
	close(fd);
}

CHECK(check_pread)
{
	int fd = open_model();
	for (int i = 0; i < 300; i++) {
		size_t at = draw(size), len = 1 + draw(i % 10 == 0 ? size : 9000);
		size_t want = len < size - at ? len : size - at;
		gives(want, pread(fd, room, len, (off_t)at));
		right(room, at, want);
	}
	gives(0, position(fd));
	gives(0, pread(fd, room, 10, (off_t)size));
	gives(0, pread(fd, room, 10, (off_t)1 << 50));
	close(fd);
}

CHECK(check_pread_every_edge)
{
	/* Around the page, the header's end and the file's end. */
	size_t head = 8;
	for (int i = 7; i >= 0; i--)
		head = head + ((size_t)expected[i] << (8 * i));
	const size_t edges[] = {8, 4096, head, size};
	int fd = open_model();
	for (size_t e = 0; e < sizeof edges / sizeof *edges; e++)
		for (size_t at = edges[e] - 3; at < edges[e] + 3 && at < size; at++)
			for (size_t len = 1; len < 8; len++) {
				size_t want = len < size - at ? len : size - at;
				gives(want, pread(fd, room, len, (off_t)at));
				right(room, at, want);
			}
	close(fd);
}

CHECK(check_readv)
{
	int fd = open_model();
	struct iovec parts[] = {{room, 1}, {room + 1, 0}, {NULL, 0}, {room + 1, 4095}, {room + 4096, 70000}};
	gives(17, lseek(fd, 17, SEEK_SET));
	gives(74096, readv(fd, parts, 5));
	right(room, 17, 74096);
	gives(74113, position(fd));
	gives(size - 9, lseek(fd, -9, SEEK_END));
	gives(9, readv(fd, parts, 5));
	right(room, size - 9, 9);
	gives(size, position(fd));
	gives(0, readv(fd, parts, 5));
	gives(0, readv(fd, parts, 0));
	close(fd);
}

CHECK(check_readv_scattered)
{
	int fd = open_model();
	struct iovec parts[100];
	for (size_t i = 0; i < 100; i++)
		parts[i] = (struct iovec){room + i * 1000, 100 + i};
	ssize_t total = readv(fd, parts, 100);
	size_t at = 0;
	for (size_t i = 0; i < 100; at += 100 + i, i++) {
		right(room + i * 1000, at, 100 + i);
		all_equal(__LINE__, room + i * 1000 + 100 + i, 0xa5, 900 - i);
	}
	gives(at, total);
	close(fd);
}

CHECK(check_preadv)
{
	int fd = open_model();
	for (int i = 0; i < 50; i++) {
		size_t at = draw(size - 20000);
		struct iovec parts[] = {{room, 100 + draw(100)}, {room + 1000, 5000}, {room + 9000, 1}};
		gives(parts[0].iov_len + 5001, preadv(fd, parts, 3, (off_t)at));
		right(room, at, parts[0].iov_len);
		right(room + 1000, at + parts[0].iov_len, 5000);
		right(room + 9000, at + parts[0].iov_len + 5000, 1);
	}
	gives(0, position(fd));
	close(fd);
}

CHECK(check_preadv2)
{
	int fd = open_model();
	struct iovec parts[] = {{room, 3000}, {room + 3000, 777}};
	gives(3777, preadv2(fd, parts, 2, 5001, 0));
	right(room, 5001, 3777);
	gives(0, position(fd));
	/* An offset of -1 means the position, and moves it. */
	gives(100, lseek(fd, 100, SEEK_SET));
	gives(3777, preadv2(fd, parts, 2, -1, 0));
	right(room, 100, 3777);
	gives(3877, position(fd));
	close(fd);
}

CHECK(check_open_flags)
{
	static const int flags[] = {0, O_CLOEXEC, O_NONBLOCK, O_NOFOLLOW, O_NOCTTY, O_NOATIME, O_APPEND, O_CREAT,
				    O_SYNC, O_LARGEFILE};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		volatile int f = O_RDONLY | flags[i];
		int fd = flags[i] == O_CREAT ? open(model, f, 0600) : open(model, f);
		must(fd >= 0);
		gives(9000, read(fd, room, 9000));
		right(room, 0, 9000);
		gives((flags[i] & O_CLOEXEC) != 0, (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		gives(0, close(fd));
	}
}

CHECK(check_openat)
{
	char directory[4096];
	const char *slash = strrchr(model, '/');
	snprintf(directory, sizeof directory, "%.*s", (int)(slash - model), model);
	int dir = open(directory, O_RDONLY | O_DIRECTORY);
	volatile int flags = O_RDONLY;
	must(dir >= 0);
	int fd = openat(dir, slash + 1, flags);
	must(fd >= 0);
	gives(size, read(fd, room, size));
	right(room, 0, size);
	close(fd);
	fd = openat(AT_FDCWD, model, flags);
	must(fd >= 0);
	gives(100, pread(fd, room, 100, 4000));
	right(room, 4000, 100);
	close(fd);
	close(dir);
}

CHECK(check_large_file_names)
{
	int fd = open64(model, O_RDONLY);
	gives(4000, pread64(fd, room, 4000, 1000));
	right(room, 1000, 4000);
	struct iovec part = {room, 5000};
	gives(5000, preadv64(fd, &part, 1, 2000));
	right(room, 2000, 5000);
	gives(3000, lseek64(fd, 3000, SEEK_SET));
	gives(500, read(fd, room, 500));
	right(room, 3000, 500);
	close(fd);
	fd = openat64(AT_FDCWD, model, O_RDONLY);
	gives(500, read(fd, room, 500));
	right(room, 0, 500);
	close(fd);
}

CHECK(check_duplicates_share_the_position)
{
	int fd = open_model();
	int twins[] = {dup(fd), dup2(fd, 77), dup3(fd, 78, O_CLOEXEC), fcntl(fd, F_DUPFD, 50),
		       fcntl(fd, F_DUPFD_CLOEXEC, 60)};
	for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
		must(twins[i] >= 0);
		gives(1000 * i, lseek(fd, (off_t)(1000 * i), SEEK_SET));
		gives(300, read(twins[i], room, 300));
		right(room, 1000 * i, 300);
		gives(300, read(fd, room, 300));
		right(room, 1000 * i + 300, 300);
		gives(1000 * i + 600, position(twins[i]));
	}
	close(fd);
	for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
		gives(size, pread(twins[i], room, size, 0));
		right(room, 0, size);
		gives(0, close(twins[i]));
	}
}

CHECK(check_dup2_onto_itself)
{
	int fd = open_model();
	gives(fd, dup2(fd, fd));
	refused(EINVAL, dup3(fd, fd, 0));
	gives(1000, read(fd, room, 1000));
	right(room, 0, 1000);
	close(fd);
}

CHECK(check_dup2_over_an_open_file)
{
	int fd = open_model(), plain = open(expected_path, O_RDONLY), other = open("/dev/zero", O_RDONLY);
	gives(other, dup2(fd, other)); /* the model over a device */
	gives(1000, read(other, room, 1000));
	right(room, 0, 1000);
	gives(fd, dup2(plain, fd)); /* a plain file over the model */
	gives(1000, pread(fd, room, 1000, 5000));
	right(room, 5000, 1000);
	gives(0, position(plain));
	int zero = open("/dev/zero", O_RDONLY);
	gives(other, dup2(zero, other));
	gives(1000, read(other, room, 1000));
	all_equal(__LINE__, room, 0, 1000);
	close(fd), close(plain), close(other), close(zero);
}

/* The same number, first a model and then something else, left in every way that there is. */
static void leave_by_close(int fd)
{
	close(fd);
}

static void leave_by_fclose(int fd)
{
	fclose(fdopen(fd, "r"));
}

static void leave_by_syscall(int fd)
{
	syscall(SYS_close, fd);
}

static void leave_by_range(int fd)
{
	close_range((unsigned)fd, (unsigned)fd, 0);
}

static void leave_by_closefrom(int fd)
{
	closefrom(fd);
}

CHECK(check_numbers_are_reused)
{
	static void (*const ways[])(int) = {leave_by_close, leave_by_fclose, leave_by_syscall, leave_by_range,
					    leave_by_closefrom};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		int fd = open_model();
		gives(100, read(fd, room, 100));
		right(room, 0, 100);
		ways[i](fd);
		int zero = open("/dev/zero", O_RDONLY);
		gives(fd, zero);
		gives(500, read(zero, room, 500));
		all_equal(__LINE__, room, 0, 500);
		close(zero);
		int plain = open(expected_path, O_RDONLY);
		gives(fd, plain);
		gives(500, read(plain, room, 500));
		right(room, 0, 500);
		close(plain);
		fd = open_model();
		gives(plain, fd);
		gives(500, read(fd, room, 500));
		right(room, 0, 500);
		close(fd);
	}
}

CHECK(check_raw_system_calls)
{
	/* Plaintext, or an error; the position stays true. */
	int fd = (int)syscall(SYS_openat, AT_FDCWD, model, O_RDONLY | O_CLOEXEC, 0);
	must(fd >= 0);
	gives(1000, syscall(SYS_read, fd, room, 1000));
	right(room, 0, 1000);
	gives(1000, read(fd, room, 1000));
	right(room, 1000, 1000);
	gives(2000, syscall(SYS_lseek, fd, 0, SEEK_CUR));
	gives(3000, syscall(SYS_pread64, fd, room, 3000, 500));
	right(room, 500, 3000);
	struct iovec parts[] = {{room, 10}, {room + 10, 2000}};
	gives(2010, syscall(SYS_readv, fd, parts, 2));
	right(room, 2000, 2010);
	gives(2010, syscall(SYS_preadv, fd, parts, 2, 7000, 0));
	right(room, 7000, 2010);
	int twin = (int)syscall(SYS_dup, fd);
	gives(100, read(twin, room, 100));
	right(room, 4010, 100);
	gives(0, syscall(SYS_close, fd));
	gives(0, syscall(SYS_close, twin));
}

CHECK(check_raw_open)
{
#ifdef SYS_open
	int fd = (int)syscall(SYS_open, model, O_RDONLY, 0);
	must(fd >= 0);
	gives(size, read(fd, room, size));
	right(room, 0, size);
	close(fd);
#else
	int fd = open_model();
	gives(size, read(fd, room, size));
	right(room, 0, size);
	close(fd);
#endif
}

/* A duplicate of `fd` that comes in a message: it was never opened here. Closes `fd`. */
static int received(int fd, void (*before_arrival)(void))
{
	int pair[2];
	gives(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	char control[CMSG_SPACE(sizeof fd)] = {0}, byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof control};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	*head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET,
				 .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	gives(1, sendmsg(pair[0], &message, 0));
	close(fd);
	if (before_arrival != NULL)
		before_arrival();
	gives(1, recvmsg(pair[1], &message, 0));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	close(pair[0]), close(pair[1]);
	return fd;
}

CHECK(check_passed_over_a_socket)
{
	int fd = received(open_model(), NULL);
	gives(2000, read(fd, room, 2000));
	right(room, 0, 2000);
	close(fd);
}

static int left_number;

/* Close it where no hook is: inside libc. */
static void leave_a_plain_file(void)
{
	int fd = open(expected_path, O_RDONLY);
	gives(100, read(fd, room, 100));
	FILE *f = fdopen(fd, "r");
	gives(100, fread(room, 1, 100, f));
	fclose(f);
	left_number = fd;
}

CHECK(check_passed_to_a_number_that_was_plain)
{
	int fd = received(open_model(), leave_a_plain_file);
	gives(left_number, fd);
	gives(2000, read(fd, room, 2000));
	right(room, 0, 2000);
	close(fd);
}

CHECK(check_openat2)
{
#ifdef SYS_openat2
	struct {
		uint64_t flags, mode, resolve;
	} how = {O_RDONLY, 0, 0};
	leave_a_plain_file();
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, model, &how, sizeof how);
	if (fd < 0)
		fail("openat2");
	gives(2000, read(fd, room, 2000));
	right(room, 0, 2000);
	close(fd);
#endif
}

CHECK(check_wide_buffers)
{
	/* A count beyond what the kernel reads at once. */
	int fd = open_model();
	gives(size, read(fd, room, size));
	right(room, 0, size);
	gives(100, lseek(fd, 100, SEEK_SET));
	gives(size - 100, read(fd, room, room_size));
	right(room, 100, size - 100);
	close(fd);
}

CHECK(check_bad_arguments)
{
	int fd = open_model();
	struct iovec part = {room, 100};
	refused(EINVAL, pread(fd, room, 10, -1));
	volatile int negative = -1, too_many = IOV_MAX + 1;
	refused(EINVAL, readv(fd, &part, negative));
	refused(EINVAL, readv(fd, &part, too_many));
	refused(EINVAL, preadv(fd, &part, 1, -5));
	part.iov_len = SIZE_MAX;
	refused(EINVAL, readv(fd, &part, 1));
	gives(1000, read(fd, room, 1000));
	right(room, 0, 1000);
	close(fd);
}

CHECK(same_results_without_bytes)
{
	int fd = open_model();
	struct stat st;
	gives(0, read(fd, NULL, 0));
	gives(0, pread(fd, NULL, 0, 0));
	gives(0, fstat(fd, &st));
	gives(size, st.st_size);
	must(S_ISREG(st.st_mode));
	gives(0, stat(model, &st));
	gives(size, st.st_size);
	gives(0, close(fd));
	refused(EBADF, read(fd, room, 10));
	refused(EBADF, pread(fd, room, 10, 0));
	refused(EBADF, close(fd));
	refused(EBADF, dup(fd));
}

CHECK(same_errno_and_numbers)
{
	/* Files that are no models: not even errno moves. */
	errno = 77;
	int fd = open(expected_path, O_RDONLY);
	gives(77, errno);
	gives(100, read(fd, room, 100));
	gives(100, pread(fd, room, 100, 5000));
	int twin = dup(fd);
	gives(fd + 1, twin);
	FILE *f = fdopen(twin, "r");
	gives(77, errno);
	gives(100, fread(room, 1, 100, f));
	gives(0, fclose(f));
	gives(0, close(fd));
	gives(77, errno);
	gives(-1, open("/does/not/exist", O_RDONLY));
	gives(ENOENT, errno);
	gives(-1, open("/", O_WRONLY));
	gives(EISDIR, errno);
}

CHECK(check_bad_buffers)
{
	/* Answered with EFAULT as the kernel does, and the next read is right. */
	int fd = open_model();
	void *volatile nowhere = (void *)8; /* volatile: the compiler would warn */
	refused(EFAULT, read(fd, nowhere, 100));
	refused(EFAULT, pread(fd, nowhere, 5000, 4096));
	struct iovec part = {nowhere, 5000};
	refused(EFAULT, readv(fd, &part, 1));
	refused(EFAULT, readv(fd, nowhere, 2));
	gives(0, position(fd));
	gives(1000, read(fd, room, 1000));
	right(room, 0, 1000);
	close(fd);
}

CHECK(check_holes_in_a_buffer)
{
	/* What cannot be filled ends the read; behind it is nothing that was not authenticated. */
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = size / page, first = pages / 3, second = first * 3 / 2;
	unsigned char *p = mmap(NULL, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open_model();
	must(p != MAP_FAILED);
	memset(p, 0xa5, pages * page);
	gives(0, mprotect(p + first * page, page, PROT_NONE));
	gives(0, mprotect(p + second * page, page, PROT_NONE));
	gives(first * page, pread(fd, p, pages * page, 0));
	right(p, 0, first * page);
	gives(0, mprotect(p + first * page, page, PROT_READ));
	gives(0, mprotect(p + second * page, page, PROT_READ));
	for (size_t i = first * page; i < pages * page; i++)
		if (p[i] != 0xa5 && p[i] != 0 && p[i] != expected[i])
			fail("byte %zu is %#x", i, p[i]);
	munmap(p, pages * page);
	close(fd);
}

CHECK(check_asynchronous)
{
	/* Plaintext or a refusal. */
	int fd = open_model();
	struct aiocb request = {.aio_fildes = fd, .aio_buf = room, .aio_nbytes = 5000, .aio_offset = 4096,
				.aio_lio_opcode = LIO_READ};
	struct aiocb *const list[] = {NULL, &request};
	const struct aiocb *const wanted[] = {&request};
	if (aio_read(&request) == 0) {
		gives(0, aio_suspend(wanted, 1, NULL));
		gives(5000, aio_return(&request));
		right(room, 4096, 5000);
	}
	if (lio_listio(LIO_WAIT, list, 2, NULL) == 0) {
		gives(5000, aio_return(&request));
		right(room, 4096, 5000);
	}
	gives(1000, pread(fd, room, 1000, 300));
	right(room, 300, 1000);
	close(fd);
}
