#include "decimal.h"

#include <string.h>

#define BASE 1000000000u

bool rego_decimal_new(struct rego_work *work, size_t count, struct rego_decimal *decimal)
{
	decimal->count = count;
	decimal->limbs = rego_alloc_array(work, count, sizeof *decimal->limbs);
	return decimal->limbs != NULL;
}

static void trim(struct rego_decimal *decimal)
{
	while (decimal->count > 0 && decimal->limbs[decimal->count - 1] == 0)
		decimal->count--;
}

static bool too_large(struct rego_work *work)
{
	return rego_fail(work, REGO_LIMIT_NUMBER, "a number of more than %u bits", work->limits.bits);
}

/* Divide in place, return the remainder. */
static uint32_t divide_small(uint32_t *limbs, size_t count, uint32_t by)
{
	uint64_t rest = 0;
	for (size_t i = count; i-- > 0;) {
		rest = rest * BASE + limbs[i];
		limbs[i] = (uint32_t)(rest / by);
		rest %= by;
	}
	return (uint32_t)rest;
}

static bool fits_u64(const struct rego_decimal *decimal, uint64_t *integer)
{
	*integer = 0;
	if (decimal->count > 3)
		return false;
	for (size_t i = decimal->count; i-- > 0;)
		if (__builtin_mul_overflow(*integer, (uint64_t)BASE, integer)
		    || __builtin_add_overflow(*integer, (uint64_t)decimal->limbs[i], integer))
			return false;
	return true;
}

/* Take zeros away from the end of a copy; how many. */
static uint64_t strip_zeros(struct rego_decimal *decimal)
{
	uint64_t zeros = 0;
	while (decimal->count > 0 && decimal->limbs[0] == 0) {
		decimal->limbs++;
		decimal->count--;
		zeros += 9;
	}
	uint32_t by = 1;
	for (uint32_t last = decimal->count > 0 ? decimal->limbs[0] : 1; last % 10 == 0; last /= 10) {
		by *= 10;
		zeros++;
	}
	if (by > 1)
		divide_small(decimal->limbs, decimal->count, by);
	trim(decimal);
	return zeros;
}

size_t rego_decimal_digits(const struct rego_decimal *decimal)
{
	size_t digits = decimal->count == 0 ? 0 : (decimal->count - 1) * 9;
	for (uint32_t top = decimal->count == 0 ? 0 : decimal->limbs[decimal->count - 1]; top != 0; top /= 10)
		digits++;
	return digits;
}

bool rego_decimal_number(struct rego_work *work, const struct rego_decimal *decimal, bool negative, int64_t exponent,
			 struct rego_number *number)
{
	*number = (struct rego_number){0};
	struct rego_decimal copy;
	if (!rego_decimal_new(work, decimal->count, &copy))
		return false;
	memcpy(copy.limbs, decimal->limbs, decimal->count * sizeof *copy.limbs);
	trim(&copy);
	if (copy.count == 0)
		return true;
	exponent += (int64_t)strip_zeros(&copy);
	if (rego_decimal_digits(&copy) > rego_digit_limit(work) || exponent > REGO_LARGEST_EXPONENT
	    || exponent < -REGO_LARGEST_EXPONENT)
		return too_large(work);
	number->negative = negative;
	number->exponent = (int32_t)exponent;
	if (!fits_u64(&copy, &number->small)) {
		number->small = 0;
		number->limbs = copy.limbs;
		number->limb_count = (uint32_t)copy.count;
	}
	return true;
}

bool rego_decimal_from_u64(struct rego_work *work, uint64_t integer, struct rego_decimal *decimal)
{
	if (!rego_decimal_new(work, 3, decimal))
		return false;
	decimal->limbs[0] = (uint32_t)(integer % BASE);
	decimal->limbs[1] = (uint32_t)(integer / BASE % BASE);
	decimal->limbs[2] = (uint32_t)(integer / BASE / BASE);
	trim(decimal);
	return true;
}

bool rego_decimal_from(struct rego_work *work, const struct rego_number *number, uint64_t zeros,
		       struct rego_decimal *decimal)
{
	static const uint32_t weights[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	if (zeros > 3 * rego_digit_limit(work))
		return too_large(work);
	struct rego_decimal coefficient = {.limbs = (uint32_t *)(uintptr_t)number->limbs, .count = number->limb_count};
	if (number->limbs == NULL && !rego_decimal_from_u64(work, number->small, &coefficient))
		return false;
	size_t shift = (size_t)(zeros / 9);
	if (!rego_decimal_new(work, coefficient.count + shift + 1, decimal))
		return false;
	uint64_t carry = 0;
	for (size_t i = 0; i < coefficient.count; i++) {
		carry += (uint64_t)coefficient.limbs[i] * weights[zeros % 9];
		decimal->limbs[shift + i] = (uint32_t)(carry % BASE);
		carry /= BASE;
	}
	decimal->limbs[shift + coefficient.count] = (uint32_t)carry;
	trim(decimal);
	return true;
}
