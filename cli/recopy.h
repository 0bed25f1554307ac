/* A file written anew with another header and the same data behind it. */
#ifndef CT_RECOPY_H
#define CT_RECOPY_H

#include "buffer.h"
#include "file_source.h"
#include "source.h"

/* Put a file in the place of `path` (resolved, open as `file`) that begins with `head` and goes on with `file`'s
 * bytes from `data` on. Mode, owner and extended attributes are kept as far as the caller may set them. Where
 * the file system can share data between files, none is copied. What has the old file open keeps it. */
int recopy(const char *path, struct file_source *file, uint64_t data, const struct ct_buffer *head,
	   const struct ct_progress *progress, struct ct_error *err);

#endif
