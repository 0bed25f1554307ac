#include "builtin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "builtin_family.h"

static const struct rego_family *const families[] = {
#define FAMILY(name) &rego_family_##name,
#include "builtin_list.h"
#undef FAMILY
};

static int compare_names(const char *name, size_t len, const char *with)
{
	int order = strncmp(name, with, len);
	return order != 0 ? order : with[len] == '\0' ? 0 : -1;
}

static const struct rego_builtin *find_in(const struct rego_family *family, const char *name, size_t len)
{
	size_t low = 0, high = family->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = compare_names(name, len, family->rows[middle].name);
		if (order == 0)
			return &family->rows[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const struct rego_builtin *rego_builtin_find(const char *name, size_t len)
{
	const struct rego_builtin *found = NULL;
	for (size_t i = 0; found == NULL && i < sizeof families / sizeof *families; i++)
		found = find_in(families[i], name, len);
	return found;
}

static const struct rego_value *fail(struct rego_call *call, const char *format, va_list args)
{
	call->failure = REGO_CALL_BUILTIN;
	vsnprintf(call->message, sizeof call->message, format, args);
	return NULL;
}

const struct rego_value *rego_builtin_failed(struct rego_call *call, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fail(call, format, args);
	va_end(args);
	return NULL;
}

const struct rego_value *rego_wrong_type(struct rego_call *call, unsigned operand, const char *wanted,
					 const struct rego_value *got)
{
	rego_builtin_failed(call, "operand %u must be %s but got %s", operand, wanted, rego_type_name(got->type));
	call->failure = REGO_CALL_TYPE;
	return NULL;
}

const struct rego_value *rego_wrong_element(struct rego_call *call, unsigned operand, const char *container,
					    const char *wanted, const struct rego_value *got)
{
	rego_builtin_failed(call, "operand %u must be %s of %s but got %s containing %s", operand, container, wanted, container,
			    rego_type_name(got->type));
	call->failure = REGO_CALL_TYPE;
	return NULL;
}

bool rego_operand(struct rego_call *call, const struct rego_value *const *args, unsigned operand, enum rego_type type)
{
	const struct rego_value *got = args[operand - 1];
	if (got->type == type)
		return true;
	rego_wrong_type(call, operand, rego_type_name(type), got);
	return false;
}

static bool no_integer(struct rego_call *call, unsigned operand)
{
	rego_builtin_failed(call, "operand %u must be integer number but got floating-point number", operand);
	call->failure = REGO_CALL_TYPE;
	return false;
}

bool rego_operand_integer(struct rego_call *call, const struct rego_value *const *args, unsigned operand)
{
	return rego_operand(call, args, operand, REGO_NUMBER)
	       && (rego_number_is_integer(&args[operand - 1]->number) || no_integer(call, operand));
}

bool rego_operand_big(struct rego_call *call, const struct rego_value *const *args, unsigned operand)
{
	if (args[operand - 1]->type == REGO_NUMBER)
		return rego_operand_integer(call, args, operand);
	rego_wrong_type(call, operand, "integer", args[operand - 1]);
	return false;
}

bool rego_operand_int64(struct rego_call *call, const struct rego_value *const *args, unsigned operand,
			int64_t *integer)
{
	return rego_operand(call, args, operand, REGO_NUMBER)
	       && (rego_number_int64(&args[operand - 1]->number, integer) || no_integer(call, operand));
}
