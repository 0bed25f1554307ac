/* Natural numbers of any size, in base 10^9: what numbers are computed with. Results lie in the arena and are new. */
#ifndef REGO_DECIMAL_H
#define REGO_DECIMAL_H

#include "number.h"

#define REGO_LARGEST_EXPONENT 1000000000 /* of a number, and its negative the smallest */

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

int rego_decimal_compare(const struct rego_decimal *a, const struct rego_decimal *b);
bool rego_decimal_add(struct rego_work *work, const struct rego_decimal *a, const struct rego_decimal *b,
		      struct rego_decimal *sum);
/* a is not less than b. */
bool rego_decimal_subtract(struct rego_work *work, const struct rego_decimal *a, const struct rego_decimal *b,
			   struct rego_decimal *difference);
bool rego_decimal_multiply(struct rego_work *work, const struct rego_decimal *a, const struct rego_decimal *b,
			   struct rego_decimal *product);
/* b is not zero; the quotient is rounded down. */
bool rego_decimal_divide(struct rego_work *work, const struct rego_decimal *a, const struct rego_decimal *b,
			 struct rego_decimal *quotient, struct rego_decimal *rest);
/* a * 2^bits */
bool rego_decimal_shift(struct rego_work *work, const struct rego_decimal *a, uint64_t bits,
			struct rego_decimal *shifted);

/* In base 2^32, least first, without leading zeros; a copy. And back. */
bool rego_decimal_binary(struct rego_work *work, const struct rego_decimal *a, uint32_t **limbs, size_t *count);
bool rego_decimal_from_binary(struct rego_work *work, const uint32_t *limbs, size_t count, struct rego_decimal *decimal);

size_t rego_decimal_digits(const struct rego_decimal *a); /* how many; 0 for zero */

/* decimal * 10^exponent as a number in its canonical form. */
bool rego_decimal_number(struct rego_work *work, const struct rego_decimal *decimal, bool negative, int64_t exponent,
			 struct rego_number *number);

#endif
