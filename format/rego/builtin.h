/* Builtin functions: one table, in which the compiler looks up arity and the evaluator what to call. */
#ifndef REGO_BUILTIN_H
#define REGO_BUILTIN_H

#include "value.h"

enum rego_builtin_flag {
	REGO_RELATION = 1,   /* returns an array of results, each of which is one result (walk) */
	REGO_DEPRECATED = 2, /* unknown in v1, known in v0 */
	REGO_UNSTABLE = 4,   /* depends on more than its operands: rand.intn, time.now_ns, uuid.rfc4122 */
	REGO_INFIX = 8,      /* also an operator: plus, minus, equal, internal.member_2 ... */
};

/* One call. */
struct rego_call {
	struct rego_work *work;
	const struct rego_builtin *builtin;
	struct rego_environment *environment; /* one for an evaluation */
	enum { REGO_CALL_GOOD, REGO_CALL_TYPE, REGO_CALL_BUILTIN } failure;
	char message[512]; /* of a failure: "operand 1 must be string but got number" */
};

struct ct_crypto;

/* What builtins know of the world: the same for all calls of one evaluation. */
struct rego_environment {
	int64_t now;                     /* ns since 1970, read once */
	uint8_t seed[16];                /* for rand.intn and uuid.rfc4122, drawn once */
	struct rego_memory *memory;      /* what they returned before: builtin_random.c's own */
	const struct rego_value *config; /* opa.runtime(): an object */
	const struct ct_crypto *crypto;  /* for hashes and signatures; NULL: each call that needs one makes its own */
};

/* `args` are defined and as many as the arity says. NULL: undefined, or call->failure is set, or the work has failed; the
 * evaluator tells them apart. A failure is undefined for a policy unless evaluation is strict. */
typedef const struct rego_value *rego_function(struct rego_call *call, const struct rego_value *const *args);

struct rego_builtin {
	const char *name; /* "net.cidr_contains"; operators: "plus" */
	unsigned arity;
	unsigned flags;
	rego_function *function;
};

/* NULL: there is none. */
const struct rego_builtin *rego_builtin_find(const char *name, size_t len);

/* For functions: each returns NULL. Operands count from 1. rego_wrong_type() words it as OPA does: "operand 2 must be
 * one of {string, array} but got number"; `wanted` is what stands after "must be ". */
const struct rego_value *rego_wrong_type(struct rego_call *call, unsigned operand, const char *wanted,
					 const struct rego_value *got);
const struct rego_value *rego_builtin_failed(struct rego_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
