#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "error.h"
#include "say.h"

enum { ENTRIES_MAX = 1000000 };

/* The directories that are being listed, from the innermost out. */
struct level {
	const struct level *above;
	dev_t device;
	ino_t inode;
};

static bool is_model_name(const char *name)
{
	static const char suffix[] = ".safetensors";
	size_t len = strlen(name), tail = sizeof suffix - 1;
	return len > tail && strcmp(name + len - tail, suffix) == 0;
}

static int tell(const char *path, const char *what)
{
	complainf("%s: %s", path, what);
	return -1;
}

/* Takes `name` over. */
static int add(struct tree *tree, char *name, const struct stat *st)
{
	if (tree->count == tree->room) {
		size_t room = tree->room == 0 ? 64 : 2 * tree->room;
		struct tree_entry *grown = realloc(tree->entries, room * sizeof *grown);
		if (grown == NULL) {
			free(name);
			return tell(tree->root, "out of memory");
		}
		tree->entries = grown;
		tree->room = room;
	}
	tree->entries[tree->count++] = (struct tree_entry){
		.name = name,
		.directory = S_ISDIR(st->st_mode),
		.model = S_ISREG(st->st_mode) && (tree->single || is_model_name(name)),
		.mode = st->st_mode & 0777,
		.size = S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0,
		.device = st->st_dev,
		.inode = st->st_ino,
	};
	tree->bytes += tree->entries[tree->count - 1].size;
	if (tree->count > ENTRIES_MAX)
		return tell(tree->root, "more than a million files: is it the right directory?");
	return 0;
}

static int list(struct tree *tree, const char *path, const char *name, const struct stat *st,
		const struct level *above);

/* One name in a directory. */
static int visit(struct tree *tree, const char *directory, const char *below, const char *name,
		 const struct level *level)
{
	struct stat st;
	char *path = NULL, *relative = NULL;
	int status = -1;
	if (asprintf(&path, "%s/%s", directory, name) < 0)
		path = NULL;
	if (asprintf(&relative, "%s%s%s", below, below[0] != '\0' ? "/" : "", name) < 0)
		relative = NULL;
	if (path == NULL || relative == NULL) {
		tell(directory, "out of memory");
		goto out;
	}
	if (stat(path, &st) < 0) {
		bool dangling = errno == ENOENT || errno == ELOOP;
		tell(path, dangling ? "a link that leads nowhere: remove it, or get what it points to"
				    : strerror(errno));
		goto out;
	}
	if (S_ISDIR(st.st_mode)) {
		status = list(tree, path, relative, &st, level);
	} else if (S_ISREG(st.st_mode)) {
		status = add(tree, relative, &st);
		relative = NULL;
	} else {
		tell(path, "neither a file nor a directory: remove it");
	}
out:
	free(path);
	free(relative);
	return status;
}

static int not_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int list(struct tree *tree, const char *path, const char *name, const struct stat *st,
		const struct level *above)
{
	struct level level = {above, st->st_dev, st->st_ino};
	struct dirent **names;
	for (const struct level *l = above; l != NULL; l = l->above)
		if (l->device == st->st_dev && l->inode == st->st_ino)
			return tell(path, "links back to a directory above it: remove the link");
	char *copy = strdup(name);
	if (copy == NULL)
		return tell(path, "out of memory");
	if (add(tree, copy, st) < 0)
		return -1;
	int count = scandir(path, &names, not_dots, by_name);
	if (count < 0)
		return tell(path, strerror(errno));
	int status = 0;
	for (int i = 0; i < count; i++) {
		if (status == 0)
			status = visit(tree, path, name, names[i]->d_name, &level);
		free(names[i]);
	}
	free(names);
	return status;
}

int tree_scan(struct tree *tree, const char *root)
{
	struct stat st;
	*tree = (struct tree){.root = root};
	if (stat(root, &st) < 0)
		return tell(root, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return list(tree, root, "", &st, NULL);
	if (!S_ISREG(st.st_mode))
		return tell(root, "neither a file nor a directory");
	tree->single = true;
	char *name = strdup("");
	return name != NULL ? add(tree, name, &st) : tell(root, "out of memory");
}

void tree_free(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++)
		free(tree->entries[i].name);
	free(tree->entries);
	*tree = (struct tree){0};
}

char *tree_path(const char *base, const struct tree_entry *entry)
{
	char *path = NULL;
	size_t len = strlen(base);
	const char *slash = entry->name[0] == '\0' || (len > 0 && base[len - 1] == '/') ? "" : "/";
	return asprintf(&path, "%s%s%s", base, slash, entry->name) < 0 ? NULL : path;
}
