/* Formats: what stands between % and verb, and which argument it is for. go_print.c prints them. */
#include "go_format.h"

#include <string.h>

#include "go_print.h"
#include "utf8.h"

#define LARGEST 1000000 /* width, precision or index */

struct scanner {
	struct rego_printer printer;
	const char *format;
	size_t len, at;
	const struct rego_value *args;
	size_t next;    /* argument */
	bool reordered; /* some index was given */
	bool good;      /* the last one is in order */
};

/* A number from `at` up to `end`; false: there is none, or it is too large. */
static bool scan_number(const char *text, size_t *at, size_t end, int *number)
{
	bool found = false;
	*number = 0;
	for (; *at < end && text[*at] >= '0' && text[*at] <= '9'; (*at)++) {
		if (*number > LARGEST) {
			*at = end;
			return false;
		}
		*number = *number * 10 + (text[*at] - '0');
		found = true;
	}
	return found;
}

static bool at_byte(const struct scanner *scanner, char byte)
{
	return scanner->at < scanner->len && scanner->format[scanner->at] == byte;
}

/* "[3]": true when it is a number in brackets. */
static bool scan_index(struct scanner *scanner)
{
	if (!at_byte(scanner, '['))
		return false;
	scanner->reordered = true;
	const char *from = scanner->format + scanner->at;
	size_t left = scanner->len - scanner->at, inner = 1;
	const char *close = left < 3 ? NULL : memchr(from + 1, ']', left - 1);
	if (close == NULL) {
		scanner->at++;
		scanner->good = false;
		return false;
	}
	size_t end = (size_t)(close - from);
	int index;
	bool number = scan_number(from, &inner, end, &index) && inner == end;
	scanner->at += end + 1;
	if (number && index >= 1 && (size_t)index <= scanner->args->list.count)
		scanner->next = (size_t)index - 1;
	else
		scanner->good = false;
	return number;
}

/* A width or precision that is an argument. */
static bool take_number(struct scanner *scanner, int *number)
{
	int64_t value;
	*number = 0;
	if (scanner->next >= scanner->args->list.count)
		return false;
	const struct rego_value *arg = scanner->args->list.items[scanner->next++];
	if (arg->type != REGO_NUMBER || !rego_number_int64(&arg->number, &value) || value > LARGEST || value < -LARGEST)
		return false;
	*number = (int)value;
	return true;
}

static void scan_flags(struct scanner *scanner)
{
	struct rego_printer *printer = &scanner->printer;
	for (; scanner->at < scanner->len; scanner->at++) {
		switch (scanner->format[scanner->at]) {
		case '#':
			printer->sharp = true;
			break;
		case '0':
			printer->zero = true;
			break;
		case '+':
			printer->plus = true;
			break;
		case '-':
			printer->minus = true;
			break;
		case ' ':
			printer->space = true;
			break;
		default:
			return;
		}
	}
}

static void scan_width(struct scanner *scanner, bool *after_index)
{
	struct rego_printer *printer = &scanner->printer;
	if (at_byte(scanner, '*')) {
		scanner->at++;
		printer->has_width = take_number(scanner, &printer->width);
		if (!printer->has_width)
			rego_buffer_text(printer->out, "%!(BADWIDTH)");
		if (printer->width < 0) {
			printer->width = -printer->width;
			printer->minus = true;
			printer->zero = false;
		}
		*after_index = false;
		return;
	}
	printer->has_width = scan_number(scanner->format, &scanner->at, scanner->len, &printer->width);
	if (*after_index && printer->has_width)
		scanner->good = false; /* "%[3]2d" */
}

static void scan_precision(struct scanner *scanner, bool *after_index)
{
	struct rego_printer *printer = &scanner->printer;
	if (!at_byte(scanner, '.') || scanner->at + 1 == scanner->len)
		return;
	scanner->at++;
	if (*after_index)
		scanner->good = false; /* "%[3].2d" */
	*after_index = scan_index(scanner);
	if (!at_byte(scanner, '*')) {
		printer->has_precision = true;
		if (!scan_number(scanner->format, &scanner->at, scanner->len, &printer->precision))
			printer->precision = 0;
		return;
	}
	scanner->at++;
	printer->has_precision = take_number(scanner, &printer->precision);
	if (printer->precision < 0) {
		printer->precision = 0;
		printer->has_precision = false;
	}
	if (!printer->has_precision)
		rego_buffer_text(printer->out, "%!(BADPREC)");
	*after_index = false;
}

static bool complain(struct rego_buffer *out, uint32_t verb, const char *what)
{
	rego_buffer_text(out, "%!");
	rego_buffer_point(out, verb);
	return rego_buffer_text(out, what);
}

static bool apply(struct scanner *scanner, uint32_t verb)
{
	struct rego_printer *printer = &scanner->printer;
	if (verb == '%')
		return rego_buffer_byte(printer->out, '%');
	if (!scanner->good)
		return complain(printer->out, verb, "(BADINDEX)");
	if (scanner->next >= scanner->args->list.count)
		return complain(printer->out, verb, "(MISSING)");
	if (verb == 'v') {
		printer->sharp_v = printer->sharp;
		printer->plus_v = printer->plus;
		printer->sharp = printer->plus = false;
	}
	return rego_print(printer, scanner->args->list.items[scanner->next++], verb);
}

/* After a percent sign. */
static bool directive(struct scanner *scanner)
{
	struct rego_buffer *out = scanner->printer.out;
	scanner->printer = (struct rego_printer){.out = out};
	scanner->good = true;
	scan_flags(scanner);
	bool after_index = scan_index(scanner);
	scan_width(scanner, &after_index);
	scan_precision(scanner, &after_index);
	if (!after_index)
		scan_index(scanner);
	if (scanner->at >= scanner->len)
		return rego_buffer_text(out, "%!(NOVERB)");
	uint32_t verb;
	scanner->at += rego_utf8_decode(scanner->format + scanner->at, scanner->len - scanner->at, &verb);
	return apply(scanner, verb);
}

static bool complain_of_rest(struct scanner *scanner)
{
	struct rego_buffer *out = scanner->printer.out;
	scanner->printer = (struct rego_printer){.out = out};
	rego_buffer_text(out, "%!(EXTRA ");
	for (size_t i = scanner->next; i < scanner->args->list.count; i++) {
		const struct rego_value *arg = scanner->args->list.items[i];
		if (i > scanner->next)
			rego_buffer_text(out, ", ");
		rego_buffer_text(out, rego_print_type(arg));
		if (!rego_buffer_byte(out, '=') || !rego_print(&scanner->printer, arg, 'v'))
			return false;
	}
	return rego_buffer_byte(out, ')');
}

const struct rego_value *rego_go_format(struct rego_work *work, const struct rego_value *format,
					const struct rego_value *args)
{
	struct rego_buffer out = {.work = work};
	struct scanner scanner = {.printer.out = &out, .format = format->string.bytes, .len = format->string.len, .args = args};
	while (scanner.at < scanner.len) {
		size_t left = scanner.len - scanner.at;
		const char *from = scanner.format + scanner.at, *percent = memchr(from, '%', left);
		size_t plain = percent != NULL ? (size_t)(percent - from) : left;
		scanner.at += plain + (percent != NULL);
		if (!rego_buffer_add(&out, from, plain) || (percent != NULL && !directive(&scanner)))
			return NULL;
	}
	if (!scanner.reordered && scanner.next < args->list.count && !complain_of_rest(&scanner))
		return NULL;
	return rego_buffer_string(&out);
}
