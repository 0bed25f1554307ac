/* Division. A quotient that is an integer, or that 19 digits hold, is exact; others are what floats with 64 bits of
 * mantissa give, in the fewest decimal digits that name that float, which is how Open Policy Agent computes them. */
#include <string.h>

#include "decimal.h"

#define MANTISSA 64
#define EXACT_DIGITS 19

/* mantissa * 2^exponent */
struct binary {
	uint64_t mantissa;
	int64_t exponent;
};

static unsigned bit_length(unsigned __int128 value)
{
	uint64_t high = (uint64_t)(value >> 64), low = (uint64_t)value;
	return high != 0 ? 128 - (unsigned)__builtin_clzll(high) : low != 0 ? 64 - (unsigned)__builtin_clzll(low) : 0;
}

/* To the nearest, of two equally near ones to the even one; `more`: the true value is a little larger. */
static struct binary round_even(unsigned __int128 value, bool more)
{
	unsigned length = bit_length(value), drop = length > MANTISSA ? length - MANTISSA : 0;
	struct binary result = {.mantissa = (uint64_t)(value >> drop), .exponent = drop};
	if (drop == 0)
		return result;
	unsigned __int128 rest = value & (((unsigned __int128)1 << drop) - 1), half = (unsigned __int128)1 << (drop - 1);
	if (rest > half || (rest == half && (more || (result.mantissa & 1) != 0))) {
		result.mantissa++;
		if (result.mantissa == 0) {
			result.mantissa = UINT64_C(1) << 63;
			result.exponent++;
		}
	}
	return result;
}

/* a / b as a float. The quotient is scaled to between 72 and 90 bits or so first, which leaves enough to round on. */
static bool quotient(struct rego_work *work, const struct rego_decimal *a, const struct rego_decimal *b,
		     struct binary *result)
{
	int64_t digits = (int64_t)rego_decimal_digits(a) - (int64_t)rego_decimal_digits(b);
	int64_t shift = 80 - digits * 332193 / 100000;
	struct rego_decimal left, right, whole, rest;
	if (!rego_decimal_shift(work, a, shift > 0 ? (uint64_t)shift : 0, &left)
	    || !rego_decimal_shift(work, b, shift < 0 ? (uint64_t)-shift : 0, &right)
	    || !rego_decimal_divide(work, &left, &right, &whole, &rest))
		return false;
	unsigned __int128 value = 0;
	for (size_t i = whole.count; i-- > 0;)
		value = value * 1000000000u + whole.limbs[i];
	*result = round_even(value, rest.count != 0);
	result->exponent -= shift;
	return true;
}

/* 10^exponent or 1 above and below: the number as a fraction. */
static bool fraction(struct rego_work *work, const struct rego_number *number, struct rego_decimal *above,
		     struct rego_decimal *below)
{
	struct rego_number one = rego_number_from(1);
	int64_t exponent = number->exponent;
	return rego_decimal_from(work, number, exponent > 0 ? (uint64_t)exponent : 0, above)
	       && rego_decimal_from(work, &one, exponent < 0 ? (uint64_t)-exponent : 0, below);
}

static bool to_float(struct rego_work *work, const struct rego_number *number, struct binary *result)
{
	struct rego_decimal above, below;
	return fraction(work, number, &above, &below) && quotient(work, &above, &below, result);
}

/* 2m-1, 2m and 2m+1, times a power of two, all as digits at one exponent of ten, with a zero before them: what lies
 * between the outer ones is nearest to the middle one. */
struct interval {
	char *low, *middle, *high;
	size_t len;
	int64_t exponent;
};

static char *as_digits(struct rego_work *work, const struct rego_decimal *decimal, size_t len)
{
	static const uint32_t weights[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	char *text = rego_alloc(work, len);
	for (size_t place = 0; text != NULL && place < len; place++) {
		uint32_t limb = place / 9 < decimal->count ? decimal->limbs[place / 9] : 0;
		text[len - 1 - place] = (char)('0' + limb / weights[place % 9] % 10);
	}
	return text;
}

static bool power_of_five(struct rego_work *work, uint64_t exponent, struct rego_decimal *power)
{
	struct rego_decimal square;
	if (!rego_decimal_from_u64(work, 5, &square) || !rego_decimal_from_u64(work, 1, power))
		return false;
	for (; exponent != 0; exponent >>= 1) {
		if ((exponent & 1) != 0 && !rego_decimal_multiply(work, power, &square, power))
			return false;
		if (exponent > 1 && !rego_decimal_multiply(work, &square, &square, &square))
			return false;
	}
	return true;
}

/* integer * 2^exponent = decimal * 10^(exponent < 0 ? exponent : 0) */
static bool expand(struct rego_work *work, unsigned __int128 integer, int64_t exponent, struct rego_decimal *decimal)
{
	uint32_t limbs[3] = {(uint32_t)integer, (uint32_t)(integer >> 32), (uint32_t)(integer >> 64)};
	struct rego_decimal plain, power;
	if (!rego_decimal_from_binary(work, limbs, 3, &plain))
		return false;
	if (exponent >= 0)
		return rego_decimal_shift(work, &plain, (uint64_t)exponent, decimal);
	return power_of_five(work, (uint64_t)-exponent, &power) && rego_decimal_multiply(work, &plain, &power, decimal);
}

static bool spread(struct rego_work *work, const struct binary *value, struct interval *interval)
{
	struct rego_decimal low, middle, high;
	unsigned __int128 twice = (unsigned __int128)value->mantissa << 1;
	int64_t exponent = value->exponent - 1;
	if (!expand(work, twice - 1, exponent, &low) || !expand(work, twice, exponent, &middle)
	    || !expand(work, twice + 1, exponent, &high))
		return false;
	interval->exponent = exponent < 0 ? exponent : 0;
	interval->len = rego_decimal_digits(&high) + 1;
	interval->low = as_digits(work, &low, interval->len);
	interval->middle = as_digits(work, &middle, interval->len);
	interval->high = as_digits(work, &high, interval->len);
	return !rego_failed(work);
}

static bool only_zeros(const char *text, const char *end)
{
	while (text < end && *text == '0')
		text++;
	return text == end;
}

/* Round to the first `kept` digits, of two equally near ones to the even one. */
static void round_digits(char *to, const struct interval *interval, size_t kept)
{
	const char *from = interval->middle, *end = from + interval->len;
	memcpy(to, from, kept);
	memset(to + kept, '0', interval->len - kept);
	if (kept == interval->len || from[kept] < '5')
		return;
	if (from[kept] == '5' && only_zeros(from + kept + 1, end) && (from[kept - 1] - '0') % 2 == 0)
		return;
	while (kept-- > 0 && ++to[kept] > '9')
		to[kept] = '0';
}

static bool in_fewest_digits(struct rego_work *work, const struct binary *value, bool negative,
			     struct rego_number *result)
{
	struct interval interval;
	char *text;
	if (!spread(work, value, &interval) || (text = rego_alloc(work, interval.len)) == NULL)
		return false;
	int outside = value->mantissa % 2; /* the ends belong to the neighbours then */
	for (size_t kept = 1; kept <= interval.len; kept++) {
		round_digits(text, &interval, kept);
		if (memcmp(interval.low, text, interval.len) + outside <= 0
		    && memcmp(text, interval.high, interval.len) + outside <= 0)
			break;
	}
	static const uint32_t weights[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	struct rego_decimal decimal;
	if (!rego_decimal_new(work, interval.len / 9 + 1, &decimal))
		return false;
	for (size_t place = 0; place < interval.len; place++)
		decimal.limbs[place / 9] += weights[place % 9] * (uint32_t)(text[interval.len - 1 - place] - '0');
	return rego_decimal_number(work, &decimal, negative, interval.exponent, result);
}

static bool divide_floats(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			  struct rego_number *result)
{
	struct binary x, y, q;
	struct rego_decimal left, right;
	if (!to_float(work, a, &x) || !to_float(work, b, &y) || !rego_decimal_from_u64(work, x.mantissa, &left)
	    || !rego_decimal_from_u64(work, y.mantissa, &right) || !quotient(work, &left, &right, &q))
		return false;
	q.exponent += x.exponent - y.exponent;
	return in_fewest_digits(work, &q, a->negative != b->negative, result);
}

/* Is the quotient exact, and short? *result is it then. */
static bool divide_exactly(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			   struct rego_number *result, bool *exact)
{
	struct rego_decimal left, right, whole, rest;
	int64_t zeros = (int64_t)a->exponent - b->exponent;
	*exact = false;
	if (!rego_decimal_from(work, b, 0, &right))
		return false;
	int64_t enough = EXACT_DIGITS + (int64_t)rego_decimal_digits(&right) + 1;
	if (zeros > (int64_t)rego_digit_limit(work))
		zeros = 0;
	zeros = zeros > enough ? zeros : enough;
	if (!rego_decimal_from(work, a, (uint64_t)zeros, &left) || !rego_decimal_divide(work, &left, &right, &whole, &rest))
		return false;
	if (rest.count != 0)
		return true;
	int64_t exponent = (int64_t)a->exponent - b->exponent - zeros;
	if (!rego_decimal_number(work, &whole, a->negative != b->negative, exponent, result))
		return false;
	*exact = result->exponent >= 0 || (result->limbs == NULL && result->small < UINT64_C(10000000000000000000));
	return true;
}

bool rego_number_divide(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			struct rego_number *result)
{
	*result = (struct rego_number){0};
	if (a->limbs == NULL && a->small == 0)
		return true;
	if (a->limbs == NULL && b->limbs == NULL && a->exponent == b->exponent && a->small % b->small == 0) {
		struct rego_number whole = rego_number_from(0), one = rego_number_from(1);
		whole.small = a->small / b->small;
		whole.negative = a->negative != b->negative;
		return rego_number_multiply(work, &whole, &one, result); /* which makes it canonical */
	}
	bool exact;
	return divide_exactly(work, a, b, result, &exact) && (exact || divide_floats(work, a, b, result));
}
