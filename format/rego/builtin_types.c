/* What a value is, and what tells policies apart from programs. */
#include <string.h>

#include "builtin_family.h"
#include "operand.h"

static const struct rego_value *is_null(REGO_OPERANDS)
{
	(void)call;
	return rego_boolean(args[0]->type == REGO_NULL);
}

static const struct rego_value *is_boolean(REGO_OPERANDS)
{
	(void)call;
	return rego_boolean(args[0]->type == REGO_BOOLEAN);
}

static const struct rego_value *is_number(REGO_OPERANDS)
{
	(void)call;
	return rego_boolean(args[0]->type == REGO_NUMBER);
}

static const struct rego_value *is_string(REGO_OPERANDS)
{
	(void)call;
	return rego_boolean(args[0]->type == REGO_STRING);
}

static const struct rego_value *is_array(REGO_OPERANDS)
{
	(void)call;
	return rego_boolean(args[0]->type == REGO_ARRAY);
}

static const struct rego_value *is_object(REGO_OPERANDS)
{
	(void)call;
	return rego_boolean(args[0]->type == REGO_OBJECT);
}

static const struct rego_value *is_set(REGO_OPERANDS)
{
	(void)call;
	return rego_boolean(args[0]->type == REGO_SET);
}

static const struct rego_value *type_name(REGO_OPERANDS)
{
	return rego_text(call->work, rego_type_name(args[0]->type));
}

static const struct rego_value *same(REGO_OPERANDS, enum rego_type type)
{
	return rego_operand(call, args, 1, type) ? args[0] : NULL;
}

static const struct rego_value *cast_null(REGO_OPERANDS)
{
	return same(call, args, REGO_NULL);
}

static const struct rego_value *cast_boolean(REGO_OPERANDS)
{
	return same(call, args, REGO_BOOLEAN);
}

static const struct rego_value *cast_string(REGO_OPERANDS)
{
	return same(call, args, REGO_STRING);
}

static const struct rego_value *cast_object(REGO_OPERANDS)
{
	return same(call, args, REGO_OBJECT);
}

static const struct rego_value **copy_items(REGO_OPERANDS)
{
	if (!rego_is_list(args[0])) {
		rego_wrong_type(call, 1, "one of {array, set}", args[0]);
		return NULL;
	}
	const struct rego_value **items = rego_alloc_array(call->work, args[0]->list.count, sizeof *items);
	if (items != NULL && args[0]->list.count != 0)
		memcpy(items, args[0]->list.items, args[0]->list.count * sizeof *items);
	return items;
}

static const struct rego_value *cast_array(REGO_OPERANDS)
{
	const struct rego_value **items = copy_items(call, args);
	return items != NULL ? rego_array(call->work, items, args[0]->list.count) : NULL;
}

static const struct rego_value *cast_set(REGO_OPERANDS)
{
	const struct rego_value **items = copy_items(call, args);
	return items != NULL ? rego_set(call->work, items, args[0]->list.count) : NULL;
}

/* Nobody listens to what a policy has to say. */
static const struct rego_value *trace(REGO_OPERANDS)
{
	return rego_operand(call, args, 1, REGO_STRING) ? &rego_true : NULL;
}

static const struct rego_value *print(REGO_OPERANDS)
{
	(void)call;
	(void)args;
	return &rego_true;
}

static const struct rego_value *runtime(REGO_OPERANDS)
{
	(void)args;
	const struct rego_environment *environment = call->environment;
	return environment != NULL && environment->config != NULL ? environment->config : &rego_empty_object;
}

static const struct rego_builtin rows[] = {
	{"cast_array", 1, REGO_DEPRECATED, cast_array},
	{"cast_boolean", 1, REGO_DEPRECATED, cast_boolean},
	{"cast_null", 1, REGO_DEPRECATED, cast_null},
	{"cast_object", 1, REGO_DEPRECATED, cast_object},
	{"cast_set", 1, REGO_DEPRECATED, cast_set},
	{"cast_string", 1, REGO_DEPRECATED, cast_string},
	{"internal.print", 1, 0, print},
	{"is_array", 1, 0, is_array},
	{"is_boolean", 1, 0, is_boolean},
	{"is_null", 1, 0, is_null},
	{"is_number", 1, 0, is_number},
	{"is_object", 1, 0, is_object},
	{"is_set", 1, 0, is_set},
	{"is_string", 1, 0, is_string},
	{"opa.runtime", 0, 0, runtime},
	{"trace", 1, 0, trace},
	{"type_name", 1, 0, type_name},
};
REGO_FAMILY(types, rows);
