#include "out_tree.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"

int out_tree_check(const char *path, bool into_existing, struct ct_error *err)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return 0;
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return ct_fail(err, CT_E_ARGUMENT, "is no directory: name another place");
	if (!into_existing)
		return ct_fail(err, CT_E_ARGUMENT, "exists already: use --force to replace files in it");
	return 0;
}

int out_tree_begin(struct out_tree *out, const char *path, bool into_existing, struct ct_error *err)
{
	struct stat st;
	bool exists = into_existing && stat(path, &st) == 0;
	*out = (struct out_tree){0};
	out->path = strdup(path);
	out->base = exists ? strdup(path) : temporary_name(path);
	if (out->path == NULL || out->base == NULL) {
		ct_fail_nomem(err);
		goto fail;
	}
	if (exists)
		return 0;
	if (mkdtemp(out->base) == NULL) {
		ct_fail_sys(err, errno, "cannot create it");
		goto fail;
	}
	out->temporary = true;
	return 0;
fail:
	out_tree_discard(out);
	return -1;
}

int out_tree_directory(struct out_tree *out, const struct tree_entry *entry, struct ct_error *err)
{
	struct stat st;
	int status = 0;
	if (entry->name[0] == '\0')
		return 0; /* the root is there */
	char *path = tree_path(out->base, entry);
	if (path == NULL)
		return ct_fail_nomem(err);
	/* Its own mode comes last: until then it is ours to write to. */
	if (mkdir(path, out->temporary ? 0700 : entry->mode | 0700) < 0
	    && (errno != EEXIST || stat(path, &st) < 0 || !S_ISDIR(st.st_mode)))
		status = ct_fail_sys(err, errno, "cannot make directory %.200s", entry->name);
	free(path);
	return status;
}

/* From the innermost out, so that no directory is closed before what it holds is done. */
static int finish_directories(const struct out_tree *out, const struct tree *tree, struct ct_error *err)
{
	for (size_t i = tree->count; i-- > 0;) {
		int status;
		if (!tree->entries[i].directory)
			continue;
		char *path = tree_path(out->base, &tree->entries[i]);
		if (path == NULL)
			return ct_fail_nomem(err);
		status = sync_directory(path, err);
		if (status == 0 && out->temporary && chmod(path, tree->entries[i].mode) < 0)
			status = ct_fail_sys(err, errno, "cannot set the mode of %.200s", path);
		free(path);
		if (status < 0)
			return -1;
	}
	return 0;
}

int out_tree_finish(struct out_tree *out, const struct tree *tree, struct ct_error *err)
{
	int status = finish_directories(out, tree, err);
	if (status == 0 && out->temporary) {
		status = put_in_place(out->base, out->path, false, err);
		if (status == 0)
			out->temporary = false;
	}
	out_tree_discard(out);
	return status;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_D) { /* on the way down: make it ours to empty */
		chmod(path, 0700);
		return 0;
	}
	remove(path);
	return 0;
}

void out_tree_discard(struct out_tree *out)
{
	if (out->temporary) {
		nftw(out->base, remove_one, 16, FTW_PHYS);             /* opens and empties directories */
		nftw(out->base, remove_one, 16, FTW_PHYS | FTW_DEPTH); /* removes them */
	}
	free(out->path);
	free(out->base);
	*out = (struct out_tree){0};
}
