#include "fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "guard.h"
#include "lazy.h"
#include "raw.h"
#include "real.h"

static atomic_bool watching, kept_open;
static struct sigaction program; /* what the program believes to be installed */
static struct shim_lock lock;

void shim_fault_after_fork(void)
{
	shim_lock_after_fork(&lock);
}

bool shim_fault_is_kept_open(void)
{
	return atomic_load_explicit(&kept_open, memory_order_relaxed);
}

void shim_fault_keep_open(void)
{
	sigset_t set;
	atomic_store(&kept_open, true);
	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	SHIM_RAW(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, 0, 8, 0, 0);
}

const sigset_t *shim_fault_open_in(const sigset_t *set, sigset_t *open)
{
	if (set == NULL || !shim_fault_is_kept_open() || sigismember(set, SIGSEGV) != 1)
		return set;
	*open = *set;
	sigdelset(open, SIGSEGV);
	return open;
}

static bool is_write(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (context->uc_mcontext.gregs[REG_ERR] & 2) != 0;
#else
	(void)context;
	return false; /* a write that is not allowed comes back, and then finds all in its place */
#endif
}

bool shim_fault_tells_writes(void)
{
#if defined(__x86_64__)
	return true;
#else
	return false;
#endif
}

static void queue(int number, siginfo_t *info)
{
	SHIM_RAW(SYS_rt_tgsigqueueinfo, raw_getpid(), SHIM_RAW(SYS_gettid, 0, 0, 0, 0, 0, 0), number, info, 0, 0);
}

/* A mapping whose storage fails: a bus error, when the handler returns. */
static void send_bus_error(const siginfo_t *cause)
{
	siginfo_t info;
	memset(&info, 0, sizeof info);
	info.si_signo = SIGBUS;
	info.si_code = BUS_ADRERR;
	info.si_addr = cause->si_addr;
	queue(SIGBUS, &info);
}

/* The kernel does what it does without a handler, as soon as this one returns. */
static void let_die(siginfo_t *info)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = SIG_DFL;
	shim_real.sigaction(SIGSEGV, &action, NULL);
	if (info->si_code <= 0) /* it was sent, and would not come again */
		queue(SIGSEGV, info);
}

static void hand_on(int number, siginfo_t *info, ucontext_t *context)
{
	struct shim_guard before;
	sigset_t mask;
	shim_lock_take(&lock, &before);
	struct sigaction action = program;
	if (((unsigned)action.sa_flags & SA_RESETHAND) != 0)
		program.sa_handler = SIG_DFL;
	shim_lock_give(&lock, &before);
	if ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN && info->si_code <= 0)
		return;
	if ((action.sa_flags & SA_SIGINFO) == 0 && (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)) {
		let_die(info);
		return;
	}
	/* As the kernel would have it, but that this signal stays open. */
	mask = context->uc_sigmask;
	sigorset(&mask, &mask, &action.sa_mask);
	sigdelset(&mask, SIGSEGV);
	SHIM_RAW(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, 8, 0, 0);
	if ((action.sa_flags & SA_SIGINFO) != 0)
		action.sa_sigaction(number, info, context);
	else
		action.sa_handler(number);
}

static void handle(int number, siginfo_t *info, void *argument)
{
	ucontext_t *context = argument;
	int saved = errno;
	struct shim_guard guard;
	enum shim_fault fault = SHIM_FAULT_OTHER;
	if (info->si_code == SEGV_ACCERR) {
		shim_guard_enter(&guard, 0);
		fault = shim_lazy_fault((uintptr_t)info->si_addr, is_write(context));
		shim_guard_leave(&guard);
	}
	if (fault == SHIM_FAULT_BROKEN)
		send_bus_error(info);
	else if (fault == SHIM_FAULT_OTHER)
		hand_on(number, info, context);
	errno = saved;
}

bool shim_fault_watch(void)
{
	struct shim_guard before;
	struct sigaction action;
	bool good = true;
	if (atomic_load(&watching))
		return true;
	memset(&action, 0, sizeof action);
	action.sa_sigaction = handle;
	/* On the program's own alternate stack, if it has one: where its own stack overflows there is no other. */
	action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigfillset(&action.sa_mask);
	shim_lock_take(&lock, &before);
	if (!atomic_load(&watching)) {
		good = shim_real.sigaction(SIGSEGV, &action, &program) == 0;
		atomic_store(&watching, good);
	}
	shim_lock_give(&lock, &before);
	if (good)
		shim_fault_keep_open();
	return good;
}

bool shim_fault_exchange(const struct sigaction *action, struct sigaction *old)
{
	struct shim_guard before;
	struct sigaction new, was;
	if (!atomic_load(&watching))
		return false;
	if (action != NULL)
		new = *action; /* a bad address is the program's mistake, and its signal */
	shim_lock_take(&lock, &before);
	was = program;
	if (action != NULL)
		program = new;
	shim_lock_give(&lock, &before);
	if (old != NULL)
		*old = was;
	return true;
}
