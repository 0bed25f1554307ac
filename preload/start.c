/* What happens when the library is loaded: little. */
#include <errno.h>
#include <stddef.h>

#include "process.h"
#include "plain.h"
#include "raw.h"
#include "real.h"

/* Standard input may be a model (`prog < model`), and stdio reads it without asking anybody: it is
 * exchanged for plaintext now. When that is refused the program must not see ciphertext either. */
static void exchange_standard_input(void)
{
	struct stat st;
	if (raw_fstat(0, &st) != 0 || !S_ISREG(st.st_mode) || shim_plain_for_stdio(0) == 0)
		return;
	int fd = raw_openat(AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC, 0);
	if (fd > 0)
		raw_dup3(fd, 0, 0); /* reading it is an error: EBADF */
	else
		raw_close(0);
	if (fd > 0)
		raw_close(fd);
}

__attribute__((constructor)) static void start(void)
{
	int saved = errno;
	shim_process_owns();
	shim_real_resolve();
	exchange_standard_input();
	errno = saved;
}
