#include "rego_error.h"

#include <stddef.h>

static const char *const names[] = {
	[REGO_OK] = "ok",
	[REGO_PARSE] = "rego_parse_error",
	[REGO_COMPILE] = "rego_compile_error",
	[REGO_UNSAFE] = "rego_unsafe_var_error",
	[REGO_RECURSION] = "rego_recursion_error",
	[REGO_TYPE] = "rego_type_error",
	[REGO_CONFLICT] = "eval_conflict_error",
	[REGO_EVAL_TYPE] = "eval_type_error",
	[REGO_EVAL_BUILTIN] = "eval_builtin_error",
	[REGO_EVAL] = "eval_internal_error",
	[REGO_JSON] = "json_error",
	[REGO_LIMIT_MEMORY] = "limit_memory",
	[REGO_LIMIT_STEPS] = "limit_steps",
	[REGO_LIMIT_TIME] = "limit_time",
	[REGO_LIMIT_STACK] = "limit_stack",
	[REGO_LIMIT_STRING] = "limit_string",
	[REGO_LIMIT_COLLECTION] = "limit_collection",
	[REGO_LIMIT_NESTING] = "limit_nesting",
	[REGO_LIMIT_NUMBER] = "limit_number",
	[REGO_LIMIT_SOURCE] = "limit_source",
	[REGO_NO_MEMORY] = "no_memory",
};

const char *rego_code_name(enum rego_code code)
{
	return (size_t)code < sizeof names / sizeof *names ? names[code] : "unknown_error";
}
