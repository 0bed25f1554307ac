/* POSIX asynchronous reads, which threads inside libc perform. On an encrypted model they are refused. */
#include <errno.h>

#include "real.h"
#include "recognise.h"
#include "table.h"

/* 0, or the errno with which a read of `fd` is refused. */
static int refused(int fd)
{
	int refusal;
	if (shim_is_plain(fd))
		return 0;
	struct shim_file *file = shim_lookup(fd, &refusal);
	if (file == NULL)
		return refusal;
	shim_file_put(file);
	return ENOSYS;
}

#define AIO_READ(name, control)                                                       \
	SHIM_HOOK int name(struct control *request)                                   \
	{                                                                             \
		int error = refused(request->aio_fildes);                             \
		if (error == 0)                                                       \
			return shim_real.name(request);                               \
		errno = error;                                                        \
		return -1;                                                            \
	}

AIO_READ(aio_read, aiocb)
AIO_READ(aio_read64, aiocb64)

#define LIO_LISTIO(name, control)                                                     \
	SHIM_HOOK int name(int mode, struct control *const requests[], int count,     \
			   struct sigevent *event)                                    \
	{                                                                             \
		int error = 0;                                                        \
		for (int i = 0; i < count && error == 0; i++)                         \
			if (requests[i] != NULL && requests[i]->aio_lio_opcode == LIO_READ) \
				error = refused(requests[i]->aio_fildes);             \
		if (error == 0)                                                       \
			return shim_real.name(mode, requests, count, event);          \
		errno = error;                                                        \
		return -1;                                                            \
	}

LIO_LISTIO(lio_listio, aiocb)
LIO_LISTIO(lio_listio64, aiocb64)
