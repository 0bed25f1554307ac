#include "model_file.h"

#include <string.h>

/* What a checkout without the large files has in their place. */
static const char lfs[] = "version https://git-lfs";

int model_file_open(struct model_file *file, const char *path, struct ct_error *err)
{
	char start[sizeof lfs - 1];
	struct ct_error unused;
	file->model = NULL;
	if (file_source_open(&file->file, path, err) < 0)
		return -1;
	const struct ct_source *source = &file->file.source;
	if (ct_model_read(&file->model, source, err) == 0)
		return 0;
	if (err->code == CT_E_FORMAT && source->size > sizeof start
	    && source->read_at(source->context, start, sizeof start, 0, &unused) == 0
	    && memcmp(start, lfs, sizeof start) == 0)
		ct_fail(err, CT_E_FORMAT, "a Git LFS pointer, not the file itself: get it with git lfs pull");
	file_source_close(&file->file);
	return -1;
}

void model_file_close(struct model_file *file)
{
	ct_model_free(file->model);
	file->model = NULL;
	file_source_close(&file->file);
}
