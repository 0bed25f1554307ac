#include "places.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

bool same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Is the file or directory at `path` an entry of the tree? */
static bool is_entry(const struct tree *tree, const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0)
		return false;
	for (size_t i = 0; i < tree->count; i++)
		if (tree->entries[i].device == st.st_dev && tree->entries[i].inode == st.st_ino)
			return true;
	return false;
}

/* `out`, or the directory it is to be made in, and everything above that: none is in the tree. */
static int check_above(const struct tree *tree, const char *out, struct ct_error *err)
{
	int status = -1;
	char *copy = strdup(out), *path = NULL;
	if (copy == NULL)
		return ct_fail_nomem(err);
	path = realpath(out, NULL);
	if (path == NULL)
		path = realpath(dirname(copy), NULL);
	free(copy);
	if (path == NULL) {
		ct_fail(err, CT_E_ARGUMENT, "the directory it is to be in does not exist: make it first");
		return -1;
	}
	for (;;) {
		if (is_entry(tree, path)) {
			ct_fail(err, CT_E_ARGUMENT,
				"is what is read, or lies inside it: name another place");
			goto out;
		}
		char *slash = strrchr(path, '/');
		if (slash == NULL || path[1] == '\0')
			break;
		slash[slash == path ? 1 : 0] = '\0';
	}
	status = 0;
out:
	free(path);
	return status;
}

int places_check(const struct tree *tree, const char *out, const char *const *others, size_t count,
		 struct ct_error *err)
{
	if (check_above(tree, out, err) < 0)
		return -1;
	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_entry *entry = &tree->entries[i];
		int status = 0;
		if (entry->directory)
			continue;
		char *path = tree_path(out, entry);
		if (path == NULL)
			return ct_fail_nomem(err);
		if (is_entry(tree, path))
			status = ct_fail(err, CT_E_ARGUMENT, "%.300s would be overwritten while it is read: "
					 "name another place", path);
		for (size_t j = 0; j < count && status == 0; j++)
			if (others[j] != NULL && same_file(others[j], path))
				status = ct_fail(err, CT_E_ARGUMENT, "%.300s would be overwritten: "
						 "name another place", others[j]);
		free(path);
		if (status < 0)
			return -1;
	}
	return 0;
}
