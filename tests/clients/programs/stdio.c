/* Streams: glibc's stdio reaches the kernel without passing any hook. */
#include "checks.h"

#include <sys/wait.h>

static FILE *stream(const char *mode)
{
	FILE *f = fopen(model, mode);
	if (f == NULL)
		fail("fopen %s", mode);
	return f;
}

CHECK(check_fread_whole)
{
	static const char *const modes[] = {"r", "rb", "re", "rbe", "rm", "rc"};
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		FILE *f = stream(modes[i]);
		gives(size, fread(room, 1, size + 100, f));
		right(room, 0, size);
		must(feof(f) && !ferror(f));
		gives(0, fclose(f));
	}
}

CHECK(check_fread_sizes)
{
	static const size_t steps[] = {1, 3, 100, 4096, 4097, 65536, 1000003};
	for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
		FILE *f = stream("rb");
		/* Tiny steps only for a while, up to the end. */
		size_t at = steps[s] < 4000 ? size - 100000 : 0, got;
		gives(0, fseeko(f, (off_t)at, SEEK_SET));
		while ((got = fread(room, 1, steps[s], f)) > 0) {
			right(room, at, got);
			at += got;
			gives(at, ftello(f));
		}
		gives(size, at);
		fclose(f);
	}
}

CHECK(check_characters_and_lines)
{
	FILE *f = stream("r");
	for (size_t i = 0; i < 20000; i++)
		gives(expected[i], getc(f));
	gives('x', ungetc('x', f));
	gives('x', fgetc(f));
	char *line = NULL;
	size_t line_room = 0, at = 20000;
	for (int i = 0; i < 20; i++) {
		ssize_t got = getline(&line, &line_room, f);
		must(got > 0);
		right(line, at, (size_t)got);
		at += (size_t)got;
	}
	gives(at, ftell(f));
	free(line);
	fclose(f);
}

CHECK(check_fseek)
{
	FILE *f = stream("rb");
	for (int i = 0; i < 200; i++) {
		size_t at = draw(size), len = 1 + draw(5000), want = len < size - at ? len : size - at;
		gives(0, fseeko(f, (off_t)at, SEEK_SET));
		gives(want, fread(room, 1, len, f));
		right(room, at, want);
		gives(at + want, ftello(f));
	}
	gives(0, fseek(f, -100, SEEK_END));
	gives(100, fread(room, 1, 1000, f));
	right(room, size - 100, 100);
	gives(size, ftell(f));
	gives(0, fseek(f, -50, SEEK_CUR));
	gives(50, fread(room, 1, 1000, f));
	right(room, size - 50, 50);
	rewind(f);
	gives(10, fread(room, 1, 10, f));
	right(room, 0, 10);
	fpos_t place;
	gives(0, fgetpos(f, &place));
	gives(7, fread(room, 1, 7, f));
	gives(0, fsetpos(f, &place));
	gives(7, fread(room, 1, 7, f));
	right(room, 10, 7);
	fclose(f);
}

CHECK(check_size_by_seeking)
{
	FILE *f = stream("rb");
	gives(0, fseek(f, 0, SEEK_END));
	gives(size, ftell(f));
	struct stat st;
	gives(0, fstat(fileno(f), &st));
	gives(size, st.st_size);
	rewind(f);
	gives(size, fread(room, 1, size, f));
	right(room, 0, size);
	fclose(f);
}

CHECK(check_buffering)
{
	static char buffer[1 << 20];
	FILE *f = stream("rb");
	gives(0, setvbuf(f, NULL, _IONBF, 0));
	gives(3000, fread(room, 1, 3000, f));
	right(room, 0, 3000);
	gives(3000, lseek(fileno(f), 0, SEEK_CUR));
	fclose(f);
	f = stream("rb");
	gives(0, setvbuf(f, buffer, _IOFBF, sizeof buffer));
	gives(size, fread(room, 1, size, f));
	right(room, 0, size);
	fclose(f);
}

CHECK(check_descriptor_of_a_stream)
{
	/* fileno and the calls on descriptors, as std::ifstream mixes them. */
	FILE *f = stream("rb");
	int fd = fileno(f);
	gives(4000, read(fd, room, 4000));
	right(room, 0, 4000);
	gives(100, lseek(fd, 100, SEEK_SET));
	gives(500, read(fd, room, 500));
	right(room, 100, 500);
	gives(500, pread(fd, room, 500, 9000));
	right(room, 9000, 500);
	int twin = dup(fd);
	fclose(f);
	gives(500, pread(twin, room, 500, 700));
	right(room, 700, 500);
	close(twin);
}

CHECK(check_fdopen)
{
	int fd = open_model();
	gives(5001, lseek(fd, 5001, SEEK_SET));
	FILE *f = fdopen(fd, "rb");
	must(f != NULL);
	gives(fd, fileno(f)); /* programs keep using the number */
	gives(5001, ftell(f));
	gives(3000, fread(room, 1, 3000, f));
	right(room, 5001, 3000);
	rewind(f);
	gives(size, fread(room, 1, size, f));
	right(room, 0, size);
	gives(0, fclose(f));
	refused(EBADF, close(fd));
}

CHECK(check_fdopen_of_a_duplicate)
{
	int fd = open_model(), twin = dup(fd);
	FILE *f = fdopen(twin, "r");
	must(f != NULL);
	gives(1000, fread(room, 1, 1000, f));
	right(room, 0, 1000);
	fclose(f);
	gives(1000, pread(fd, room, 1000, 2000));
	right(room, 2000, 1000);
	close(fd);
}

CHECK(check_fdopen_keeps_cloexec)
{
	int fd = open(model, O_RDONLY | O_CLOEXEC);
	FILE *f = fdopen(fd, "r");
	must(f != NULL);
	gives(FD_CLOEXEC, fcntl(fileno(f), F_GETFD));
	gives(100, fread(room, 1, 100, f));
	right(room, 0, 100);
	fclose(f);
	fd = open(model, O_RDONLY);
	f = fdopen(fd, "r");
	gives(0, fcntl(fileno(f), F_GETFD));
	fclose(f);
}

CHECK(check_freopen)
{
	FILE *f = fopen("/dev/zero", "r");
	gives(0, getc(f));
	FILE *again = freopen(model, "rb", f);
	must(again == f);
	gives(size, fread(room, 1, size + 1, again));
	right(room, 0, size);
	again = freopen(expected_path, "rb", again); /* from a model to a plain file */
	must(again == f);
	gives(3000, fread(room, 1, 3000, again));
	right(room, 0, 3000);
	again = freopen("/dev/zero", "r", again);
	gives(0, getc(again));
	again = freopen(model, "r", again);
	gives(0, fseek(again, 777, SEEK_SET));
	gives(3000, fread(room, 1, 3000, again));
	right(room, 777, 3000);
	fclose(again);
}

CHECK(check_freopen_standard_input)
{
	pid_t child = fork();
	if (child == 0) {
		FILE *f = freopen(model, "rb", stdin);
		int good = f == stdin && fileno(stdin) == 0 && fread(room, 1, size + 1, stdin) == size
			   && memcmp(room, expected, size) == 0;
		_exit(good ? 0 : 1);
	}
	int status;
	gives(child, waitpid(child, &status, 0));
	gives(0, status);
}

CHECK(check_freopen_the_same_file)
{
	/* A mode of NULL, or another, for the file that the stream has. glibc goes through /proc for it. */
	FILE *f = stream("r");
	gives(100, fread(room, 1, 100, f));
	f = freopen(NULL, "rb", f);
	must(f != NULL);
	gives(3000, fread(room, 1, 3000, f));
	right(room, 0, 3000);
	fclose(f);
}

CHECK(check_dup2_onto_standard_input)
{
	/* stdin exists already: no stdio hook sees what it becomes. Plaintext or an error. */
	pid_t child = fork();
	if (child == 0) {
		int fd = open(model, O_RDONLY);
		if (fd < 0 || dup2(fd, 0) != 0)
			_exit(2);
		close(fd);
		size_t got = fread(room, 1, 5000, stdin);
		if (got == 0 && ferror(stdin))
			_exit(0);
		_exit(got == 5000 && memcmp(room, expected, got) == 0 ? 0 : 1);
	}
	int status;
	gives(child, waitpid(child, &status, 0));
	gives(0, status);
}

CHECK(check_many_streams)
{
	FILE *files[40];
	for (size_t i = 0; i < 40; i++) {
		files[i] = stream("r");
		gives(0, fseek(files[i], (long)(i * 501), SEEK_SET));
	}
	for (size_t i = 0; i < 40; i++) {
		gives(600, fread(room, 1, 600, files[i]));
		right(room, i * 501, 600);
		gives(0, fclose(files[i]));
	}
}

CHECK(check_number_after_fclose)
{
	FILE *f = stream("r");
	int fd = fileno(f);
	gives(100, fread(room, 1, 100, f));
	right(room, 0, 100);
	fclose(f);
	int zero = open("/dev/zero", O_RDONLY);
	gives(fd, zero);
	gives(100, read(zero, room, 100));
	all_equal(__LINE__, room, 0, 100);
	close(zero);
}

CHECK(check_popen)
{
	/* The child inherits the shim and opens the model itself. */
	char command[5000];
	snprintf(command, sizeof command, "cat '%s'", model);
	FILE *f = popen(command, "r");
	must(f != NULL);
	gives(size, fread(room, 1, size + 1, f));
	right(room, 0, size);
	gives(0, pclose(f));
}

CHECK(check_large_file_names)
{
	FILE *f = fopen64(model, "rb");
	must(f != NULL);
	gives(0, fseeko64(f, 4000, SEEK_SET));
	gives(4000, fread(room, 1, 4000, f));
	right(room, 4000, 4000);
	f = freopen64(model, "rb", f);
	must(f != NULL);
	gives(4000, fread(room, 1, 4000, f));
	right(room, 0, 4000);
	fclose(f);
}

CHECK(same_failures)
{
	must(fopen("/does/not/exist", "r") == NULL);
	gives(ENOENT, errno);
	must(fopen(model, "x nonsense") == NULL);
	gives(EINVAL, errno);
	must(fdopen(9999, "r") == NULL);
	gives(EBADF, errno);
	int fd = open_model();
	errno = 0;
	must(fdopen(fd, "w") == NULL); /* the descriptor is for reading */
	gives(EINVAL, errno);
	gives(0, close(fd));
	FILE *f = fopen(scratch_path("new"), "w+");
	must(f != NULL);
	gives(3, fwrite("abc", 1, 3, f));
	rewind(f);
	gives(3, fread(room, 1, 10, f));
	must(memcmp(room, "abc", 3) == 0);
	fclose(f);
}
