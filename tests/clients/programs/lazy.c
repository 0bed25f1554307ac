/* What only a mapping that is filled on demand could get wrong. Every check also holds where it is filled at once. */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "checks.h"

static unsigned char *map_all(int prot, int flags)
{
	int fd = open_model();
	unsigned char *p = mmap(NULL, size, prot, flags, fd, 0);
	must(p != MAP_FAILED);
	close(fd);
	return p;
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* A place in the middle of some page, different each time. */
static size_t somewhere(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return (size_t)((uint64_t)(*state >> 1) * (size - 64) >> 31);
}

CHECK(check_no_descriptor_is_needed)
{
	unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
	int last = 3;
	for (int fd = 3; fd < 20000; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			last = fd;
	pid_t child = fork(); /* the checks' own descriptors are to stay */
	if (child == 0) {
		for (int fd = 3; fd <= last; fd++)
			close(fd);
		closefrom(3);
		close_range(3, ~0u, 0);
		_exit(memcmp(p, expected, size) != 0);
	}
	int status;
	must(waitpid(child, &status, 0) == child);
	gives(0, status);
	right(p, 0, size);
	munmap(p, size);
}

CHECK(check_numbers_that_are_taken)
{
	unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
	int null = open("/dev/null", O_RDONLY);
	struct rlimit limit;
	must(null >= 0 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
	int most = limit.rlim_cur < 20000 ? (int)limit.rlim_cur : 20000;
	pid_t child = fork();
	if (child == 0) {
		for (int fd = 100; fd < most - 10; fd++)
			if (dup2(null, fd) != fd)
				_exit(2);
		_exit(memcmp(p, expected, size) != 0);
	}
	int status;
	must(waitpid(child, &status, 0) == child);
	gives(0, status);
	close(null);
	munmap(p, size);
}

static unsigned char *shared_place;
static sem_t go;

static void *toucher(void *argument)
{
	unsigned state = (unsigned)(uintptr_t)argument;
	sem_wait(&go);
	for (int i = 0; i < 400; i++) {
		size_t at = somewhere(&state);
		if (memcmp(shared_place + at, expected + at, 64) != 0)
			return "wrong bytes";
	}
	return NULL;
}

CHECK(check_many_threads)
{
	for (int round = 0; round < 4; round++) {
		pthread_t threads[16];
		shared_place = map_all(PROT_READ, round % 2 == 0 ? MAP_PRIVATE : MAP_SHARED);
		sem_init(&go, 0, 0);
		for (int i = 0; i < 16; i++)
			must(pthread_create(&threads[i], NULL, toucher, (void *)(uintptr_t)(round * 16 + i + 1)) == 0);
		for (int i = 0; i < 16; i++)
			sem_post(&go);
		void *wrong = NULL;
		for (int i = 0; i < 16; i++) {
			void *says;
			pthread_join(threads[i], &says);
			wrong = wrong != NULL ? wrong : says;
		}
		must(wrong == NULL);
		right(shared_place, 0, size);
		munmap(shared_place, size);
	}
}

/* Children of every kind touch what their parent has not, and the other way round, while threads are at it. */
CHECK(check_children_touch_for_themselves)
{
	pthread_t thread;
	shared_place = map_all(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	sem_init(&go, 0, 1);
	must(pthread_create(&thread, NULL, toucher, (void *)7) == 0);
	for (int i = 0; i < 20; i++) {
		pid_t child = i % 2 ? fork() : (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
		if (child == 0) {
			unsigned state = (unsigned)i;
			for (int n = 0; n < 30; n++) {
				size_t at = somewhere(&state);
				if (memcmp(shared_place + at, expected + at, 64) != 0)
					_exit(1);
				shared_place[at] ^= 0xff; /* private: nobody else sees it */
				shared_place[at] ^= 0xff;
			}
			_exit(0);
		}
		int status;
		must(waitpid(child, &status, 0) == child);
		gives(0, status);
	}
	void *says;
	pthread_join(thread, &says);
	must(says == NULL);
	right(shared_place, 0, size);
	munmap(shared_place, size);
}

CHECK(check_all_signals_blocked)
{
	sigset_t all, before, now;
	sigfillset(&all);
	gives(0, pthread_sigmask(SIG_SETMASK, &all, &before));
	unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
	right(p, 0, size);
	gives(0, pthread_sigmask(SIG_SETMASK, NULL, &now));
	must(sigismember(&now, SIGSEGV) == 1 && sigismember(&now, SIGUSR1) == 1);
	gives(0, sigprocmask(SIG_SETMASK, &before, &now));
	must(sigismember(&now, SIGSEGV) == 1);
	gives(0, sigprocmask(SIG_BLOCK, NULL, &now));
	must(sigismember(&now, SIGSEGV) == 0);
	munmap(p, size);
}

static void *touch_blocked(void *place)
{
	return memcmp(place, expected, size) == 0 ? NULL : "wrong";
}

CHECK(check_a_thread_that_was_made_with_all_blocked)
{
	sigset_t all, before;
	pthread_t thread;
	void *says;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
	must(pthread_create(&thread, NULL, touch_blocked, p) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_join(thread, &says);
	must(says == NULL);
	munmap(p, size);
}

static const unsigned char *handler_place;
static volatile int handled, handler_right;

static void usr_handler(int number)
{
	(void)number;
	handler_right = memcmp(handler_place, expected, size) == 0;
	handled++;
}

CHECK(check_a_handler_touches)
{
	struct sigaction action = {.sa_handler = usr_handler}, before;
	sigfillset(&action.sa_mask); /* that signal too */
	handler_place = map_all(PROT_READ, MAP_PRIVATE);
	handled = handler_right = 0;
	sigaction(SIGUSR1, &action, &before);
	raise(SIGUSR1);
	must(handled == 1 && handler_right);
	sigaction(SIGUSR1, &before, NULL);
	munmap((void *)handler_place, size);
}

static sigjmp_buf back;
static volatile int seen_code, seen_number;
static void *volatile seen_address;

static void own_handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	seen_number = number;
	seen_code = info->si_code;
	seen_address = info->si_addr;
	siglongjmp(back, 1);
}

static void fault_at(void *place, int want)
{
	seen_number = 0;
	if (sigsetjmp(back, 1) == 0)
		*(volatile unsigned char *)place = 1;
	gives(want, seen_number);
	must(want == 0 || seen_address == place);
}

/* The program's own handler, whenever it was installed, gets what is its own, and nothing else. */
CHECK(check_own_handler)
{
	struct sigaction action = {.sa_sigaction = own_handler, .sa_flags = SA_SIGINFO}, before, now;
	size_t page = page_size();
	unsigned char *none = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	gives(0, sigaction(SIGSEGV, &action, &before));
	for (int round = 0; round < 3; round++) {
		unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
		fault_at(none, SIGSEGV);
		gives(SEGV_ACCERR, seen_code);
		fault_at(p, SIGSEGV); /* it may not write there, decrypted or not */
		right(p, 0, size);
		fault_at(p, SIGSEGV);
		gives(0, sigaction(SIGSEGV, NULL, &now));
		must(now.sa_sigaction == own_handler && (now.sa_flags & SA_SIGINFO) != 0);
		munmap(p, size);
		fault_at(p, SIGSEGV);
		gives(SEGV_MAPERR, seen_code);
		gives(0, sigaction(SIGSEGV, &action, NULL));
	}
	gives(0, sigaction(SIGSEGV, &before, &now));
	must(now.sa_sigaction == own_handler);
	munmap(none, page);
}

static void own_simple(int number)
{
	seen_number = number;
	siglongjmp(back, 1);
}

CHECK(check_signal_and_its_answer)
{
	unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
	must(p[100] == expected[100]);
	void (*before)(int) = signal(SIGSEGV, own_simple);
	must(signal(SIGSEGV, own_simple) == own_simple);
	seen_number = 0;
	if (sigsetjmp(back, 1) == 0)
		*(volatile unsigned char *)p = 1;
	gives(SIGSEGV, seen_number);
	right(p, 0, size);
	must(signal(SIGSEGV, before) == own_simple);
	munmap(p, size);
}

static int death_of(void (*body)(unsigned char *p), unsigned char *p)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		struct rlimit none = {0, 0};
		setrlimit(RLIMIT_CORE, &none);
		body(p);
		_exit(0);
	}
	must(waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void die_by_write(unsigned char *p)
{
	*(volatile unsigned char *)p = 1;
}

static void die_by_nothing(unsigned char *p)
{
	(void)p;
	*(volatile unsigned char *)8 = 1;
}

static void die_by_raise(unsigned char *p)
{
	(void)p;
	raise(SIGSEGV);
	_exit(9);
}

static void live_ignoring(unsigned char *p)
{
	signal(SIGSEGV, SIG_IGN);
	raise(SIGSEGV);
	_exit(memcmp(p, expected, size) != 0);
}

static void die_ignoring(unsigned char *p)
{
	signal(SIGSEGV, SIG_IGN);
	*(volatile unsigned char *)p = 1; /* the kernel does not ignore this one */
}

CHECK(check_deaths)
{
	unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
	gives(SIGSEGV, death_of(die_by_write, p));
	gives(SIGSEGV, death_of(die_by_nothing, p));
	gives(SIGSEGV, death_of(die_by_raise, p));
	gives(0, death_of(live_ignoring, p));
	gives(SIGSEGV, death_of(die_ignoring, p));
	right(p, 0, size);
	munmap(p, size);
}

static void *on_small_stack(void *place)
{
	/* A thread with the smallest stack, and an alternate one as small as it may be. */
	static unsigned char alternate[64 * 1024];
	stack_t stack = {.ss_sp = alternate, .ss_size = (size_t)sysconf(_SC_MINSIGSTKSZ)};
	if (sigaltstack(&stack, NULL) != 0)
		return "no stack";
	const void *says = memcmp(place, expected, size) == 0 ? NULL : "wrong";
	stack.ss_flags = SS_DISABLE;
	sigaltstack(&stack, NULL);
	return (void *)says;
}

CHECK(check_small_stacks)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *says;
	unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, (size_t)sysconf(_SC_THREAD_STACK_MIN) + 4096);
	must(pthread_create(&thread, &attributes, on_small_stack, p) == 0);
	pthread_join(thread, &says);
	must(says == NULL);
	munmap(p, size);
}

/* Untouched memory handed to the kernel in every way. */
CHECK(check_handed_to_the_kernel)
{
	for (int way = 0; way < 8; way++) {
		unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
		const char *path = scratch_path("copy");
		int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), ends[2];
		FILE *stream = fdopen(dup(fd), "w");
		size_t half = size / 2 + 13, done = 0;
		struct iovec parts[2] = {{p, half}, {p + half, size - half}};
		must(fd >= 0 && stream != NULL);
		if (way == 0)
			gives(size, write(fd, p, size));
		else if (way == 1)
			gives(size, pwrite(fd, p, size, 0));
		else if (way == 2)
			gives(size, writev(fd, parts, 2));
		else if (way == 3)
			gives(size, pwritev(fd, parts, 2, 0));
		else if (way == 4)
			gives(size, syscall(SYS_write, fd, p, size));
		else if (way == 5)
			gives(size, fwrite(p, 1, size, stream));
		else if (way == 6)
			gives(1, fwrite_unlocked(p, size, 1, stream));
		else {
			must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
			pid_t child = fork();
			if (child == 0) {
				close(ends[1]);
				for (ssize_t got; (got = read(ends[0], room, room_size)) > 0;)
					if (write(fd, room, (size_t)got) != got)
						_exit(1);
				_exit(0);
			}
			close(ends[0]);
			struct msghdr message = {.msg_iov = &(struct iovec){p, 5000}, .msg_iovlen = 1};
			gives(5000, sendmsg(ends[1], &message, 0));
			for (done = 5000; done < size;) {
				ssize_t sent = done % 2 ? send(ends[1], p + done, size - done, 0)
							: sendto(ends[1], p + done, size - done, 0, NULL, 0);
				must(sent > 0);
				done += (size_t)sent;
			}
			close(ends[1]);
			int status;
			must(waitpid(child, &status, 0) == child);
			gives(0, status);
		}
		fclose(stream);
		gives(size, pread(fd, room, room_size, 0));
		right(room, 0, size);
		close(fd);
		munmap(p, size);
	}
}

/* And memory that the kernel writes to. */
CHECK(check_read_by_the_kernel)
{
	unsigned char *p = map_all(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	int fd = open_model();
	size_t at = size / 2 + 5;
	gives(1000, pread(fd, p + at, 1000, 100));
	must(memcmp(p + at, expected + 100, 1000) == 0);
	right(p, 0, at);
	right(p + at + 1000, at + 1000, size - at - 1000);
	close(fd);
	munmap(p, size);
}

/* An ordinary file, read to where nothing was touched yet. */
CHECK(check_an_ordinary_file_read_there)
{
	const char *path = scratch_path("ordinary");
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	memset(room, 0x42, 3000);
	must(fd >= 0 && write(fd, room, 3000) == 3000);
	for (int way = 0; way < 4; way++) {
		unsigned char *p = map_all(PROT_READ | PROT_WRITE, MAP_PRIVATE);
		size_t at = size / 3;
		struct iovec parts[2] = {{p + at, 1000}, {p + at + 1000, 2000}};
		lseek(fd, 0, SEEK_SET);
		gives(3000, way == 0 ? read(fd, p + at, 3000) : way == 1 ? pread(fd, p + at, 3000, 0)
			    : way == 2 ? readv(fd, parts, 2) : preadv(fd, parts, 2, 0));
		all_equal(__LINE__, p + at, 0x42, 3000);
		right(p, 0, at);
		right(p + at + 3000, at + 3000, size - at - 3000);
		munmap(p, size);
	}
	close(fd);
}

CHECK(check_parts_and_what_comes_after)
{
	size_t page = page_size();
	for (int round = 0; round < 30; round++) {
		unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
		size_t pages = (size + page - 1) / page, from = (size_t)round * 7 % (pages - 3), count = 1 + (size_t)round % 3;
		if (round % 3 == 0)
			gives(p[size / 2], expected[size / 2]);
		gives(0, munmap(p + from * page, count * page));
		/* Somebody else's memory there, and nobody's windows move over it. */
		unsigned char *other = mmap(p + from * page, count * page, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		must(other == p + from * page);
		memset(other, 0x3c, count * page);
		right(p, 0, from * page);
		if (from + count < pages)
			right(p + (from + count) * page, (from + count) * page, size - (from + count) * page);
		for (size_t i = 0; i < count * page; i++)
			must(other[i] == 0x3c);
		munmap(p, size);
	}
}

CHECK(check_protection_of_parts)
{
	size_t page = page_size(), pages = size / page;
	unsigned char *p = map_all(PROT_READ, MAP_PRIVATE);
	gives(0, mprotect(p + page, (pages - 2) * page, PROT_READ | PROT_WRITE));
	p[page + 5] ^= 0xff;
	must(p[page + 5] == (unsigned char)(expected[page + 5] ^ 0xff));
	p[page + 5] ^= 0xff;
	right(p, 0, size);
	struct sigaction action = {.sa_sigaction = own_handler, .sa_flags = SA_SIGINFO}, before;
	sigaction(SIGSEGV, &action, &before);
	fault_at(p, SIGSEGV);
	gives(0, mprotect(p, size, PROT_NONE));
	fault_at(p + size / 2, SIGSEGV);
	gives(0, mprotect(p, size, PROT_READ));
	right(p, 0, size);
	unsigned char *q = map_all(PROT_NONE, MAP_PRIVATE);
	fault_at(q, SIGSEGV);
	gives(0, mprotect(q, size, PROT_READ));
	right(q, 0, size);
	sigaction(SIGSEGV, &before, NULL);
	munmap(p, size);
	munmap(q, size);
}

CHECK(check_unmapped_while_others_touch)
{
	for (int round = 0; round < 10; round++) {
		pthread_t thread;
		void *says;
		shared_place = map_all(PROT_READ, MAP_PRIVATE);
		unsigned char *other = map_all(PROT_READ, MAP_PRIVATE);
		sem_init(&go, 0, 1);
		must(pthread_create(&thread, NULL, toucher, (void *)(uintptr_t)(round + 100)) == 0);
		for (int i = 0; i < 10; i++) {
			unsigned state = (unsigned)i;
			size_t at = somewhere(&state);
			right(other + at, at, 64);
			munmap(other, size);
			other = map_all(PROT_READ, MAP_PRIVATE);
		}
		munmap(other, size);
		pthread_join(thread, &says);
		must(says == NULL);
		munmap(shared_place, size);
	}
}
