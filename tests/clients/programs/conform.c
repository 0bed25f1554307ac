/* The conformance program's beginning, and what its topics share. */
#include "conform.h"

#include <dirent.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>

struct topic *topics;
size_t size, page, middle, room_size;
unsigned char *room;
sigjmp_buf caught;

static const char *step_name, *step_what;
static volatile sig_atomic_t within; /* a step: a signal is its outcome */
static siginfo_t signal_info;

const char *text(const char *format, ...)
{
	static char buffers[8][200];
	static unsigned turn;
	char *buffer = buffers[turn++ % 8];
	va_list args;
	va_start(args, format);
	vsnprintf(buffer, sizeof *buffers, format, args);
	va_end(args);
	return buffer;
}

void needed(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: %s: %s\n", file, line, condition, strerror(errno));
	_exit(3);
}

/* By write(2): a child that dies has said all that it had to say. */
static void print(const char *format, ...)
{
	char line[500];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	need(len > 0 && (size_t)len < sizeof line && write(1, line, (size_t)len) == len);
}

void found(const char *name, const char *what, const char *format, ...)
{
	char says[300];
	va_list args;
	va_start(args, format);
	vsnprintf(says, sizeof says, format, args);
	va_end(args);
	print("%s | %s | %s\n", name, what, says);
}

static uint64_t digest(const unsigned char *bytes, size_t len)
{
	uint64_t state = 14695981039346656037u, word;
	for (; len >= 8; len -= 8, bytes += 8) {
		memcpy(&word, bytes, 8);
		state = (state ^ word) * 1099511628211u;
		state ^= state >> 29;
	}
	for (; len > 0; len--)
		state = (state ^ *bytes++) * 1099511628211u;
	return state ^ state >> 32;
}

static const char *digest_text(const unsigned char *bytes, size_t len)
{
	return len == 0 ? "0:" : text("%zu:%016llx", len, (unsigned long long)digest(bytes, len));
}

static const char *errno_text(int error)
{
	const char *name = strerrorname_np(error);
	return error == 0 ? "" : name != NULL ? text(" %s", name) : text(" errno %d", error);
}

static const char *signal_text(void)
{
	int code = signal_info.si_code;
	return text("SIG%s%s", sigabbrev_np(signal_info.si_signo),
		    signal_info.si_signo != SIGSEGV && signal_info.si_signo != SIGBUS ? ""
		    : code == SEGV_MAPERR && signal_info.si_signo == SIGSEGV ? " nothing is mapped"
		    : code == SEGV_ACCERR && signal_info.si_signo == SIGSEGV ? " not allowed"
		    : code == BUS_ADRERR && signal_info.si_signo == SIGBUS ? " nothing is behind it"
		    : text(" code %d", code));
}

static void handler(int number, siginfo_t *info, void *context)
{
	(void)context;
	signal_info = *info;
	if (within)
		siglongjmp(caught, 1);
	signal(number, SIG_DFL); /* and again */
}

void step_begin(const char *name, const char *what)
{
	step_name = name, step_what = what;
	within = 1;
	errno = 0; /* a call that succeeds leaves it so, or sets it as libc does */
}

static long long ended(long long result, const char *more)
{
	int error = errno;
	within = 0;
	print("%s | %s | %lld%s%s\n", step_name, step_what, result, errno_text(error), more);
	return result;
}

long long step_end(long long result)
{
	return ended(result, "");
}

long long step_died(void)
{
	within = 0;
	found(step_name, step_what, "%s", signal_text());
	return -1;
}

long long read_end(int fd, long long result)
{
	int error = errno;
	size_t got = result > 0 ? (size_t)result : 0, clean = got > 1 << 20 ? got : 1 << 20;
	bool spilt = false;
	need(got + GUARD <= room_size);
	for (size_t i = got; i < got + GUARD; i++)
		spilt = spilt || room[i] != UNTOUCHED;
	off_t position = lseek(fd, 0, SEEK_CUR);
	const char *where = position < 0 ? "-" : text("%lld", (long long)position);
	const char *more = text(" | %s | %s%s", where, digest_text(room, got), spilt && result >= 0 ? " spilt" : "");
	errno = error;
	ended(result, more);
	memset(room, UNTOUCHED, clean + GUARD < room_size ? clean + GUARD : room_size);
	return result;
}

void *place_end(void *place)
{
	int error = errno;
	within = 0;
	found(step_name, step_what, "%s%s", place == MAP_FAILED ? "failed" : "a place", errno_text(error));
	return place;
}

FILE *stream_end(FILE *stream)
{
	int error = errno;
	within = 0;
	found(step_name, step_what, "%s%s", stream == NULL ? "NULL" : "a stream", errno_text(error));
	return stream;
}

void look(const char *name, const char *what, const void *place, size_t len)
{
	const unsigned char *start = place;
	if (place == MAP_FAILED || place == NULL) {
		found(name, what, "there is nothing");
		return;
	}
	within = 1;
	if (sigsetjmp(caught, 1) == 0) {
		const char *says = digest_text(start, len);
		within = 0;
		found(name, what, "%s", says);
		return;
	}
	within = 0;
	size_t readable = (size_t)((uintptr_t)signal_info.si_addr - (uintptr_t)start);
	if (readable > len)
		found(name, what, "%s elsewhere", signal_text());
	else
		found(name, what, "%s at %zu | %s", signal_text(), readable, digest_text(start, readable));
}

void touch(const char *name, const char *what, volatile unsigned char *place)
{
	if (place == MAP_FAILED)
		return;
	within = 1;
	bool good = sigsetjmp(caught, 1) == 0;
	if (good)
		*place ^= 0xff;
	within = 0;
	found(name, what, "%s", good ? "written" : signal_text());
}

void glance(const char *name, const char *what, int fd)
{
	if (fd < 0)
		return;
	READ_OF(fd, "pread64", text("a look: %s %s", name, what), pread64(fd, room, 300, (off64_t)middle));
	close(fd);
}

int open_model(void)
{
	int fd = open("model", O_RDONLY | O_CLOEXEC);
	need(fd >= 0);
	return fd;
}

unsigned char *map_model(size_t len, int prot, int flags, size_t offset)
{
	int fd = open_model();
	void *place = mmap(NULL, len, prot, flags, fd, (off_t)offset);
	need(place != MAP_FAILED);
	close(fd);
	return place;
}

int new_file(const char *name, size_t len)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
	need(fd >= 0);
	for (size_t at = 0; at < len; at++)
		room[at] = (unsigned char)(at * 7 + at / 256);
	need(write(fd, room, len) == (ssize_t)len);
	memset(room, UNTOUCHED, len);
	return fd;
}

unsigned char *bad_buffer(size_t len, size_t bad, int prot)
{
	size_t good = (len + page - 1) / page * page;
	unsigned char *place = mmap(NULL, good + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	need(place != MAP_FAILED && mprotect(place + good, page, prot) == 0);
	return place + good + bad - len;
}

void in_child(const char *name, const char *what, void (*body)(void))
{
	int status;
	pid_t child = fork();
	need(child >= 0);
	if (child == 0) {
		alarm(20);
		body();
		_exit(0);
	}
	need(waitpid(child, &status, 0) == child);
	if (WIFSIGNALED(status))
		found(name, what, "the child died: SIG%s", sigabbrev_np(WTERMSIG(status)));
	else
		found(name, what, "the child ended: %d", WEXITSTATUS(status));
}

/* What is still open shows what the library keeps, and where. */
static void left_open(void)
{
	char numbers[200] = "";
	DIR *d = opendir("/proc/self/fd");
	need(d != NULL);
	for (int fd = 0; fd < 100; fd++)
		if (fd != dirfd(d) && fcntl(fd, F_GETFD) >= 0)
			snprintf(numbers + strlen(numbers), sizeof numbers - strlen(numbers), " %d", fd);
	closedir(d);
	found("the end", "open descriptors", "%s", numbers);
}

static int run(int argc, char **argv)
{
	struct stat st;
	need(argc == 3 && chdir(argv[2]) == 0 && stat("model", &st) == 0);
	page = (size_t)sysconf(_SC_PAGESIZE);
	size = (size_t)st.st_size;
	middle = size / 2 / page * page;
	room_size = size + (4 << 20);
	room = malloc(room_size);
	need(room != NULL);
	memset(room, UNTOUCHED, room_size);
	static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPIPE};
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &action, NULL);
	for (struct topic *t = topics; t != NULL; t = t->next)
		if (strcmp(t->name, argv[1]) == 0) {
			t->run();
			left_open();
			return 0;
		}
	return 2;
}

#ifdef EARLY
__attribute__((constructor)) static void early(int argc, char **argv)
{
	_exit(run(argc, argv));
}
#else
int main(int argc, char **argv)
{
	return run(argc, argv);
}
#endif
