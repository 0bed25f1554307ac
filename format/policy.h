/* Access policies: does a set of Rego modules allow loading? This is the one place that decides. Nothing here knows where
 * modules, input and data come from.
 *
 * Thread-safe: no state. */
#ifndef CT_POLICY_H
#define CT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "rego/rego.h"

/* The module that files carry when nobody asked for another one. */
#define CT_POLICY_DEFAULT "package model\nallow = true"

/* Is it that module, white space and comments aside? It allows; nothing needs to be evaluated. */
bool ct_policy_is_default(const char *module);

struct ct_policy_module {
	const char *name; /* for messages; "": there is but one, and no name */
	const char *text; /* Rego, v1 or v0 */
	size_t len;
};

/* What a policy sees. Texts are JSON. */
struct ct_policy_world {
	const char *input; /* NULL: undefined */
	size_t input_len;
	const char *data; /* an object; NULL: {} */
	size_t data_len;
	int64_t now; /* ns since 1970; 0: the clock's */
	const struct ct_crypto *crypto; /* for hashes and signatures; NULL: each call of one makes its own */
};

/* What nobody filled in does not allow. */
enum ct_policy_outcome { CT_POLICY_ERROR, CT_POLICY_DENIES, CT_POLICY_ALLOWS };

struct ct_policy_verdict {
	enum ct_policy_outcome outcome;
	char why[360]; /* unless it allows: "data.model.allow is undefined", "line 3, column 5: rego_parse_error: ..." */
	struct rego_usage usage;
};

/* The modules make one policy. Each package of theirs that defines `allow` must say boolean true; any other result, none
 * that defines it, and any error denies. */
void ct_policy_judge(const struct ct_policy_module *modules, size_t count, const struct ct_policy_world *world,
		     struct ct_policy_verdict *verdict);

/* The same for one module without input and data: 0, or CT_E_POLICY. */
int ct_policy_check(const char *module, struct ct_error *err);

struct ct_policy_facts {
	char package[128]; /* "data.model" */
	bool v0;           /* it is no v1 module, but a v0 one */
	bool has_allow;    /* a rule `allow` in its package */
};

/* Would the text compile? 0 with *facts, or -1 with *error; of a text that is neither v1 nor v0, the error as v1. */
int ct_policy_compile(const struct ct_policy_module *module, struct ct_policy_facts *facts, struct rego_error *error);

/* "FILE, line 3, column 5: rego_parse_error: message", as far as it is known. */
void ct_policy_say(const struct rego_error *error, char *text, size_t room);

#endif
