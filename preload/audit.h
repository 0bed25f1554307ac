/* The record of decisions: one line of JSON for each, in one write, so that many processes can share a file. */
#ifndef SHIM_AUDIT_H
#define SHIM_AUDIT_H

#include "policy_input.h"

struct shim_decision {
	bool allowed;
	const char *by;   /* who denied: "file", "operator", or what could not be read: "configuration" */
	const char *why;  /* of a denial */
	const char *file_policy; /* the text of the file's */
	const struct ct_buffer *operator_policy; /* the texts of the operator's; len 0: there is none */
	int64_t now;
};

/* Write it where config->audit says. -1 with *err (CT_E_POLICY) when the line did not get out whole. */
int shim_audit(const struct shim_policy_open *open, const struct ct_model *model,
	       const struct shim_policy_config *config, const struct shim_decision *decision, struct ct_error *err);

#endif
