/* Masks for a while or for another thread: SIGSEGV stays open in them, too. A handler that runs while a program waits with all
 * signals blocked but its own may touch a lazy mapping, as may a thread that starts with all blocked. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "fault.h"
#include "real.h"

SHIM_HOOK int sigsuspend(const sigset_t *set)
{
	sigset_t open;
	return shim_real.sigsuspend(shim_fault_open_in(set, &open));
}
SHIM_ALIAS(__sigsuspend, sigsuspend);

SHIM_HOOK int ppoll(struct pollfd *polled, nfds_t count, const struct timespec *timeout, const sigset_t *set)
{
	sigset_t open;
	return shim_real.ppoll(polled, count, timeout, shim_fault_open_in(set, &open));
}

SHIM_HOOK int __ppoll_chk(struct pollfd *polled, nfds_t count, const struct timespec *timeout, const sigset_t *set,
			  size_t room)
{
	sigset_t open;
	return shim_real.__ppoll_chk(polled, count, timeout, shim_fault_open_in(set, &open), room);
}

SHIM_HOOK int pselect(int count, fd_set *in, fd_set *out, fd_set *other, const struct timespec *timeout,
		      const sigset_t *set)
{
	sigset_t open;
	return shim_real.pselect(count, in, out, other, timeout, shim_fault_open_in(set, &open));
}

SHIM_HOOK int epoll_pwait(int fd, struct epoll_event *events, int most, int timeout, const sigset_t *set)
{
	sigset_t open;
	return shim_real.epoll_pwait(fd, events, most, timeout, shim_fault_open_in(set, &open));
}

SHIM_HOOK int pthread_attr_setsigmask_np(pthread_attr_t *attributes, const sigset_t *set)
{
	sigset_t open;
	return shim_real.pthread_attr_setsigmask_np(attributes, shim_fault_open_in(set, &open));
}
