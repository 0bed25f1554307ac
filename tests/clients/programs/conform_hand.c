/* Mapped memory handed to the kernel: written, sent, spliced, read by others. */
#include "conform.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { LEN = 9000 };

static unsigned char *mapping;
static int ends[2], sockets[2], out;

/* What came out at the other end. */
static void drain(int fd, const char *name, const char *what)
{
	READ_OF(fd, "read", text("what %s gave, %s", name, what), read(fd, room, LEN + 1000));
}

#define PIPED(name, what, arguments)                                                         \
	do {                                                                                 \
		if (STEP(name, what, arguments) > 0)                                         \
			drain(ends[0], #name, what);                                         \
	} while (0)

static void hand_over(const char *kind)
{
	struct iovec parts[] = {{mapping + 5, 1000}, {mapping + page - 3, 100}, {mapping + 2 * page, 5000}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
	PIPED(write, kind, (ends[1], mapping + 1, LEN));
	PIPED(writev, kind, (ends[1], parts, 3));
	PIPED(vmsplice, kind, (ends[1], parts, 3, 0));
	PIPED(syscall, text("write, %s", kind), (SYS_write, ends[1], mapping + 1, LEN));
	if (STEP(send, kind, (sockets[1], mapping + 1, LEN, 0)) > 0)
		drain(sockets[0], "send", kind);
	if (STEP(sendto, kind, (sockets[1], mapping + 2, LEN, 0, NULL, 0)) > 0)
		drain(sockets[0], "sendto", kind);
	if (STEP(sendmsg, kind, (sockets[1], &message, 0)) > 0)
		drain(sockets[0], "sendmsg", kind);
	struct mmsghdr messages[] = {{.msg_hdr = message}};
	if (STEP(sendmmsg, kind, (sockets[1], messages, 1, 0)) > 0)
		drain(sockets[0], "sendmmsg", kind);
	STEP(pwrite, kind, (out, mapping + 1, LEN, 0));
	STEP(pwrite64, kind, (out, mapping + 2, LEN, LEN));
	STEP(pwritev, kind, (out, parts, 3, 2 * LEN));
	STEP(pwritev2, kind, (out, parts, 3, 3 * LEN, 0));
	READ(out, pread, text("what pwrite and its kin gave, %s", kind), (out, room, 4 * LEN, 0));
	STEP(syscall, text("process_vm_readv, %s", kind),
	     (SYS_process_vm_readv, getpid(), &(struct iovec){room, 6100}, 1, parts, 3, 0));
	look("process_vm_readv", kind, room, 6100);
	memset(room, UNTOUCHED, 7000);
	int memory = open("/proc/self/mem", O_RDONLY);
	STEP(pread, text("/proc/self/mem, %s", kind), (memory, room, LEN, (off_t)(uintptr_t)mapping));
	look("pread", text("/proc/self/mem: the bytes, %s", kind), room, LEN);
	memset(room, UNTOUCHED, LEN);
	close(memory);

	FILE *f = fopen("streamed", "w+");
	need(f != NULL);
	STEP(fwrite, kind, (mapping + 3, 1, LEN, f));
	STEP(fflush, kind, (f));
	READ_OF(fileno(f), "fwrite", text("what it gave, %s", kind), pread(fileno(f), room, LEN + 1, 0));
	fclose(f);
}

TOPIC(hand_over)
{
	need(pipe(ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
	out = new_file("out", 0);
	mapping = map_model(4 * page, PROT_READ, MAP_SHARED, middle);
	hand_over("shared");
	munmap(mapping, 4 * page);
	mapping = map_model(4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, middle);
	touch("mmap", "before it is handed over", mapping + 10);
	hand_over("private, written to");
	munmap(mapping + 3 * page, page);
	STEP(write, "across a hole", (out, mapping, 4 * page));
	STEP(vmsplice, "a model is no pipe", (open_model(), &(struct iovec){room, 10}, 1, 0));
}

static void child_reads(void)
{
	/* The child looks at its parent's memory. */
	struct iovec here = {room, LEN}, there = {mapping, LEN};
	STEP(process_vm_readv, "the parent's mapping", (getppid(), &here, 1, &there, 1, 0));
	look("process_vm_readv", "the parent's mapping: the bytes", room, LEN);
}

/* A mapping that its own process has never touched. */
TOPIC(untouched)
{
	need(pipe(ends) == 0);
	out = new_file("out", 0);
	mapping = map_model(4 * page, PROT_READ, MAP_PRIVATE, middle);
	in_child("process_vm_readv", "in a child", child_reads);
	mapping = map_model(4 * page, PROT_READ, MAP_PRIVATE, middle);
	PIPED(write, "never touched", (ends[1], mapping, LEN));
	mapping = map_model(4 * page, PROT_READ, MAP_SHARED, middle);
	PIPED(vmsplice, "never touched", (ends[1], &(struct iovec){mapping, LEN}, 1, SPLICE_F_GIFT));
	mapping = map_model(4 * page, PROT_READ, MAP_SHARED, middle);
	int memory = open("/proc/self/mem", O_RDONLY);
	STEP(pread, "/proc/self/mem, never touched", (memory, room, LEN, (off_t)(uintptr_t)mapping));
	look("pread", "/proc/self/mem, never touched: the bytes", room, LEN);
	memset(room, UNTOUCHED, LEN);
	close(memory);
	/* The kernel itself follows pointers that a program hands it. */
	const size_t names = 3 * page;
	unsigned char *place = map_model(names, PROT_READ | PROT_WRITE, MAP_PRIVATE, middle);
	STEP(open, "a name that lies in a mapping", ((const char *)place, O_RDONLY));
	STEP(clock_gettime, "into a mapping", (CLOCK_REALTIME, (struct timespec *)(place + page)));
	look("clock_gettime", "into a mapping: around it", place + page + 16, page);
	int fd = open("other", O_RDONLY);
	STEP(pread, "a plain file into a mapping", (fd, place + 2 * page, 100, 0));
	look("pread", "a plain file into a mapping: the page", place + 2 * page, page);
}
