/* Descriptors that come with a message, and a descriptor table that is left. */
#include "conform.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int ends[2];

static void post(int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 'x';
	struct msghdr message = {.msg_iov = &(struct iovec){&byte, 1}, .msg_iovlen = 1,
				 .msg_control = control, .msg_controllen = sizeof control};
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	*part = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
	memcpy(CMSG_DATA(part), &fd, sizeof fd);
	need(sendmsg(ends[0], &message, 0) == 1);
}

static int descriptor_in(struct msghdr *message)
{
	int fd = -1;
	struct cmsghdr *part = CMSG_FIRSTHDR(message);
	if (part != NULL && part->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(part), sizeof fd);
	return fd;
}

static void arrive(const char *what, int way)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte;
	struct mmsghdr messages[1] = {{.msg_hdr = {.msg_iov = &(struct iovec){&byte, 1}, .msg_iovlen = 1,
						   .msg_control = control, .msg_controllen = sizeof control}}};
	/* The number that it will get was a plain file's a moment ago. */
	int other = open("other", O_RDONLY);
	need(read(other, room, 10) == 10);
	memset(room, UNTOUCHED, 10);
	syscall(SYS_close, other);
	if (way == 0)
		STEP(recvmsg, what, (ends[1], &messages[0].msg_hdr, 0));
	else if (way == 1)
		STEP(recvmmsg, what, (ends[1], messages, 1, 0, NULL));
	else
		STEP(syscall, text("recvmsg %s", what), (SYS_recvmsg, ends[1], &messages[0].msg_hdr, 0));
	int fd = descriptor_in(&messages[0].msg_hdr);
	READ(fd, read, text("%s: its beginning", what), (fd, room, 3000));
	glance("recvmsg", what, fd);
}

static void leave(void)
{
	int fd = open_model();
	STEP(unshare, "the descriptor table", (CLONE_FILES));
	STEP(unshare, "nothing", (0));
	STEP(unshare, "what there is not", (1));
	READ(fd, pread, "after the table was left", (fd, room, 3000, 5000));
	close(fd);
	glance("unshare", "a model that is opened then", open_model());
}

TOPIC(arrivals)
{
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	for (int way = 0; way < 3; way++) {
		int fd = open_model();
		post(fd);
		close(fd);
		arrive("a model", way);
		fd = open("other", O_RDONLY);
		post(fd);
		close(fd);
		arrive("a plain file", way);
	}
	char byte;
	struct msghdr none = {.msg_iov = &(struct iovec){&byte, 1}, .msg_iovlen = 1};
	STEP(recvmsg, "when nothing has come", (ends[1], &none, MSG_DONTWAIT));
	STEP(recvmsg, "from what is no socket", (open_model(), &none, 0));
	STEP(recvmsg, "from nothing", (-1, &none, 0));
	in_child("unshare", "in a child", leave);
}
