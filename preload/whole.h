/* What is done with all of a file at once, on several threads and in bounded memory. Failures are logged; results are as
 * of shim_file_read() when opening. */
#ifndef SHIM_WHOLE_H
#define SHIM_WHOLE_H

#include "file.h"

/* Check every tag of the file that `fd` reads, unless that was done before. */
int shim_whole_check(struct shim_file *file, int fd);

/* Write its plaintext to `to`, which nobody may see before that has succeeded. That checks every tag, too. */
int shim_whole_copy(struct shim_file *file, int fd, int to);

#endif
