/* A descriptor that was opened through libc, and then read by what libc has no part in: system calls made in
 * line, a ring of the kernel's, programs that are not under the library. */
#include <linux/io_uring.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "checks.h"

#if defined __x86_64__
static long inline_call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	__asm__ volatile("syscall" : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined __aarch64__
static long inline_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
}
#endif
#define KERNEL(number, a, b, c, d, e, f) \
	inline_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

CHECK(check_read)
{
	int fd = open_model();
	gives(size, KERNEL(SYS_read, fd, room, room_size, 0, 0, 0));
	right(room, 0, size);
	gives(0, KERNEL(SYS_read, fd, room, 1, 0, 0, 0));
	close(fd);
}

CHECK(check_pread)
{
	int fd = open_model();
	for (int i = 0; i < 50; i++) {
		size_t at = draw(size), len = 1 + draw(size - at);
		gives(len, KERNEL(SYS_pread64, fd, room, len, at, 0, 0));
		right(room, at, len);
	}
	struct iovec parts[] = {{room, 1000}, {room + 1000, 50000}};
	gives(51000, KERNEL(SYS_preadv, fd, parts, 2, size - 51000, 0, 0));
	right(room, size - 51000, 51000);
	/* The position is the kernel's for both ways. */
	gives(700, lseek(fd, 700, SEEK_SET));
	gives(5000, KERNEL(SYS_read, fd, room, 5000, 0, 0, 0));
	gives(5000, read(fd, room + 5000, 5000));
	right(room, 700, 10000);
	close(fd);
}

CHECK(check_mmap)
{
	int fd = open_model();
	long at = KERNEL(SYS_mmap, 0, size, PROT_READ, MAP_SHARED, fd, 0);
	must(at > 0 || at < -4095);
	close(fd);
	right((void *)at, 0, size);
	gives(0, KERNEL(SYS_munmap, at, size, 0, 0, 0, 0));
}

CHECK(check_copying_calls)
{
	int fd = open_model(), out = open(scratch_path("copied"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(out >= 0);
	for (size_t sent = 0; sent < size;) {
		long got = KERNEL(SYS_sendfile, out, fd, 0, size - sent, 0, 0);
		must(got > 0);
		sent += (size_t)got;
	}
	gives(size, pread(out, room, room_size, 0));
	right(room, 0, size);
	int ends[2];
	must(pipe(ends) == 0);
	loff_t from = (loff_t)size - 4000;
	gives(4000, KERNEL(SYS_splice, fd, &from, ends[1], 0, 4000, 0));
	gives(4000, read(ends[0], room, 4000));
	right(room, size - 4000, 4000);
	close(ends[0]);
	close(ends[1]);
	close(out);
	close(fd);
}

/* One read through a ring; false where the kernel allows none. */
static int ring_read(int fd, void *to, size_t len, size_t at)
{
	struct io_uring_params params = {0};
	long ring = KERNEL(SYS_io_uring_setup, 4, &params, 0, 0, 0, 0);
	if (ring < 0)
		return 0;
	size_t sq_len = params.sq_off.array + params.sq_entries * sizeof(unsigned);
	size_t cq_len = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	size_t sqes_len = params.sq_entries * sizeof(struct io_uring_sqe);
	const int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_POPULATE;
	char *sq = (char *)KERNEL(SYS_mmap, 0, sq_len, prot, flags, ring, IORING_OFF_SQ_RING);
	char *cq = (char *)KERNEL(SYS_mmap, 0, cq_len, prot, flags, ring, IORING_OFF_CQ_RING);
	struct io_uring_sqe *sqe = (void *)KERNEL(SYS_mmap, 0, sqes_len, prot, flags, ring, IORING_OFF_SQES);
	memset(sqe, 0, sizeof *sqe);
	sqe->opcode = IORING_OP_READ;
	sqe->fd = fd;
	sqe->addr = (unsigned long)to;
	sqe->len = (unsigned)len;
	sqe->off = at;
	*(unsigned *)(sq + params.sq_off.array) = 0;
	__atomic_store_n((unsigned *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	gives(1, KERNEL(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, 0, 0));
	struct io_uring_cqe *cqe = (void *)(cq + params.cq_off.cqes);
	gives(len, cqe->res);
	KERNEL(SYS_munmap, sq, sq_len, 0, 0, 0, 0);
	KERNEL(SYS_munmap, cq, cq_len, 0, 0, 0, 0);
	KERNEL(SYS_munmap, sqe, sqes_len, 0, 0, 0, 0);
	KERNEL(SYS_close, ring, 0, 0, 0, 0, 0);
	return 1;
}

CHECK(check_ring)
{
	int fd = open_model();
	for (int i = 0; i < 20; i++) {
		size_t at = draw(size), len = 1 + draw(size - at);
		if (!ring_read(fd, room, len, at))
			gives(len, KERNEL(SYS_pread64, fd, room, len, at, 0, 0));
		right(room, at, len);
	}
	if (!ring_read(fd, room, size, 0))
		gives(size, KERNEL(SYS_pread64, fd, room, size, 0, 0, 0));
	right(room, 0, size);
	close(fd);
}

/* What `cat`, without the library, says of its input. */
static void cat_says(int input, size_t at)
{
	int ends[2];
	pid_t child;
	posix_spawn_file_actions_t actions;
	char *argv[] = {(char *)"cat", NULL}, *environment[] = {(char *)"PATH=/usr/bin:/bin", NULL};
	must(pipe2(ends, O_CLOEXEC) == 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
	gives(0, posix_spawnp(&child, "cat", &actions, NULL, argv, environment));
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	size_t got = 0;
	for (ssize_t more; (more = read(ends[0], room + got, room_size - got)) > 0;)
		got += (size_t)more;
	close(ends[0]);
	int status;
	waitpid(child, &status, 0);
	gives(0, status);
	gives(size - at, got);
	right(room, at, got);
}

CHECK(check_inherited_by_a_program_without_the_library)
{
	int fd = open_model();
	cat_says(fd, 0);
	gives(12345, lseek(fd, 12345, SEEK_SET));
	cat_says(fd, 12345);
	close(fd);
}

CHECK(check_sent_to_a_program_without_the_library)
{
	/* The receiver is a child that asks the kernel alone. */
	int pair[2], fd = open_model();
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof control};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	gives(1, sendmsg(pair[0], &message, 0));
	close(fd);
	pid_t child = fork();
	if (child == 0) {
		int received;
		if (KERNEL(SYS_recvmsg, pair[1], &message, 0, 0, 0, 0) != 1)
			_exit(2);
		memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof received);
		if (KERNEL(SYS_pread64, received, room, size, 0, 0, 0) != (long)size)
			_exit(3);
		_exit(memcmp(room, expected, size) == 0 ? 0 : 4);
	}
	int status;
	waitpid(child, &status, 0);
	gives(0, status);
	close(pair[0]);
	close(pair[1]);
}

CHECK(check_duplicates)
{
	int fd = open_model(), twin = (int)KERNEL(SYS_dup, fd, 0, 0, 0, 0, 0);
	must(twin >= 0);
	gives(size, KERNEL(SYS_pread64, twin, room, size, 0, 0, 0));
	right(room, 0, size);
	gives(size, pread(twin, room, size, 0));
	right(room, 0, size);
	close(twin);
	close(fd);
}
