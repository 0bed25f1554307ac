#include "asking.h"

#include <stdlib.h>
#include <string.h>

#include "../preload/policy_ask.h"
#include "say.h"

static void tell(const char *path, const char *message)
{
	complainf("%s: warning: %s", path, message);
}

char *asking_resolve(const char *path)
{
	char *resolved = realpath(path, NULL);
	return resolved != NULL ? resolved : strdup(path);
}

int asking_ask(void *context, const struct ct_model *model, struct ct_error *err)
{
	const struct asking *asking = context;
	char *path = asking_resolve(asking->path);
	if (path == NULL)
		return ct_fail_nomem(err);
	struct shim_policy_open open = {
		.path = path, .crypto = asking->crypto, .audit = asking->audit, .complain = tell};
	int status = shim_policy_ask(&open, model, err);
	free(path);
	return status;
}
