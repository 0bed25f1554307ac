/* A directory that is written: a new one is built under a temporary name and appears whole; one that
 * is there already gets its files one by one. */
#ifndef CT_OUT_TREE_H
#define CT_OUT_TREE_H

#include <stdbool.h>

#include "error.h"
#include "tree.h"

struct out_tree {
	char *path; /* where it will be */
	char *base; /* where files are written: a temporary directory, or path */
	bool temporary;
};

/* May the directory `path` be written? CT_E_ARGUMENT when it exists and `into_existing` is not given,
 * or is no directory. */
int out_tree_check(const char *path, bool into_existing, struct ct_error *err);

/* Begin the directory `path`, which was checked. */
int out_tree_begin(struct out_tree *out, const char *path, bool into_existing, struct ct_error *err);

/* Make the directory of `entry`; that it is there already is well in an existing one. */
int out_tree_directory(struct out_tree *out, const struct tree_entry *entry, struct ct_error *err);

/* Give the directories that were made the modes of those in `tree`, bring all to disk, put it in place.
 * Ends the output also when it fails. */
int out_tree_finish(struct out_tree *out, const struct tree *tree, struct ct_error *err);

/* Remove what was built; what was written into an existing directory stays. */
void out_tree_discard(struct out_tree *out);

#endif
