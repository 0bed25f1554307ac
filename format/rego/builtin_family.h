/* Families of builtins, and what their files share. */
#ifndef REGO_BUILTIN_FAMILY_H
#define REGO_BUILTIN_FAMILY_H

#include "builtin.h"

/* Rows are sorted by name (bytes). */
struct rego_family {
	const struct rego_builtin *rows;
	size_t count;
};

#define REGO_FAMILY(name, rows) const struct rego_family rego_family_##name = {rows, sizeof(rows) / sizeof *(rows)}

#define FAMILY(name) extern const struct rego_family rego_family_##name;
#include "builtin_list.h"
#undef FAMILY

/* What every builtin takes. */
#define REGO_OPERANDS struct rego_call *call, const struct rego_value *const *args

/* Is an operand of the type? False: the failure is noted, worded as rego_wrong_type() does. */
bool rego_operand(struct rego_call *call, const struct rego_value *const *args, unsigned operand, enum rego_type type);

/* Is an operand an integer? False: the failure is noted. rego_operand_int64() fails on what does not fit too, with the same
 * words; rego_operand_big() says "must be integer" of what is no number. */
bool rego_operand_integer(struct rego_call *call, const struct rego_value *const *args, unsigned operand);
bool rego_operand_big(struct rego_call *call, const struct rego_value *const *args, unsigned operand);
bool rego_operand_int64(struct rego_call *call, const struct rego_value *const *args, unsigned operand,
			int64_t *integer);

/* "operand 1 must be array of strings but got array containing number" */
const struct rego_value *rego_wrong_element(struct rego_call *call, unsigned operand, const char *container,
					    const char *wanted, const struct rego_value *got);

#endif
