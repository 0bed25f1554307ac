/* Where libc is not in the way: a descriptor that was opened through libc, used by the processor's own instructions,
 * through a ring, in a process that the library is not in. For mode memfd, where it is plaintext wherever it goes. */
#include "life.h"

#include <linux/io_uring.h>
#include <stdint.h>
#include <sys/sendfile.h>

CHECK(check_instructions)
{
	int fd = open_model();
	gives(9000, BARE(SYS_read, fd, room, 9000, 0, 0, 0));
	right(room, 0, 9000);
	gives(9000, position(fd));
	gives(9000, BARE(SYS_pread64, fd, room, 9000, 50000, 0, 0));
	right(room, 50000, 9000);
	struct iovec parts[2] = {{room, 100}, {room + 100, 5000}};
	gives(5100, BARE(SYS_readv, fd, parts, 2, 0, 0, 0));
	right(room, 9000, 5100);
	gives(5100, BARE(SYS_preadv2, fd, parts, 2, 777, 0, 0));
	right(room, 777, 5100);
	gives(300, read(fd, room, 300)); /* and libc in between */
	right(room, 14100, 300);
	long at = BARE(SYS_mmap, NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	must(at > 0 || at < -4095);
	right((void *)at, 0, size);
	BARE(SYS_munmap, at, size, 0, 0, 0, 0);
	at = BARE(SYS_mmap, NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);
	must(at > 0 || at < -4095);
	right((void *)at, 4096, 8192);
	*(char *)at ^= 1; /* one's own */
	BARE(SYS_munmap, at, 8192, 0, 0, 0, 0);
	gives(1, pread(fd, room, 1, 4096));
	right(room, 4096, 1);
	int twin = (int)BARE(SYS_dup, fd, 0, 0, 0, 0, 0);
	gives(9000, pread(twin, room, 9000, 20000));
	right(room, 20000, 9000);
	bare_close(twin);
	close(fd);
}

CHECK(check_copies_in_the_kernel)
{
	int fd = open_model(), out = open(scratch_path("out"), O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
	off_t at = 1000;
	gives(9000, BARE(SYS_sendfile, out, fd, &at, 9000, 0, 0));
	gives(9000, pread(out, room, 9000, 0));
	right(room, 1000, 9000);
	gives(0, pipe(ends));
	at = 2000;
	gives(4096, BARE(SYS_splice, fd, &at, ends[1], NULL, 4096, 0));
	gives(4096, BARE(SYS_read, ends[0], room, 4096, 0, 0, 0));
	right(room, 2000, 4096);
	close(ends[0]), close(ends[1]), close(out), close(fd);
}

/* One read through a ring, without a library for it. 0, or the errno of a kernel that has none. */
static long ring_read(int fd, void *bytes, size_t len, size_t at)
{
	struct io_uring_params params = {0};
	long ring = BARE(SYS_io_uring_setup, 4, &params, 0, 0, 0, 0);
	if (ring < 0)
		return ring;
	size_t submission = params.sq_off.array + params.sq_entries * sizeof(unsigned);
	size_t completion = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	char *sq = mmap(NULL, submission, PROT_READ | PROT_WRITE, MAP_SHARED, (int)ring, IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, completion, PROT_READ | PROT_WRITE, MAP_SHARED, (int)ring, IORING_OFF_CQ_RING);
	struct io_uring_sqe *entry = mmap(NULL, params.sq_entries * sizeof *entry, PROT_READ | PROT_WRITE, MAP_SHARED,
					  (int)ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || entry == MAP_FAILED)
		return -ENOMEM;
	memset(entry, 0, sizeof *entry);
	*entry = (struct io_uring_sqe){.opcode = IORING_OP_READ, .fd = fd, .addr = (uintptr_t)bytes,
				       .len = (unsigned)len, .off = at};
	((unsigned *)(void *)(sq + params.sq_off.array))[0] = 0;
	__atomic_store_n((unsigned *)(void *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
	long result = BARE(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0);
	if (result == 1)
		result = ((struct io_uring_cqe *)(void *)(cq + params.cq_off.cqes))[0].res;
	munmap(sq, submission), munmap(cq, completion), munmap(entry, params.sq_entries * sizeof *entry);
	close((int)ring);
	return result;
}

CHECK(check_ring)
{
	int fd = open_model();
	long got = ring_read(fd, room, 9000, 12345);
	if (got == -ENOSYS || got == -EPERM) {
		/* No rings here: what says so is a line that the test looks for. */
		printf("no ring: %s\n", strerror((int)-got));
		fflush(stdout);
		got = BARE(SYS_pread64, fd, room, 9000, 12345, 0, 0);
	}
	gives(9000, got);
	right(room, 12345, 9000);
	close(fd);
}

/* A process without the library, and without libc: it receives the descriptor, or is born with it. */
static void child_sees(char *const argv[])
{
	pid_t child = fork();
	if (child == 0) {
		execv(argv[0], argv);
		_exit(126);
	}
	ended_well(child);
}

CHECK(check_static_child)
{
	char number[16], *argv[] = {getenv("STATIC_PROGRAM"), "inherited", number, (char *)expected_path, NULL};
	int fd = dup(open_model());
	snprintf(number, sizeof number, "%d", fd);
	must(argv[0] != NULL);
	child_sees(argv);
	close(fd);
}

CHECK(check_static_child_with_standard_input)
{
	char *argv[] = {getenv("STATIC_PROGRAM"), "inherited", "0", (char *)expected_path, NULL};
	int fd = open_model();
	pid_t child = fork();
	if (child == 0) {
		dup2(fd, 0);
		execv(argv[0], argv);
		_exit(126);
	}
	ended_well(child);
	close(fd);
}

CHECK(check_sent_to_another_process)
{
	char number[16], *argv[] = {getenv("STATIC_PROGRAM"), "received", number, (char *)expected_path, NULL};
	int pair[2], fd = open_model();
	gives(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	send_descriptor(pair[0], fd);
	close(fd);
	snprintf(number, sizeof number, "%d", pair[1]);
	child_sees(argv);
	close(pair[0]), close(pair[1]);
}

/* What comes back is plaintext still, and known as such. */
CHECK(check_comes_back)
{
	int pair[2], fd = open_model();
	gives(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	send_descriptor(pair[0], fd);
	close(fd);
	fd = receive_descriptor(pair[1]);
	close(pair[0]), close(pair[1]);
	must(is_whole(fd));
	gives(9000, BARE(SYS_pread64, fd, room, 9000, 300, 0, 0));
	right(room, 300, 9000);
	close(fd);
}
