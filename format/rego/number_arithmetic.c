/* What is done with numbers. Small ones take a short way without any memory. */
#include <string.h>

#include "decimal.h"

static bool is_zero(const struct rego_number *number)
{
	return number->limbs == NULL && number->small == 0;
}

static struct rego_number from_small(uint64_t small, bool negative, int32_t exponent)
{
	if (small == 0)
		return (struct rego_number){0};
	for (; small % 10 == 0; small /= 10)
		exponent++;
	return (struct rego_number){.small = small, .negative = negative, .exponent = exponent};
}

static bool scale_small(uint64_t *small, int64_t zeros)
{
	if (zeros > 19)
		return *small == 0;
	for (; zeros > 0; zeros--)
		if (__builtin_mul_overflow(*small, UINT64_C(10), small))
			return false;
	return true;
}

/* Both coefficients at the smaller exponent, when they are small there too. */
static bool align_small(const struct rego_number *a, const struct rego_number *b, uint64_t *left, uint64_t *right,
			int32_t *exponent)
{
	*left = a->small;
	*right = b->small;
	*exponent = a->exponent < b->exponent ? a->exponent : b->exponent;
	return a->limbs == NULL && b->limbs == NULL && scale_small(left, (int64_t)a->exponent - *exponent)
	       && scale_small(right, (int64_t)b->exponent - *exponent);
}

static bool align(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
		  struct rego_decimal *left, struct rego_decimal *right, int64_t *exponent)
{
	*exponent = a->exponent < b->exponent ? a->exponent : b->exponent;
	return rego_decimal_from(work, a, (uint64_t)(a->exponent - *exponent), left)
	       && rego_decimal_from(work, b, (uint64_t)(b->exponent - *exponent), right);
}

bool rego_number_add(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
		     struct rego_number *result)
{
	if (is_zero(a) || is_zero(b)) {
		*result = is_zero(a) ? *b : *a;
		return true;
	}
	uint64_t x, y, sum;
	int32_t exponent;
	if (align_small(a, b, &x, &y, &exponent)) {
		if (a->negative != b->negative) {
			*result = from_small(x > y ? x - y : y - x, x > y ? a->negative : b->negative, exponent);
			return true;
		}
		if (!__builtin_add_overflow(x, y, &sum)) {
			*result = from_small(sum, a->negative, exponent);
			return true;
		}
	}
	struct rego_decimal left, right, total;
	int64_t at;
	if (!align(work, a, b, &left, &right, &at))
		return false;
	if (a->negative == b->negative)
		return rego_decimal_add(work, &left, &right, &total)
		       && rego_decimal_number(work, &total, a->negative, at, result);
	bool swap = rego_decimal_compare(&left, &right) < 0;
	return rego_decimal_subtract(work, swap ? &right : &left, swap ? &left : &right, &total)
	       && rego_decimal_number(work, &total, swap ? b->negative : a->negative, at, result);
}

bool rego_number_subtract(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			  struct rego_number *result)
{
	struct rego_number minus = rego_number_negate(*b);
	return rego_number_add(work, a, &minus, result);
}

bool rego_number_multiply(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			  struct rego_number *result)
{
	uint64_t small;
	int64_t exponent = (int64_t)a->exponent + b->exponent;
	bool negative = a->negative != b->negative;
	if (a->limbs == NULL && b->limbs == NULL && !__builtin_mul_overflow(a->small, b->small, &small)
	    && exponent <= REGO_LARGEST_EXPONENT - 20 && exponent >= -REGO_LARGEST_EXPONENT) {
		*result = from_small(small, negative, (int32_t)exponent);
		return true;
	}
	struct rego_decimal left, right, product;
	return rego_decimal_from(work, a, 0, &left) && rego_decimal_from(work, b, 0, &right)
	       && rego_decimal_multiply(work, &left, &right, &product)
	       && rego_decimal_number(work, &product, negative, exponent, result);
}

bool rego_number_remainder(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			   struct rego_number *result)
{
	uint64_t x, y;
	int32_t exponent;
	if (align_small(a, b, &x, &y, &exponent) && exponent >= 0) {
		*result = from_small(x % y, a->negative, exponent);
		return true;
	}
	struct rego_decimal left, right, quotient, rest;
	int64_t at;
	return align(work, a, b, &left, &right, &at) && rego_decimal_divide(work, &left, &right, &quotient, &rest)
	       && rego_decimal_number(work, &rest, a->negative, at, result);
}

enum direction { DOWN, UP, NEAREST }; /* of sizes: towards zero, away from it, half away */

static bool round_to(struct rego_work *work, const struct rego_number *a, enum direction direction,
		     struct rego_number *result)
{
	struct rego_decimal coefficient, divisor, quotient, rest;
	struct rego_number one = rego_number_from(1);
	uint64_t places = (uint64_t)(-(int64_t)a->exponent);
	if (places > rego_digit_limit(work)) { /* far below one half */
		*result = direction == UP ? one : (struct rego_number){0};
		result->negative = a->negative && direction == UP;
		return true;
	}
	if (!rego_decimal_from(work, a, 0, &coefficient) || !rego_decimal_from(work, &one, places, &divisor)
	    || !rego_decimal_divide(work, &coefficient, &divisor, &quotient, &rest)
	    || !rego_decimal_add(work, &rest, &rest, &rest))
		return false;
	bool up = direction == UP || (direction == NEAREST && rego_decimal_compare(&rest, &divisor) >= 0);
	struct rego_decimal add;
	return rego_decimal_from_u64(work, up, &add) && rego_decimal_add(work, &quotient, &add, &quotient)
	       && rego_decimal_number(work, &quotient, a->negative, 0, result);
}

bool rego_number_round(struct rego_work *work, const struct rego_number *a, struct rego_number *result)
{
	*result = *a;
	return a->exponent >= 0 || round_to(work, a, NEAREST, result);
}

bool rego_number_ceil(struct rego_work *work, const struct rego_number *a, struct rego_number *result)
{
	*result = *a;
	return a->exponent >= 0 || round_to(work, a, a->negative ? DOWN : UP, result);
}

bool rego_number_floor(struct rego_work *work, const struct rego_number *a, struct rego_number *result)
{
	*result = *a;
	return a->exponent >= 0 || round_to(work, a, a->negative ? UP : DOWN, result);
}
