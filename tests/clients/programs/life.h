/* For checks about the life of processes: checks that may hang or die run in a process of their own, system calls that
 * no library sees, and a second model. */
#ifndef LIFE_H
#define LIFE_H

#include "checks.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* A system call by the processor's own instruction: a result, or -errno. */
static inline long bare(long n, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
#else
#error "the system call sequence of this processor is not known here"
#endif
}
#define BARE(n, a, b, c, d, e, f) \
	bare(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

static inline int bare_open(const char *path)
{
	return (int)BARE(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
}

static inline int bare_close(int fd)
{
	return (int)BARE(SYS_close, fd, 0, 0, 0, 0, 0);
}

/* Run `body`, which is written like a check, in a process of its own that may take `seconds`; what it says is
 * what this check says. */
static inline void apart_at(int line, void (*body)(void), unsigned seconds)
{
	int ends[2], status;
	char says[sizeof check_says] = "";
	if (pipe(ends) != 0)
		fail_at(line, "pipe");
	pid_t child = fork();
	if (child == 0) {
		signal(SIGALRM, SIG_DFL);
		alarm(seconds);
		if (setjmp(check_end) == 0) {
			body();
			_exit(0);
		}
		if (write(ends[1], check_says, strlen(check_says)) < 0)
			_exit(3);
		_exit(1);
	}
	close(ends[1]);
	if (read(ends[0], says, sizeof says - 1) < 0)
		fail_at(line, "read of a pipe");
	close(ends[0]);
	waitpid(child, &status, 0);
	if (WIFSIGNALED(status))
		fail_at(line, WTERMSIG(status) == SIGALRM ? "it hung" : "it ended by signal %d", WTERMSIG(status));
	if (status != 0)
		fail_at(line, "%.900s", says[0] != '\0' ? says : "it ended with a status, and said nothing");
}
#define apart(body) apart_at(__LINE__, body, 30)

/* A child that must have ended well. */
#define ended_well(child)                                  \
	do {                                               \
		int status_ = -1;                          \
		gives(child, waitpid(child, &status_, 0)); \
		gives(0, status_);                         \
	} while (0)

/* Inside children, where nothing may jump: are these the model's bytes? */
static inline int is_right(const void *bytes, size_t at, size_t len)
{
	return memcmp(bytes, expected + at, len) == 0;
}

static inline int reads_right(int fd, size_t at, size_t len)
{
	return pread(fd, room, len, (off_t)at) == (ssize_t)len && is_right(room, at, len);
}

static inline int maps_right(int fd, size_t at, size_t len)
{
	unsigned char *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, (off_t)at);
	int good = p != MAP_FAILED && is_right(p, at, len);
	if (p != MAP_FAILED)
		munmap(p, len);
	return good;
}

/* Everything that a child does with the model, before and after which its parent goes on. */
static inline int is_whole(int fd)
{
	int own = open(model, O_RDONLY | O_CLOEXEC);
	int good = reads_right(fd, 0, size) && maps_right(fd, 0, size) && own >= 0 && reads_right(own, 5000, 9000)
		   && maps_right(own, 4096, 50000);
	if (own >= 0)
		close(own);
	return good;
}

/* Another model, and what it must show. */
static const char *other_model;
static unsigned char *other_expected;
static size_t other_size;

__attribute__((unused)) static void find_other(void)
{
	if (other_expected != NULL)
		return;
	struct stat st;
	other_model = getenv("OTHER_MODEL");
	FILE *f = fopen(getenv("OTHER_EXPECTED"), "rb");
	must(f != NULL && fstat(fileno(f), &st) == 0);
	other_size = (size_t)st.st_size;
	other_expected = malloc(other_size);
	gives(other_size, fread(other_expected, 1, other_size, f));
	fclose(f);
	must(other_size <= room_size);
}

static inline int is_other(const void *bytes, size_t at, size_t len)
{
	return memcmp(bytes, other_expected + at, len) == 0;
}

/* Send `fd` over a socket; receive one. */
static inline void send_descriptor(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof fd)] = {0}, byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof control};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	*head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET,
				 .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	if (sendmsg(socket, &message, 0) != 1)
		_exit(9);
}

static inline int receive_descriptor(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	int fd = -1;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof control};
	if (recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

#endif
