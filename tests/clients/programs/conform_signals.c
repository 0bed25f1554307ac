/* Signals, as a program asks for them while a model is mapped, and other names of calls that take memory. */
#include "conform.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int __sigaction(int number, const struct sigaction *action, struct sigaction *old);
sighandler_t __sysv_signal(int number, sighandler_t handler);
sighandler_t sysv_signal(int number, sighandler_t handler);
sighandler_t bsd_signal(int number, sighandler_t handler);
sighandler_t ssignal(int number, sighandler_t handler);
sighandler_t sigset(int number, sighandler_t handler);
ssize_t __write(int fd, const void *bytes, size_t len);
ssize_t __pwrite64(int fd, const void *bytes, size_t len, off64_t offset);
ssize_t __send(int fd, const void *bytes, size_t len, int flags);
size_t _IO_fwrite(const void *items, size_t size, size_t count, FILE *stream);

static volatile sig_atomic_t caught_by; /* which handler */

static void first(int number)
{
	(void)number;
	caught_by = 1;
}

static void second(int number)
{
	(void)number;
	caught_by = 2;
}

static const char *handler_name(sighandler_t handler)
{
	return handler == SIG_ERR ? "an error" : handler == SIG_DFL ? "the default" : handler == SIG_IGN ? "ignored"
	       : handler == SIG_HOLD ? "held" : handler == first ? "the first" : handler == second ? "the second" : "another";
}

#define HANDLER(name, what, arguments)                                              \
	do {                                                                        \
		errno = 0;                                                          \
		sighandler_t was = name arguments;                                  \
		found(#name, what, "%s %d", handler_name(was), was == SIG_ERR ? errno : 0); \
	} while (0)

static void sent(const char *name, const char *what, int number)
{
	caught_by = 0;
	raise(number);
	found(name, text("%s, and sent", what), "%d", (int)caught_by);
}

static void show_action(const char *name, const char *what, int number)
{
	struct sigaction now;
	int flags = SA_RESTART | SA_NODEFER | (int)SA_RESETHAND | SA_SIGINFO | SA_ONSTACK;
	int result = sigaction(number, NULL, &now);
	found(name, what, "%d %s %x %d", result, handler_name(now.sa_handler), (unsigned)(now.sa_flags & flags),
	      sigismember(&now.sa_mask, SIGUSR1));
}

static void handlers(int number)
{
	struct sigaction action = {.sa_handler = first, .sa_flags = SA_RESTART}, old;
	sigaddset(&action.sa_mask, SIGUSR1);
	signal(number, SIG_DFL);
	STEP(sigaction, text("a handler of %d", number), (number, &action, NULL));
	sent("sigaction", text("%d", number), number);
	show_action("sigaction", text("what %d has", number), number);
	STEP(__sigaction, text("another handler of %d", number), (number, &(struct sigaction){.sa_handler = second}, &old));
	found("__sigaction", text("what %d had", number), "%s", handler_name(old.sa_handler));
	sent("__sigaction", text("%d", number), number);
	HANDLER(signal, text("%d", number), (number, first));
	sent("signal", text("%d", number), number);
	show_action("signal", text("what %d has", number), number);
	HANDLER(signal, text("no handler of %d", number), (number, SIG_ERR));
	HANDLER(bsd_signal, text("%d", number), (number, second));
	HANDLER(ssignal, text("%d", number), (number, first));
	HANDLER(__sysv_signal, text("%d", number), (number, second));
	show_action("__sysv_signal", text("what %d has", number), number);
	sent("__sysv_signal", text("%d", number), number);
	show_action("__sysv_signal", text("what %d has now", number), number);
	HANDLER(sysv_signal, text("%d", number), (number, first));
	HANDLER(sigset, text("%d", number), (number, second));
	sent("sigset", text("%d", number), number);
	STEP(sigignore, text("%d", number), (number));
	sent("sigignore", text("%d", number), number);
	show_action("sigignore", text("what %d has", number), number);
}

static void show_mask(const char *name, const char *what)
{
	sigset_t now;
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	found(name, text("%s: the mask", what), "%d %d %d", sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2),
	      sigismember(&now, SIGSEGV));
}

static void masks(const char *name, int (*call)(int how, const sigset_t *set, sigset_t *old))
{
	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGSEGV);
	STEP_OF(name, "to block", call(SIG_BLOCK, &set, &old));
	show_mask(name, "to block");
	sigdelset(&set, SIGSEGV);
	STEP_OF(name, "to unblock one", call(SIG_UNBLOCK, &set, &old));
	found(name, "what was before", "%d %d", sigismember(&old, SIGUSR1), sigismember(&old, SIGSEGV));
	show_mask(name, "to unblock one");
	sigfillset(&set);
	STEP_OF(name, "to block all", call(SIG_SETMASK, &set, &set));
	found(name, "what was before, in the same set", "%d %d", sigismember(&set, SIGUSR1), sigismember(&set, SIGSEGV));
	show_mask(name, "to block all");
	STEP_OF(name, "in no way", call(99, &set, NULL));
	STEP_OF(name, "in no way, nothing", call(99, NULL, NULL));
	STEP_OF(name, "nothing", call(SIG_SETMASK, NULL, NULL));
	sigemptyset(&set);
	STEP_OF(name, "to block nothing", call(SIG_SETMASK, &set, &old));
	found(name, "all was blocked", "%d %d", sigismember(&old, SIGUSR1), sigismember(&old, SIGSEGV));
	show_mask(name, "to block nothing");
}

static void older_masks(void)
{
	STEP(sigblock, "one", (sigmask(SIGUSR1)));
	show_mask("sigblock", "one");
	STEP(sigsetmask, "another", (sigmask(SIGUSR2)));
	show_mask("sigsetmask", "another");
	STEP(sigsetmask, "none", (0));
	STEP(sighold, "one", (SIGUSR1));
	show_mask("sighold", "one");
	STEP(sigsetmask, "none again", (0));
	STEP(sigblock, "the one of memory", (sigmask(SIGSEGV)));
	show_mask("sigblock", "the one of memory");
	STEP(siggetmask, "with it", ());
	STEP(sigblock, "nothing", (0));
	STEP(sigrelse, "the one of memory", (SIGSEGV));
	show_mask("sigrelse", "the one of memory");
	STEP(sighold, "the one of memory", (SIGSEGV));
	show_mask("sighold", "the one of memory");
	HANDLER(sigset, "what is held", (SIGSEGV, SIG_HOLD));
	HANDLER(sigset, "the default for what is held", (SIGSEGV, SIG_DFL));
	show_mask("sigset", "the default");
	HANDLER(sigset, "to hold", (SIGSEGV, SIG_HOLD));
	show_mask("sigset", "to hold");
	STEP(sigsetmask, "all", (~0));
	STEP(sigsetmask, "none at last", (0));
	STEP(sigrelse, "one that is not held", (SIGUSR1));
	STEP(sigrelse, "no signal", (999));
}

TOPIC(signals)
{
	unsigned char *place = map_model(size, PROT_READ, MAP_PRIVATE, 0);
	handlers(SIGUSR1);
	look("mmap", "while handlers change", place, size / 3);
	handlers(SIGSEGV);
	look("mmap", "when they have changed", place, size / 2);
	masks("sigprocmask", sigprocmask);
	masks("pthread_sigmask", pthread_sigmask);
	older_masks();
	STEP(sigaction, "of no signal", (0, NULL, NULL));
	STEP(sigaction, "of one that has none", (SIGKILL, &(struct sigaction){.sa_handler = first}, NULL));
	HANDLER(signal, "of no signal", (999, first));
	look("mmap", "all of it", place, size);
}

/* --- while a program waits with all signals blocked but one, its handler reads from a model --- */

int __sigsuspend(const sigset_t *set);
int __ppoll_chk(struct pollfd *polled, nfds_t count, const struct timespec *timeout, const sigset_t *set, size_t room);

static unsigned char *to_touch;
static volatile sig_atomic_t touched;

static void toucher(int number)
{
	(void)number;
	touched = to_touch[middle];
}

/* The signal is there already and blocked: the wait lets it in. */
static void prepare(void)
{
	sigset_t set;
	touched = -1;
	to_touch = map_model(size, PROT_READ, MAP_PRIVATE, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_SETMASK, &set, NULL);
	raise(SIGUSR1);
}

static void show_touched(const char *name)
{
	found(name, "what a handler read", "%d", (int)touched);
	munmap(to_touch, size);
}

#define WAIT(name, arguments)                                     \
	do {                                                      \
		prepare();                                        \
		STEP(name, "all blocked but one", arguments);     \
		show_touched(#name);                              \
	} while (0)

static void *touch_in_thread(void *all)
{
	sigset_t now;
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	touched = to_touch[middle];
	*(bool *)all = sigismember(&now, SIGUSR1) == 1 && sigismember(&now, SIGTERM) == 1;
	return NULL;
}

TOPIC(waits)
{
	sigset_t all, but_one;
	int ends[2], queue = epoll_create1(0);
	struct timespec second = {.tv_sec = 1};
	struct sigaction action = {.sa_handler = toucher};
	struct epoll_event event = {.events = EPOLLIN};
	pthread_attr_t attributes;
	pthread_t thread;
	bool blocked = false;
	fd_set reading;
	need(pipe(ends) == 0 && queue >= 0 && epoll_ctl(queue, EPOLL_CTL_ADD, ends[0], &event) == 0);
	need(sigaction(SIGUSR1, &action, NULL) == 0);
	struct pollfd polled = {.fd = ends[0], .events = POLLIN};
	FD_ZERO(&reading);
	FD_SET(ends[0], &reading);
	sigfillset(&all);
	but_one = all;
	sigdelset(&but_one, SIGUSR1);
	WAIT(sigsuspend, (&but_one));
	WAIT(__sigsuspend, (&but_one));
	WAIT(ppoll, (&polled, 1, &second, &but_one));
	WAIT(__ppoll_chk, (&polled, 1, &second, &but_one, sizeof polled));
	WAIT(pselect, (ends[0] + 1, &reading, NULL, NULL, &second, &but_one));
	WAIT(epoll_pwait, (queue, &event, 1, 1000, &but_one));
	need(write(ends[1], "x", 1) == 1);
	STEP(ppoll, "with no mask", (&polled, 1, NULL, NULL));
	STEP(epoll_pwait, "with no mask", (queue, &event, 1, -1, NULL));
	prepare();
	need(pthread_attr_init(&attributes) == 0);
	STEP(pthread_attr_setsigmask_np, "all", (&attributes, &all));
	need(pthread_create(&thread, &attributes, touch_in_thread, &blocked) == 0 && pthread_join(thread, NULL) == 0);
	found("pthread_attr_setsigmask_np", "others blocked", "%d", blocked);
	show_touched("pthread_attr_setsigmask_np");
	STEP(pthread_attr_setsigmask_np, "none", (&attributes, NULL));
}

TOPIC(other_names)
{
	int ends[2], out = new_file("out", 0);
	need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	unsigned char *place = map_model(size, PROT_READ, MAP_PRIVATE, 0);
	struct iovec parts[] = {{place + middle, 3000}, {place + middle + 5000, 70}};
	FILE *f = fopen("streamed", "w+");
	need(f != NULL);
	STEP(__write, "a mapping", (out, place + middle, 4000));
	STEP(__pwrite64, "a mapping", (out, place + 100, 4000, 4000));
	STEP(pwritev64, "a mapping", (out, parts, 2, 8000));
	STEP(pwritev64v2, "a mapping", (out, parts, 2, 11070, 0));
	READ(out, pread, "what they wrote", (out, room, 20000, 0));
	STEP(__send, "a mapping", (ends[0], place + middle + 9000, 2000, 0));
	READ(ends[1], read, "what it sent", (ends[1], room, 3000));
	STEP(_IO_fwrite, "a mapping", (place + 77, 1, 9000, f));
	STEP(fwrite_unlocked, "a mapping", (place + 5, 3, 3000, f));
	fflush(f);
	READ_OF(fileno(f), "fwrite", "what they gave", pread(fileno(f), room, 20000, 0));
	fclose(f);
	/* As much as may be locked. */
	STEP(mlock, "two pages", (place + middle, 2 * page));
	STEP(mlock2, "a page", (place, page, 0));
	STEP(mlock, "what is not mapped", ((void *)page, page));
	look("mlock", "what was locked", place + middle, 2 * page);
	munmap(place, size);
}
