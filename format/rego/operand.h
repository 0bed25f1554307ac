/* What builtins ask of their operands; failures are worded as OPA words them. Operands count from 1. */
#ifndef REGO_OPERAND_H
#define REGO_OPERAND_H

#include "builtin.h"

/* Is the operand of this type? If not, the call has failed. */
static inline bool rego_wants(struct rego_call *call, const struct rego_value *const *args, unsigned operand,
			      enum rego_type type)
{
	if (args[operand - 1]->type == type)
		return true;
	rego_wrong_type(call, operand, rego_type_name(type), args[operand - 1]);
	return false;
}

/* NULL with a type error that is not of the form "must be X but got Y". */
const struct rego_value *rego_type_failed(struct rego_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* An integer that fits; if not, the call has failed. */
bool rego_wants_integer(struct rego_call *call, const struct rego_value *const *args, unsigned operand,
			int64_t *integer);

/* For messages: the first bytes of a string, cut between characters. */
#define REGO_SHOWN(value) rego_shown_length(value), (value)->string.bytes
int rego_shown_length(const struct rego_value *string);

/* Members of an array or a set. */
static inline bool rego_is_list(const struct rego_value *value)
{
	return value->type == REGO_ARRAY || value->type == REGO_SET;
}

#endif
