/* Copying inside the kernel, and reads by threads of libc. */
#include "conform.h"

#include <aio.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int out;

/* What came out, and everything back at its beginning. */
static void result(int in, const char *name, const char *what)
{
	READ_OF(in, name, text("%s: what came out", what), pread(out, room, 20000, 0));
	need(ftruncate(out, 0) == 0 && lseek(out, 0, SEEK_SET) == 0 && lseek(in, 0, SEEK_SET) == 0);
}

#define COPY(name, what, arguments) (STEP(name, what, arguments), result(in, #name, what))

static void copies(const char *kind, const char *path)
{
	const off_t half = (off_t)(path[0] == 'm' ? middle : 5000);
	off_t at = half;
	off64_t from = half, to = 100;
	int in = open(path, O_RDONLY);
	need(in >= 0);
	COPY(sendfile, kind, (out, in, NULL, 10000));
	COPY(sendfile, text("%s, from an offset", kind), (out, in, &at, 10000));
	found("sendfile", text("%s: the offset", kind), "%lld", (long long)(at - half));
	COPY(sendfile64, kind, (out, in, NULL, 10000));
	COPY(sendfile64, text("%s, from an offset", kind), (out, in, &from, 10000));
	COPY(sendfile, text("%s, nothing", kind), (out, in, NULL, 0));
	at = -1;
	COPY(sendfile, text("%s, before the beginning", kind), (out, in, &at, 10));
	at = (off_t)size + 5;
	COPY(sendfile, text("%s, past the end", kind), (out, in, &at, 10));
	COPY(syscall, text("sendfile %s", kind), (SYS_sendfile, out, in, NULL, 10000));
	from = half;
	COPY(copy_file_range, kind, (in, NULL, out, NULL, 10000, 0));
	COPY(copy_file_range, text("%s, with offsets", kind), (in, &from, out, &to, 10000, 0));
	found("copy_file_range", text("%s: the offsets", kind), "%lld %lld", (long long)(from - half), (long long)to);
	COPY(copy_file_range, text("%s, nothing", kind), (in, NULL, out, NULL, 0, 0));
	COPY(copy_file_range, text("%s, an unknown flag", kind), (in, NULL, out, NULL, 10, 8));
	COPY(syscall, text("copy_file_range %s", kind), (SYS_copy_file_range, in, NULL, out, NULL, 10000, 0));

	int ends[2];
	need(pipe(ends) == 0);
	COPY(splice, text("%s, file to file", kind), (in, NULL, out, NULL, 10000, 0));
	from = half;
	if (STEP(splice, kind, (in, NULL, ends[1], NULL, 10000, 0)) > 0)
		READ_OF(in, "splice", text("%s: what the pipe gave", kind), read(ends[0], room, 20000));
	if (STEP(splice, text("%s, from an offset", kind), (in, &from, ends[1], NULL, 10000, 0)) > 0)
		READ_OF(in, "splice", text("%s, from an offset: what the pipe gave", kind), read(ends[0], room, 20000));
	if (STEP(syscall, text("splice %s", kind), (SYS_splice, in, NULL, ends[1], NULL, 100, 0)) > 0)
		READ_OF(in, "syscall", text("splice %s: what the pipe gave", kind), read(ends[0], room, 20000));
	STEP(tee, text("%s, which is no pipe", kind), (in, ends[1], 100, 0));
	need(write(ends[1], "text", 4) == 4);
	STEP(splice, text("into %s", kind), (ends[0], NULL, in, NULL, 4, 0));
	close(ends[0]), close(ends[1]);
	result(in, "splice", kind);

	struct file_clone_range range = {.src_fd = in, .src_length = 0};
	found("ioctl", text("FICLONE of %s", kind), "%s", ioctl(out, FICLONE, in) == 0 ? "done" : "refused");
	result(in, "ioctl FICLONE", kind);
	found("ioctl", text("FICLONERANGE of %s", kind), "%s", ioctl(out, FICLONERANGE, &range) == 0 ? "done" : "refused");
	result(in, "ioctl FICLONERANGE", kind);
	close(in);
}

TOPIC(copy)
{
	out = new_file("out", 0);
	copies("a plain file", "other");
	copies("a model", "model");
}

TOPIC(copy_errors)
{
	int in = open_model(), sockets[2], amount;
	struct winsize window;
	out = new_file("out", 0);
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
	STEP(sendfile, "of a closed descriptor", (out, 999, NULL, 10));
	STEP(sendfile64, "of -1", (out, -1, NULL, 10));
	STEP(copy_file_range, "of a closed descriptor", (999, NULL, out, NULL, 10, 0));
	STEP(splice, "of a closed descriptor", (999, NULL, out, NULL, 10, 0));
	STEP(sendfile, "of a socket", (out, sockets[0], NULL, 10));
	STEP(splice, "of a socket to a file", (sockets[0], NULL, out, NULL, 10, 0));
	STEP(ioctl, "FIONREAD", (in, FIONREAD, &amount));
	found("ioctl", "FIONREAD", "%d", amount == (int)size);
	STEP(ioctl, "FIONBIO", (in, FIONBIO, &(int){0}));
	STEP(ioctl, "FIOCLEX", (in, FIOCLEX));
	STEP(ioctl, "a terminal's size", (in, TIOCGWINSZ, &window));
	STEP(ioctl, "FICLONE of a closed descriptor", (out, FICLONE, 999));
	STEP(ioctl, "FICLONERANGE of no address", (out, FICLONERANGE, NULL));
	STEP(ioctl, "FICLONERANGE of what is not mapped", (out, FICLONERANGE, bad_buffer(32, 32, PROT_NONE)));
	STEP(ioctl, "FICLONE into a model", (in, FICLONE, out));
	STEP(ioctl, "of a closed descriptor", (999, FIONREAD, &amount));
	STEP(ioctl, "of what there is not", (in, 0x12345678, NULL));
	STEP(syscall, "ioctl", (SYS_ioctl, in, FIONREAD, &amount));
	READ(in, read, "after all that", (in, room, 300));
	close(in);
}

static struct aiocb request(int fd, size_t offset)
{
	return (struct aiocb){.aio_fildes = fd, .aio_buf = room, .aio_nbytes = 500, .aio_offset = (off_t)offset,
			      .aio_lio_opcode = LIO_READ};
}

/* Wait for it, and see what it gave. */
static void wait_for(const char *name, const char *what, struct aiocb *r)
{
	const struct aiocb *const list[] = {r};
	while (aio_error(r) == EINPROGRESS)
		aio_suspend(list, 1, NULL);
	int error = aio_error(r);
	READ_OF(r->aio_fildes, name, text("%s: then", what), (errno = error, aio_return(r)));
}

static void asynchronous(const char *kind, const char *path, size_t offset)
{
	int fd = open(path, O_RDONLY);
	struct aiocb r = request(fd, offset), *list[] = {&r, NULL};
	if (STEP(aio_read, kind, (&r)) == 0)
		wait_for("aio_read", kind, &r);
	r = request(fd, offset + 10);
	if (STEP(aio_read64, kind, ((struct aiocb64 *)&r)) == 0)
		wait_for("aio_read64", kind, &r);
	r = request(fd, offset + 20);
	if (STEP(lio_listio, kind, (LIO_WAIT, list, 2, NULL)) == 0)
		wait_for("lio_listio", kind, &r);
	r = request(fd, offset + 30);
	if (STEP(lio_listio64, kind, (LIO_WAIT, (struct aiocb64 *const *)list, 2, NULL)) == 0)
		wait_for("lio_listio64", kind, &r);
	r.aio_lio_opcode = LIO_NOP;
	STEP(lio_listio, text("%s, nothing to be done", kind), (LIO_WAIT, list, 1, NULL));
	close(fd);
}

TOPIC(asynchronous)
{
	asynchronous("a plain file", "other", 5000);
	asynchronous("a model", "model", middle);
	struct aiocb r = request(999, 0), *list[] = {&r};
	if (STEP(aio_read, "of a closed descriptor", (&r)) == 0)
		wait_for("aio_read", "of a closed descriptor", &r);
	STEP(lio_listio, "nothing", (LIO_WAIT, list, 0, NULL));
	STEP(lio_listio, "in a way that there is not", (77, list, 0, NULL));
}
