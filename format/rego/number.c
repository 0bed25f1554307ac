#include "number.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"

struct rego_number rego_number_from(int64_t integer)
{
	struct rego_number number = {.negative = integer < 0};
	number.small = number.negative ? 0 - (uint64_t)integer : (uint64_t)integer;
	while (number.small != 0 && number.small % 10 == 0) {
		number.small /= 10;
		number.exponent++;
	}
	return number;
}

/* Where the parts of a number's text are. */
struct parts {
	bool negative;
	const char *first, *end; /* digits and perhaps a point among them, without zeros at both ends */
	size_t digits;           /* between them */
	int64_t exponent;        /* of the last of them */
};

static size_t count_digits(const char *text, size_t len)
{
	size_t n = 0;
	while (n < len && text[n] >= '0' && text[n] <= '9')
		n++;
	return n;
}

/* "e+12": false when it is none. What is beyond all bounds stays there. */
static bool parse_exponent(const char *text, size_t len, int64_t *exponent)
{
	size_t at = 1;
	bool negative = len > 1 && text[1] == '-';
	if (len > 1 && (text[1] == '-' || text[1] == '+'))
		at++;
	if (at == len || count_digits(text + at, len - at) != len - at)
		return false;
	int64_t value = 0;
	for (; at < len; at++)
		value = value > 10 * (int64_t)REGO_LARGEST_EXPONENT ? value : value * 10 + (text[at] - '0');
	*exponent = negative ? -value : value;
	return true;
}

static bool split(const char *text, size_t len, struct parts *parts)
{
	size_t at = len > 0 && text[0] == '-';
	*parts = (struct parts){.negative = at == 1, .first = text + at};
	size_t whole = count_digits(text + at, len - at), fraction = 0;
	if (whole == 0 || (whole > 1 && text[at] == '0'))
		return false;
	at += whole;
	if (at < len && text[at] == '.') {
		fraction = count_digits(text + at + 1, len - at - 1);
		if (fraction == 0)
			return false;
		at += 1 + fraction;
	}
	parts->end = text + at;
	if (at < len && ((text[at] != 'e' && text[at] != 'E') || !parse_exponent(text + at, len - at, &parts->exponent)))
		return false;
	parts->exponent -= (int64_t)fraction;
	parts->digits = whole + fraction;
	for (; parts->digits > 0 && (*parts->first == '0' || *parts->first == '.'); parts->first++)
		parts->digits -= *parts->first != '.';
	for (; parts->digits > 0 && (parts->end[-1] == '0' || parts->end[-1] == '.'); parts->end--) {
		parts->digits -= parts->end[-1] != '.';
		parts->exponent += parts->end[-1] != '.';
	}
	return true;
}

static bool too_large(struct rego_work *work)
{
	return rego_fail(work, REGO_LIMIT_NUMBER, "a number of more than %u bits", work->limits.bits);
}

size_t rego_digit_limit(const struct rego_work *work)
{
	return (size_t)work->limits.bits * 30103 / 100000 + 1;
}

bool rego_number_parse(struct rego_work *work, const char *text, size_t len, struct rego_number *number)
{
	struct parts parts;
	*number = (struct rego_number){0};
	if (!split(text, len, &parts))
		return false;
	if (parts.digits == 0)
		return true;
	if (parts.digits > rego_digit_limit(work) || parts.exponent > REGO_LARGEST_EXPONENT || parts.exponent < -REGO_LARGEST_EXPONENT)
		return too_large(work);
	if (parts.digits <= 19) {
		for (const char *at = parts.first; at < parts.end; at++)
			number->small = *at == '.' ? number->small : number->small * 10 + (uint64_t)(*at - '0');
		number->negative = parts.negative;
		number->exponent = (int32_t)parts.exponent;
		return true;
	}
	struct rego_decimal decimal;
	if (!rego_decimal_new(work, parts.digits / 9 + 1, &decimal))
		return false;
	size_t place = 0;
	uint32_t weight = 1;
	for (const char *at = parts.end; at-- > parts.first;) {
		if (*at == '.')
			continue;
		decimal.limbs[place / 9] += weight * (uint32_t)(*at - '0');
		weight = ++place % 9 == 0 ? 1 : weight * 10;
	}
	return rego_decimal_number(work, &decimal, parts.negative, parts.exponent, number);
}

bool rego_number_is_integer(const struct rego_number *number)
{
	return number->exponent >= 0;
}

bool rego_number_int64(const struct rego_number *number, int64_t *integer)
{
	if (number->limbs != NULL || number->exponent < 0 || number->exponent > 19)
		return false;
	uint64_t value = number->small;
	for (int i = 0; i < number->exponent; i++)
		if (__builtin_mul_overflow(value, UINT64_C(10), &value))
			return false;
	if (value > (uint64_t)INT64_MAX + number->negative)
		return false;
	*integer = number->negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

/* The coefficient, digit by digit. */
struct digits {
	const uint32_t *limbs;
	size_t count;
	char small[20];
};

static void get_digits(const struct rego_number *number, struct digits *digits)
{
	digits->limbs = number->limbs;
	if (number->limbs != NULL) {
		digits->count = ((size_t)number->limb_count - 1) * 9;
		for (uint32_t top = number->limbs[number->limb_count - 1]; top != 0; top /= 10)
			digits->count++;
		return;
	}
	char text[20];
	size_t n = 0;
	for (uint64_t rest = number->small; rest != 0 || n == 0; rest /= 10)
		text[n++] = (char)('0' + rest % 10);
	digits->count = n;
	for (size_t i = 0; i < n; i++)
		digits->small[i] = text[n - 1 - i];
}

/* The first is number 0; zeros come after the last. */
static char digit(const struct digits *digits, size_t i)
{
	if (i >= digits->count)
		return '0';
	if (digits->limbs == NULL)
		return digits->small[i];
	size_t place = digits->count - 1 - i;
	static const uint32_t weights[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	return (char)('0' + digits->limbs[place / 9] / weights[place % 9] % 10);
}

/* Without their signs. */
static int compare_sizes(const struct rego_number *a, const struct rego_number *b)
{
	if (a->exponent == b->exponent && a->limbs == NULL && b->limbs == NULL)
		return (a->small > b->small) - (a->small < b->small);
	struct digits left, right;
	get_digits(a, &left);
	get_digits(b, &right);
	int64_t left_end = a->exponent + (int64_t)left.count, right_end = b->exponent + (int64_t)right.count;
	if (left_end != right_end)
		return left_end < right_end ? -1 : 1;
	for (size_t i = 0; i < left.count || i < right.count; i++) {
		char x = digit(&left, i), y = digit(&right, i);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

static bool is_zero(const struct rego_number *number)
{
	return number->limbs == NULL && number->small == 0;
}

int rego_number_compare(const struct rego_number *a, const struct rego_number *b)
{
	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	if (is_zero(a) || is_zero(b))
		return (is_zero(b) - is_zero(a)) * (a->negative ? -1 : 1);
	return a->negative ? compare_sizes(b, a) : compare_sizes(a, b);
}

/* Written without a point, a number reads the same in any locale. What 800 digits do not tell, no double tells. */
double rego_number_double(const struct rego_number *number)
{
	struct digits digits;
	get_digits(number, &digits);
	char text[900];
	size_t n = 0, kept = digits.count < 800 ? digits.count : 800;
	if (number->negative)
		text[n++] = '-';
	for (size_t i = 0; i < kept; i++)
		text[n++] = digit(&digits, i);
	int64_t exponent = number->exponent + (int64_t)(digits.count - kept);
	if (kept < digits.count) {
		text[n++] = '1';
		exponent--;
	}
	text[n++] = 'e';
	if (exponent < 0)
		text[n++] = '-';
	char reversed[24];
	size_t m = 0;
	for (uint64_t rest = exponent < 0 ? 0 - (uint64_t)exponent : (uint64_t)exponent; rest != 0 || m == 0; rest /= 10)
		reversed[m++] = (char)('0' + rest % 10);
	while (m > 0)
		text[n++] = reversed[--m];
	text[n] = '\0';
	int saved = errno;
	double value = strtod(text, NULL);
	errno = saved;
	return value;
}

struct rego_number rego_number_abs(struct rego_number a)
{
	a.negative = false;
	return a;
}

struct rego_number rego_number_negate(struct rego_number a)
{
	a.negative = !a.negative && !is_zero(&a);
	return a;
}

/* "e+07", "e-07": two digits at least, as Go has it. */
static size_t write_exponent(char *to, int64_t exponent)
{
	char reversed[24];
	size_t n = 0, m = 0;
	uint64_t rest = exponent < 0 ? 0 - (uint64_t)exponent : (uint64_t)exponent;
	for (; rest != 0 || m < 2; rest /= 10)
		reversed[m++] = (char)('0' + rest % 10);
	to[n++] = 'e';
	to[n++] = exponent < 0 ? '-' : '+';
	while (m > 0)
		to[n++] = reversed[--m];
	return n;
}

const char *rego_number_text(struct rego_work *work, const struct rego_number *number, size_t *len)
{
	struct digits digits;
	get_digits(number, &digits);
	int64_t count = (int64_t)digits.count, point = count + number->exponent; /* digits before it */
	bool plain = point > -6 && (number->exponent <= 0 || point <= (int64_t)rego_digit_limit(work));
	size_t room = plain ? (size_t)(point > count ? point : count) + 12 : digits.count + 32;
	char *text = rego_alloc(work, room);
	size_t n = 0;
	if (text == NULL || !rego_spend(work, room / 8))
		return NULL;
	if (number->negative)
		text[n++] = '-';
	if (!plain)
		point = 1;
	for (int64_t i = point > 0 ? 0 : point - 1; i < count || i < point; i++) {
		if (i == point && i > 0)
			text[n++] = '.';
		text[n++] = i < 0 ? '0' : digit(&digits, (size_t)i);
		if (i == point - 1 && i < 0)
			text[n++] = '.';
	}
	if (!plain)
		n += write_exponent(text + n, count + number->exponent - 1);
	*len = n;
	return text;
}
