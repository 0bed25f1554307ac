/* Rego, the policy language of Open Policy Agent, in C: the public header. Everything else in this folder is the engine's
 * own. It could be lifted out: it needs libc, and the hashes of ../../crypto for crypto.*.
 *
 * There is no global state: an engine belongs to one thread at a time, different engines to different threads. Nothing is
 * printed, no file opened, no variable of the environment read, no signal, locale or thread touched. */
#ifndef REGO_H
#define REGO_H

#include "rego_error.h"
#include "work.h"

enum rego_version { REGO_V1, REGO_V0, REGO_V1_OR_V0 /* as v1, and where that does not parse as v0 */ };

/* What a program that embeds the engine may want to change; see work.h. */
extern const struct rego_limits rego_default_limits;

struct rego;

/* An engine with no module, data {} and no input. NULL: no memory. `limits` NULL: the default ones. */
struct rego *rego_new(const struct rego_limits *limits);
void rego_free(struct rego *rego); /* NULL is allowed */

/* Add a module. `file` is for messages. 0, or -1 with *error (REGO_PARSE, REGO_LIMIT_SOURCE, ...). */
int rego_add_module(struct rego *rego, const char *file, const char *text, size_t len, enum rego_version version,
		    struct rego_error *error);

/* The package of the module that was added last, as a reference: "data.model". */
const char *rego_package(const struct rego *rego);

/* All modules are there: rule tree, safety, recursion, arity. Called once; evaluation compiles if nobody did. */
int rego_compile(struct rego *rego, struct rego_error *error);

/* JSON texts; `data` is an object. Input that was never set is undefined. Either may be set anew between evaluations.
 * rego_set_input_term() reads a ground Rego term. */
int rego_set_data(struct rego *rego, const char *json, size_t len, struct rego_error *error);
int rego_set_input(struct rego *rego, const char *json, size_t len, struct rego_error *error);
int rego_set_input_term(struct rego *rego, const char *term, size_t len, struct rego_error *error);

/* Errors of builtins end the evaluation (true, the default), or make the call undefined, as OPA does unasked. */
void rego_set_strict(struct rego *rego, bool strict);

/* The time that time.now_ns() tells: ns since 1970; 0: the clock's. */
void rego_set_now(struct rego *rego, int64_t now);

/* What crypto.* and io.jwt.* compute with; it must outlive the engine. Without it each of their calls makes one of its own. */
struct ct_crypto;
void rego_set_crypto(struct rego *rego, const struct ct_crypto *crypto);

/* Evaluate the rule that a reference names, as "data.model.allow". *json becomes the value's JSON, which belongs to the
 * engine until its next call, or NULL when it is undefined. -1 with *error. */
int rego_eval_rule(struct rego *rego, const char *reference, const char **json, struct rego_error *error);

/* Evaluate a query (v1). *json becomes an array with an object for each result: "bindings" (an object, variables by name)
 * and "expressions" (the values of its expressions); [] when it is undefined. */
int rego_eval_query(struct rego *rego, const char *query, size_t len, const char **json, struct rego_error *error);

/* The answer to a yes-or-no question, without any JSON: is the rule boolean true? *undefined (may be NULL) tells undefined from
 * another value. */
int rego_allows(struct rego *rego, const char *reference, bool *allows, bool *undefined, struct rego_error *error);

/* Names of rules ("data.a.test_x"), in the order of their modules, for test runners; NULL after the last. After compiling. */
const char *rego_rule_name(struct rego *rego, size_t i);

/* What the last call used, for `explain` and measurements. */
struct rego_usage {
	size_t memory;
	uint64_t steps;
	unsigned frames;
};
struct rego_usage rego_last_usage(const struct rego *rego);

#endif
