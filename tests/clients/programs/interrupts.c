/* Signal handlers that use a model while the code that they interrupt is using it too, and threads that are cancelled
 * there. Each runs in a process of its own, as what goes wrong would hang. */
#include "life.h"

#include <pthread.h>
#include <sys/time.h>

static volatile sig_atomic_t handled, mistakes;
static int handler_fd;
static size_t handler_at;

enum { ENOUGH = 150 };

static void disarm(void)
{
	struct itimerval never = {{0, 0}, {0, 0}};
	setitimer(ITIMER_VIRTUAL, &never, NULL);
	setitimer(ITIMER_PROF, &never, NULL);
}

/* What open(2), pread(2) and close(2) may be used for: they are safe in handlers. */
static void handle(int number)
{
	unsigned char bytes[6000];
	int saved = errno;
	(void)number;
	size_t at = handler_at = (handler_at + 4099) % (size - sizeof bytes);
	if (pread(handler_fd, bytes, sizeof bytes, (off_t)at) != (ssize_t)sizeof bytes
	    || !is_right(bytes, at, sizeof bytes))
		mistakes++;
	int fd = open(model, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || lseek(fd, (off_t)at, SEEK_SET) < 0 || read(fd, bytes, 5000) != 5000
	    || !is_right(bytes, at, 5000))
		mistakes++;
	if (fd >= 0)
		close(fd);
	if (++handled >= ENOUGH) /* where a handler takes longer than the timer, nothing else would ever run */
		disarm();
	errno = saved;
}

static void mapping_handler(int number)
{
	int saved = errno;
	handle(number);
	unsigned char *p = mmap(NULL, 20000, PROT_READ, MAP_PRIVATE, handler_fd, 4096);
	if (p == MAP_FAILED || !is_right(p, 4096, 20000))
		mistakes++;
	if (p != MAP_FAILED)
		munmap(p, 20000);
	errno = saved;
}

/* A timer that fires at moments that vary, all the time. */
static void start_timer(void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	struct itimerval often = {{0, 211}, {0, 211}};
	handler_fd = open_model();
	must(reads_right(handler_fd, 0, 5000));
	gives(0, sigaction(SIGVTALRM, &action, NULL));
	gives(0, setitimer(ITIMER_VIRTUAL, &often, NULL));
	action.sa_handler = handler;
	gives(0, sigaction(SIGPROF, &action, NULL));
	often = (struct itimerval){{0, 317}, {0, 317}};
	gives(0, setitimer(ITIMER_PROF, &often, NULL));
}

static void stop_timer(void)
{
	disarm();
	must(handled > 20);
	gives(0, mistakes);
}

/* Until the handler has run often enough. */
#define WHILE_INTERRUPTED(handler)                                         \
	start_timer(handler);                                              \
	for (size_t i = 0; handled < ENOUGH && i < 200000; i++)

static void in_pread(void)
{
	unsigned char bytes[5000];
	WHILE_INTERRUPTED(handle) {
		size_t at = (i * 4093) % (size - sizeof bytes);
		gives(sizeof bytes, pread(handler_fd, bytes, sizeof bytes, (off_t)at));
		right(bytes, at, sizeof bytes);
	}
	stop_timer();
}

static void in_open(void)
{
	WHILE_INTERRUPTED(handle) {
		int fd = open_model();
		gives(100, read(fd, room, 100));
		right(room, 0, 100);
		close(fd);
	}
	stop_timer();
}

/* Opening what nobody has open is the long way: keys are read, signatures verified. */
static void in_first_open(void)
{
	char path[4200], command[9000];
	snprintf(path, sizeof path, "%s", scratch_path("fresh"));
	snprintf(command, sizeof command, "LD_PRELOAD= cp '%s' '%s'", model, path);
	gives(0, system(command));
	WHILE_INTERRUPTED(handle) {
		struct timespec times[2] = {{1000 + (time_t)i, 0}, {1000 + (time_t)i, 0}};
		gives(0, utimensat(AT_FDCWD, path, times, 0)); /* another file, as far as one can tell */
		int fd = open(path, O_RDONLY);
		must(fd >= 0);
		gives(100, read(fd, room, 100));
		right(room, 0, 100);
		close(fd);
	}
	stop_timer();
}

static void in_map(void)
{
	WHILE_INTERRUPTED(mapping_handler) {
		unsigned char *p = mmap(NULL, 60000, PROT_READ, MAP_SHARED, handler_fd, 8192);
		must(p != MAP_FAILED);
		right(p, 8192, 60000);
		munmap(p, 60000);
	}
	stop_timer();
}

static void in_stdio(void)
{
	WHILE_INTERRUPTED(handle) {
		FILE *f = fopen(model, "rb");
		must(f != NULL);
		gives(0, fseeko(f, 10000, SEEK_SET));
		gives(9000, fread(room, 1, 9000, f));
		right(room, 10000, 9000);
		fclose(f);
	}
	stop_timer();
}

/* The allocator is not to be called in a handler; what reads a file there may not call it. */
static void in_malloc(void)
{
	void *kept[64] = {0};
	WHILE_INTERRUPTED(handle) {
		for (size_t j = 0; j < 2000; j++) {
			size_t slot = (i * 31 + j * 7) % 64, len = 16 + (i * 977 + j * 131) % 9000;
			free(kept[slot]);
			kept[slot] = malloc(len);
			memset(kept[slot], (int)slot, len);
		}
	}
	stop_timer();
	for (size_t j = 0; j < 64; j++)
		free(kept[j]);
}

/* With threads, the allocator's locks are real ones. */
static atomic_int stop, wrong;

static void *other_thread(void *unused)
{
	sigset_t all;
	unsigned char bytes[5000];
	(void)unused;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	for (size_t i = 0; !atomic_load(&stop); i++) {
		size_t at = (i * 4091) % (size - sizeof bytes);
		if (pread(handler_fd, bytes, sizeof bytes, (off_t)at) != (ssize_t)sizeof bytes
		    || !is_right(bytes, at, sizeof bytes))
			atomic_fetch_add(&wrong, 1);
		free(malloc(at));
	}
	return NULL;
}

static void in_malloc_among_threads(void)
{
	pthread_t thread;
	handler_fd = open_model();
	gives(0, pthread_create(&thread, NULL, other_thread, NULL));
	in_malloc();
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	gives(0, atomic_load(&wrong));
}

CHECK(check_handler_in_pread)
{
	apart(in_pread);
}

CHECK(check_handler_in_open)
{
	apart(in_open);
}

CHECK(check_handler_in_the_first_open)
{
	apart(in_first_open);
}

CHECK(check_handler_in_mmap)
{
	apart(in_map);
}

CHECK(check_handler_in_stdio)
{
	apart(in_stdio);
}

CHECK(check_handler_in_malloc)
{
	apart(in_malloc);
}

CHECK(check_handler_in_malloc_among_threads)
{
	apart(in_malloc_among_threads);
}

/* A handler that leaves by longjmp: nothing may stay locked, no signal blocked. */
static sigjmp_buf away;

static void jump(int number)
{
	(void)number;
	handled++;
	siglongjmp(away, 1);
}

static void jumps(void)
{
	struct sigaction action = {.sa_handler = jump};
	int fd = open_model();
	gives(0, sigaction(SIGVTALRM, &action, NULL));
	for (volatile int i = 0; i < 150; i++) {
		struct itimerval once = {{0, 0}, {0, 100 + i * 17 % 3000}};
		if (sigsetjmp(away, 1) == 0) {
			gives(0, setitimer(ITIMER_VIRTUAL, &once, NULL));
			for (volatile size_t at = 0;; at = (at + 5001) % (size - 9000))
				if (pread(fd, room, 9000, (off_t)at) != 9000 || !is_right(room, at, 9000))
					fail("a read between jumps");
		}
	}
	must(handled >= 100);
	must(is_whole(fd));
	sigset_t now;
	sigprocmask(SIG_SETMASK, NULL, &now);
	gives(0, sigismember(&now, SIGALRM));
	gives(0, sigismember(&now, SIGUSR1));
}

CHECK(check_handler_that_jumps_away)
{
	apart(jumps);
}

/* What is blocked, and what waits, is the program's own affair. */
CHECK(check_mask_and_pending_signals_are_the_programs)
{
	sigset_t set, now;
	int fd = open_model();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	gives(0, sigprocmask(SIG_BLOCK, &set, NULL));
	raise(SIGUSR2);
	must(is_whole(fd));
	sigprocmask(SIG_SETMASK, NULL, &now);
	for (int i = 1; i < 32; i++)
		gives(i == SIGUSR2, sigismember(&now, i));
	sigpending(&now);
	gives(1, sigismember(&now, SIGUSR2));
	signal(SIGUSR2, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGUSR2, SIG_DFL);
	close(fd);
}

/* Cancellation. */
static int cancel_type;
static atomic_int rounds;

static void *read_until_cancelled(void *unused)
{
	unsigned char bytes[9000];
	(void)unused;
	pthread_setcanceltype(cancel_type, NULL);
	for (size_t at = 0;; at = (at + 4097) % (size - sizeof bytes)) {
		if (pread(handler_fd, bytes, sizeof bytes, (off_t)at) != (ssize_t)sizeof bytes
		    || !is_right(bytes, at, sizeof bytes))
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&rounds, 1);
	}
	return NULL;
}

static void *open_until_cancelled(void *unused)
{
	(void)unused;
	pthread_setcanceltype(cancel_type, NULL);
	for (;;) {
		int fd = open(model, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			if (errno != EMFILE) /* cancelled ones leave some behind */
				atomic_fetch_add(&wrong, 1);
			pthread_testcancel();
			continue;
		}
		close(fd);
		atomic_fetch_add(&rounds, 1);
	}
	return NULL;
}

static void *map_until_cancelled(void *unused)
{
	(void)unused;
	pthread_setcanceltype(cancel_type, NULL);
	for (;;) {
		unsigned char *p = mmap(NULL, 40000, PROT_READ, MAP_PRIVATE, handler_fd, 4096);
		if (p == MAP_FAILED || !is_right(p, 4096, 40000))
			atomic_fetch_add(&wrong, 1);
		if (p != MAP_FAILED)
			munmap(p, 40000);
		atomic_fetch_add(&rounds, 1);
		pthread_testcancel();
	}
	return NULL;
}

static void *stream_until_cancelled(void *unused)
{
	(void)unused;
	pthread_setcanceltype(cancel_type, NULL);
	for (;;) {
		FILE *f = fopen(model, "rb");
		if (f != NULL)
			fclose(f);
		else if (errno != EMFILE)
			atomic_fetch_add(&wrong, 1);
		atomic_fetch_add(&rounds, 1);
		pthread_testcancel();
	}
	return NULL;
}

static void cancel_often(void *(*work)(void *), int type)
{
	cancel_type = type;
	handler_fd = open_model();
	atomic_store(&wrong, 0);
	for (int i = 0; i < 120; i++) {
		pthread_t thread;
		void *result;
		atomic_store(&rounds, 0);
		gives(0, pthread_create(&thread, NULL, work, NULL));
		while (atomic_load(&rounds) < 2)
			sched_yield();
		usleep((useconds_t)(i * 37 % 900));
		gives(0, pthread_cancel(thread));
		gives(0, pthread_join(thread, &result));
		must(result == PTHREAD_CANCELED);
	}
	gives(0, atomic_load(&wrong));
	must(is_whole(handler_fd));
	FILE *f = fopen(model, "rb");
	must(f != NULL);
	gives(9000, fread(room, 1, 9000, f));
	right(room, 0, 9000);
	fclose(f);
	close(handler_fd);
}

static void cancel_reading(void)
{
	cancel_often(read_until_cancelled, PTHREAD_CANCEL_DEFERRED);
}

static void cancel_reading_at_once(void)
{
	cancel_often(read_until_cancelled, PTHREAD_CANCEL_ASYNCHRONOUS);
}

static void cancel_opening(void)
{
	cancel_often(open_until_cancelled, PTHREAD_CANCEL_DEFERRED);
}

static void cancel_opening_at_once(void)
{
	cancel_often(open_until_cancelled, PTHREAD_CANCEL_ASYNCHRONOUS);
}

static void cancel_mapping(void)
{
	cancel_often(map_until_cancelled, PTHREAD_CANCEL_DEFERRED);
}

static void cancel_mapping_at_once(void)
{
	cancel_often(map_until_cancelled, PTHREAD_CANCEL_ASYNCHRONOUS);
}

static void cancel_streams(void)
{
	/* libc's streams are not made for asynchronous cancellation. */
	cancel_often(stream_until_cancelled, PTHREAD_CANCEL_DEFERRED);
}

CHECK(check_cancel_in_read)
{
	apart(cancel_reading);
}

CHECK(check_cancel_in_read_at_once)
{
	apart(cancel_reading_at_once);
}

CHECK(check_cancel_in_open)
{
	apart(cancel_opening);
}

CHECK(check_cancel_in_open_at_once)
{
	apart(cancel_opening_at_once);
}

CHECK(check_cancel_in_mmap)
{
	apart(cancel_mapping);
}

CHECK(check_cancel_in_mmap_at_once)
{
	apart(cancel_mapping_at_once);
}

CHECK(check_cancel_in_stdio)
{
	apart(cancel_streams);
}
