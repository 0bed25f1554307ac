/* Copying inside the kernel, which would copy ciphertext. Each call is refused with the errno that says
 * "not for this pair of files", on which every caller falls back to reading and writing. */
#include <errno.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <sys/ioctl.h>

#include "raw.h"
#include "real.h"
#include "recognise.h"

#define REFUSE(fd, error)                         \
	do {                                      \
		int answer = shim_refused(fd, error); \
		if (answer != 0) {                \
			errno = answer;           \
			return -1;                \
		}                                 \
	} while (0)

SHIM_HOOK ssize_t sendfile(int out, int in, off_t *offset, size_t len)
{
	REFUSE(in, EINVAL);
	return shim_real.sendfile(out, in, offset, len);
}
SHIM_ALIAS(sendfile64, sendfile);

SHIM_HOOK ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t len,
				  unsigned flags)
{
	REFUSE(in, EXDEV);
	return shim_real.copy_file_range(in, in_at, out, out_at, len, flags);
}

SHIM_HOOK ssize_t splice(int in, off64_t *in_at, int out, off64_t *out_at, size_t len,
			 unsigned flags)
{
	REFUSE(in, EINVAL);
	return shim_real.splice(in, in_at, out, out_at, len, flags);
}

SHIM_HOOK int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	va_start(args, request);
	void *argument = va_arg(args, void *);
	va_end(args);
	if (request == FICLONE)
		REFUSE((int)(intptr_t)argument, EOPNOTSUPP);
	else if (request == FICLONERANGE && raw_is_readable(argument))
		REFUSE((int)((struct file_clone_range *)argument)->src_fd, EOPNOTSUPP);
	return shim_real.ioctl(fd, request, argument);
}
