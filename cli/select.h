/* Which tensors to encrypt: shell patterns on their names. */
#ifndef CT_SELECT_H
#define CT_SELECT_H

#include "header.h"
#include "options.h"

struct selection {
	struct text_list wanted;   /* none: every tensor */
	struct text_list unwanted; /* these not, whatever `wanted` says */
	bool *met;                 /* for each pattern, of both lists in turn: some tensor matched it */
	size_t tensors, taken;     /* seen by selection_note() */
};

/* Is this tensor to be encrypted? For ct_encrypt(): `selection` is a struct selection, read only. */
bool selection_takes(void *selection, const char *tensor);

/* Note what matches in a model's header. -1: CT_E_NOMEM. */
int selection_note(struct selection *selection, const struct ct_header *header, struct ct_error *err);

/* CT_E_ARGUMENT when a pattern matched nothing that was noted, or nothing is left to encrypt. */
int selection_check(const struct selection *selection, struct ct_error *err);

void selection_free(struct selection *selection);

#endif
