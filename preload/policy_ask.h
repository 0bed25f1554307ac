/* May this model be loaded, here and now? The file's policy and the operator's must both say so. */
#ifndef SHIM_POLICY_ASK_H
#define SHIM_POLICY_ASK_H

#include "policy.h"
#include "policy_input.h"
#include "policy_texts.h"

/* Is there nothing to ask, and nothing to record? The usual case. */
bool shim_policy_is_idle(const struct shim_policy_config *config, const struct ct_model *model);

/* Ask both, and record the decision. 0, or -1 with *err: CT_E_POLICY, or CT_E_ARGUMENT for a variable that is not
 * understood. Costs a look at the environment where it is idle. Needs some 160 KiB of stack. */
int shim_policy_ask(const struct shim_policy_open *open, const struct ct_model *model, struct ct_error *err);

/* The same on a stack of the shim's own, unless it is idle. Signals should be blocked. */
int shim_policy_ask_on_stack(const struct shim_policy_open *open, const struct ct_model *model, struct ct_error *err);

/* All that is found out on the way, for those who want to know why. */
struct shim_policy_report {
	struct shim_policy_texts texts;
	struct ct_buffer input; /* JSON; len 0 when nobody asked for it */
	struct ct_policy_verdict file, operators;
	bool is_default, has_operator;
	int64_t now;
};

/* Ask without recording. `input`: JSON that takes the place of what would be collected; NULL: collect, and all of it if
 * `all`. -1 with *err when texts or input cannot be had, which denies; else look at the verdicts. The caller clears the
 * report, also after a failure. */
int shim_policy_report(struct shim_policy_report *report, const struct shim_policy_open *open,
		       const struct ct_model *model, const struct shim_policy_config *config, const char *input, bool all,
		       struct ct_error *err);

void shim_policy_report_clear(struct shim_policy_report *report);

#endif
