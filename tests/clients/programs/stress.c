/* Everything at once: threads that open, read, map, duplicate, close, fork and exchange files, each byte compared with the
 * plain twin's.
 *
 * PROGRAM SECONDS SEED SCRATCH MODEL EXPECTED OTHER OTHER-EXPECTED: ends with status 0 and a line of what it did, or with
 * 1 at the first wrong byte. The seed decides what each thread does; when, the machine decides. */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#else
#define TSAN 0
#endif

enum { THREADS = 6, MOST = 300000, SHARED = 8 };

extern char **environ;

/* The models and a plain file: path and what is to be seen there. */
static struct file {
	const char *path;
	unsigned char *bytes;
	size_t size;
} files[3];

static const char *scratch;
static char moving[4200];
static unsigned long long seed;
static atomic_int stop;
static atomic_ulong compared;
static int shared[SHARED]; /* descriptors that all threads read: of files[i % 3] */
static int exchanged;      /* a number under which the models change places */

struct thread {
	unsigned long long state;
	int number;
	unsigned char *room;
};

static size_t draw(struct thread *t, size_t below)
{
	t->state = t->state * 6364136223846793005ull + 1442695040888963407ull;
	return (size_t)((t->state >> 24) % below);
}

__attribute__((noreturn)) static void wrong(const char *where, long value)
{
	char line[300];
	int len = snprintf(line, sizeof line, "WRONG in %s: %ld, errno %d; seed %llu\n", where, value, errno, seed);
	if (write(1, line, (size_t)len) < 0)
		_exit(3);
	_exit(1);
}

static void compare(const char *where, const struct file *file, const void *bytes, size_t at, size_t len)
{
	if (at > file->size || len > file->size - at)
		wrong("a comparison", (long)at);
	if (memcmp(bytes, file->bytes + at, len) != 0)
		wrong(where, (long)at);
	atomic_fetch_add_explicit(&compared, len, memory_order_relaxed);
}

static size_t range(struct thread *t, const struct file *file, size_t *len)
{
	size_t at = draw(t, file->size);
	*len = 1 + draw(t, draw(t, 10) == 0 ? MOST : 12000);
	if (*len > file->size - at)
		*len = file->size - at;
	return at;
}

static void read_some(struct thread *t, const char *where, const struct file *file, int fd)
{
	size_t len, at = range(t, file, &len);
	ssize_t got = pread(fd, t->room, len, (off_t)at);
	if (got != (ssize_t)len)
		wrong(where, got);
	compare(where, file, t->room, at, len);
}

static int open_one(const struct file *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		wrong("open", fd);
	return fd;
}

static const struct file *any(struct thread *t)
{
	return &files[draw(t, 3)];
}

/* The operations. */
static void do_pread(struct thread *t)
{
	const struct file *file = any(t);
	int fd = open_one(file);
	for (size_t i = draw(t, 4); i > 0; i--)
		read_some(t, "pread", file, fd);
	close(fd);
}

static void do_read(struct thread *t)
{
	const struct file *file = any(t);
	int fd = open_one(file);
	size_t at = draw(t, file->size);
	if (lseek(fd, (off_t)at, SEEK_SET) != (off_t)at)
		wrong("lseek", (long)at);
	for (size_t i = 0; i < 4; i++) {
		size_t len = 1 + draw(t, 9000), want = len < file->size - at ? len : file->size - at;
		struct iovec parts[2] = {{t->room, len / 2}, {t->room + len / 2, len - len / 2}};
		ssize_t got = i % 2 ? readv(fd, parts, 2) : read(fd, t->room, len);
		if (got != (ssize_t)want)
			wrong("read", got);
		compare("read", file, t->room, at, want);
		at += want;
	}
	close(fd);
}

static void do_map(struct thread *t)
{
	const struct file *file = any(t);
	size_t at = draw(t, file->size) / 4096 * 4096, len = 1 + draw(t, file->size - at);
	int fd = open_one(file), writable = draw(t, 2) == 0;
	unsigned char *p = mmap(NULL, len, writable ? PROT_READ | PROT_WRITE : PROT_READ,
				writable || draw(t, 2) ? MAP_PRIVATE : MAP_SHARED, fd, (off_t)at);
	close(fd);
	if (p == MAP_FAILED)
		wrong("mmap", (long)len);
	if (writable)
		p[draw(t, len)] ^= 0; /* a page of one's own, with the same content */
	compare("mmap", file, p, at, len);
	size_t pages = (len + 4095) / 4096;
	if (pages > 2) {
		munmap(p, 4096);
		compare("what is left of a mapping", file, p + 4096, at + 4096, len - 4096);
		munmap(p + 4096, (pages - 1) * 4096);
	} else {
		munmap(p, pages * 4096); /* whole ones: ThreadSanitizer forgets no part of a page */
	}
}

static void do_stream(struct thread *t)
{
	const struct file *file = any(t);
	FILE *f = fopen(file->path, "rb");
	size_t len, at = range(t, file, &len);
	if (f == NULL || fseeko(f, (off_t)at, SEEK_SET) != 0 || fread(t->room, 1, len, f) != len)
		wrong("a stream", (long)at);
	compare("a stream", file, t->room, at, len);
	read_some(t, "a stream's descriptor", file, fileno(f));
	fclose(f);
}

static void do_duplicate(struct thread *t)
{
	const struct file *file = any(t), *second = any(t);
	int fd = open_one(file), other = open_one(second), own = 200 + t->number * 10, twin;
	switch (draw(t, 4)) {
	case 0:
		twin = dup(fd);
		break;
	case 1:
		twin = dup2(fd, own);
		break;
	case 2:
		twin = dup3(fd, own, O_CLOEXEC);
		break;
	default:
		twin = fcntl(fd, F_DUPFD_CLOEXEC, 50);
	}
	if (twin < 0)
		wrong("a duplicate", twin);
	read_some(t, "a duplicate", file, twin);
	if (dup2(other, twin) != twin)
		wrong("dup2", twin);
	read_some(t, "another file's duplicate", second, twin);
	read_some(t, "the original", file, fd);
	close(fd);
	read_some(t, "a duplicate that is left", second, twin);
	close(twin);
	close(other);
}

static void do_shared(struct thread *t)
{
	size_t which = draw(t, SHARED);
	read_some(t, "a shared descriptor", &files[which % 3], shared[which]);
}

/* Left where the library does not see it: inside libc. The next open takes the number. */
static void do_leave(struct thread *t)
{
	const struct file *file = &files[draw(t, 2)];
	FILE *f = fdopen(open_one(file), "rb");
	if (f == NULL || fread(t->room, 1, 5000, f) != 5000)
		wrong("fdopen", 0);
	compare("fdopen", file, t->room, 0, 5000);
	fclose(f);
}

static void exchange(struct thread *t)
{
	int fd = open_one(&files[draw(t, 2)]);
	if (dup2(fd, exchanged) != exchanged)
		wrong("dup2 over a shared number", fd);
	close(fd);
}

/* One model or the other, and while it changes perhaps neither. */
static void do_exchanged(struct thread *t)
{
	size_t at = draw(t, files[1].size - 9000);
	if (draw(t, 4) == 0)
		exchange(t);
	ssize_t got = pread(exchanged, t->room, 9000, (off_t)at);
	if (got != 9000 && !(got == -1 && errno == EIO))
		wrong("a shared number", got);
	if (got == 9000 && memcmp(t->room, files[0].bytes + at, 9000) != 0
	    && memcmp(t->room, files[1].bytes + at, 9000) != 0)
		wrong("a shared number", (long)at);
}

static void do_replace(struct thread *t)
{
	char fresh[4300];
	const struct file *file = &files[draw(t, 2)];
	snprintf(fresh, sizeof fresh, "%s/new%d", scratch, t->number);
	unlink(fresh);
	if (link(file->path, fresh) != 0 || rename(fresh, moving) != 0)
		wrong("rename", 0);
}

static void do_moving(struct thread *t)
{
	struct stat st;
	int fd = open(moving, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		wrong("a moving name", fd);
	read_some(t, "a moving name", &files[(size_t)st.st_size == files[0].size ? 0 : 1], fd);
	close(fd);
}

static void wait_for(const char *where, pid_t child)
{
	int status = -1;
	if (child < 0) {
		if (errno == EAGAIN || errno == ENOMEM)
			return;
		wrong(where, child);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0)
		wrong(where, status);
}

static void do_fork(struct thread *t)
{
	const struct file *file = any(t);
	int fd = open_one(file);
	int is_bare = !TSAN && draw(t, 2) == 0; /* a sanitizer wants to know of its children */
	pid_t child = is_bare ? (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) : fork();
	if (child == 0) {
		/* ThreadSanitizer's own allocator may have been locked by a thread that is not here. */
		if (TSAN)
			_exit(0);
		alarm(60);
		read_some(t, "a child", file, fd);
		if (!is_bare) {
			do_pread(t);
			do_map(t);
		}
		read_some(t, "a child and a shared descriptor", &files[0], shared[0]);
		_exit(0);
	}
	wait_for("fork", child);
	read_some(t, "after fork", file, fd);
	close(fd);
}

static void do_vfork(struct thread *t)
{
	const struct file *file = any(t);
	int fd = open_one(file);
	volatile int how = (int)draw(t, 3);
	pid_t child = vfork();
	if (child == 0) {
		if (how == 0)
			close_range(3, ~0u, 0);
		else if (how == 1)
			closefrom(3);
		else
			dup2(fd, 0), close(fd);
		execl("/bin/true", "true", (char *)NULL);
		_exit(9);
	}
	wait_for("vfork", child);
	read_some(t, "after vfork", file, fd);
	close(fd);
}

static void do_spawn(struct thread *t)
{
	const struct file *file = &files[draw(t, 2)];
	posix_spawn_file_actions_t actions;
	char *argv[] = {"cmp", "-s", "-", (char *)(file == &files[0] ? getenv("STRESS_EXPECTED") : getenv("STRESS_OTHER")),
			NULL};
	pid_t child;
	int fd = open_one(file);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 0);
	posix_spawn_file_actions_addclosefrom_np(&actions, 3);
	if (posix_spawnp(&child, "cmp", &actions, NULL, argv, environ) != 0)
		wrong("posix_spawn", 0);
	posix_spawn_file_actions_destroy(&actions);
	wait_for("a spawned cmp", child);
	close(fd);
}

static void do_send(struct thread *t)
{
	const struct file *file = any(t);
	int pair[2], fd = open_one(file);
	char control[CMSG_SPACE(sizeof fd)] = {0}, byte = 0;
	struct iovec part = {&byte, 1};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
				 .msg_controllen = sizeof control};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	*head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET,
				 .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || sendmsg(pair[0], &message, 0) != 1)
		wrong("a socket", 0);
	close(fd);
	if (recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) != 1)
		wrong("recvmsg", 0);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	close(pair[0]), close(pair[1]);
	read_some(t, "a received descriptor", file, fd);
	close(fd);
}

static void *short_life(void *argument)
{
	struct thread *t = argument;
	pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
	for (int i = 0; i < 1000; i++)
		read_some(t, "a thread that is cancelled", &files[0], shared[0]);
	return NULL;
}

static void do_cancel(struct thread *t)
{
	pthread_t thread;
	struct thread own = {.state = t->state, .room = malloc(MOST)};
	/* Not a thread for handlers: in glibc 2.36 a read in one that interrupts the cancellation waits for it for
	 * ever, with or without the library. */
	sigset_t alarms, before;
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, &before);
	if (own.room == NULL || pthread_create(&thread, NULL, short_life, &own) != 0)
		wrong("pthread_create", 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	usleep((useconds_t)draw(t, 1000));
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	free(own.room);
}

static void do_allocate(struct thread *t)
{
	void *kept[20];
	for (int i = 0; i < 20; i++)
		kept[i] = malloc(1 + draw(t, 20000));
	for (int i = 0; i < 20; i++)
		free(kept[i]);
}

static struct operation {
	const char *name;
	void (*run)(struct thread *t);
	unsigned weight;
	atomic_ulong count;
} operations[] = {
	{"pread", do_pread, 300, 0},
	{"read", do_read, 200, 0},
	{"mmap", do_map, 150, 0},
	{"stream", do_stream, 60, 0},
	{"duplicate", do_duplicate, 100, 0},
	{"shared", do_shared, 200, 0},
	{"leave", do_leave, 50, 0},
	{"exchange", do_exchanged, 50, 0},
	{"replace", do_replace, 60, 0},
	{"moving", do_moving, 50, 0},
	{"send", do_send, 30, 0},
	{"allocate", do_allocate, 50, 0},
	{"fork", do_fork, 50, 0},
	{"vfork", do_vfork, 15, 0},
	{"spawn", do_spawn, 5, 0},
	{"cancel", do_cancel, 10, 0},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static void *work(void *argument)
{
	struct thread *t = argument;
	unsigned total = 0;
	for (int i = 0; i < OPERATIONS; i++)
		total += operations[i].weight;
	while (!atomic_load(&stop)) {
		size_t pick = draw(t, total);
		struct operation *o = operations;
		while (pick >= o->weight)
			pick -= (o++)->weight;
		o->run(t);
		atomic_fetch_add(&o->count, 1);
	}
	return NULL;
}

/* In the middle of whatever. */
static atomic_ulong handled;

static void handle(int number)
{
	unsigned char bytes[3000];
	int saved = errno;
	size_t at = atomic_fetch_add(&handled, 1) * 2999 % (files[0].size - sizeof bytes);
	(void)number;
	if (pread(shared[0], bytes, sizeof bytes, (off_t)at) != (ssize_t)sizeof bytes)
		wrong("a handler", (long)at);
	compare("a handler", &files[0], bytes, at, sizeof bytes);
	errno = saved;
}

static void load(struct file *file, const char *path, const char *expected)
{
	struct stat st;
	int fd = open(expected, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) != 0 || (file->bytes = malloc((size_t)st.st_size)) == NULL
	    || read(fd, file->bytes, (size_t)st.st_size) != st.st_size)
		wrong("the plain twin", fd);
	close(fd);
	file->path = path;
	file->size = (size_t)st.st_size;
}

static void report(double seconds)
{
	unsigned long total = 0;
	for (int i = 0; i < OPERATIONS; i++)
		total += atomic_load(&operations[i].count);
	printf("seed %llu: %.0f s, %d threads, %lu operations, %lu in handlers, %.1f MB compared, none wrong:", seed, seconds,
	       THREADS, total, atomic_load(&handled), (double)atomic_load(&compared) / 1e6);
	for (int i = 0; i < OPERATIONS; i++)
		printf(" %s %lu", operations[i].name, atomic_load(&operations[i].count));
	printf("\n");
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	struct thread states[THREADS];
	if (argc != 8)
		return 2;
	double seconds = atof(argv[1]);
	seed = strtoull(argv[2], NULL, 10);
	scratch = argv[3];
	load(&files[0], argv[4], argv[5]);
	load(&files[1], argv[6], argv[7]);
	load(&files[2], argv[7], argv[7]);
	setenv("STRESS_EXPECTED", argv[5], 1);
	setenv("STRESS_OTHER", argv[7], 1);
	printf("seed %llu\n", seed);
	fflush(stdout);
	snprintf(moving, sizeof moving, "%s/moving", scratch);
	for (int i = 0; i < SHARED; i++)
		shared[i] = open_one(&files[i % 3]);
	exchanged = open_one(&files[0]);
	struct thread first = {.state = seed, .number = 99};
	do_replace(&first);

	if (!TSAN) {
		struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
		struct itimerval often = {{0, 3000}, {0, 3000}};
		sigaction(SIGALRM, &action, NULL);
		setitimer(ITIMER_REAL, &often, NULL);
	}
	for (int i = 0; i < THREADS; i++) {
		states[i] = (struct thread){.state = seed * 1000003 + (unsigned)i * 7919, .number = i, .room = malloc(MOST)};
		if (states[i].room == NULL || pthread_create(&threads[i], NULL, work, &states[i]) != 0)
			wrong("pthread_create", i);
	}
	struct timespec start, now;
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		usleep(50000);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9 < seconds);
	atomic_store(&stop, 1);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		free(states[i].room);
	}
	report(seconds);
	return 0;
}
