/* Mappings of every kind. */
#include "checks.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static size_t page;
__attribute__((constructor)) static void learn_page(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
}

static unsigned char *map_at(int line, size_t len, int prot, int flags, int fd, size_t at)
{
	void *p = mmap(NULL, len, prot, flags, fd, (off_t)at);
	if (p == MAP_FAILED)
		fail_at(line, "mmap of %zu at %zu", len, at);
	return p;
}
#define map(...) map_at(__LINE__, __VA_ARGS__)

/* How a child ends that reads one byte. */
static int touch_status(const volatile unsigned char *byte)
{
	pid_t child = fork();
	if (child == 0) {
		signal(SIGBUS, SIG_DFL);
		signal(SIGSEGV, SIG_DFL);
		_exit(*byte == 0 ? 0 : 1);
	}
	int status = -1;
	waitpid(child, &status, 0);
	return status;
}

static void whole(int prot, int flags)
{
	int fd = open_model();
	unsigned char *p = map(size, prot, flags, fd, 0);
	close(fd); /* before the first touch */
	right(p, 0, size);
	gives(0, munmap(p, size));
}

CHECK(check_shared)
{
	whole(PROT_READ, MAP_SHARED);
}

CHECK(check_private)
{
	whole(PROT_READ, MAP_PRIVATE);
}

CHECK(check_private_writable)
{
	whole(PROT_READ | PROT_WRITE, MAP_PRIVATE);
}

CHECK(check_flags)
{
	static const int flags[] = {MAP_SHARED_VALIDATE, MAP_SHARED | MAP_POPULATE, MAP_PRIVATE | MAP_POPULATE,
				    MAP_PRIVATE | MAP_NORESERVE, MAP_PRIVATE | MAP_DENYWRITE | MAP_EXECUTABLE};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		whole(PROT_READ, flags[i]);
}

CHECK(check_mmap64_of_a_stream)
{
	FILE *f = fopen(model, "rb");
	must(f != NULL);
	unsigned char *p = mmap64(NULL, size, PROT_READ, MAP_SHARED, fileno(f), 0);
	must(p != MAP_FAILED);
	fclose(f);
	right(p, 0, size);
	munmap(p, size);
}

CHECK(check_writes_stay_private)
{
	int fd = open_model();
	unsigned char *mine = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	unsigned char *other = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	unsigned char *shared = map(size, PROT_READ, MAP_SHARED, fd, 0);
	memset(mine, 0x5c, size);
	right(other, 0, size);
	right(shared, 0, size);
	gives(size, pread(fd, room, size, 0));
	right(room, 0, size);
	all_equal(__LINE__, mine, 0x5c, size);
	unsigned char *later = map(size, PROT_READ, MAP_PRIVATE, fd, 0);
	right(later, 0, size);
	munmap(mine, size), munmap(other, size), munmap(shared, size), munmap(later, size);
	close(fd);
}

CHECK(check_offsets_and_lengths)
{
	int fd = open_model();
	for (int i = 0; i < 60; i++) {
		size_t at = draw(size) / page * page, len = 1 + draw(size - at);
		int prot = i % 2 ? PROT_READ : PROT_READ | PROT_WRITE;
		unsigned char *p = map(len, prot, i % 3 ? MAP_PRIVATE : prot == PROT_READ ? MAP_SHARED : MAP_PRIVATE,
				       fd, at);
		right(p, at, len);
		/* The rest of the last page is the file's too. */
		size_t end = (len + page - 1) / page * page;
		right(p, at, at + end <= size ? end : size - at);
		gives(0, munmap(p, len));
	}
	close(fd);
}

CHECK(check_last_page)
{
	/* Behind the end of the file: zeros to the end of the page. */
	int fd = open_model();
	size_t at = size / page * page, tail = size - at;
	must(tail > 0);
	unsigned char *p = map(page, PROT_READ, MAP_SHARED, fd, at);
	right(p, at, tail);
	all_equal(__LINE__, p + tail, 0, page - tail);
	munmap(p, page);
	p = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	right(p, 0, size);
	all_equal(__LINE__, p + size, 0, page - tail);
	munmap(p, size);
	close(fd);
}

CHECK(check_beyond_the_file)
{
	/* Pages that lie wholly behind the end exist, and raise SIGBUS when they are touched. */
	int fd = open_model();
	size_t pages = (size + page - 1) / page * page;
	unsigned char *p = map(pages + 4 * page, PROT_READ, MAP_SHARED, fd, 0);
	right(p, 0, size);
	int status = touch_status(p + pages + page);
	must(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	munmap(p, pages + 4 * page);
	p = map(page, PROT_READ, MAP_PRIVATE, fd, pages + page);
	status = touch_status(p);
	must(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
	munmap(p, page);
	close(fd);
}

CHECK(check_fixed)
{
	int fd = open_model();
	size_t len = 8 * page;
	unsigned char *place = map(len + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(place, 0x77, len + 2 * page);
	must(mmap(place + page, len, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, (off_t)page) == place + page);
	right(place + page, page, len);
	all_equal(__LINE__, place, 0x77, page);
	all_equal(__LINE__, place + page + len, 0x77, page);
	must(mmap(place, len, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0) == MAP_FAILED);
	gives(EEXIST, errno);
	all_equal(__LINE__, place, 0x77, page);
	munmap(place, len + 2 * page);
	place = mmap(place, len, PROT_READ, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);
	must(place != MAP_FAILED);
	right(place, 0, len);
	/* Something else over a part of it. */
	must(mmap(place + page, page, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0)
	     == place + page);
	right(place, 0, page);
	all_equal(__LINE__, place + page, 0, page);
	right(place + 2 * page, 2 * page, len - 2 * page);
	munmap(place, len);
	close(fd);
}

CHECK(check_partial_unmap)
{
	int fd = open_model();
	unsigned char *p = map(size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	gives(0, munmap(p + 2 * page, 3 * page));
	right(p, 0, 2 * page);
	right(p + 5 * page, 5 * page, size - 5 * page);
	int status = touch_status(p + 3 * page);
	must(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	gives(0, munmap(p, 2 * page));
	gives(0, munmap(p + 5 * page, size - 5 * page));
}

CHECK(check_protection)
{
	int fd = open_model();
	unsigned char *p = map(size, PROT_READ, MAP_PRIVATE, fd, 0);
	right(p, 0, size);
	gives(0, mprotect(p, size, PROT_READ | PROT_WRITE));
	p[0] ^= 0xff;
	p[0] ^= 0xff;
	right(p, 0, size);
	gives(0, mprotect(p, page, PROT_NONE));
	gives(0, mprotect(p, page, PROT_READ));
	right(p, 0, size);
	munmap(p, size);
	/* Read-only is read-only. */
	p = map(size, PROT_READ, MAP_SHARED, fd, 0);
	pid_t child = fork();
	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile unsigned char *)p = 1;
		_exit(0);
	}
	int status;
	waitpid(child, &status, 0);
	must(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	munmap(p, size);
	close(fd);
}

CHECK(check_no_access_first)
{
	int fd = open_model();
	unsigned char *p = map(size, PROT_NONE, MAP_PRIVATE, fd, 0);
	close(fd);
	gives(0, mprotect(p, size, PROT_READ));
	right(p, 0, size);
	munmap(p, size);
}

CHECK(check_hints)
{
	int fd = open_model();
	unsigned char *p = map(size, PROT_READ, MAP_PRIVATE, fd, 0);
	gives(0, madvise(p, size, MADV_WILLNEED));
	gives(0, madvise(p, size, MADV_SEQUENTIAL));
	gives(0, madvise(p, size, MADV_RANDOM));
	right(p, 0, size);
	gives(0, posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	right(p, 0, size);
	gives(0, msync(p, size, MS_ASYNC));
	munmap(p, size);
	close(fd);
}

CHECK(check_grow)
{
	int fd = open_model();
	unsigned char *p = map(size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	unsigned char *moved = mremap(p, size, size, MREMAP_MAYMOVE);
	must(moved != MAP_FAILED);
	right(moved, 0, size);
	must(mremap(moved, size, 3 * page, 0) == moved);
	right(moved, 0, 3 * page);
	munmap(moved, 3 * page);
}

CHECK(check_two_descriptors_two_mappings)
{
	/* As torch does: both alive at once, one of them written to. */
	int first = open_model(), second = open_model();
	unsigned char *a = map(size, PROT_READ, MAP_PRIVATE, first, 0);
	unsigned char *b = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, second, 0);
	close(first), close(second);
	b[size - 1] ^= 0xff;
	right(a, 0, size);
	right(b, 0, size - 1);
	munmap(a, size);
	right(b, 0, size - 1);
	munmap(b, size);
}

CHECK(check_mapping_to_the_kernel)
{
	int fd = open_model(), out = open(scratch_path("out"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	unsigned char *p = map(size, PROT_READ, MAP_SHARED, fd, 0);
	gives(size, write(out, p, size));
	gives(size, pread(out, room, size, 0));
	right(room, 0, size);
	munmap(p, size), close(fd), close(out);
}

CHECK(check_read_into_a_mapping)
{
	int fd = open_model();
	unsigned char *p = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	size_t half = size / 2;
	gives(half, pread(fd, p, half, (off_t)(size - half)));
	right(p, size - half, half);
	right(p + half, half, size - half);
	munmap(p, size), close(fd);
}

CHECK(check_raw_mmap)
{
	/* Plaintext, or refused. */
#ifdef SYS_mmap
	int fd = open_model();
	unsigned char *p = (void *)syscall(SYS_mmap, NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return;
	right(p, 0, size);
	syscall(SYS_munmap, p, size);
#endif
}

CHECK(check_mapping_in_a_child)
{
	int fd = open_model(), status;
	unsigned char *p = map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	pid_t child = fork();
	if (child == 0) {
		int good = memcmp(p, expected, size) == 0;
		memset(p, 0, size); /* the child's own */
		unsigned char *own = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
		good = good && own != MAP_FAILED && memcmp(own, expected, size) == 0;
		_exit(good ? 0 : 1);
	}
	gives(child, waitpid(child, &status, 0));
	gives(0, status);
	right(p, 0, size);
	munmap(p, size), close(fd);
}

CHECK(same_plain_mappings)
{
	int fd = open(expected_path, O_RDONLY);
	unsigned char *p = map(size, PROT_READ, MAP_SHARED, fd, 0);
	right(p, 0, size);
	gives(0, munmap(p, size));
	p = map(size - page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, page);
	right(p, page, size - page);
	gives(0, munmap(p, size - page));
	close(fd);
	p = map(1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	all_equal(__LINE__, p, 0, 1 << 20);
	gives(0, munmap(p, 1 << 20));
	refused(EINVAL, munmap(p + 1, 10));
	must(mmap(NULL, 100, PROT_READ, MAP_SHARED, 9999, 0) == MAP_FAILED);
	gives(EBADF, errno);
}

CHECK(check_dontneed_brings_it_back)
{
	int fd = open_model();
	unsigned char *p = map(size, PROT_READ, MAP_PRIVATE, fd, 0);
	unsigned char *q = map(size, PROT_READ, MAP_SHARED, fd, 0);
	gives(0, madvise(p, size, MADV_DONTNEED));
	right(p, 0, size);
	gives(0, madvise(q + page, page, MADV_DONTNEED));
	right(q, 0, size);
	/* What lies there afterwards is ordinary memory again. */
	gives(0, munmap(q, size));
	unsigned char *r = mmap(q, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	must(r == q);
	r[5] = 7;
	gives(0, madvise(r, 4 * page, MADV_DONTNEED));
	gives(0, r[5]);
	munmap(r, 4 * page);
	munmap(p, size);
	close(fd);
}

CHECK(check_moved_and_shortened)
{
	int fd = open_model();
	size_t pages = size / page;
	unsigned char *p = map(size, PROT_READ, MAP_PRIVATE, fd, 0);
	unsigned char *to = mmap(NULL, pages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(to != MAP_FAILED);
	close(fd);
	must(mremap(p, pages * page, pages * page, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	right(to, 0, pages * page);
	must(mremap(to, pages * page, 2 * page, 0) == to);
	gives(0, madvise(to, 2 * page, MADV_DONTNEED));
	right(to, 0, 2 * page);
	munmap(to, 2 * page);
}

CHECK(check_grown)
{
	/* More of the file, or a refusal; never something else. */
	int fd = open_model();
	unsigned char *p = map(2 * page, PROT_READ, MAP_PRIVATE, fd, 0);
	unsigned char *q = mremap(p, 2 * page, 3 * page, MREMAP_MAYMOVE);
	if (q == MAP_FAILED)
		right(p, 0, 2 * page);
	else
		right(q, 0, 3 * page);
	close(fd);
}

/* Whether the mapping at `place` has a flag of those that the kernel tells. */
static int has_flag(const void *place, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[500];
	int inside = 0, has = 0;
	must(f != NULL);
	while (fgets(line, sizeof line, f) != NULL) {
		unsigned long start, end;
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start <= (unsigned long)place && (unsigned long)place < end;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			has = strstr(line, flag) != NULL;
	}
	fclose(f);
	return has;
}

CHECK(same_no_plaintext_in_core_dumps)
{
	/* Pages of a file are left out of a core dump, and so are those that stand for them. */
	int fd = open_model();
	struct stat st, named;
	must(fstat(fd, &st) == 0 && stat(model, &named) == 0);
	unsigned char *p = map(size, PROT_READ, MAP_PRIVATE, fd, 0);
	int is_file = st.st_ino != named.st_ino; /* a memory file */
	FILE *f = fopen("/proc/self/maps", "r");
	char line[500];
	while (fgets(line, sizeof line, f) != NULL)
		if (strtoul(line, NULL, 16) == (unsigned long)p)
			is_file = is_file || strchr(line, '/') != NULL;
	fclose(f);
	must(is_file || has_flag(p, " dd"));
	munmap(p, size);
	close(fd);
}
