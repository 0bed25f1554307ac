/* Calls by the versions that older programs were linked with. PROGRAM MODEL: a word for each, "read" when libc
 * took the request, "refused" when not; "none" where libc has no older versions. */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#ifdef __x86_64__

#define OLD(name, version, result, ...) \
	result old_##name(__VA_ARGS__); \
	__asm__(".symver old_" #name "," #name "@GLIBC_" version)

OLD(aio_read, "2.2.5", int, struct aiocb *);
OLD(aio_read64, "2.2.5", int, struct aiocb *);
OLD(lio_listio, "2.2.5", int, int, struct aiocb *const[], int, struct sigevent *);
OLD(lio_listio64, "2.4", int, int, struct aiocb *const[], int, struct sigevent *);

static char bytes[100];

static void say(int result, struct aiocb *request)
{
	const struct aiocb *list[] = {request};
	while (result == 0 && aio_error(request) == EINPROGRESS)
		aio_suspend(list, 1, NULL);
	puts(result == 0 ? "read" : "refused");
}

int main(int argc, char **argv)
{
	int fd = open(argv[argc - 1], O_RDONLY);
	struct aiocb request = {.aio_fildes = fd, .aio_buf = bytes, .aio_nbytes = 100, .aio_lio_opcode = LIO_READ};
	struct aiocb *list[] = {&request};
	say(old_aio_read(&request), &request);
	say(old_aio_read64(&request), &request);
	say(old_lio_listio(LIO_WAIT, list, 1, NULL), &request);
	say(old_lio_listio64(LIO_WAIT, list, 1, NULL), &request);
	return 0;
}

#else

int main(void)
{
	puts("none");
	return 0;
}

#endif
