#include "policy_file.h"

#include <stdlib.h>

#include "json.h"
#include "keyfile.h"
#include "policy.h"
#include "say.h"

enum { POLICY_MAX = 1024 * 1024 };

/* Will it do what its author wants? */
static int check(const char *path, const char *text, size_t len)
{
	struct ct_policy_module module = {.name = path, .text = text, .len = len};
	struct ct_policy_facts facts;
	struct rego_error error;
	char why[800];
	if (ct_policy_compile(&module, &facts, &error) < 0) {
		ct_policy_say(&error, why, sizeof why);
		complainf("%s: correct it, or say --unchecked-policy if it is for another reader", why);
		return -1;
	}
	if (!facts.has_allow)
		complainf("%s: warning: it has no rule %s.allow, so nobody can load the model", path, facts.package);
	else if (facts.v0)
		complainf("%s: warning: it is Rego v0: readers other than ctshim may know v1 only", path);
	return 0;
}

char *policy_file_read(const char *path, bool unchecked)
{
	size_t len;
	struct ct_error err;
	struct ct_buffer json = {0};
	char *text = malloc(POLICY_MAX);
	int status = text != NULL ? read_text(path, text, POLICY_MAX, &len, &err) : ct_fail_nomem(&err);
	if (status == 0) { /* it becomes part of the header's JSON */
		ct_json_put_string(&json, text);
		status = ct_buffer_check(&json, &err);
	}
	if (status == 0)
		status = ct_json_check(json.data, json.len, 0, "policy", &err);
	ct_buffer_free(&json);
	if (status < 0) {
		complain(path, &err);
		free(text);
		return NULL;
	}
	if (!unchecked && check(path, text, len) < 0) {
		free(text);
		return NULL;
	}
	return text;
}
