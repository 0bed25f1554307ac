/* Children of every kind: they read and map the model that their parent opened, open it themselves, close what they
 * like; and the parent goes on. */
#include "life.h"

#include <linux/close_range.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>

extern char **environ;

typedef pid_t start_child(void);

static pid_t by_underscore_fork(void)
{
	return _Fork();
}

static pid_t by_raw_clone(void)
{
	return (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static pid_t by_bare_clone(void)
{
	return (pid_t)BARE(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
}

/* The parent's descriptors are the child's too: what one closes is gone for both. */
static pid_t by_raw_clone_sharing_files(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
}

static void child_and_parent(start_child *start)
{
	int fd = open_model();
	gives(3000, read(fd, room, 3000));
	right(room, 0, 3000);
	unsigned char *before = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	must(before != MAP_FAILED);
	pid_t child = start();
	if (child == 0) {
		alarm(30);
		int good = is_right(before, 0, size) && is_whole(fd) && lseek(fd, 0, SEEK_CUR) == 3000;
		good = good && read(fd, room, 500) == 500 && is_right(room, 3000, 500);
		_exit(good ? 0 : 1);
	}
	ended_well(child);
	right(before, 0, size);
	gives(500, read(fd, room, 500)); /* the position is one for both */
	right(room, 3500, 500);
	must(is_whole(fd));
	munmap(before, size);
	close(fd);
}

CHECK(check_fork)
{
	child_and_parent(fork);
}

CHECK(check_fork_without_handlers)
{
	child_and_parent(by_underscore_fork);
}

CHECK(check_raw_clone)
{
	child_and_parent(by_raw_clone);
}

CHECK(check_bare_clone)
{
	child_and_parent(by_bare_clone);
}

CHECK(check_raw_clone_that_shares_descriptors)
{
	child_and_parent(by_raw_clone_sharing_files);
}

/* The busy parent: whatever its threads hold when the child is made, the child must do without. */
static atomic_int stop, wrong;
static int busy_fd;

static void *keep_reading(void *unused)
{
	unsigned char *bytes = malloc(100000);
	(void)unused;
	for (size_t at = 0; !atomic_load(&stop); at = (at + 7919) % (size - 100000)) {
		if (pread(busy_fd, bytes, 100000, (off_t)at) != 100000 || !is_right(bytes, at, 100000))
			atomic_fetch_add(&wrong, 1);
		int fd = open(model, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || pread(fd, bytes, 9000, (off_t)at) != 9000 || !is_right(bytes, at, 9000))
			atomic_fetch_add(&wrong, 1);
		close(fd);
		free(malloc(at % 5000 + 1));
	}
	free(bytes);
	return NULL;
}

static void among_threads(start_child *start)
{
	pthread_t threads[3];
	busy_fd = open_model();
	atomic_store(&stop, 0);
	atomic_store(&wrong, 0);
	for (size_t i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, keep_reading, NULL);
	int bad = 0;
	for (int i = 0; i < 25 && bad == 0; i++) {
		pid_t child = start();
		if (child == 0) {
			alarm(20);
			_exit(is_whole(busy_fd) ? 0 : 1);
		}
		waitpid(child, &bad, 0);
	}
	atomic_store(&stop, 1);
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	close(busy_fd);
	if (bad != 0)
		fail("a child ended with status %#x", bad);
	gives(0, atomic_load(&wrong));
}

CHECK(check_fork_among_threads)
{
	among_threads(fork);
}

CHECK(check_fork_without_handlers_among_threads)
{
	among_threads(by_underscore_fork);
}

CHECK(check_bare_clone_among_threads)
{
	among_threads(by_bare_clone);
}

/* Grandchildren, and a parent that has long gone on. */
CHECK(check_fork_of_a_fork)
{
	int fd = open_model();
	must(reads_right(fd, 0, 5000));
	pid_t child = fork();
	if (child == 0) {
		alarm(30);
		pid_t grandchild = fork();
		if (grandchild == 0)
			_exit(is_whole(fd) ? 0 : 1);
		int status = -1, good = is_whole(fd);
		waitpid(grandchild, &status, 0);
		_exit(good && status == 0 ? 0 : 1);
	}
	ended_well(child);
	must(is_whole(fd));
	close(fd);
}

/* Threads that libpthread does not know: memory and descriptors are shared, the process is the same. */
static volatile int outcome;
static volatile pid_t done __attribute__((aligned(16)));

static int thread_body(void *argument)
{
	int fd = *(int *)argument;
	unsigned char bytes[4000];
	long got = syscall(SYS_pread64, fd, bytes, sizeof bytes, 6000);
	outcome = got == (long)sizeof bytes && is_right(bytes, 6000, sizeof bytes) ? 1 : 2;
	return 0;
}

static unsigned char stack[256 * 1024] __attribute__((aligned(64)));

CHECK(check_clone_that_shares_memory_and_descriptors)
{
	int fd = open_model();
	outcome = 0;
	pid_t child = clone(thread_body, stack + sizeof stack, CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, &fd);
	must(child > 0);
	ended_well(child);
	gives(1, outcome);
	must(is_whole(fd));
	close(fd);
}

/* A thread that no library made: of the same process, but not the parent's child. */
CHECK(check_thread_by_clone)
{
	int fd = open_model();
	outcome = 0;
	done = 1;
	pid_t thread = clone(thread_body, stack + sizeof stack,
			     CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM
				     | CLONE_CHILD_CLEARTID, &fd, NULL, NULL, &done);
	must(thread > 0);
	while (done != 0) /* the kernel says when it has ended; until then libc is the thread's alone */
		BARE(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	gives(1, outcome);
	must(is_whole(fd));
	close(fd);
}

/* Memory is shared, descriptors are not: what the child does to its own must not be taken for the parent's. */
static int plain_number, number;

static int own_descriptors(void *unused)
{
	unsigned char bytes[4000];
	(void)unused;
	outcome = 2;
	close(plain_number);
	int fd = open(model, O_RDONLY);
	if (fd != plain_number)
		return 1;
	for (size_t at = 0; at < 20000; at += 4000)
		if (pread(fd, bytes, 4000, (off_t)at) != 4000 || !is_right(bytes, at, 4000))
			return 1;
	if (read(fd, bytes, 100) != 100 || !is_right(bytes, 0, 100) || lseek(fd, 0, SEEK_CUR) != 100)
		return 1;
	unsigned char *p = mmap(NULL, 20000, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED || !is_right(p, 0, 20000))
		return 1;
	munmap(p, 20000);
	/* Another model's number becomes this one's, and a plain file's. */
	dup2(fd, number);
	if (pread(number, bytes, 4000, 8000) != 4000 || !is_right(bytes, 8000, 4000))
		return 1;
	int plain = open("/dev/zero", O_RDONLY);
	dup2(plain, number);
	if (pread(number, bytes, 4000, 0) != 4000 || bytes[0] != 0 || bytes[3999] != 0)
		return 1;
	dup2(fd, 0);
	if (pread(0, bytes, 4000, 1000) != 4000 || !is_right(bytes, 1000, 4000))
		return 1;
	close_range(3, ~0u, 0);
	outcome = 1;
	return 0;
}

static void child_with_own_descriptors(int flags)
{
	find_other();
	int fd = open_model(), kept = dup(fd);
	number = open(other_model, O_RDONLY);
	plain_number = open(expected_path, O_RDONLY);
	must(number >= 0 && plain_number >= 0);
	gives(100, pread(plain_number, room, 100, 0)); /* known as plain from here on */
	gives(100, pread(number, room, 100, 9000));
	must(is_other(room, 9000, 100));
	outcome = 0;
	pid_t child = clone(own_descriptors, stack + sizeof stack, flags | SIGCHLD, NULL);
	must(child > 0);
	ended_well(child);
	gives(1, outcome);
	gives(1000, pread(plain_number, room, 1000, 500));
	right(room, 500, 1000);
	gives(0, position(plain_number));
	gives(1000, pread(number, room, 1000, 500));
	must(is_other(room, 500, 1000));
	must(is_whole(fd) && is_whole(kept));
	close(fd), close(kept), close(number), close(plain_number);
}

CHECK(check_clone_that_shares_memory_only)
{
	child_with_own_descriptors(CLONE_VM);
}

CHECK(check_clone_as_vfork_does)
{
	child_with_own_descriptors(CLONE_VM | CLONE_VFORK);
}

/* What programs do in a vfork child before exec, and some that only read there. */
CHECK(check_vfork_child_reads)
{
	int fd = open_model();
	volatile int good = 0;
	pid_t child = vfork();
	if (child == 0) {
		int own = open(model, O_RDONLY);
		good = pread(own, room, 9000, 100) == 9000 && is_right(room, 100, 9000);
		good = good && pread(fd, room, 9000, 200) == 9000 && is_right(room, 200, 9000);
		close(fd);
		dup2(own, fd);
		good = good && pread(fd, room, 9000, 300) == 9000 && is_right(room, 300, 9000);
		_exit(0);
	}
	ended_well(child);
	gives(1, good);
	must(is_whole(fd));
	close(fd);
}

static void vfork_child(void (*leave)(int fd))
{
	int fd = open_model(), twin = dup(fd), high = fcntl(fd, F_DUPFD, 300);
	must(reads_right(fd, 0, 9000));
	for (int i = 0; i < 3; i++) {
		pid_t child = vfork();
		if (child == 0) {
			leave(fd);
			execl("/bin/true", "true", (char *)NULL);
			_exit(127);
		}
		ended_well(child);
		gives(1000, pread(fd, room, 1000, 1000 * i));
		right(room, 1000 * (size_t)i, 1000);
		must(is_whole(fd) && is_whole(twin) && is_whole(high));
	}
	close(fd), close(twin), close(high);
}

static void leave_by_range(int fd)
{
	(void)fd;
	close_range(3, ~0u, 0);
}

static void leave_by_range_unshared(int fd)
{
	(void)fd;
	close_range(3, ~0u, CLOSE_RANGE_UNSHARE);
}

static void leave_by_range_at_exec(int fd)
{
	(void)fd;
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
}

static void leave_by_closefrom(int fd)
{
	(void)fd;
	closefrom(3);
}

static void leave_by_loop(int fd)
{
	(void)fd;
	for (int i = 3; i < 400; i++)
		close(i);
}

static void leave_by_raw_loop(int fd)
{
	(void)fd;
	for (int i = 3; i < 400; i++)
		syscall(SYS_close, i);
}

static void leave_by_other_files(int fd)
{
	int zero = open("/dev/zero", O_RDONLY);
	dup2(zero, fd);
	dup2(fd, 0);
	dup3(zero, fd + 1, O_CLOEXEC);
	fcntl(zero, F_DUPFD, 0);
	close(zero);
}

CHECK(check_vfork_and_close_range)
{
	vfork_child(leave_by_range);
	vfork_child(leave_by_range_unshared);
	vfork_child(leave_by_range_at_exec);
}

CHECK(check_vfork_and_closefrom)
{
	vfork_child(leave_by_closefrom);
}

CHECK(check_vfork_and_loops_of_close)
{
	vfork_child(leave_by_loop);
	vfork_child(leave_by_raw_loop);
}

CHECK(check_vfork_and_other_files)
{
	vfork_child(leave_by_other_files);
}

/* In the process itself: close at exec leaves everything open; a range of one's own closes. */
CHECK(check_close_range_here)
{
	int fd = open_model(), high = fcntl(fd, F_DUPFD, 100);
	must(reads_right(fd, 0, 9000));
	gives(0, close_range(3, ~0u, CLOSE_RANGE_CLOEXEC));
	must(is_whole(fd) && is_whole(high));
	gives(FD_CLOEXEC, fcntl(high, F_GETFD));
	gives(0, close_range((unsigned)high, ~0u, CLOSE_RANGE_UNSHARE));
	refused(EBADF, read(high, room, 10));
	must(is_whole(fd));
	close(fd);
}

/* A thread that has its descriptors to itself from here on: the same numbers are other files elsewhere. */
static pthread_barrier_t together;
static int shared_number;
static void (*make_own)(void);

static void own_by_range(void)
{
	close_range(1000000, ~0u, CLOSE_RANGE_UNSHARE);
}

static void own_by_unshare(void)
{
	unshare(CLONE_FILES);
}

static void *thread_with_own_descriptors(void *unused)
{
	unsigned char bytes[3000];
	(void)unused;
	make_own();
	int fd = open(model, O_RDONLY | O_CLOEXEC);
	dup2(fd, shared_number);
	close(fd);
	for (size_t i = 0; i < 50; i++) {
		pthread_barrier_wait(&together); /* the other one reads a plain file under this number now */
		pthread_barrier_wait(&together);
		if (pread(shared_number, bytes, sizeof bytes, (off_t)(i * 100)) != sizeof bytes
		    || !is_right(bytes, i * 100, sizeof bytes))
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void thread_apart(void)
{
	pthread_t thread;
	unsigned char byte;
	pthread_barrier_init(&together, NULL, 2);
	atomic_store(&wrong, 0);
	shared_number = open("/dev/zero", O_RDONLY);
	gives(1, read(shared_number, &byte, 1));
	pthread_create(&thread, NULL, thread_with_own_descriptors, NULL);
	for (int i = 0; i < 50; i++) {
		pthread_barrier_wait(&together);
		if (pread(shared_number, &byte, 1, 9) != 1 || byte != 0)
			atomic_fetch_add(&wrong, 1);
		pthread_barrier_wait(&together);
	}
	pthread_join(thread, NULL);
	close(shared_number);
	gives(0, atomic_load(&wrong));
}

static void thread_apart_by_range(void)
{
	make_own = own_by_range;
	thread_apart();
}

static void thread_apart_by_unshare(void)
{
	make_own = own_by_unshare;
	thread_apart();
}

CHECK(check_thread_with_descriptors_of_its_own)
{
	apart(thread_apart_by_range);
	apart(thread_apart_by_unshare);
}

/* posix_spawn does everything where no hook is. */
static void spawn_cat(posix_spawn_file_actions_t *actions, size_t from)
{
	char out[4200];
	char *argv[] = {"cat", NULL};
	pid_t child;
	snprintf(out, sizeof out, "%s", scratch_path("spawned"));
	posix_spawn_file_actions_addopen(actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addclosefrom_np(actions, 3);
	gives(0, posix_spawnp(&child, "cat", actions, NULL, argv, environ));
	ended_well(child);
	posix_spawn_file_actions_destroy(actions);
	int fd = open(out, O_RDONLY);
	gives(size - from, read(fd, room, size));
	right(room, from, size - from);
	close(fd);
}

CHECK(check_spawn)
{
	posix_spawn_file_actions_t actions;
	int fd = open_model();
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, model, O_RDONLY, 0);
	spawn_cat(&actions, 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 0);
	gives(7777, lseek(fd, 7777, SEEK_SET));
	spawn_cat(&actions, 7777);
	must(is_whole(fd));
	close(fd);
}

static void *spawn_all_the_time(void *unused)
{
	(void)unused;
	for (int i = 0; i < 15; i++) {
		pid_t child;
		int status = -1;
		char *argv[] = {"true", NULL};
		posix_spawn_file_actions_t actions;
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_addclosefrom_np(&actions, 3);
		if (posix_spawnp(&child, "true", &actions, NULL, argv, environ) != 0)
			atomic_fetch_add(&wrong, 1);
		else
			waitpid(child, &status, 0);
		posix_spawn_file_actions_destroy(&actions);
	}
	atomic_store(&stop, 1);
	return NULL;
}

CHECK(check_spawn_among_threads)
{
	pthread_t threads[2];
	busy_fd = open_model();
	atomic_store(&stop, 0);
	atomic_store(&wrong, 0);
	pthread_create(&threads[0], NULL, keep_reading, NULL);
	pthread_create(&threads[1], NULL, spawn_all_the_time, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	gives(0, atomic_load(&wrong));
	must(is_whole(busy_fd));
	close(busy_fd);
}
