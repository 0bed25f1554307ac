/* What happens when the library is loaded: little. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "input.h"
#include "plain.h"
#include "process.h"
#include "raw.h"
#include "real.h"
#include "recognise.h"
#include "table.h"
#include "hand_on.h"

/* Standard input may be a model (`prog < model`): see input.h. When it is refused the program must not
 * see ciphertext either. */
static void meet_standard_input(void)
{
	struct stat st;
	int refusal;
	if (raw_fstat(STDIN_FILENO, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	struct shim_file *file = shim_lookup(STDIN_FILENO, &refusal);
	if (file != NULL) {
		if (shim_input_uses_stream())
			refusal = shim_plain_replace(file, STDIN_FILENO);
		shim_file_put(file);
	}
	if (refusal == 0)
		return;
	int fd = raw_openat(AT_FDCWD, "/dev/null", O_WRONLY | O_CLOEXEC, 0);
	if (fd > 0)
		raw_dup3(fd, STDIN_FILENO, 0); /* reading it is an error: EBADF */
	else
		raw_close(STDIN_FILENO);
	shim_table_set_unknown(STDIN_FILENO);
	if (fd > 0)
		raw_close(fd);
}

/* Threads may block all signals long before a model is mapped. */
static void keep_signal_open(void)
{
	const char *mode = getenv("CTSHIM_SERVE");
	if (mode == NULL || *mode == '\0' || strcmp(mode, "lazy") == 0)
		shim_fault_keep_open();
}

__attribute__((constructor)) static void start(void)
{
	int saved = errno;
	shim_process_owns();
	shim_real_resolve();
	keep_signal_open();
	meet_standard_input();
	shim_hand_on_resolve();
	errno = saved;
}
