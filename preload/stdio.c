/* stdio streams. glibc reads them with system calls of its own, so the descriptor below a stream is
 * exchanged for plaintext before the stream reads its first byte. */
#include <errno.h>

#include "input.h"
#include "plain.h"
#include "raw.h"
#include "real.h"
#include "table.h"

static FILE *opened(FILE *stream)
{
	if (stream == NULL)
		return NULL;
	int saved = errno, fd = fileno(stream);
	/* The number may have served another file before; nobody told us that it was closed. A tracked one is
	 * compared with its file anyway. */
	shim_table_forget_plain(fd);
	int refusal = fd >= 0 ? shim_plain_for_stdio(fd) : 0;
	if (refusal != 0) {
		fclose(stream);
		errno = refusal;
		return NULL;
	}
	shim_table_forget_plain(fd); /* fclose() will not tell us either */
	errno = saved;
	return stream;
}

SHIM_HOOK FILE *fopen(const char *path, const char *mode)
{
	return opened(shim_real.fopen(path, mode));
}
SHIM_ALIAS(fopen64, fopen);
SHIM_ALIAS(_IO_fopen, fopen);

SHIM_HOOK FILE *fdopen(int fd, const char *mode)
{
	int saved = errno, refusal = shim_plain_for_stdio(fd);
	if (refusal != 0) {
		errno = refusal;
		return NULL;
	}
	errno = saved;
	FILE *stream = shim_real.fdopen(fd, mode);
	if (stream != NULL)
		shim_table_forget_plain(fd); /* fclose() will not tell us */
	return stream;
}
SHIM_ALIAS(_IO_fdopen, fdopen);

/* libc gives the reopened stream the number that it had. */
static void reopening(const FILE *stream)
{
	if (stream == stdin)
		shim_input_keep_stream(false);
}

SHIM_HOOK FILE *freopen(const char *path, const char *mode, FILE *stream)
{
	reopening(stream);
	return opened(shim_real.freopen(path, mode, stream));
}
SHIM_ALIAS(freopen64, freopen);
