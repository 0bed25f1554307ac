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
