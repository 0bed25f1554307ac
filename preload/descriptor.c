/* Descriptors that come, go and are duplicated. The table follows; in a vfork child it stays as it
 * is, because it is the parent's. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "file.h"
#include "input.h"
#include "own.h"
#include "process.h"
#include "raw.h"
#include "real.h"
#include "recognise.h"
#include "table.h"

static void untrack(unsigned first, unsigned last)
{
	shim_table_forget_range(first, last);
	if (first == STDIN_FILENO)
		shim_input_keep_stream(false);
}

/* Before a number is given up: afterwards another thread may be given it. Whose table it is only
 * matters, and is only asked, when the number has a file. */
static void leaving(int fd)
{
	if (!shim_is_file(fd))
		shim_table_forget_plain(fd);
	else if (shim_process_owns())
		untrack((unsigned)fd, (unsigned)fd);
}

/* A duplicate of a tracked descriptor is tracked; any other is unknown until it is read. The result of
 * the call: `to`, or -1 with errno. */
static int copied(int from, int to)
{
	bool plain;
	int refusal = 0;
	if (to < 0)
		return to;
	shim_table_forget_plain(to);
	struct shim_file *file = shim_is_file(from) ? shim_table_get(from, &plain) : NULL;
	if (file == NULL)
		return to;
	if (shim_process_owns())
		refusal = shim_attach(file, to, SHIM_EAGER);
	shim_file_put(file);
	if (refusal == 0)
		return to;
	raw_close(to);
	errno = refusal;
	return -1;
}

/* Makes way for a number that the program wants. */
static void make_way(int fd)
{
	if (shim_is_own(fd) && shim_process_owns())
		shim_own_move(fd, shim_file_own_moved);
}

/* Calls `close` for each part of a range that has none of the shim's numbers in it. */
static int spare_own(unsigned first, unsigned last, int flags, int (*close_part)(unsigned, unsigned, int))
{
	for (int own; first <= last && (own = shim_own_next((int)(first > INT_MAX ? INT_MAX : first))) != INT_MAX
		      && (unsigned)own <= last; first = (unsigned)own + 1)
		if (first < (unsigned)own && close_part(first, (unsigned)own - 1, flags) != 0)
			return -1;
	return first <= last ? close_part(first, last, flags) : 0;
}

SHIM_HOOK int close(int fd)
{
	if (shim_is_own(fd)) {
		errno = EBADF;
		return -1;
	}
	leaving(fd);
	return shim_real.close(fd);
}
SHIM_ALIAS(__close, close);

SHIM_HOOK int dup(int fd)
{
	return copied(fd, shim_real.dup(fd));
}

SHIM_HOOK int dup2(int fd, int to)
{
	if (fd == to)
		return shim_real.dup2(fd, to);
	leaving(to);
	make_way(to);
	return copied(fd, shim_real.dup2(fd, to));
}
SHIM_ALIAS(__dup2, dup2);

SHIM_HOOK int dup3(int fd, int to, int flags)
{
	if (fd == to)
		return shim_real.dup3(fd, to, flags);
	leaving(to);
	make_way(to);
	return copied(fd, shim_real.dup3(fd, to, flags));
}

/* True when O_DIRECT may not be set on `fd`: it would go past the shim. */
static bool keeps_from_direct(int fd, int command, long argument)
{
	return command == F_SETFL && (argument & O_DIRECT) != 0 && shim_refused(fd, EINVAL) != 0;
}

SHIM_HOOK int fcntl(int fd, int command, ...)
{
	va_list args;
	va_start(args, command);
	long argument = va_arg(args, long);
	va_end(args);
	if (keeps_from_direct(fd, command, argument)) {
		errno = EINVAL;
		return -1;
	}
	int result = shim_real.fcntl(fd, command, argument);
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC)
		return copied(fd, result);
	return result;
}
SHIM_ALIAS(fcntl64, fcntl);
SHIM_ALIAS(__fcntl, fcntl);

/* The calling thread is about to have descriptors of its own, while others go on with those that the table knows. */
static void parting(void)
{
	if (shim_process_owns())
		shim_table_distrust();
}

SHIM_HOOK int unshare(int flags)
{
	if ((flags & CLONE_FILES) != 0)
		parting();
	return shim_real.unshare(flags);
}

/* Descriptors that came with a message have numbers that may have been left without our being told. */
static void arrived(struct msghdr *message)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= part->cmsg_len; at += sizeof(int)) {
			int fd;
			memcpy(&fd, CMSG_DATA(part) + at, sizeof fd);
			shim_table_forget_plain(fd);
		}
	}
}

SHIM_HOOK ssize_t recvmsg(int socket, struct msghdr *message, int flags)
{
	ssize_t got = shim_real.recvmsg(socket, message, flags);
	if (got >= 0 && message->msg_controllen > 0)
		arrived(message);
	return got;
}

SHIM_HOOK int recvmmsg(int socket, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	int got = shim_real.recvmmsg(socket, messages, count, flags, timeout);
	for (int i = 0; i < got; i++)
		if (messages[i].msg_hdr.msg_controllen > 0)
			arrived(&messages[i].msg_hdr);
	return got;
}

SHIM_HOOK int close_range(unsigned first, unsigned last, int flags)
{
	if (((unsigned)flags & CLOSE_RANGE_CLOEXEC) == 0 && first <= last && shim_process_owns())
		untrack(first, last);
	if (((unsigned)flags & CLOSE_RANGE_UNSHARE) != 0)
		parting();
	if (((unsigned)flags & CLOSE_RANGE_CLOEXEC) != 0 || first > last)
		return shim_real.close_range(first, last, flags);
	return spare_own(first, last, flags, shim_real.close_range);
}

SHIM_HOOK void closefrom(int first)
{
	if (shim_process_owns())
		untrack(first > 0 ? (unsigned)first : 0, ~0u);
	if (shim_own_next(0) == INT_MAX)
		shim_real.closefrom(first);
	else
		spare_own(first > 0 ? (unsigned)first : 0, ~0u, 0, shim_real.close_range);
}
