/* A model on disk: its descriptor and its parsed header. */
#ifndef CT_MODEL_FILE_H
#define CT_MODEL_FILE_H

#include "file_source.h"
#include "journal.h"
#include "model.h"

struct model_file {
	struct file_source file;
	struct ct_model *model;
	struct ct_journal *journal; /* NULL unless an exchange of its keys was interrupted */
};

/* Open `path` and read its header; nothing is verified. When an exchange of its keys was interrupted, the
 * header is the new one, from the journal, and the person is told. `file` must not move until it is closed. */
int model_file_open(struct model_file *file, const char *path, struct ct_error *err);

void model_file_close(struct model_file *file);

#endif
