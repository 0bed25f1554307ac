/* units.parse and units.parse_bytes: "10Gi", "1.5e3K". */
#include <string.h>

#include "buffer.h"
#include "operand.h"

struct unit {
	const char *name, *factor;
};

static const struct unit bytes_units[] = {
	{"", "1"}, {"k", "1e3"}, {"m", "1e6"}, {"g", "1e9"}, {"t", "1e12"}, {"p", "1e15"}, {"e", "1e18"},
	{"kb", "1e3"}, {"mb", "1e6"}, {"gb", "1e9"}, {"tb", "1e12"}, {"pb", "1e15"}, {"eb", "1e18"},
	{"ki", "1024"}, {"mi", "1048576"}, {"gi", "1073741824"}, {"ti", "1099511627776"},
	{"pi", "1125899906842624"}, {"ei", "1152921504606846976"},
	{"kib", "1024"}, {"mib", "1048576"}, {"gib", "1073741824"}, {"tib", "1099511627776"},
	{"pib", "1125899906842624"}, {"eib", "1152921504606846976"},
	{0},
};

/* Here "m" is a thousandth, and only the first letter's case counts. */
static const struct unit units[] = {
	{"", "1"}, {"m", "1e-3"}, {"k", "1e3"}, {"K", "1e3"}, {"M", "1e6"}, {"g", "1e9"}, {"G", "1e9"},
	{"t", "1e12"}, {"T", "1e12"}, {"p", "1e15"}, {"P", "1e15"}, {"e", "1e18"}, {"E", "1e18"},
	{"ki", "1024"}, {"Ki", "1024"}, {"mi", "1048576"}, {"Mi", "1048576"}, {"gi", "1073741824"},
	{"Gi", "1073741824"}, {"ti", "1099511627776"}, {"Ti", "1099511627776"}, {"pi", "1125899906842624"},
	{"Pi", "1125899906842624"}, {"ei", "1152921504606846976"}, {"Ei", "1152921504606846976"},
	{0},
};

enum { EXPONENT_DIGITS = 6 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Where the unit begins. False: the exponent has too many digits. */
static bool split(const char *text, size_t len, size_t *unit)
{
	size_t i = 0;
	for (; i < len; i++) {
		char c = text[i];
		if (is_digit(c) || c == '.' || c == '+' || c == '-')
			continue;
		if (c != 'e' && c != 'E')
			break;
		if (i + 1 == len || (!is_digit(text[i + 1]) && text[i + 1] != '+' && text[i + 1] != '-'))
			break;
		if (!is_digit(text[i + 1]))
			i++;
		size_t digits = 0;
		while (i + 1 + digits < len && is_digit(text[i + 1 + digits]))
			digits++;
		if (digits > EXPONENT_DIGITS)
			return false;
	}
	*unit = i;
	return true;
}

/* ".5", "+5.", "-3.5E2" as JSON has them: false when it is no number. */
static bool normalize(struct rego_buffer *json, const char *text, size_t len)
{
	size_t i = 0;
	if (i < len && (text[i] == '+' || text[i] == '-')) {
		if (text[i] == '-')
			rego_buffer_text(json, "-");
		i++;
	}
	size_t start = i, whole, fraction = 0;
	while (i < len && is_digit(text[i]))
		i++;
	whole = i - start;
	while (whole > 1 && text[start] == '0')
		start++, whole--;
	rego_buffer_add(json, whole ? text + start : "0", whole ? whole : 1);
	if (i < len && text[i] == '.') {
		start = ++i;
		while (i < len && is_digit(text[i]))
			i++;
		fraction = i - start;
		if (fraction) {
			rego_buffer_text(json, ".");
			rego_buffer_add(json, text + start, fraction);
		}
	}
	if (whole + fraction == 0)
		return false;
	if (i == len)
		return true;
	if (text[i] != 'e' && text[i] != 'E')
		return false;
	start = i++;
	if (i < len && (text[i] == '+' || text[i] == '-'))
		i++;
	size_t digits = i;
	while (i < len && is_digit(text[i]))
		i++;
	rego_buffer_add(json, text + start, i - start);
	return i == len && i > digits;
}

static const struct rego_value *parse(struct rego_call *call, const struct rego_value *const *args, bool in_bytes,
				      struct rego_number *number)
{
	struct rego_work *work = call->work;
	const char *amount = in_bytes ? "byte amount" : "amount";
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_spend(work, args[0]->string.len))
		return NULL;
	struct rego_buffer text = {.work = work};
	for (size_t i = 0; i < args[0]->string.len; i++) {
		char c = args[0]->string.bytes[i];
		if (c == ' ')
			return rego_builtin_failed(call, "spaces not allowed in resource strings");
		if (c == '"')
			continue;
		if (in_bytes && c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		rego_buffer_add(&text, &c, 1);
	}
	if (rego_failed(work))
		return NULL;
	size_t at;
	if (!split(text.bytes, text.len, &at))
		return rego_builtin_failed(call, "exponent too large");
	if (at == 0)
		return rego_builtin_failed(call, "no %s provided", amount);
	char unit[8] = "";
	size_t unit_len = text.len - at;
	bool known = false;
	const struct unit *u = in_bytes ? bytes_units : units;
	if (unit_len < sizeof unit) {
		for (size_t i = 0; i < unit_len; i++) {
			char c = text.bytes[at + i];
			unit[i] = i > 0 && c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
		}
		while (u->name && strcmp(u->name, unit) != 0)
			u++;
		known = u->name;
	}
	if (!known)
		return rego_builtin_failed(call, "%sunit %.*s not recognized", in_bytes ? "byte " : "",
					   (int)(unit_len < 100 ? unit_len : 100), text.bytes + at);
	struct rego_buffer json = {.work = work};
	bool good = normalize(&json, text.bytes, at);
	if (rego_failed(work))
		return NULL;
	if (!good)
		return rego_builtin_failed(call, "could not parse %s to a number", amount);
	struct rego_number factor;
	if (!rego_number_parse(work, json.bytes, json.len, number)
	    || !rego_number_parse(work, u->factor, strlen(u->factor), &factor)
	    || !rego_number_multiply(work, number, &factor, number))
		return NULL;
	return args[0];
}

static const struct rego_value *units_parse(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_number number, shift, back;
	struct rego_work *work = call->work;
	if (!parse(call, args, false, &number))
		return NULL;
	/* What is no integer has ten decimals. */
	if (!rego_number_is_integer(&number)
	    && (!rego_number_parse(work, "1e10", 4, &shift) || !rego_number_parse(work, "1e-10", 5, &back)
		|| !rego_number_multiply(work, &number, &shift, &number) || !rego_number_round(work, &number, &number)
		|| !rego_number_multiply(work, &number, &back, &number)))
		return NULL;
	return rego_number_value(work, number);
}

static const struct rego_value *units_parse_bytes(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_number number;
	if (!parse(call, args, true, &number))
		return NULL;
	bool good = number.negative ? rego_number_ceil(call->work, &number, &number)
				    : rego_number_floor(call->work, &number, &number);
	return good ? rego_number_value(call->work, number) : NULL;
}

static const struct rego_builtin rows[] = {
	{"units.parse", 1, 0, units_parse},
	{"units.parse_bytes", 1, 0, units_parse_bytes},
};

REGO_FAMILY(units, rows);
