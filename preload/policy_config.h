/* The environment variables that concern policies, read when an encrypted model is opened and never before. */
#ifndef SHIM_POLICY_CONFIG_H
#define SHIM_POLICY_CONFIG_H

#include <stdbool.h>

#include "error.h"

/* Strings belong to the environment; NULL: not set, or empty. */
struct shim_policy_config {
	const char *policy;      /* CTSHIM_POLICY: a file, a directory of modules, or a module's text */
	const char *data;        /* CTSHIM_POLICY_DATA: a file, or a JSON object */
	const char *input;       /* CTSHIM_POLICY_INPUT: a file, or a JSON object or array: input.custom */
	const char *env;         /* CTSHIM_POLICY_ENV: names of variables, for input.env */
	const char *environment; /* CTSHIM_ENVIRONMENT: input.environment */
	const char *audit;       /* CTSHIM_AUDIT: a file, "fd:N", "syslog" or "syslog:SOCKET" */
	bool audit_required;     /* CTSHIM_AUDIT_REQUIRED */
	bool hash;               /* CTSHIM_POLICY_HASH: input.process.sha256 whatever the policy's text says */
};

/* CT_E_ARGUMENT names the variable that is not understood. */
int shim_policy_config_read(struct shim_policy_config *config, struct ct_error *err);

#endif
