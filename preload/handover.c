/* Memory that is handed to the kernel: what of it belongs to a lazy mapping must be there first, or the kernel says
 * EFAULT. All of this costs one load where nothing is mapped lazily. */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "handover.h"
#include "lazy.h"
#include "raw.h"
#include "real.h"

typedef void each_part(void *bytes, size_t len);

static void hold(void *bytes, size_t len)
{
	shim_lazy_hold(bytes, len);
}

static void let_go(void *bytes, size_t len)
{
	shim_lazy_let_go(bytes, len);
}

/* The array itself may be bad: the kernel will say so. */
static void for_parts(const struct iovec *parts, size_t count, each_part *each)
{
	if (!shim_lazy_any() || count > 1024)
		return;
	for (size_t i = 0; i < count && raw_is_readable(&parts[i].iov_base) && raw_is_readable(&parts[i].iov_len); i++)
		each(parts[i].iov_base, parts[i].iov_len);
}

static void for_message(const struct msghdr *message, each_part *each)
{
	if (shim_lazy_any() && raw_is_readable(&message->msg_iov) && raw_is_readable(&message->msg_iovlen))
		for_parts(message->msg_iov, message->msg_iovlen, each);
}

static void for_messages(const struct mmsghdr *messages, unsigned count, each_part *each)
{
	for (unsigned i = 0; shim_lazy_any() && i < count && i < 1024; i++)
		for_message(&messages[i].msg_hdr, each);
}

void shim_hand_over_parts_to_write(const struct iovec *parts, size_t count)
{
	for_parts(parts, count, shim_lazy_ready_to_write);
}

void shim_hand_over_message_to_stay(const struct msghdr *message)
{
	for_message(message, shim_lazy_ready_to_write);
}

/* The kernel may look at it long after the call: such pages are not used again. */
static void stay_for(int flags, const void *bytes, size_t len)
{
	if ((flags & MSG_ZEROCOPY) != 0 && shim_lazy_any())
		shim_lazy_ready_to_write((void *)bytes, len);
}

/* The real call, with the memory in its place while it lasts. */
#define WITH(bytes, len, type, call)                \
	do {                                        \
		if (!shim_lazy_any())               \
			return call;                \
		shim_lazy_hold(bytes, len);         \
		type result_ = call;                \
		shim_lazy_let_go(bytes, len);       \
		return result_;                     \
	} while (0)

#define WITH_EACH(walk, what, count, call)                 \
	do {                                               \
		if (!shim_lazy_any())                      \
			return call;                       \
		walk(what, count, hold);         \
		ssize_t result_ = call;                    \
		walk(what, count, let_go);       \
		return result_;                            \
	} while (0)

SHIM_HOOK ssize_t write(int fd, const void *bytes, size_t len)
{
	WITH(bytes, len, ssize_t, shim_real.write(fd, bytes, len));
}
SHIM_ALIAS(__write, write);

SHIM_HOOK ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	WITH(bytes, len, ssize_t, shim_real.pwrite(fd, bytes, len, offset));
}
SHIM_ALIAS(pwrite64, pwrite);
SHIM_ALIAS(__pwrite64, pwrite);

SHIM_HOOK ssize_t writev(int fd, const struct iovec *parts, int count)
{
	WITH_EACH(for_parts, parts, (size_t)count, shim_real.writev(fd, parts, count));
}

SHIM_HOOK ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	WITH_EACH(for_parts, parts, (size_t)count, shim_real.pwritev(fd, parts, count, offset));
}
SHIM_ALIAS(pwritev64, pwritev);

SHIM_HOOK ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
	WITH_EACH(for_parts, parts, (size_t)count, shim_real.pwritev2(fd, parts, count, offset, flags));
}
SHIM_ALIAS(pwritev64v2, pwritev2);

SHIM_HOOK ssize_t vmsplice(int fd, const struct iovec *parts, size_t count, unsigned flags)
{
	for_parts(parts, count, shim_lazy_ready_to_write); /* the pipe has the pages themselves: they are not used again */
	return shim_real.vmsplice(fd, parts, count, flags);
}

SHIM_HOOK ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	stay_for(flags, bytes, len);
	WITH(bytes, len, ssize_t, shim_real.send(fd, bytes, len, flags));
}
SHIM_ALIAS(__send, send);

SHIM_HOOK ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
	stay_for(flags, bytes, len);
	WITH(bytes, len, ssize_t, shim_real.sendto(fd, bytes, len, flags, to, to_len));
}

SHIM_HOOK ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	if (!shim_lazy_any())
		return shim_real.sendmsg(fd, message, flags);
	if ((flags & MSG_ZEROCOPY) != 0)
		for_message(message, shim_lazy_ready_to_write);
	for_message(message, hold);
	ssize_t result = shim_real.sendmsg(fd, message, flags);
	for_message(message, let_go);
	return result;
}

SHIM_HOOK int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	if (!shim_lazy_any())
		return shim_real.sendmmsg(fd, messages, count, flags);
	if ((flags & MSG_ZEROCOPY) != 0)
		for_messages(messages, count, shim_lazy_ready_to_write);
	for_messages(messages, count, hold);
	int result = shim_real.sendmmsg(fd, messages, count, flags);
	for_messages(messages, count, let_go);
	return result;
}

SHIM_HOOK size_t fwrite(const void *items, size_t size, size_t count, FILE *stream)
{
	size_t len;
	if (!shim_lazy_any() || __builtin_mul_overflow(size, count, &len))
		return shim_real.fwrite(items, size, count, stream);
	WITH(items, len, size_t, shim_real.fwrite(items, size, count, stream));
}
SHIM_ALIAS(_IO_fwrite, fwrite);

SHIM_HOOK size_t fwrite_unlocked(const void *items, size_t size, size_t count, FILE *stream)
{
	size_t len;
	if (!shim_lazy_any() || __builtin_mul_overflow(size, count, &len))
		return shim_real.fwrite_unlocked(items, size, count, stream);
	WITH(items, len, size_t, shim_real.fwrite_unlocked(items, size, count, stream));
}

SHIM_HOOK int mlock(const void *address, size_t len)
{
	shim_lazy_ready_to_write((void *)address, len); /* locked, it stays */
	return shim_real.mlock(address, len);
}

SHIM_HOOK int mlock2(const void *address, size_t len, unsigned flags)
{
	shim_lazy_ready_to_write((void *)address, len);
	return shim_real.mlock2(address, len, flags);
}
