#include "go_print.h"

#include <string.h>

#include "go_format.h"
#include "utf8.h"

static bool fill(const struct rego_printer *printer, int count, bool zero)
{
	return count <= 0 || rego_buffer_repeat(printer->out, zero && !printer->minus ? '0' : ' ', (size_t)count);
}

/* To the width, which counts code points. */
static bool pad(const struct rego_printer *printer, const char *bytes, size_t len, bool zero)
{
	int missing = printer->has_width ? printer->width - (int)rego_utf8_count(bytes, len) : 0;
	if (!printer->minus)
		fill(printer, missing, zero);
	rego_buffer_add(printer->out, bytes, len);
	return !printer->minus ? !rego_failed(printer->out->work) : fill(printer, missing, false);
}

static bool wrong_verb(const struct rego_printer *printer, const struct rego_value *arg, uint32_t verb)
{
	rego_buffer_text(printer->out, "%!");
	rego_buffer_point(printer->out, verb);
	rego_buffer_byte(printer->out, '(');
	rego_buffer_text(printer->out, rego_print_type(arg));
	return rego_buffer_byte(printer->out, '=') && rego_print(printer, arg, 'v') && rego_buffer_byte(printer->out, ')');
}

/* As many code points as the precision says. */
static size_t cut(const struct rego_printer *printer, const char *bytes, size_t len)
{
	return printer->has_precision ? rego_utf8_offset(bytes, len, (size_t)printer->precision) : len;
}

static bool print_quoted(const struct rego_printer *printer, const char *bytes, size_t len)
{
	struct rego_buffer quoted = {.work = printer->out->work};
	bool raw = printer->sharp && rego_utf8_valid(bytes, len) && (len == 0 || memchr(bytes, '`', len) == NULL)
		   && (len < 3 || memmem(bytes, len, "\xEF\xBB\xBF", 3) == NULL);
	for (size_t i = 0; i < len && raw; i++)
		raw = bytes[i] == '\t' || ((unsigned char)bytes[i] >= ' ' && bytes[i] != 0x7F);
	if (raw) {
		rego_buffer_byte(&quoted, '`');
		rego_buffer_add(&quoted, bytes, len);
		rego_buffer_byte(&quoted, '`');
	} else {
		rego_go_quote(&quoted, bytes, len, '"', printer->plus);
	}
	return !rego_failed(quoted.work) && pad(printer, quoted.bytes, quoted.len, printer->zero);
}

static bool print_bytes(const struct rego_printer *printer, const char *bytes, size_t len, bool upper)
{
	const char *hex = upper ? "0123456789ABCDEFX" : "0123456789abcdefx";
	struct rego_buffer *out = printer->out;
	if (printer->has_precision && (size_t)printer->precision < len)
		len = (size_t)printer->precision;
	size_t each = printer->space && printer->sharp ? 4 : 2;
	size_t size = len == 0 ? 0 : each * len + (printer->space ? len - 1 : printer->sharp ? 2 : 0);
	int missing = printer->has_width && (size_t)printer->width > size ? printer->width - (int)size : 0;
	if (!printer->minus || len == 0)
		fill(printer, missing, printer->zero);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && printer->space)
			rego_buffer_byte(out, ' ');
		if (printer->sharp && (i == 0 || printer->space))
			rego_buffer_add(out, (char[]){'0', hex[16]}, 2);
		unsigned char byte = (unsigned char)bytes[i];
		if (!rego_buffer_add(out, (char[]){hex[byte >> 4], hex[byte & 15]}, 2))
			return false;
	}
	return !printer->minus || len == 0 ? !rego_failed(out->work) : fill(printer, missing, false);
}

static bool print_string(const struct rego_printer *printer, const struct rego_value *arg, const char *bytes,
			 size_t len, uint32_t verb)
{
	switch (verb) {
	case 'v':
		if (printer->sharp_v)
			return print_quoted(printer, bytes, cut(printer, bytes, len));
		return pad(printer, bytes, cut(printer, bytes, len), printer->zero);
	case 's':
		return pad(printer, bytes, cut(printer, bytes, len), printer->zero);
	case 'q':
		return print_quoted(printer, bytes, cut(printer, bytes, len));
	case 'x':
	case 'X':
		return print_bytes(printer, bytes, len, verb == 'X');
	default:
		return wrong_verb(printer, arg, verb);
	}
}

/* The digits of an integer without its sign, and the base; 0: no verb for integers. */
static unsigned base_of(uint32_t verb)
{
	switch (verb) {
	case 'v':
	case 'd':
	case 's': /* of large ones only */
		return 10;
	case 'b':
		return 2;
	case 'o':
	case 'O':
		return 8;
	case 'x':
	case 'X':
		return 16;
	default:
		return 0;
	}
}

static const char *prefix_of(const struct rego_printer *printer, uint32_t verb, const char *digits, int zeros, bool big)
{
	bool octal = !big && printer->sharp && zeros == 0 && digits[0] != '0'; /* no zero is there already */
	if (verb == 'O')
		return octal ? "0o0" : "0o";
	if (!printer->sharp || verb == 'd' || verb == 'v' || verb == 's')
		return "";
	if (verb == 'o')
		return big || octal ? "0" : "";
	return verb == 'b' ? "0b" : verb == 'x' ? "0x" : "0X";
}

static bool print_digits(const struct rego_printer *printer, const struct rego_number *number, uint32_t verb, bool big)
{
	struct rego_number positive = rego_number_abs(*number);
	size_t len;
	const char *digits = rego_number_in_base(printer->out->work, &positive, base_of(verb), &len);
	if (digits == NULL)
		return false;
	bool nothing = printer->has_precision && printer->precision == 0 && len == 1 && digits[0] == '0';
	if (nothing)
		return fill(printer, printer->has_width ? printer->width : 0, false);
	const char *sign = number->negative ? "-" : printer->plus || (big && printer->plus_v) ? "+" : printer->space ? " " : "";
	int zeros = printer->has_precision && (size_t)printer->precision > len ? printer->precision - (int)len : 0;
	bool to_width = printer->zero && !printer->minus && printer->has_width && !printer->has_precision;
	if (to_width && !big) /* a prefix is not counted */
		zeros = printer->width - (int)(len + strlen(sign)) > 0 ? printer->width - (int)(len + strlen(sign)) : 0;
	const char *prefix = prefix_of(printer, verb, digits, zeros, big);
	int size = (int)(strlen(sign) + strlen(prefix) + len) + zeros;
	int missing = printer->has_width && printer->width > size ? printer->width - size : 0;
	if (to_width && big) {
		zeros = missing;
		missing = 0;
	}
	struct rego_buffer *out = printer->out;
	if (!printer->minus)
		fill(printer, missing, false);
	rego_buffer_text(out, sign);
	rego_buffer_text(out, prefix);
	rego_buffer_repeat(out, '0', (size_t)zeros);
	for (size_t i = 0; i < len; i++)
		rego_buffer_byte(out, verb == 'X' && digits[i] >= 'a' ? (char)(digits[i] - 32) : digits[i]);
	return printer->minus ? fill(printer, missing, false) : !rego_failed(out->work);
}

static bool print_character(const struct rego_printer *printer, int64_t value, uint32_t verb)
{
	uint32_t point = value < 0 || value > 0x10FFFF ? REGO_REPLACEMENT : (uint32_t)value;
	char bytes[4];
	size_t len = rego_utf8_encode(point, bytes);
	if (verb == 'c')
		return pad(printer, bytes, len, printer->zero);
	struct rego_buffer quoted = {.work = printer->out->work};
	return rego_go_quote(&quoted, bytes, len, '\'', printer->plus)
	       && pad(printer, quoted.bytes, quoted.len, printer->zero);
}

/* "U+0041", with a sharp flag the character too. */
static bool print_code_point(const struct rego_printer *printer, int64_t value)
{
	struct rego_buffer text = {.work = printer->out->work};
	uint64_t rest = (uint64_t)value;
	int digits = 1, least = printer->has_precision && printer->precision > 4 ? printer->precision : 4;
	while (digits < 16 && rest >> (4 * digits) != 0)
		digits++;
	rego_buffer_text(&text, "U+");
	rego_buffer_repeat(&text, '0', (size_t)(digits < least ? least - digits : 0));
	while (digits-- > 0)
		rego_buffer_byte(&text, "0123456789ABCDEF"[rest >> (4 * digits) & 15]);
	if (printer->sharp && rest <= 0x10FFFF && rego_is_print((uint32_t)rest)) {
		rego_buffer_text(&text, " '");
		rego_buffer_point(&text, (uint32_t)rest);
		rego_buffer_byte(&text, '\'');
	}
	return !rego_failed(text.work) && pad(printer, text.bytes, text.len, false);
}

static bool wrong_big(const struct rego_printer *printer, const struct rego_number *number, uint32_t verb)
{
	size_t len;
	const char *text = rego_number_text(printer->out->work, number, &len);
	rego_buffer_text(printer->out, "%!");
	rego_buffer_point(printer->out, verb);
	rego_buffer_text(printer->out, "(big.Int=");
	return text != NULL && rego_buffer_add(printer->out, text, len) && rego_buffer_byte(printer->out, ')');
}

static bool print_integer(const struct rego_printer *printer, const struct rego_value *arg, uint32_t verb)
{
	int64_t value;
	bool big = !rego_number_int64(&arg->number, &value);
	if (base_of(verb) != 0 && (big || verb != 's'))
		return print_digits(printer, &arg->number, verb, big);
	if (big)
		return wrong_big(printer, &arg->number, verb);
	if (verb == 'c' || verb == 'q')
		return print_character(printer, value, verb);
	return verb == 'U' ? print_code_point(printer, value) : wrong_verb(printer, arg, verb);
}

/* The sharp flag: a point in any case, and for %g zeros at the end up to the precision. */
static bool sharpen(struct rego_buffer *number, uint32_t verb, int precision)
{
	bool general = verb == 'v' || verb == 'g' || verb == 'G' || verb == 'x';
	int missing = !general ? 0 : precision < 0 ? 6 : precision;
	size_t end = 0, first = number->len > 0 && number->bytes[0] == '-';
	bool point = false, significant = false;
	for (; end < number->len; end++) {
		char c = number->bytes[end];
		bool hex = verb == 'x' || verb == 'X';
		if (c == 'p' || c == 'P' || (!hex && (c == 'e' || c == 'E')))
			break;
		point = point || c == '.';
		if (c == '.' || end < first)
			continue;
		significant = significant || c != '0';
		missing -= significant;
	}
	if (!point && end == first + 1 && number->bytes[first] == '0')
		missing--;
	struct rego_buffer sharp = {.work = number->work};
	rego_buffer_add(&sharp, number->bytes, end);
	if (!point)
		rego_buffer_byte(&sharp, '.');
	rego_buffer_repeat(&sharp, '0', (size_t)(missing > 0 ? missing : 0));
	rego_buffer_add(&sharp, number->bytes + end, number->len - end);
	*number = sharp;
	return !rego_failed(sharp.work);
}

static bool print_float(const struct rego_printer *printer, const struct rego_value *arg, uint32_t verb)
{
	if (verb > 0x7F || strchr("vbgGxXfFeE", (int)verb) == NULL)
		return wrong_verb(printer, arg, verb);
	char form = verb == 'v' ? 'g' : verb == 'F' ? 'f' : (char)verb;
	int precision = printer->has_precision ? printer->precision : strchr("feE", form) != NULL ? 6 : -1;
	struct rego_buffer number = {.work = printer->out->work};
	if (!rego_go_double(&number, rego_number_double(&arg->number), form, precision)
	    || (printer->sharp && form != 'b' && !sharpen(&number, verb, precision)))
		return false;
	bool negative = number.bytes[0] == '-';
	struct rego_buffer all = {.work = number.work};
	char sign = negative ? '-' : printer->plus ? '+' : printer->space ? ' ' : '\0';
	const char *bytes = number.bytes + negative;
	size_t len = number.len - negative;
	if (sign == '\0')
		return pad(printer, bytes, len, printer->zero);
	int missing = printer->has_width ? printer->width - (int)len - 1 : 0;
	if (printer->zero && !printer->minus && missing > 0) { /* zeros come after the sign */
		rego_buffer_byte(printer->out, sign);
		fill(printer, missing, true);
		return rego_buffer_add(printer->out, bytes, len);
	}
	return rego_buffer_byte(&all, sign) && rego_buffer_add(&all, bytes, len)
	       && pad(printer, all.bytes, all.len, printer->zero);
}

const char *rego_print_type(const struct rego_value *arg)
{
	int64_t value;
	if (arg->type != REGO_NUMBER)
		return "string";
	if (!rego_number_is_integer(&arg->number))
		return "float64";
	return rego_number_int64(&arg->number, &value) ? "int64" : "*big.Int";
}

bool rego_print(const struct rego_printer *printer, const struct rego_value *arg, uint32_t verb)
{
	if (verb == 'T') {
		const char *type = rego_print_type(arg);
		return pad(printer, type, cut(printer, type, strlen(type)), printer->zero);
	}
	if (verb == 'p')
		return wrong_verb(printer, arg, verb);
	if (arg->type == REGO_NUMBER)
		return rego_number_is_integer(&arg->number) ? print_integer(printer, arg, verb)
							    : print_float(printer, arg, verb);
	if (arg->type == REGO_STRING)
		return print_string(printer, arg, arg->string.bytes, arg->string.len, verb);
	struct rego_buffer text = {.work = printer->out->work};
	const struct rego_value *term = rego_term_write(text.work, arg);
	return term != NULL && print_string(printer, arg, term->string.bytes, term->string.len, verb);
}
