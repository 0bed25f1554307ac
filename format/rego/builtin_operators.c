/* Comparison, which is builtins too. */
#include "builtin_family.h"

static const struct rego_value *equal(struct rego_call *call, const struct rego_value *const *args)
{
	return rego_boolean(rego_equal(call->work, args[0], args[1]));
}

static const struct rego_value *not_equal(struct rego_call *call, const struct rego_value *const *args)
{
	return rego_boolean(!rego_equal(call->work, args[0], args[1]));
}

static const struct rego_value *less(struct rego_call *call, const struct rego_value *const *args)
{
	return rego_boolean(rego_compare(call->work, args[0], args[1]) < 0);
}

static const struct rego_value *less_or_equal(struct rego_call *call, const struct rego_value *const *args)
{
	return rego_boolean(rego_compare(call->work, args[0], args[1]) <= 0);
}

static const struct rego_value *greater(struct rego_call *call, const struct rego_value *const *args)
{
	return rego_boolean(rego_compare(call->work, args[0], args[1]) > 0);
}

static const struct rego_value *greater_or_equal(struct rego_call *call, const struct rego_value *const *args)
{
	return rego_boolean(rego_compare(call->work, args[0], args[1]) >= 0);
}

static const struct rego_builtin rows[] = {
	{"eq", 2, REGO_INFIX, equal},
	{"equal", 2, REGO_INFIX, equal},
	{"gt", 2, REGO_INFIX, greater},
	{"gte", 2, REGO_INFIX, greater_or_equal},
	{"lt", 2, REGO_INFIX, less},
	{"lte", 2, REGO_INFIX, less_or_equal},
	{"neq", 2, REGO_INFIX, not_equal},
};
REGO_FAMILY(operators, rows);
