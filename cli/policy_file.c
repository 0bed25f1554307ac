#include "policy_file.h"

#include <stdlib.h>

#include "json.h"
#include "keyfile.h"
#include "policy.h"
#include "say.h"

enum { POLICY_MAX = 1024 * 1024 };

char *policy_file_read(const char *path)
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
	if (ct_policy_check(text, &err) < 0) /* it may be meant so, or for another reader */
		complainf("%s: warning: this version will not load the model: %s", path, err.message);
	return text;
}
