/* Numbers: decimal, of any size within limits. Integers are exact; 0.1 + 0.2 is 0.3; 1, 1.0 and 1e0 are one number.
 *
 * A number is its canonical decimal form: sign, coefficient without trailing zeros, exponent of ten. Small ones live in the
 * struct, others have their digits in the arena. An exponent is never expanded beyond limits.bits, which is
 * taken for as many decimal digits as it comes to. */
#ifndef REGO_NUMBER_H
#define REGO_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "work.h"

/* number.c knows what is in it; everybody else copies it. */
struct rego_number {
	const uint32_t *limbs; /* of the coefficient, least first; NULL: `small` is it */
	uint64_t small;
	uint32_t limb_count;
	int32_t exponent;
	bool negative;
};

/* "-12.5e3", as JSON has it. False: no number, or beyond the limits, which is the work's failure. */
bool rego_number_parse(struct rego_work *work, const char *text, size_t len, struct rego_number *number);
struct rego_number rego_number_from(int64_t integer);

bool rego_number_is_integer(const struct rego_number *number);
/* False: it is no integer, or does not fit. */
bool rego_number_int64(const struct rego_number *number, int64_t *integer);
double rego_number_double(const struct rego_number *number);
int rego_number_compare(const struct rego_number *a, const struct rego_number *b);

/* Results that pass limits.bits fail with REGO_LIMIT_NUMBER. */
bool rego_number_add(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
		     struct rego_number *result);
bool rego_number_subtract(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			  struct rego_number *result);
bool rego_number_multiply(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			  struct rego_number *result);
/* b is not zero. A quotient that is an integer, or that 19 digits hold, is exact; others are rounded as Open Policy Agent
 * rounds them (its floats have 64 bits of mantissa, and are written in the fewest digits). rego_number_remainder: both are integers; truncates like OPA. */
bool rego_number_divide(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			struct rego_number *result);
bool rego_number_remainder(struct rego_work *work, const struct rego_number *a, const struct rego_number *b,
			   struct rego_number *result);
/* round: half away from zero; ceil, floor. */
bool rego_number_round(struct rego_work *work, const struct rego_number *a, struct rego_number *result);
bool rego_number_ceil(struct rego_work *work, const struct rego_number *a, struct rego_number *result);
bool rego_number_floor(struct rego_work *work, const struct rego_number *a, struct rego_number *result);
struct rego_number rego_number_abs(struct rego_number a);
struct rego_number rego_number_negate(struct rego_number a);

/* The number as JSON text in the arena: integers plainly, others in the shortest decimal form. NULL on a limit. */
const char *rego_number_text(struct rego_work *work, const struct rego_number *number, size_t *len);

/* Of integers, for bits.*; two's complement of unlimited width, as Go's big.Int has it. */
enum rego_bits { REGO_AND, REGO_OR, REGO_XOR, REGO_NEGATE, REGO_LEFT, REGO_RIGHT };
bool rego_number_bits(struct rego_work *work, enum rego_bits what, const struct rego_number *a,
		      const struct rego_number *b, struct rego_number *result);

/* In base 2, 8, 10 or 16, for format_int and sprintf; a is an integer. NULL on a limit. */
const char *rego_number_in_base(struct rego_work *work, const struct rego_number *a, unsigned base, size_t *len);

#endif
