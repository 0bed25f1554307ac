/* The command asks the policies of a model as a program under the library would: here, now, with this environment. */
#ifndef CT_ASKING_H
#define CT_ASKING_H

#include <stdbool.h>

#include "model.h"

struct asking {
	const char *path; /* of the model */
	const struct ct_crypto *crypto;
	bool audit; /* plaintext comes out: the decision is recorded where CTSHIM_AUDIT says */
};

/* For ct_model_unlock_asking(); `asking` is a struct asking. */
int asking_ask(void *asking, const struct ct_model *model, struct ct_error *err);

/* `path` without links, as policies see it; to be freed. NULL: no memory. */
char *asking_resolve(const char *path);

#endif
