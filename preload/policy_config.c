#include "policy_config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *get(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && *value != '\0' ? value : NULL;
}

static int read_switch(const char *name, bool *on, struct ct_error *err)
{
	const char *value = get(name);
	*on = value != NULL && strcmp(value, "1") == 0;
	if (value != NULL && !*on && strcmp(value, "0") != 0)
		return ct_fail(err, CT_E_ARGUMENT, "%s is '%.40s': use 1 or 0", name, value);
	return 0;
}

int shim_policy_config_read(struct shim_policy_config *config, struct ct_error *err)
{
	*config = (struct shim_policy_config){
		.policy = get("CTSHIM_POLICY"),
		.data = get("CTSHIM_POLICY_DATA"),
		.input = get("CTSHIM_POLICY_INPUT"),
		.env = get("CTSHIM_POLICY_ENV"),
		.environment = get("CTSHIM_ENVIRONMENT"),
		.audit = get("CTSHIM_AUDIT"),
	};
	if (read_switch("CTSHIM_POLICY_HASH", &config->hash, err) < 0
	    || read_switch("CTSHIM_AUDIT_REQUIRED", &config->audit_required, err) < 0)
		return -1;
	if (config->audit_required && config->audit == NULL)
		return ct_fail(err, CT_E_ARGUMENT,
			       "CTSHIM_AUDIT_REQUIRED is 1, but there is no CTSHIM_AUDIT: set it, or unset both");
	return 0;
}
