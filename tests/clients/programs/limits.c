/* Processes that may do less than usual: no descriptor left, little memory, no files of any size, another root without
 * /proc, another user, a sandbox. What was opened goes on; what cannot be done says so; nothing else is ever read. */
#include "life.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static char fresh_path[4200];

/* A copy that nobody has opened yet. */
static const char *fresh(const char *name)
{
	char command[9000];
	snprintf(fresh_path, sizeof fresh_path, "%s", scratch_path(name));
	snprintf(command, sizeof command, "LD_PRELOAD= cp '%s' '%s'", model, fresh_path);
	gives(0, system(command));
	return fresh_path;
}

static void limit(int resource, rlim_t soft)
{
	struct rlimit now;
	gives(0, getrlimit(resource, &now));
	now.rlim_cur = soft < now.rlim_max ? soft : now.rlim_max;
	gives(0, setrlimit(resource, &now));
}

/* Take descriptors until `left` are. */
static int taken[1100], taken_count;

static void leave(int left)
{
	limit(RLIMIT_NOFILE, 64);
	for (int fd; (fd = (int)BARE(SYS_dup, 2, 0, 0, 0, 0, 0)) >= 0;)
		taken[taken_count++] = fd;
	while (left-- > 0)
		bare_close(taken[--taken_count]);
}

static void give_descriptors_back(void)
{
	while (taken_count > 0)
		bare_close(taken[--taken_count]);
}

static int is_memfd_mode(void)
{
	return getenv("CTSHIM_SERVE") != NULL && strcmp(getenv("CTSHIM_SERVE"), "memfd") == 0;
}

/* Everything that needs no new descriptor. */
static void goes_on(int line, int fd)
{
	for (size_t at = 0; at < size; at += 50000) {
		size_t len = size - at < 9000 ? size - at : 9000;
		if (pread(fd, room, len, (off_t)at) != (ssize_t)len)
			fail_at(line, "pread at %zu", at);
		bytes_at(line, room, at, len);
	}
	if (lseek(fd, 0, SEEK_SET) != 0 || read(fd, room, size) != (ssize_t)size)
		fail_at(line, "read");
	bytes_at(line, room, 0, size);
	unsigned char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		fail_at(line, "mmap");
	bytes_at(line, p, 0, size);
	munmap(p, size);
}

static void no_descriptors(void)
{
	int fd = open_model();
	goes_on(__LINE__, fd);
	leave(0);
	goes_on(__LINE__, fd);
	refused(EMFILE, open(model, O_RDONLY));
	refused(EMFILE, dup(fd));
	errno = 0;
	must(fopen(model, "rb") == NULL && errno == EMFILE);
	give_descriptors_back();
	leave(1);
	int second = open(model, O_RDONLY);
	if (second >= 0)
		goes_on(__LINE__, second);
	else
		must(errno == EMFILE); /* another was needed */
	if (second >= 0)
		close(second);
	errno = 0;
	FILE *f = fopen(model, "rb");
	if (f != NULL) {
		gives(9000, fread(room, 1, 9000, f));
		right(room, 0, 9000);
		fclose(f);
	} else {
		must(errno == EMFILE);
	}
	goes_on(__LINE__, fd);
	give_descriptors_back();
	must(is_whole(fd));
	f = fopen(model, "rb");
	must(f != NULL && fread(room, 1, size, f) == size);
	right(room, 0, size);
}

CHECK(check_no_descriptor_left)
{
	apart(no_descriptors);
}

static void no_descriptor_for_the_key(void)
{
	const char *path = fresh("unopened");
	leave(1);
	int fd = open(path, O_RDONLY);
	must(fd >= 0 || errno == EMFILE);
	if (fd >= 0)
		goes_on(__LINE__, fd);
	for (int i = 0; i < 4 && fd < 0; i++) {
		give_descriptors_back();
		leave(2 + i);
		fd = open(path, O_RDONLY);
		must(fd >= 0 || errno == EMFILE);
	}
	must(fd >= 0);
	goes_on(__LINE__, fd);
}

CHECK(check_no_descriptor_for_the_key)
{
	apart(no_descriptor_for_the_key);
}

/* What goes past the library must not do so because it had no descriptor to look with. */
static void no_descriptor_to_look_with(void)
{
	const char *path = fresh("direct");
	leave(1);
	int fd = open(path, O_RDONLY | O_DIRECT);
	if (fd >= 0) {
		void *aligned = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (pread(fd, aligned, 4096, 4096) > 0)
			right(aligned, 4096, 4096);
		close(fd);
	}
	give_descriptors_back();
	fd = open(path, O_RDONLY);
	goes_on(__LINE__, fd);
}

CHECK(check_no_descriptor_to_look_with)
{
	apart(no_descriptor_to_look_with);
}

static size_t address_space(void)
{
	size_t pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	must(f != NULL && fscanf(f, "%zu", &pages) == 1);
	fclose(f);
	return pages * 4096;
}

static void little_memory(void)
{
	const char *path = fresh("unmapped");
	int fd = open_model(), mapped = 0, opened = 0;
	must(reads_right(fd, 0, 9000));
	size_t now = address_space();
	for (size_t more = 0; more < 6000000; more += more < 300000 ? 20000 : 1000000) {
		limit(RLIMIT_AS, now + more);
		ssize_t got = pread(fd, room, 30000, 20000);
		if (got >= 0)
			right(room, 20000, 30000);
		else
			must(errno == ENOMEM);
		unsigned char *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p != MAP_FAILED) {
			right(p, 0, size);
			munmap(p, size);
			mapped++;
		} else {
			must(errno == ENOMEM);
		}
		int other = open(path, O_RDONLY);
		if (other >= 0) {
			got = pread(other, room, 9000, 50000);
			if (got >= 0)
				right(room, 50000, 9000);
			close(other);
			opened++;
		} else {
			must(errno == ENOMEM);
		}
	}
	must(mapped > 0 && opened > 0);
	limit(RLIMIT_AS, RLIM_INFINITY);
	must(is_whole(fd));
}

CHECK(check_little_memory)
{
	apart(little_memory);
}

/* RLIMIT_FSIZE is about writing; a memory file is subject to it all the same, by a signal that ends the process. */
static void no_file_size(void)
{
	const char *path = fresh("unlimited");
	int fd = open_model();
	limit(RLIMIT_FSIZE, 1000);
	goes_on(__LINE__, fd);
	int other = open(path, O_RDONLY);
	if (is_memfd_mode())
		must(other == -1 && errno == EFBIG);
	else
		goes_on(__LINE__, other);
	errno = 0;
	FILE *f = fopen(path, "rb");
	if (f != NULL) {
		gives(size, fread(room, 1, size, f));
		right(room, 0, size);
	} else {
		must(errno == EFBIG);
	}
	/* The signal was kept from the library, not from the program. */
	sigset_t set;
	sigpending(&set);
	gives(0, sigismember(&set, SIGXFSZ));
	sigprocmask(SIG_SETMASK, NULL, &set);
	gives(0, sigismember(&set, SIGXFSZ));
	limit(RLIMIT_FSIZE, RLIM_INFINITY);
	f = fopen(path, "rb");
	must(f != NULL && fread(room, 1, size, f) == size);
	right(room, 0, size);
}

CHECK(check_no_file_size)
{
	apart(no_file_size);
}

/* Another root: no /proc, no key file. */
static void other_root(void)
{
	char root[4200], path[4200], inside[4208], again[4208];
	snprintf(root, sizeof root, "%s", scratch_path("root"));
	snprintf(path, sizeof path, "%s", fresh("outside"));
	mkdir(root, 0755);
	int fd = open(path, O_RDONLY);
	must(reads_right(fd, 0, 9000));
	snprintf(again, sizeof again, "%.4199s/known", root);
	gives(0, link(path, again)); /* that touches it: it is met anew inside */
	snprintf(inside, sizeof inside, "%.4199s/unknown", root);
	char command[9000];
	snprintf(command, sizeof command, "LD_PRELOAD= cp '%s' '%s'", model, inside);
	gives(0, system(command));
	int same = open(again, O_RDONLY);
	must(same >= 0 && reads_right(same, 0, 9000));
	if (chroot(root) != 0 || chdir("/") != 0) {
		must(errno == EPERM);
		goes_on(__LINE__, fd);
		return;
	}
	goes_on(__LINE__, fd);
	int twin = dup(fd);
	goes_on(__LINE__, twin);
	int known = open("/known", O_RDONLY);
	must(known >= 0);
	goes_on(__LINE__, known);
	FILE *f = fopen("/known", "rb");
	must(f != NULL && fread(room, 1, size, f) == size);
	right(room, 0, size);
	fclose(f);
	refused(EACCES, open("/unknown", O_RDONLY)); /* its key is outside */
	must(fopen("/unknown", "rb") == NULL);
	int direct = open("/known", O_RDONLY | O_DIRECT);
	must(direct == -1);
	/* A name that cannot be found out may be one of those that are to be served. */
	setenv("CTSHIM_MATCH", "*.safetensors", 1);
	known = open("/known", O_RDONLY);
	must(known >= 0);
	goes_on(__LINE__, known);
}

CHECK(check_other_root)
{
	apart(other_root);
}

static void other_user(void)
{
	char path[4200];
	snprintf(path, sizeof path, "%s", fresh("others"));
	int fd = open_model();
	must(reads_right(fd, 0, 9000));
	if (geteuid() != 0 || setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) {
		goes_on(__LINE__, fd);
		return;
	}
	goes_on(__LINE__, fd);
	int other = open(path, O_RDONLY);
	if (other >= 0)
		goes_on(__LINE__, other);
	else
		must(errno == EACCES); /* the path, or the key file */
	must(reads_right(fd, 0, size));
}

CHECK(check_other_user)
{
	apart(other_user);
}

/* A sandbox that answers EPERM to one system call. */
static void forbid(int number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};
	gives(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	gives(0, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* Right bytes or an error, and how many of the ways were right. */
static sigjmp_buf bus_error;

static void on_bus_error(int number)
{
	(void)number;
	siglongjmp(bus_error, 1);
}

static int right_or_refused(int line, int fd)
{
	int good = 0;
	memset(room, 0xa5, 20000);
	ssize_t got = pread(fd, room, 9000, 30000);
	if (got > 0)
		bytes_at(line, room, 30000, (size_t)got), good++;
	if (lseek(fd, 100, SEEK_SET) == 100) {
		got = read(fd, room, 9000);
		if (got > 0)
			bytes_at(line, room, 100, (size_t)got), good++;
	} else if ((got = read(fd, room, 9000)) > 0) {
		/* From where the position happens to be. */
		if (memmem(expected, size, room, (size_t)got) == NULL)
			fail_at(line, "bytes from nowhere");
	}
	unsigned char *p = mmap(NULL, 50000, PROT_READ, MAP_PRIVATE, fd, 8192);
	/* What is decrypted when it is touched may still be refused then: as a bus error. */
	void (*before)(int) = signal(SIGBUS, on_bus_error);
	if (p != MAP_FAILED && sigsetjmp(bus_error, 1) == 0)
		bytes_at(line, p, 8192, 50000), good++;
	signal(SIGBUS, before);
	FILE *f = fopen(model, "rb");
	if (f != NULL && fread(room, 1, 5000, f) == 5000)
		bytes_at(line, room, 0, 5000), good++;
	int own = open(model, O_RDONLY | O_CLOEXEC);
	if (own >= 0 && (got = pread(own, room, 9000, 7000)) > 0)
		bytes_at(line, room, 7000, (size_t)got), good++;
	return good;
}

static int forbidden, needed;

static void sandboxed_after_opening(void)
{
	int fd = open_model();
	must(reads_right(fd, 0, 9000));
	forbid(forbidden);
	int good = right_or_refused(__LINE__, fd);
	if (good < needed)
		fail("only %d ways without system call %d", good, forbidden);
}

static void sandboxed_before_opening(void)
{
	fresh("sandboxed");
	forbid(forbidden);
	int fd = open(fresh_path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		right_or_refused(__LINE__, fd);
}

static void sandbox(int number, int ways)
{
	forbidden = number;
	needed = ways;
	apart(sandboxed_after_opening);
	apart(sandboxed_before_opening);
}

CHECK(check_sandbox_without_memory_files)
{
	sandbox(SYS_memfd_create, 3); /* no new streams, no new memory files */
}

CHECK(check_sandbox_without_advice)
{
	sandbox(SYS_madvise, 5);
}

CHECK(check_sandbox_without_links)
{
	sandbox(SYS_readlinkat, 5);
}

CHECK(check_sandbox_without_times_and_modes)
{
	sandbox(SYS_fchmod, 5);
	sandbox(SYS_utimensat, 5);
}

CHECK(check_sandbox_without_fcntl)
{
	sandbox(SYS_fcntl, 3);
}

CHECK(check_sandbox_without_fstat)
{
	/* What was opened before goes on: those that parse other people's files often do just that. */
	sandbox(SYS_fstat, 3);
}

CHECK(check_sandbox_without_statx)
{
	sandbox(SYS_statx, 5);
}

CHECK(check_sandbox_without_lseek)
{
	sandbox(SYS_lseek, 2);
}

CHECK(check_sandbox_without_getpid)
{
	sandbox(SYS_getpid, 3);
}

CHECK(check_sandbox_without_masks)
{
	sandbox(SYS_rt_sigprocmask, 3);
}

CHECK(check_sandbox_without_pread)
{
	sandbox(SYS_pread64, 0);
}

CHECK(check_sandbox_without_mprotect)
{
	sandbox(SYS_mprotect, 3);
}
