/* Natural numbers of any size, in base 10^9: what numbers are computed with. Results lie in the arena and are new. */
#ifndef REGO_DECIMAL_H
#define REGO_DECIMAL_H

#include "number.h"

struct rego_decimal {
	uint32_t *limbs; /* least first */
	size_t count;    /* without leading zeros: 0 for zero, but for what rego_decimal_new() made */
};

/* How many decimal digits a coefficient may have: what limits.bits comes to. */
size_t rego_digit_limit(const struct rego_work *work);

/* `count` zero limbs. */
bool rego_decimal_new(struct rego_work *work, size_t count, struct rego_decimal *decimal);

/* The coefficient times 10^zeros. Fails with REGO_LIMIT_NUMBER when that is far beyond the limits. */
bool rego_decimal_from(struct rego_work *work, const struct rego_number *number, uint64_t zeros,
		       struct rego_decimal *decimal);
bool rego_decimal_from_u64(struct rego_work *work, uint64_t integer, struct rego_decimal *decimal);

/* decimal * 10^exponent as a number in its canonical form. */
bool rego_decimal_number(struct rego_work *work, const struct rego_decimal *decimal, bool negative, int64_t exponent,
			 struct rego_number *number);

#endif
