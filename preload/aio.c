/* POSIX asynchronous reads, which threads inside libc perform. On an encrypted model they are refused. */
#include <errno.h>

#include "real.h"
#include "recognise.h"

#define AIO_READ(name, control)                                                       \
	SHIM_HOOK int name(struct control *request)                                   \
	{                                                                             \
		int error = shim_refused(request->aio_fildes, ENOSYS);                \
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
				error = shim_refused(requests[i]->aio_fildes, ENOSYS); \
		if (error == 0)                                                       \
			return shim_real.name(mode, requests, count, event);          \
		errno = error;                                                        \
		return -1;                                                            \
	}

LIO_LISTIO(lio_listio, aiocb)
LIO_LISTIO(lio_listio64, aiocb64)
