/* What `rewrap` found, would do and did: a line for each file, or an object of a JSON array. */
#ifndef CT_REWRAP_LIST_H
#define CT_REWRAP_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "rewrap.h"

struct rewrap_item {
	char *path;
	dev_t device;
	ino_t inode;
	enum rewrap_action {
		REWRAP_FAILED,   /* `why` tells */
		REWRAP_PLAIN,    /* not encrypted, in a directory: passed over */
		REWRAP_CURRENT,  /* has the new keys already */
		REWRAP_IN_PLACE, /* the header is overwritten */
		REWRAP_COPY,     /* the file is written anew */
	} action;
	bool written;                                 /* it was done, and not only planned */
	bool unfinished;                              /* an interrupted exchange is finished first */
	struct ct_key_name master_from, signer_from, master_to, signer_to; /* owned */
	uint64_t header, spare, size;                 /* bytes */
	struct ct_error why;
};

struct rewrap_list {
	struct rewrap_item *items;
	size_t count;
	bool policy; /* the policy is replaced, too */
};

/* Append a file, `path` being copied; NULL when out of memory, which has been told. */
struct rewrap_item *rewrap_list_add(struct rewrap_list *list, const char *path, dev_t device, ino_t inode);

/* Is this file in the list already, perhaps under another name? */
bool rewrap_list_has(const struct rewrap_list *list, dev_t device, ino_t inode);

/* Note the names in the header that is, and in the one that will be. -1: CT_E_NOMEM. */
int rewrap_item_note(struct rewrap_item *item, const struct ct_model *model, const struct ct_rewrap *rewrap,
		     struct ct_error *err);

/* Say on stdout what was done with one file or, when it was not written, what would be. */
void rewrap_list_say(const struct rewrap_list *list, const struct rewrap_item *item);

/* All of it as JSON on stdout. */
void rewrap_list_json(const struct rewrap_list *list);

void rewrap_list_free(struct rewrap_list *list);

#endif
