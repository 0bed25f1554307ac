#include "go_format.h"
#include "utf8.h"

static bool add_hex(struct rego_buffer *out, char kind, uint32_t value, unsigned digits)
{
	rego_buffer_byte(out, '\\');
	rego_buffer_byte(out, kind);
	while (digits-- > 0)
		rego_buffer_byte(out, "0123456789abcdef"[value >> (4 * digits) & 15]);
	return !rego_failed(out->work);
}

static char escape_letter(uint32_t point)
{
	switch (point) {
	case '\a':
		return 'a';
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	case '\v':
		return 'v';
	default:
		return '\0';
	}
}

static bool add_point(struct rego_buffer *out, uint32_t point, char quote, bool ascii)
{
	if (point == (unsigned char)quote || point == '\\')
		return rego_buffer_byte(out, '\\') && rego_buffer_byte(out, (char)point);
	if (point < 0x80 ? rego_is_print(point) : !ascii && rego_is_print(point))
		return rego_buffer_point(out, point);
	char letter = escape_letter(point);
	if (letter != '\0')
		return rego_buffer_byte(out, '\\') && rego_buffer_byte(out, letter);
	if (point < ' ' || point == 0x7F)
		return add_hex(out, 'x', point, 2);
	return point < 0x10000 ? add_hex(out, 'u', point, 4) : add_hex(out, 'U', point, 8);
}

bool rego_go_quote(struct rego_buffer *out, const char *bytes, size_t len, char quote, bool ascii)
{
	rego_buffer_byte(out, quote);
	uint32_t point;
	for (size_t at = 0, step; at < len; at += step) {
		step = rego_utf8_decode(bytes + at, len - at, &point);
		bool good = step > 1 || point != REGO_REPLACEMENT;
		if (!(good ? add_point(out, point, quote, ascii) : add_hex(out, 'x', (unsigned char)bytes[at], 2)))
			return false;
	}
	return rego_buffer_byte(out, quote);
}
