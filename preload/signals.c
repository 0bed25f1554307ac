/* Signals, as far as they concern SIGSEGV: a lazy mapping needs it, and no program is to notice. What a program blocks
 * stays blocked but for that one; it is told that it blocks it, if it does. */
#include <errno.h>
#include <signal.h>
#include <stddef.h>

#include "fault.h"
#include "real.h"

/* Does this thread believe to block the signal? */
static _Thread_local bool blocks __attribute__((tls_model("initial-exec")));

static int change_action(int number, const struct sigaction *action, struct sigaction *old)
{
	struct sigaction open;
	if (number == SIGSEGV && shim_fault_exchange(action, old))
		return 0;
	if (action != NULL && shim_fault_is_kept_open() && sigismember(&action->sa_mask, SIGSEGV) == 1) {
		open = *action;
		sigdelset(&open.sa_mask, SIGSEGV);
		action = &open;
	}
	return shim_real.sigaction(number, action, old);
}

SHIM_HOOK int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
	return change_action(number, action, old);
}
SHIM_ALIAS(__sigaction, sigaction);

/* signal() in its two meanings, for the one signal that is not the kernel's alone. */
static sighandler_t set_handler(sighandler_t handler, int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
	if (handler == SIG_ERR) {
		errno = EINVAL;
		return SIG_ERR;
	}
	sigemptyset(&action.sa_mask);
	if ((flags & SA_NODEFER) == 0)
		sigaddset(&action.sa_mask, SIGSEGV);
	return sigaction(SIGSEGV, &action, &old) < 0 ? SIG_ERR : old.sa_handler;
}

SHIM_HOOK sighandler_t signal(int number, sighandler_t handler)
{
	if (number != SIGSEGV || !shim_fault_exchange(NULL, NULL))
		return shim_real.signal(number, handler);
	return set_handler(handler, SA_RESTART);
}
SHIM_ALIAS(bsd_signal, signal);
SHIM_ALIAS(ssignal, signal);

SHIM_HOOK sighandler_t __sysv_signal(int number, sighandler_t handler)
{
	if (number != SIGSEGV || !shim_fault_exchange(NULL, NULL))
		return shim_real.__sysv_signal(number, handler);
	return set_handler(handler, (int)(SA_RESETHAND | SA_NODEFER));
}
SHIM_ALIAS(sysv_signal, __sysv_signal);

static void remember(int how, const sigset_t *set, sigset_t *old, bool blocked)
{
	if (old != NULL && blocked)
		sigaddset(old, SIGSEGV);
	if (set == NULL)
		return;
	bool has = sigismember(set, SIGSEGV) == 1;
	if (how == SIG_SETMASK)
		blocks = has;
	else if (has)
		blocks = how == SIG_BLOCK;
}

#define MASK(name)                                                                               \
	SHIM_HOOK int name(int how, const sigset_t *set, sigset_t *old)                          \
	{                                                                                        \
		sigset_t open, asked;                                                            \
		if (!shim_fault_is_kept_open())                                                  \
			return shim_real.name(how, set, old);                                    \
		if (set != NULL) /* `old` may be the same */                                     \
			asked = *set;                                                            \
		bool blocked = blocks;                                                           \
		int result = shim_real.name(how, how == SIG_UNBLOCK ? set : shim_fault_open_in(set, &open), old); \
		if (result == 0)                                                                 \
			remember(how, set != NULL ? &asked : NULL, old, blocked);                \
		return result;                                                                   \
	}

MASK(sigprocmask)
MASK(pthread_sigmask)

/* Masks of the first 31 signals, as 4.2BSD had them. */
static const int SEGV_BIT = 1 << (SIGSEGV - 1);

/* What was blocked before, as the program sees it; `blocks` becomes `now`. */
static int blocked_before(int mask, bool now)
{
	mask |= blocks ? SEGV_BIT : 0;
	blocks = now;
	return mask;
}

SHIM_HOOK int sigblock(int mask)
{
	if (!shim_fault_is_kept_open())
		return shim_real.sigblock(mask);
	return blocked_before(shim_real.sigblock(mask & ~SEGV_BIT), blocks || (mask & SEGV_BIT) != 0);
}

SHIM_HOOK int sigsetmask(int mask)
{
	if (!shim_fault_is_kept_open())
		return shim_real.sigsetmask(mask);
	return blocked_before(shim_real.sigsetmask(mask & ~SEGV_BIT), (mask & SEGV_BIT) != 0);
}

SHIM_HOOK int siggetmask(void)
{
	return blocked_before(shim_real.siggetmask(), blocks);
}

SHIM_HOOK int sighold(int number)
{
	if (number != SIGSEGV || !shim_fault_is_kept_open())
		return shim_real.sighold(number);
	blocks = true;
	return 0;
}

SHIM_HOOK int sigrelse(int number)
{
	if (number == SIGSEGV)
		blocks = false;
	return shim_real.sigrelse(number);
}

SHIM_HOOK sighandler_t sigset(int number, sighandler_t handler)
{
	struct sigaction now;
	bool held = blocks;
	if (number != SIGSEGV || !shim_fault_is_kept_open())
		return shim_real.sigset(number, handler);
	if (handler == SIG_HOLD) {
		sigaction(SIGSEGV, NULL, &now);
		blocks = true;
		return held ? SIG_HOLD : now.sa_handler;
	}
	sighandler_t before =
		shim_fault_exchange(NULL, NULL) ? set_handler(handler, 0) : shim_real.sigset(number, handler);
	if (before == SIG_ERR)
		return before;
	blocks = false;
	return held ? SIG_HOLD : before;
}

SHIM_HOOK int sigignore(int number)
{
	if (number != SIGSEGV || !shim_fault_exchange(NULL, NULL))
		return shim_real.sigignore(number);
	return set_handler(SIG_IGN, 0) == SIG_ERR ? -1 : 0;
}
