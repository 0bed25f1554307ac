#include "model_file.h"

#include <string.h>

#include "../preload/config.h"
#include "journal_file.h"
#include "say.h"

/* What a checkout without the large files has in their place. */
static const char lfs[] = "version https://git-lfs";

static bool is_lfs_pointer(const struct ct_source *source)
{
	char start[sizeof lfs - 1];
	struct ct_error unused;
	return source->size > sizeof start
	       && source->read_at(source->context, start, sizeof start, 0, &unused) == 0
	       && memcmp(start, lfs, sizeof start) == 0;
}

static int read_from_journal(struct model_file *file, const char *path, struct ct_error *err)
{
	struct ct_crypto *crypto;
	if (shim_config_crypto(&crypto, err) < 0)
		return -1;
	int status = journal_file_read(&file->journal, crypto, path, &file->file.source, err);
	ct_crypto_free(crypto);
	if (status < 0 || ct_model_read(&file->model, ct_journal_after(file->journal), err) < 0)
		return -1;
	complainf("%s: warning: an exchange of its keys was interrupted: run rewrap again to finish it", path);
	return 0;
}

int model_file_open(struct model_file *file, const char *path, struct ct_error *err)
{
	*file = (struct model_file){.file.fd = -1};
	if (file_source_open(&file->file, path, err) < 0)
		return -1;
	const struct ct_source *source = &file->file.source;
	if (ct_model_read(&file->model, source, err) == 0)
		return 0;
	if (err->code == CT_E_FORMAT && ct_journal_wanted(source)
	    && read_from_journal(file, path, err) == 0)
		return 0;
	if (err->code == CT_E_FORMAT && is_lfs_pointer(source))
		ct_fail(err, CT_E_FORMAT, "a Git LFS pointer, not the file itself: get it with git lfs pull");
	model_file_close(file);
	return -1;
}

void model_file_close(struct model_file *file)
{
	ct_model_free(file->model);
	file->model = NULL;
	ct_journal_free(file->journal);
	file->journal = NULL;
	file_source_close(&file->file);
}
