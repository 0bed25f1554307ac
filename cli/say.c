#include "say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "command.h"
#include "utf8.h"

/* The character at `text`, which ends in a NUL. */
static size_t decode(const char *text, uint32_t *code)
{
	return ct_utf8_decode(text, strnlen(text, 4) + (*text == '\0'), code);
}

size_t utf8_len(const char *text)
{
	uint32_t code;
	return decode(text, &code);
}

static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) /* C0, DEL, C1 */
	       || code == 0x061c || code == 0x200e || code == 0x200f /* direction marks */
	       || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
	       || code == 0xfeff;
}

void make_safe(char *text)
{
	char *to = text;
	while (*text != '\0') {
		uint32_t code;
		size_t len = decode(text, &code);
		if (len == 0 || is_unsafe(code)) {
			*to++ = '?';
			text += len == 0 ? 1 : len;
			continue;
		}
		memmove(to, text, len);
		to += len;
		text += len;
	}
	*to = '\0';
}

void put_safe(FILE *to, const char *text)
{
	while (*text != '\0') {
		uint32_t code;
		size_t len = decode(text, &code);
		if (len == 0 || is_unsafe(code))
			putc('?', to);
		else
			fwrite(text, 1, len, to);
		text += len == 0 ? 1 : len;
	}
}

size_t text_width(const char *text)
{
	size_t width = 0;
	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

int complain(const char *file, const struct ct_error *err)
{
	if (err->code == CT_E_STOPPED)
		return EXIT_FAILED;
	flockfile(stderr);
	fputs("ctshim: ", stderr);
	if (file != NULL) {
		put_safe(stderr, file);
		fputs(": ", stderr);
	}
	put_safe(stderr, err->message);
	putc('\n', stderr);
	funlockfile(stderr);
	return EXIT_FAILED;
}

int complainf(const char *format, ...)
{
	char text[4400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	make_safe(text);
	fprintf(stderr, "ctshim: %s\n", text);
	return EXIT_FAILED;
}

int usage_error(const char *command, const char *format, ...)
{
	char text[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	make_safe(text);
	fprintf(stderr, "ctshim %s: %s: see ctshim %s --help\n", command, text, command);
	return EXIT_USAGE;
}

static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

const char *size_text(uint64_t bytes, char text[static SIZE_TEXT])
{
	unsigned unit = 0;
	double value = (double)bytes;
	/* What would round to 1024.0 is one of the next unit. */
	for (; value >= 1023.95 && unit < 6; unit++)
		value /= 1024;
	if (bytes < 1024)
		snprintf(text, SIZE_TEXT, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
	else
		snprintf(text, SIZE_TEXT, "%.1f %s", value, units[unit]);
	return text;
}

const char *exact_size_text(uint64_t bytes, char text[static SIZE_TEXT])
{
	unsigned unit = 0;
	for (; bytes != 0 && bytes % 1024 == 0 && unit < 6; unit++)
		bytes /= 1024;
	snprintf(text, SIZE_TEXT, "%" PRIu64 " %s", bytes, bytes == 1 && unit == 0 ? "byte" : units[unit]);
	return text;
}

int finish_stdout(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return complainf("cannot write to standard output: %s", strerror(errno));
}
