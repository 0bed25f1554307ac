/* The files below a directory, or one file alone. Links are followed: each file appears under the
 * name by which it is reached. */
#ifndef CT_TREE_H
#define CT_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct tree_entry {
	char *name;     /* relative to the root; "" for the root itself */
	bool directory; /* else a regular file */
	bool model;     /* named *.safetensors, or the root, a file */
	mode_t mode;
	uint64_t size;
	dev_t device;
	ino_t inode;
};

struct tree {
	const char *root;
	bool single; /* the root is a file: it is the only entry */
	struct tree_entry *entries; /* by name, a directory before what it holds */
	size_t count, room;
	uint64_t bytes; /* sizes of all files */
};

/* List `root`, which must live on. Tells the person what is wrong (a dangling link, a directory that
 * links back above itself, something that is no file) and returns -1. The caller frees the tree in each
 * case. */
int tree_scan(struct tree *tree, const char *root);

void tree_free(struct tree *tree);

/* The entry's place below `base`, which stands for the root; NULL when out of memory. The caller
 * frees it. */
char *tree_path(const char *base, const struct tree_entry *entry);

#endif
