/* What the operator brings along: a policy of his own, data, and input. All of it is read anew for each decision, so
 * that what he changes counts from the next open on. */
#ifndef SHIM_POLICY_TEXTS_H
#define SHIM_POLICY_TEXTS_H

#include "policy.h"
#include "buffer.h"
#include "policy_config.h"

struct shim_policy_texts {
	struct ct_policy_module *modules; /* by name; none: there is no policy of the operator's */
	size_t count;
	struct ct_buffer all;  /* the texts of all modules, one behind the other */
	struct ct_buffer data; /* JSON; len 0: none */
	struct ct_buffer input;
};

/* CT_E_POLICY names the variable and what is wrong with it. The caller clears *texts, also after a failure. */
int shim_policy_texts_read(struct shim_policy_texts *texts, const struct shim_policy_config *config, struct ct_error *err);

void shim_policy_texts_clear(struct shim_policy_texts *texts);

#endif
