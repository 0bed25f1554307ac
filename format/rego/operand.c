#include "operand.h"

#include <stdarg.h>
#include <stdio.h>

const struct rego_value *rego_type_failed(struct rego_call *call, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(call->message, sizeof call->message, format, args);
	va_end(args);
	call->failure = REGO_CALL_TYPE;
	return NULL;
}

bool rego_wants_integer(struct rego_call *call, const struct rego_value *const *args, unsigned operand,
			int64_t *integer)
{
	if (!rego_wants(call, args, operand, REGO_NUMBER))
		return false;
	const struct rego_number *number = &args[operand - 1]->number;
	if (rego_number_int64(number, integer))
		return true;
	if (rego_number_is_integer(number))
		rego_type_failed(call, "operand %u must be a number that fits 64 bits", operand);
	else
		rego_type_failed(call, "operand %u must be integer number but got floating-point number", operand);
	return false;
}

int rego_shown_length(const struct rego_value *string)
{
	size_t len = string->string.len;
	if (len > 200) {
		len = 200;
		while (len && (string->string.bytes[len] & 0xc0) == 0x80)
			len--;
	}
	return (int)len;
}
