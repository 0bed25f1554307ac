/* Small files, read without the shim's own hooks. */
#ifndef SHIM_WHOLE_FILE_H
#define SHIM_WHOLE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer.h"

/* Append all of the file to `text`, NUL behind it. 0, or -errno; -EFBIG when it has more than `most` bytes. */
int shim_file_slurp(const char *path, size_t most, struct ct_buffer *text);

/* Where a link leads; false when it cannot be read. */
bool shim_link_read(const char *path, char *target, size_t room);

#endif
