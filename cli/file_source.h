/* A file on disk as the source of a model's bytes. */
#ifndef CT_FILE_SOURCE_H
#define CT_FILE_SOURCE_H

#include <sys/stat.h>

#include "source.h"

struct file_source {
	int fd;
	struct stat st; /* when it was opened */
	struct ct_source source;
};

/* Open `path`, which must be a regular file. CT_E_IO, or CT_E_ARGUMENT when it is something else.
 * `file` must not move until it is closed. */
int file_source_open(struct file_source *file, const char *path, struct ct_error *err);

/* CT_E_IO when the file was written to since it was opened. */
int file_source_unchanged(const struct file_source *file, struct ct_error *err);

void file_source_close(struct file_source *file);

#endif
