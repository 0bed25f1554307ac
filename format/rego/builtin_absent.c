/* Builtins that need what a policy may not have here, the network. They are known, so that policies compile and `with` can
 * put a stand-in in their place; called as they are, they fail. */
#include "operand.h"

static const struct rego_value *absent(struct rego_call *call, const struct rego_value *const *args)
{
	(void)args;
	return rego_builtin_failed(call, "policies have no network here");
}

static const struct rego_builtin rows[] = {
	{"http.send", 1, REGO_UNSTABLE, absent},
	{"net.lookup_ip_addr", 1, REGO_UNSTABLE, absent},
};

REGO_FAMILY(absent, rows);
