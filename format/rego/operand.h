/* What builtins ask of their operands, beyond builtin_family.h. */
#ifndef REGO_OPERAND_H
#define REGO_OPERAND_H

#include "builtin_family.h"

/* NULL with a type error that is not of the form "must be X but got Y". */
const struct rego_value *rego_type_failed(struct rego_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* For "%.*s" in messages: the first bytes of a string, cut between characters. */
#define REGO_SHOWN(value) rego_shown_length(value), (value)->string.bytes
int rego_shown_length(const struct rego_value *string);

static inline bool rego_is_list(const struct rego_value *value)
{
	return value->type == REGO_ARRAY || value->type == REGO_SET;
}

#endif
