/* What can go wrong, with a code and a place of its own for each. */
#ifndef REGO_ERROR_H
#define REGO_ERROR_H

enum rego_code {
	REGO_OK,
	/* At compile time. */
	REGO_PARSE,      /* rego_parse_error */
	REGO_COMPILE,    /* rego_compile_error: conflicts, misuse of `with`, shadowed names */
	REGO_UNSAFE,     /* rego_unsafe_var_error */
	REGO_RECURSION,  /* rego_recursion_error */
	REGO_TYPE,       /* rego_type_error: undefined function, arity */
	/* At evaluation. */
	REGO_CONFLICT,     /* eval_conflict_error */
	REGO_EVAL_TYPE,    /* eval_type_error: an operand of the wrong type */
	REGO_EVAL_BUILTIN, /* eval_builtin_error: a builtin that cannot do what it was asked */
	REGO_EVAL,         /* eval_internal_error, and with on what cannot be replaced */
	/* Input and data that are no JSON. */
	REGO_JSON,
	/* Limits: never seen by a policy, never "undefined". */
	REGO_LIMIT_MEMORY,
	REGO_LIMIT_STEPS,
	REGO_LIMIT_TIME,
	REGO_LIMIT_STACK,
	REGO_LIMIT_STRING,
	REGO_LIMIT_COLLECTION,
	REGO_LIMIT_NESTING,
	REGO_LIMIT_NUMBER,
	REGO_LIMIT_SOURCE,
	REGO_NO_MEMORY,
};

struct rego_error {
	enum rego_code code;
	char file[128];        /* as it was given with the module; empty: the query, or nowhere */
	unsigned line, column; /* from 1 on; 0: unknown */
	char message[512];     /* without code and place */
};

/* As Open Policy Agent calls it: "rego_parse_error", "eval_conflict_error", ...; limits: "limit_steps", ... */
const char *rego_code_name(enum rego_code code);

#endif
