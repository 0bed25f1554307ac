/* What is done with numbers, and how they are read and written. */
#include <string.h>

#include "builtin_family.h"
#include "operand.h"

static const struct rego_value *abs_of(REGO_OPERANDS)
{
	return rego_operand(call, args, 1, REGO_NUMBER)
		       ? rego_number_value(call->work, rego_number_abs(args[0]->number)) : NULL;
}

static const struct rego_value *rounded(REGO_OPERANDS, bool (*what)(struct rego_work *, const struct rego_number *,
								    struct rego_number *))
{
	struct rego_number result;
	if (!rego_operand(call, args, 1, REGO_NUMBER) || !what(call->work, &args[0]->number, &result))
		return NULL;
	return rego_number_value(call->work, result);
}

static const struct rego_value *round_half(REGO_OPERANDS)
{
	return rounded(call, args, rego_number_round);
}

static const struct rego_value *ceil_of(REGO_OPERANDS)
{
	return rounded(call, args, rego_number_ceil);
}

static const struct rego_value *floor_of(REGO_OPERANDS)
{
	return rounded(call, args, rego_number_floor);
}

static const struct rego_value *bitwise(REGO_OPERANDS, enum rego_bits what)
{
	struct rego_number result;
	const struct rego_value *second = args[what == REGO_NEGATE ? 0 : 1];
	if (!rego_operand_big(call, args, 1) || (what != REGO_NEGATE && !rego_operand_big(call, args, 2))
	    || !rego_number_bits(call->work, what, &args[0]->number, &second->number, &result))
		return NULL;
	return rego_number_value(call->work, result);
}

static const struct rego_value *bits_and(REGO_OPERANDS)
{
	return bitwise(call, args, REGO_AND);
}

static const struct rego_value *bits_or(REGO_OPERANDS)
{
	return bitwise(call, args, REGO_OR);
}

static const struct rego_value *bits_xor(REGO_OPERANDS)
{
	return bitwise(call, args, REGO_XOR);
}

static const struct rego_value *bits_negate(REGO_OPERANDS)
{
	return bitwise(call, args, REGO_NEGATE);
}

static const struct rego_value *shift(REGO_OPERANDS, enum rego_bits what)
{
	if (!rego_operand_big(call, args, 1) || !rego_operand_big(call, args, 2))
		return NULL;
	if (args[1]->number.negative)
		return rego_type_failed(call, "operand 2 must be an unsigned integer number but got a negative integer");
	return bitwise(call, args, what);
}

static const struct rego_value *bits_lsh(REGO_OPERANDS)
{
	return shift(call, args, REGO_LEFT);
}

static const struct rego_value *bits_rsh(REGO_OPERANDS)
{
	return shift(call, args, REGO_RIGHT);
}

/* How many numbers lie between two, in steps; false when there are too many, which is the work's failure. */
static bool count_steps(struct rego_work *work, const struct rego_number *from, const struct rego_number *to,
			const struct rego_number *step, size_t *count)
{
	struct rego_number distance, steps;
	int64_t number = 0;
	bool few = rego_number_subtract(work, to, from, &distance);
	distance = rego_number_abs(distance);
	few = few && rego_number_divide(work, &distance, step, &steps) && rego_number_floor(work, &steps, &steps)
	      && rego_number_int64(&steps, &number) && (uint64_t)number < work->limits.collection;
	*count = (size_t)number + 1;
	return few || rego_fail(work, REGO_LIMIT_COLLECTION, "a collection of more than %zu members", work->limits.collection);
}

static const struct rego_value *range_of(REGO_OPERANDS, const struct rego_number *step)
{
	struct rego_work *work = call->work;
	const struct rego_number *from = &args[0]->number, *to = &args[1]->number;
	size_t count;
	if (!count_steps(work, from, to, step, &count) || !rego_spend(work, count))
		return NULL;
	const struct rego_value **items = rego_alloc_array(work, count, sizeof *items);
	struct rego_number next = *from,
			   by = rego_number_compare(from, to) <= 0 ? *step : rego_number_negate(*step);
	for (size_t i = 0; items != NULL && i < count; i++) {
		struct rego_number sum;
		items[i] = rego_number_value(work, next);
		if (items[i] == NULL || !rego_number_add(work, &next, &by, &sum))
			return NULL;
		next = sum;
	}
	return items != NULL ? rego_array(work, items, count) : NULL;
}

static const struct rego_value *range(REGO_OPERANDS)
{
	struct rego_number one = rego_number_from(1);
	return rego_operand_big(call, args, 1) && rego_operand_big(call, args, 2) ? range_of(call, args, &one) : NULL;
}

static const struct rego_value *range_step(REGO_OPERANDS)
{
	struct rego_number zero = rego_number_from(0);
	if (!rego_operand_big(call, args, 1) || !rego_operand_big(call, args, 2) || !rego_operand_big(call, args, 3))
		return NULL;
	if (rego_number_compare(&args[2]->number, &zero) <= 0)
		return rego_builtin_failed(call, "numbers.range_step: step must be a positive integer");
	return range_of(call, args, &args[2]->number);
}

/* A fraction is cut off. */
static const struct rego_value *format_int(REGO_OPERANDS)
{
	int64_t base = 0;
	size_t len;
	if (!rego_operand(call, args, 1, REGO_NUMBER) || !rego_operand(call, args, 2, REGO_NUMBER))
		return NULL;
	rego_number_int64(&args[1]->number, &base);
	if (base != 2 && base != 8 && base != 10 && base != 16)
		return rego_type_failed(call, "operand 2 must be one of {2, 8, 10, 16}");
	struct rego_number whole;
	if (!(args[0]->number.negative ? rego_number_ceil : rego_number_floor)(call->work, &args[0]->number, &whole))
		return NULL;
	const char *text = rego_number_in_base(call->work, &whole, (unsigned)base, &len);
	return text != NULL ? rego_string_take(call->work, text, len) : NULL;
}

static bool is_digit(const char *text, size_t at, size_t len)
{
	return at < len && text[at] >= '0' && text[at] <= '9';
}

/* What Go reads as a number and JSON does not: a plus sign, zeros in front, no digit on one side of the point. The same
 * number as JSON has it, or NULL. */
static char *normalize(struct rego_work *work, const char *text, size_t len, size_t *normal_len)
{
	char *normal = rego_alloc(work, len + 2);
	size_t at = 0, n = 0;
	if (normal == NULL)
		return NULL;
	if (len > 0 && (text[0] == '+' || text[0] == '-'))
		at++;
	if (len > 0 && text[0] == '-')
		normal[n++] = '-';
	bool digits = is_digit(text, at, len);
	while (at < len && text[at] == '0')
		at++;
	if (!is_digit(text, at, len))
		normal[n++] = '0';
	while (is_digit(text, at, len))
		normal[n++] = text[at++];
	if (at < len && text[at] == '.') {
		at++;
		if (is_digit(text, at, len))
			normal[n++] = '.';
		digits = digits || is_digit(text, at, len);
		while (is_digit(text, at, len))
			normal[n++] = text[at++];
	}
	if (!digits)
		return NULL;
	memcpy(normal + n, text + at, len - at);
	*normal_len = n + len - at;
	return normal;
}

static bool same_letters(const char *text, size_t len, const char *lower)
{
	size_t i = 0;
	while (i < len && lower[i] != '\0' && (text[i] | 0x20) == lower[i])
		i++;
	return i == len && lower[i] == '\0';
}

static const struct rego_value *read_number(REGO_OPERANDS)
{
	const char *text = args[0]->string.bytes, *name = text;
	size_t len = args[0]->string.len, name_len = len, normal_len;
	for (; name_len > 0 && (*name == '+' || *name == '-'); name_len--)
		name++;
	if (same_letters(name, name_len, "inf") || same_letters(name, name_len, "infinity")
	    || same_letters(name, name_len, "nan"))
		return rego_wrong_type(call, 1, "valid number string", args[0]);
	struct rego_number number;
	char *normal = normalize(call->work, text, len, &normal_len);
	if (normal == NULL || !rego_number_parse(call->work, normal, normal_len, &number))
		return rego_failed(call->work) ? NULL
					       : rego_builtin_failed(call, "strconv.ParseFloat: parsing \"%.*s\": invalid syntax",
								     REGO_SHOWN(args[0]));
	double value = rego_number_double(&number);
	if (value - value != 0) /* infinite */
		return rego_builtin_failed(call, "strconv.ParseFloat: parsing \"%.*s\": value out of range", REGO_SHOWN(args[0]));
	return rego_number_value(call->work, number);
}

static const struct rego_value *to_number(REGO_OPERANDS)
{
	switch (args[0]->type) {
	case REGO_NULL:
		return rego_integer(call->work, 0);
	case REGO_BOOLEAN:
		return rego_integer(call->work, args[0]->boolean);
	case REGO_NUMBER:
		return args[0];
	case REGO_STRING:
		return read_number(call, args);
	default:
		return rego_wrong_type(call, 1, "one of {null, boolean, number, string}", args[0]);
	}
}

static const struct rego_builtin rows[] = {
	{"abs", 1, 0, abs_of},
	{"bits.and", 2, 0, bits_and},
	{"bits.lsh", 2, 0, bits_lsh},
	{"bits.negate", 1, 0, bits_negate},
	{"bits.or", 2, 0, bits_or},
	{"bits.rsh", 2, 0, bits_rsh},
	{"bits.xor", 2, 0, bits_xor},
	{"ceil", 1, 0, ceil_of},
	{"floor", 1, 0, floor_of},
	{"format_int", 2, 0, format_int},
	{"numbers.range", 2, 0, range},
	{"numbers.range_step", 3, 0, range_step},
	{"round", 1, 0, round_half},
	{"to_number", 1, 0, to_number},
};
REGO_FAMILY(numbers, rows);
