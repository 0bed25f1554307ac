/* Does a program under the library read what it should? A child does, and we compare every byte. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "doctor_model.h"
#include "launch.h"
#include "parallel.h"
#include "view.h"

enum { PIECE = 1 << 20, MAPPED = 64 << 20 };

/* The beginning of the file as a mapping; *len is its length, 0 when the file is empty. */
static const char *map_beginning(int fd, size_t *len)
{
	struct stat st;
	*len = 0;
	if (fstat(fd, &st) < 0 || st.st_size == 0)
		return NULL;
	*len = st.st_size < MAPPED ? (size_t)st.st_size : MAPPED;
	void *at = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
	return at == MAP_FAILED ? NULL : at;
}

/* Copy the file to standard output, and compare with its mapping on the way. What is wrong, or NULL. */
static const char *copy_out(int fd, char *bytes)
{
	size_t len, at = 0;
	const char *map = map_beginning(fd, &len);
	ssize_t got;
	if (map == NULL && len > 0)
		return "it cannot be mapped";
	while ((got = read(fd, bytes, PIECE)) > 0) {
		size_t both = at >= len ? 0 : (size_t)got < len - at ? (size_t)got : len - at;
		if (both > 0 && memcmp(bytes, map + at, both) != 0)
			return "a mapping of it has other bytes than read() gives";
		for (ssize_t done = 0, put; done < got; done += put)
			if ((put = write(STDOUT_FILENO, bytes + done, (size_t)(got - done))) <= 0)
				return "nobody wants its bytes";
		at += (size_t)got;
	}
	return got < 0 ? "it cannot be read" : NULL;
}

int command_read(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	char *bytes = malloc(PIECE);
	const char *wrong = fd < 0 ? "it cannot be opened" : bytes == NULL ? "out of memory" : copy_out(fd, bytes);
	if (wrong != NULL) /* the library may have said more, before */
		fprintf(stderr, "ctshim: model: %s\n", wrong);
	free(bytes);
	if (fd >= 0)
		close(fd);
	return wrong != NULL ? EXIT_FAILED : EXIT_OK;
}

_Noreturn static void run_reader(const struct model_check *check, const char *library, int out, int errors)
{
	struct ct_error unused;
	int null = open("/dev/null", O_RDONLY);
	model_check_expose(check, true);
	unsetenv("CTSHIM_LOG_FILE");
	setenv("CTSHIM_LOG", "error", 1);
	if (null >= 0 && launch_preload(library, &unused) == 0 && dup2(null, STDIN_FILENO) >= 0
	    && dup2(out, STDOUT_FILENO) >= 0 && dup2(errors, STDERR_FILENO) >= 0)
		execl("/proc/self/exe", "ctshim", "__read",
		      check->resolved != NULL ? check->resolved : check->path, (char *)NULL);
	_exit(EXIT_FAILED);
}

/* `len` bytes, or fewer at the end. */
static size_t read_piece(int fd, char *bytes, size_t len)
{
	size_t have = 0;
	while (have < len) {
		ssize_t got = read(fd, bytes + have, len - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	return have;
}

static int compare(int fd, struct ct_view *view, const struct ct_source *source, struct ct_error *err)
{
	uint64_t size = ct_view_model(view)->file_size;
	char *got = malloc(PIECE), *want = malloc(PIECE);
	int status = -1;
	if (got == NULL || want == NULL) {
		ct_fail_nomem(err);
		goto out;
	}
	for (uint64_t at = 0; at < size; at += PIECE) {
		size_t len = size - at < PIECE ? (size_t)(size - at) : PIECE;
		if (ct_view_read(view, source, want, len, at, err) < 0)
			goto out;
		if (read_piece(fd, got, len) != len) {
			ct_fail(err, CT_E_IO, "it ended before byte %llu", (unsigned long long)(at + len));
			goto out;
		}
		if (memcmp(got, want, len) != 0) {
			ct_fail(err, CT_E_FORMAT,
				"a program under the library read other bytes than it should, at byte %llu or behind "
				"it: do not use it, and report this", (unsigned long long)at);
			goto out;
		}
	}
	if (read_piece(fd, got, 1) != 0) {
		ct_fail(err, CT_E_FORMAT, "a program under the library read more bytes than the file has");
		goto out;
	}
	status = 0;
out:
	free(got);
	if (want != NULL)
		explicit_bzero(want, PIECE);
	free(want);
	return status;
}

/* The library's line about `path`, without what stands before the reason. */
static void take_message(int errors, const char *fallback, struct ct_error *err)
{
	char text[2048];
	ssize_t len = pread(errors, text, sizeof text - 1, 0);
	text[len > 0 ? len : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	const char *reason = strstr(text, ": ") != NULL ? strstr(strstr(text, ": ") + 2, ": ") : NULL;
	ct_fail(err, CT_E_IO, "a program under the library cannot read it: %s",
		reason != NULL ? reason + 2 : text[0] != '\0' ? text : fallback);
}

static int serve(const struct model_check *check, const char *library, struct ct_view *view,
		 const struct ct_source *source, int errors, struct ct_error *err)
{
	int ends[2], ended = 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return ct_fail_sys(err, errno, "no pipe");
	pid_t child = fork();
	if (child == 0)
		run_reader(check, library, ends[1], errors);
	int problem = errno;
	close(ends[1]);
	int status = child > 0 ? compare(ends[0], view, source, err) : -1;
	close(ends[0]);
	while (child > 0 && waitpid(child, &ended, 0) < 0)
		if (errno != EINTR)
			child = -1;
	if (child < 0)
		return ct_fail_sys(err, problem, "cannot start a process");
	if (status < 0 && err->code == CT_E_IO)
		take_message(errors, err->message, err);
	else if (status == 0 && (!WIFEXITED(ended) || WEXITSTATUS(ended) != EXIT_OK))
		take_message(errors, "it failed at the end", err);
	else
		return status;
	return -1;
}

int model_check_serve(const struct model_check *check, const char *library, struct ct_model *model,
		      const struct ct_crypto *crypto, const struct ct_source *source, struct ct_error *err)
{
	struct ct_view_options options = {.crypto = crypto, .threads = ct_parallel_default()};
	struct ct_view *view = NULL;
	int status = ct_view_new(&view, model, &options, err);
	int errors = memfd_create("ctshim:messages", MFD_CLOEXEC);
	if (status == 0 && errors < 0)
		status = ct_fail_sys(err, errno, "no memory file");
	if (status == 0)
		status = serve(check, library, view, source, errors, err);
	if (errors >= 0)
		close(errors);
	ct_view_free(view);
	return status;
}
