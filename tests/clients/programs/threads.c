/* Many threads, and forks among them. */
#include "checks.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

extern char **environ;

enum { THREADS = 8 };

static atomic_int wrong, stop;
static int shared_fd;

struct rng {
	unsigned long long state;
};

static size_t next(struct rng *rng, size_t below)
{
	rng->state = rng->state * 6364136223846793005ull + 1442695040888963407ull;
	return (size_t)((rng->state >> 20) % below);
}

/* Fewer rounds with large files. */
static int rounds(int small)
{
	return size > 4000000 ? (small + 4) / 5 : small;
}

static int is_right(const void *bytes, size_t at, size_t len)
{
	return memcmp(bytes, expected + at, len) == 0;
}

static void run_threads(void *(*work)(void *), size_t count)
{
	pthread_t threads[32];
	atomic_store(&wrong, 0);
	for (size_t i = 0; i < count; i++)
		gives(0, pthread_create(&threads[i], NULL, work, (void *)(i + 1)));
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	gives(0, atomic_load(&wrong));
}

static void *pread_randomly(void *seed)
{
	struct rng rng = {(size_t)seed * 7919};
	unsigned char *bytes = malloc(size);
	for (int i = 0; i < rounds(150); i++) {
		size_t at = next(&rng, size), len = 1 + next(&rng, i % 25 == 0 ? size - at : 20000);
		if (len > size - at)
			len = size - at;
		memset(bytes, 0xa5, len);
		if (pread(shared_fd, bytes, len, (off_t)at) != (ssize_t)len || !is_right(bytes, at, len))
			atomic_fetch_add(&wrong, 1);
	}
	free(bytes);
	return NULL;
}

CHECK(check_pread_in_threads)
{
	shared_fd = open_model();
	run_threads(pread_randomly, THREADS);
	gives(0, position(shared_fd));
	close(shared_fd);
}

/* A plain file whose header is long enough that looking at it takes a while. */
static int open_slow(void)
{
	const size_t len = 1 << 20;
	const char *path = scratch_path("slow");
	unsigned char *bytes = malloc(8 + len);
	memset(bytes, ' ', 8 + len);
	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(len >> (8 * i));
	bytes[8] = '{';
	bytes[8 + len - 1] = '}';
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, bytes, 8 + len) == (ssize_t)(8 + len));
	free(bytes);
	return fd;
}

static atomic_int round_begun, round_done;
enum { TAKEN = 300 };

static void *look_at_it(void *unused)
{
	(void)unused;
	for (int seen = 0, now; (now = atomic_load(&round_begun)) >= 0;) {
		char byte;
		if (now == seen)
			continue;
		seen = now;
		if (pread(TAKEN, &byte, 1, 0) != 1)
			atomic_fetch_add(&wrong, 1);
		atomic_store(&round_done, seen);
	}
	return NULL;
}

CHECK(check_number_taken_over_while_it_is_looked_at)
{
	unsigned char bytes[64];
	pthread_t looker;
	int plain = open_slow(), fd = open_model();
	atomic_store(&wrong, 0);
	atomic_store(&round_begun, 0);
	atomic_store(&round_done, 0);
	gives(0, pthread_create(&looker, NULL, look_at_it, NULL));
	/* Nothing that ends the check while the other thread goes on. */
	for (int i = 1; i <= 200; i++) {
		dup2(plain, TAKEN);
		atomic_store(&round_begun, i);
		for (volatile int spin = 0; spin < i * 1000;)
			spin = spin + 1;
		dup2(fd, TAKEN);
		while (atomic_load(&round_done) != i)
			;
		if (pread(TAKEN, bytes, sizeof bytes, (off_t)size - 64) != sizeof bytes
		    || !is_right(bytes, size - 64, sizeof bytes))
			atomic_fetch_add(&wrong, 1);
	}
	atomic_store(&round_begun, -1);
	pthread_join(looker, NULL);
	gives(0, atomic_load(&wrong));
	close(TAKEN);
	close(fd);
	close(plain);
}

static void *open_and_read(void *seed)
{
	struct rng rng = {(size_t)seed * 104729};
	unsigned char bytes[5000];
	for (int i = 0; i < rounds(60); i++) {
		/* The same numbers are models in one thread and plain files in another, in turn. */
		int is_model = next(&rng, 2) == 0;
		int fd = open(is_model ? model : "/dev/zero", O_RDONLY | O_CLOEXEC);
		size_t at = next(&rng, size - sizeof bytes);
		if (fd < 0 || lseek(fd, (off_t)at, SEEK_SET) < 0
		    || read(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes)
			atomic_fetch_add(&wrong, 1);
		else if (is_model ? !is_right(bytes, at, sizeof bytes) : bytes[0] | bytes[4999] | bytes[77])
			atomic_fetch_add(&wrong, 1);
		close(fd);
	}
	return NULL;
}

CHECK(check_open_read_close_in_threads)
{
	run_threads(open_and_read, THREADS);
}

static void *map_and_compare(void *seed)
{
	(void)seed;
	for (int i = 0; i < rounds(4); i++) {
		int fd = open(model, O_RDONLY);
		unsigned char *p = mmap(NULL, size, PROT_READ, i % 2 ? MAP_PRIVATE : MAP_SHARED, fd, 0);
		close(fd);
		if (p == MAP_FAILED || !is_right(p, 0, size))
			atomic_fetch_add(&wrong, 1);
		if (p != MAP_FAILED)
			munmap(p, size);
	}
	return NULL;
}

CHECK(check_map_in_threads)
{
	run_threads(map_and_compare, 4);
}

static void *stream_and_compare(void *seed)
{
	struct rng rng = {(size_t)seed};
	unsigned char *bytes = malloc(size);
	for (int i = 0; i < rounds(10); i++) {
		FILE *f = fopen(model, "rb");
		size_t at = next(&rng, size), len = size - at;
		if (f == NULL || fseeko(f, (off_t)at, SEEK_SET) != 0 || fread(bytes, 1, len + 1, f) != len
		    || !is_right(bytes, at, len))
			atomic_fetch_add(&wrong, 1);
		if (f != NULL)
			fclose(f);
	}
	free(bytes);
	return NULL;
}

CHECK(check_streams_in_threads)
{
	run_threads(stream_and_compare, 4);
}

static void *pread_until_stopped(void *seed)
{
	struct rng rng = {(size_t)seed * 31};
	unsigned char bytes[10000];
	while (!atomic_load(&stop)) {
		size_t at = next(&rng, size - sizeof bytes);
		if (pread(shared_fd, bytes, sizeof bytes, (off_t)at) != (ssize_t)sizeof bytes
		    || !is_right(bytes, at, sizeof bytes))
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

#ifdef __SANITIZE_ADDRESS__
static const int forks = 0; /* its allocator is locked in such a child for ever */
#else
static const int forks = 40;
#endif

CHECK(check_fork_among_threads)
{
	/* A child of a busy process has one thread and locks in any state; it must read all the same. */
	pthread_t threads[4];
	shared_fd = open_model();
	atomic_store(&stop, 0);
	atomic_store(&wrong, 0);
	for (size_t i = 0; i < 4; i++)
		gives(0, pthread_create(&threads[i], NULL, pread_until_stopped, (void *)(i + 1)));
	int bad = pread(shared_fd, room, size, 0) != (ssize_t)size || !is_right(room, 0, size);
	for (int i = 0; i < rounds(forks) && bad == 0; i++) {
		pid_t child = fork();
		if (child == 0) {
			alarm(20); /* instead of hanging */
			int good = pread(shared_fd, room, size, 0) == (ssize_t)size && is_right(room, 0, size);
			int fd = open(model, O_RDONLY);
			good = good && fd >= 0 && read(fd, room, 9000) == 9000 && is_right(room, 0, 9000);
			FILE *f = fopen(model, "r");
			good = good && f != NULL && fread(room, 1, 9000, f) == 9000 && is_right(room, 0, 9000);
			_exit(good ? 0 : 1);
		}
		int status;
		waitpid(child, &status, 0);
		bad = status;
	}
	atomic_store(&stop, 1);
	for (size_t i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	close(shared_fd);
	if (bad != 0)
		fail("what it read is wrong, or a child ended with status %#x", bad);
	gives(0, atomic_load(&wrong));
}

CHECK(check_fork_shares_the_position)
{
	int fd = open_model(), status;
	gives(1000, read(fd, room, 1000));
	right(room, 0, 1000);
	pid_t child = fork();
	if (child == 0) {
		int good = read(fd, room, 2000) == 2000 && is_right(room, 1000, 2000);
		close(fd);
		_exit(good ? 0 : 1);
	}
	gives(child, waitpid(child, &status, 0));
	gives(0, status);
	gives(500, read(fd, room, 500));
	right(room, 3000, 500);
	close(fd);
}

CHECK(check_vfork_leaves_the_parent_alone)
{
	/* Such a child runs in the parent's memory: what it closes and moves is its own. */
	int fd = open_model(), other = open("/dev/zero", O_RDONLY), status;
	volatile int child_good = 0;
	pid_t child = vfork();
	if (child == 0) {
		dup2(other, fd);
		close(other);
		close_range(200, 300, 0);
		child_good = 1;
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	gives(child, waitpid(child, &status, 0));
	gives(0, status);
	must(child_good);
	gives(1000, read(fd, room, 1000));
	right(room, 0, 1000);
	gives(100, read(other, room, 100));
	all_equal(__LINE__, room, 0, 100);
	close(fd), close(other);
}

CHECK(check_spawn_with_standard_input)
{
	/* posix_spawn opens the file where no hook is; the child finds a descriptor that it never opened. */
	char out[4200];
	snprintf(out, sizeof out, "%s", scratch_path("spawned"));
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, model, O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	char *argv[] = {"cat", NULL};
	pid_t child;
	int status;
	gives(0, posix_spawnp(&child, "cat", &actions, NULL, argv, environ));
	gives(child, waitpid(child, &status, 0));
	gives(0, status);
	posix_spawn_file_actions_destroy(&actions);
	int fd = open(out, O_RDONLY);
	gives(size, read(fd, room, size));
	right(room, 0, size);
	close(fd);
}

static int signal_fd;
static volatile sig_atomic_t signal_good;

static void read_in_handler(int number)
{
	unsigned char bytes[3000];
	(void)number;
	signal_good = pread(signal_fd, bytes, sizeof bytes, 5000) == (ssize_t)sizeof bytes
		      && is_right(bytes, 5000, sizeof bytes);
}

CHECK(check_read_in_a_signal_handler)
{
	struct sigaction action = {.sa_handler = read_in_handler}, old;
	signal_fd = open_model();
	gives(0, sigaction(SIGUSR1, &action, &old));
	raise(SIGUSR1);
	gives(1, signal_good);
	sigaction(SIGUSR1, &old, NULL);
	close(signal_fd);
}

CHECK(check_interrupted_by_signals)
{
	/* A timer that fires all the time disturbs no read. */
	struct sigaction action = {.sa_handler = read_in_handler, .sa_flags = SA_RESTART}, old;
	struct itimerspec often = {{0, 2000000}, {0, 2000000}};
	timer_t timer;
	signal_fd = open_model();
	gives(0, sigaction(SIGALRM, &action, &old));
	gives(0, timer_create(CLOCK_MONOTONIC, NULL, &timer));
	gives(0, timer_settime(timer, 0, &often, NULL));
	int good = 1;
	for (int i = 0; i < rounds(20) && good; i++) {
		int fd = open(model, O_RDONLY);
		good = fd >= 0 && read(fd, room, size) == (ssize_t)size && is_right(room, 0, size);
		close(fd);
	}
	timer_delete(timer);
	sigaction(SIGALRM, &old, NULL);
	close(signal_fd);
	must(good);
}

CHECK(check_small_stack)
{
	pthread_attr_t attributes;
	pthread_t thread;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 * 1024);
	atomic_store(&wrong, 0);
	gives(0, pthread_create(&thread, &attributes, open_and_read, (void *)99));
	pthread_join(thread, NULL);
	gives(0, atomic_load(&wrong));
}

static int number_of_threads(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[200];
	int threads = 0;
	while (fgets(line, sizeof line, f) != NULL)
		sscanf(line, "Threads: %d", &threads);
	fclose(f);
	return threads;
}

CHECK(same_number_of_threads)
{
	/* Helpers live for a call only; those that decrypt ahead end a while after the last mapping. */
	int fd = open_model();
	gives(size, read(fd, room, size));
	close(fd);
	for (int i = 0; i < 200 && number_of_threads() > 1; i++)
		usleep(100000);
	gives(1, number_of_threads());
}
