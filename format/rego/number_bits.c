/* Integers as bits: two's complement of unlimited width. */
#include <string.h>

#include "decimal.h"

/* Limbs of 32 bits, least first; beyond them only copies of the sign. */
struct bits {
	uint32_t *limbs;
	size_t count;
	bool negative;
};

static uint32_t limb(const struct bits *bits, size_t i)
{
	return i < bits->count ? bits->limbs[i] : bits->negative ? UINT32_MAX : 0;
}

/* Negate in place, which turns sign and size into two's complement and back. */
static void complement(uint32_t *limbs, size_t count)
{
	uint64_t carry = 1;
	for (size_t i = 0; i < count; i++) {
		carry += (uint32_t)~limbs[i];
		limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

static bool to_bits(struct rego_work *work, const struct rego_number *number, struct bits *bits)
{
	struct rego_decimal decimal;
	if (!rego_decimal_from(work, number, (uint64_t)number->exponent, &decimal)
	    || !rego_decimal_binary(work, &decimal, &bits->limbs, &bits->count))
		return false;
	bits->negative = number->negative;
	if (bits->negative)
		complement(bits->limbs, bits->count);
	return true;
}

static bool from_bits(struct rego_work *work, struct bits *bits, struct rego_number *result)
{
	if (bits->negative)
		complement(bits->limbs, bits->count);
	while (bits->count > 0 && bits->limbs[bits->count - 1] == 0)
		bits->count--;
	struct rego_decimal decimal;
	return rego_decimal_from_binary(work, bits->limbs, bits->count, &decimal)
	       && rego_decimal_number(work, &decimal, bits->negative, 0, result);
}

static bool new_bits(struct rego_work *work, size_t count, bool negative, struct bits *bits)
{
	*bits = (struct bits){.count = count, .negative = negative};
	bits->limbs = rego_alloc_array(work, count, sizeof *bits->limbs);
	return bits->limbs != NULL;
}

static bool combine(struct rego_work *work, enum rego_bits what, const struct bits *a, const struct bits *b,
		    struct bits *result)
{
	bool negative = what == REGO_AND ? a->negative && b->negative
			: what == REGO_OR ? a->negative || b->negative : a->negative != b->negative;
	size_t count = (a->count > b->count ? a->count : b->count) + 1;
	if (!new_bits(work, count, negative, result))
		return false;
	for (size_t i = 0; i < count; i++) {
		uint32_t x = limb(a, i), y = limb(b, i);
		result->limbs[i] = what == REGO_AND ? x & y : what == REGO_OR ? x | y : x ^ y;
	}
	return true;
}

static bool shift_left(struct rego_work *work, const struct bits *a, uint64_t by, struct bits *result)
{
	if (by > work->limits.bits)
		return rego_fail(work, REGO_LIMIT_NUMBER, "a number of more than %u bits", work->limits.bits);
	size_t whole = (size_t)by / 32, part = (size_t)by % 32;
	if (!new_bits(work, a->count + whole + 2, a->negative, result))
		return false;
	for (size_t i = 0; i < a->count + 2; i++) {
		uint64_t pair = (uint64_t)limb(a, i) << 32 | (i == 0 ? 0 : limb(a, i - 1));
		result->limbs[whole + i] = (uint32_t)(pair << part >> 32);
	}
	return true;
}

static bool shift_right(struct rego_work *work, const struct bits *a, uint64_t by, struct bits *result)
{
	size_t whole = by / 32 < a->count ? (size_t)by / 32 : a->count, part = (size_t)by % 32;
	if (!new_bits(work, a->count - whole + 1, a->negative, result))
		return false;
	for (size_t i = 0; i < result->count; i++) {
		uint64_t pair = (uint64_t)limb(a, whole + i + 1) << 32 | limb(a, whole + i);
		result->limbs[i] = (uint32_t)(pair >> part);
	}
	return true;
}

static bool shift(struct rego_work *work, bool left, const struct bits *a, const struct rego_number *by,
		  struct bits *result)
{
	int64_t places;
	if (a->count == 0)
		return new_bits(work, 0, false, result);
	if (!rego_number_int64(by, &places))
		places = INT64_MAX;
	return left ? shift_left(work, a, (uint64_t)places, result) : shift_right(work, a, (uint64_t)places, result);
}

bool rego_number_bits(struct rego_work *work, enum rego_bits what, const struct rego_number *a,
		      const struct rego_number *b, struct rego_number *result)
{
	struct bits left, right, out = {0};
	if (what == REGO_NEGATE) { /* -a - 1 */
		struct rego_number minus = rego_number_negate(*a), one = rego_number_from(1);
		return rego_number_subtract(work, &minus, &one, result);
	}
	if (!to_bits(work, a, &left))
		return false;
	bool done = what == REGO_LEFT || what == REGO_RIGHT
			    ? shift(work, what == REGO_LEFT, &left, b, &out)
			    : to_bits(work, b, &right) && combine(work, what, &left, &right, &out);
	return done && from_bits(work, &out, result);
}

static size_t write_power_of_two(char *text, const uint32_t *limbs, size_t count, unsigned width)
{
	size_t n = 0;
	uint64_t held = 0;
	unsigned bits = 0;
	for (size_t i = 0; i < count || held != 0;) {
		if (bits < width && i < count) {
			held |= (uint64_t)limbs[i++] << bits;
			bits += 32;
		}
		text[n++] = "0123456789abcdef"[held & ((1u << width) - 1)];
		held >>= width;
		bits -= bits < width ? bits : width;
	}
	return n;
}

const char *rego_number_in_base(struct rego_work *work, const struct rego_number *a, unsigned base, size_t *len)
{
	struct rego_decimal decimal;
	uint32_t *limbs;
	size_t count, n;
	if (base == 10)
		return rego_number_text(work, a, len);
	unsigned width = base == 2 ? 1 : base == 8 ? 3 : 4;
	if (!rego_decimal_from(work, a, (uint64_t)a->exponent, &decimal)
	    || !rego_decimal_binary(work, &decimal, &limbs, &count) || !rego_spend(work, count * 8))
		return NULL;
	char *reversed = rego_alloc(work, count * 32 + 4), *text = rego_alloc(work, count * 32 + 4);
	if (reversed == NULL || text == NULL)
		return NULL;
	n = write_power_of_two(reversed, limbs, count, width);
	while (n > 0 && reversed[n - 1] == '0')
		n--;
	if (n == 0)
		reversed[n++] = '0';
	*len = 0;
	if (a->negative)
		text[(*len)++] = '-';
	while (n > 0)
		text[(*len)++] = reversed[--n];
	return text;
}
