#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct ct_error *err, enum ct_code code, int sys, const char *format, va_list args)
{
	err->code = code;
	err->sys = sys;
	vsnprintf(err->message, sizeof err->message, format, args);
	/* Names come out of files that anyone can write; they must not steer a terminal. */
	for (char *p = err->message; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
}

int ct_fail(struct ct_error *err, enum ct_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fill(err, code, 0, format, args);
	va_end(args);
	return -1;
}

int ct_fail_sys(struct ct_error *err, int sys, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fill(err, CT_E_IO, sys, format, args);
	va_end(args);
	size_t used = strlen(err->message);
	char text[96];
	const char *told = strerror_r(sys, text, sizeof text);
	snprintf(err->message + used, sizeof err->message - used, ": %s", told);
	return -1;
}

int ct_fail_nomem(struct ct_error *err)
{
	return ct_fail(err, CT_E_NOMEM, "out of memory: free some, or raise the process's limit");
}

int ct_error_errno(const struct ct_error *err, int at_read)
{
	switch (err->code) {
	case CT_OK:
		return 0;
	case CT_E_NOMEM:
		return ENOMEM;
	case CT_E_KEY:
	case CT_E_POLICY:
		return EACCES;
	case CT_E_IO:
		return err->sys != 0 ? err->sys : EIO;
	case CT_E_ARGUMENT:
		return EINVAL;
	case CT_E_STOPPED:
		return EINTR;
	case CT_E_FORMAT:
	case CT_E_SIGNATURE:
	case CT_E_AUTH:
	case CT_E_CRYPTO:
		break;
	}
	return at_read ? EIO : EBADMSG;
}
