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

static inline void ready(const void *bytes, size_t len)
{
	if (shim_lazy_any())
		shim_lazy_ready(bytes, len);
}

/* The array itself may be bad: the kernel will say so. */
void shim_hand_over_parts(const struct iovec *parts, size_t count)
{
	if (!shim_lazy_any() || count > 1024)
		return;
	for (size_t i = 0; i < count && raw_is_readable(&parts[i].iov_base) && raw_is_readable(&parts[i].iov_len); i++)
		shim_lazy_ready(parts[i].iov_base, parts[i].iov_len);
}

void shim_hand_over_message(const struct msghdr *message)
{
	if (shim_lazy_any() && raw_is_readable(&message->msg_iov) && raw_is_readable(&message->msg_iovlen))
		shim_hand_over_parts(message->msg_iov, message->msg_iovlen);
}

SHIM_HOOK ssize_t write(int fd, const void *bytes, size_t len)
{
	ready(bytes, len);
	return shim_real.write(fd, bytes, len);
}
SHIM_ALIAS(__write, write);

SHIM_HOOK ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	ready(bytes, len);
	return shim_real.pwrite(fd, bytes, len, offset);
}
SHIM_ALIAS(pwrite64, pwrite);
SHIM_ALIAS(__pwrite64, pwrite);

SHIM_HOOK ssize_t writev(int fd, const struct iovec *parts, int count)
{
	shim_hand_over_parts(parts, (size_t)count);
	return shim_real.writev(fd, parts, count);
}

SHIM_HOOK ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
	shim_hand_over_parts(parts, (size_t)count);
	return shim_real.pwritev(fd, parts, count, offset);
}
SHIM_ALIAS(pwritev64, pwritev);

SHIM_HOOK ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags)
{
	shim_hand_over_parts(parts, (size_t)count);
	return shim_real.pwritev2(fd, parts, count, offset, flags);
}
SHIM_ALIAS(pwritev64v2, pwritev2);

SHIM_HOOK ssize_t vmsplice(int fd, const struct iovec *parts, size_t count, unsigned flags)
{
	shim_hand_over_parts(parts, count);
	return shim_real.vmsplice(fd, parts, count, flags);
}

SHIM_HOOK ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	ready(bytes, len);
	return shim_real.send(fd, bytes, len, flags);
}
SHIM_ALIAS(__send, send);

SHIM_HOOK ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to, socklen_t to_len)
{
	ready(bytes, len);
	return shim_real.sendto(fd, bytes, len, flags, to, to_len);
}

SHIM_HOOK ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	shim_hand_over_message(message);
	return shim_real.sendmsg(fd, message, flags);
}

SHIM_HOOK int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	for (unsigned i = 0; shim_lazy_any() && i < count && i < 1024; i++)
		shim_hand_over_message(&messages[i].msg_hdr);
	return shim_real.sendmmsg(fd, messages, count, flags);
}

SHIM_HOOK size_t fwrite(const void *items, size_t size, size_t count, FILE *stream)
{
	size_t len;
	if (shim_lazy_any() && !__builtin_mul_overflow(size, count, &len))
		shim_lazy_ready(items, len);
	return shim_real.fwrite(items, size, count, stream);
}
SHIM_ALIAS(_IO_fwrite, fwrite);

SHIM_HOOK size_t fwrite_unlocked(const void *items, size_t size, size_t count, FILE *stream)
{
	size_t len;
	if (shim_lazy_any() && !__builtin_mul_overflow(size, count, &len))
		shim_lazy_ready(items, len);
	return shim_real.fwrite_unlocked(items, size, count, stream);
}

SHIM_HOOK int mlock(const void *address, size_t len)
{
	ready(address, len);
	return shim_real.mlock(address, len);
}

SHIM_HOOK int mlock2(const void *address, size_t len, unsigned flags)
{
	ready(address, len);
	return shim_real.mlock2(address, len, flags);
}
