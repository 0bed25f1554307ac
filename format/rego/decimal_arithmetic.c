/* What is done with naturals in base 10^9. The methods are those of pencil and paper; division is Knuth's algorithm D. */
#include <string.h>

#include "decimal.h"

#define BASE 1000000000u

static void trim(struct rego_decimal *decimal)
{
	while (decimal->count > 0 && decimal->limbs[decimal->count - 1] == 0)
		decimal->count--;
}

int rego_decimal_compare(const struct rego_decimal *a, const struct rego_decimal *b)
{
	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (size_t i = a->count; i-- > 0;)
		if (a->limbs[i] != b->limbs[i])
			return a->limbs[i] < b->limbs[i] ? -1 : 1;
	return 0;
}

bool rego_decimal_add(struct rego_work *work, const struct rego_decimal *a, const struct rego_decimal *b,
		      struct rego_decimal *sum)
{
	struct rego_decimal out; /* the result may be an operand */
	size_t count = (a->count > b->count ? a->count : b->count) + 1;
	if (!rego_spend(work, count / 8) || !rego_decimal_new(work, count, &out))
		return false;
	uint32_t carry = 0;
	for (size_t i = 0; i < count; i++) {
		carry += (i < a->count ? a->limbs[i] : 0) + (i < b->count ? b->limbs[i] : 0);
		out.limbs[i] = carry % BASE;
		carry /= BASE;
	}
	trim(&out);
	*sum = out;
	return true;
}

bool rego_decimal_subtract(struct rego_work *work, const struct rego_decimal *a, const struct rego_decimal *b,
			   struct rego_decimal *difference)
{
	struct rego_decimal out; /* the result may be an operand */
	if (!rego_spend(work, a->count / 8) || !rego_decimal_new(work, a->count, &out))
		return false;
	uint32_t borrow = 0;
	for (size_t i = 0; i < a->count; i++) {
		uint32_t minus = (i < b->count ? b->limbs[i] : 0) + borrow;
		borrow = a->limbs[i] < minus;
		out.limbs[i] = a->limbs[i] + (borrow ? BASE : 0) - minus;
	}
	trim(&out);
	*difference = out;
	return true;
}

bool rego_decimal_multiply(struct rego_work *work, const struct rego_decimal *a, const struct rego_decimal *b,
			   struct rego_decimal *product)
{
	struct rego_decimal out; /* the result may be an operand */
	if (!rego_spend(work, a->count * b->count / 8) || !rego_decimal_new(work, a->count + b->count, &out))
		return false;
	for (size_t i = 0; i < a->count; i++) {
		uint64_t carry = 0;
		for (size_t j = 0; j < b->count; j++) {
			carry += out.limbs[i + j] + (uint64_t)a->limbs[i] * b->limbs[j];
			out.limbs[i + j] = (uint32_t)(carry % BASE);
			carry /= BASE;
		}
		out.limbs[i + b->count] = (uint32_t)carry;
	}
	trim(&out);
	*product = out;
	return true;
}

/* to = a * by, with one limb more than a. */
static void scale(uint32_t *to, const struct rego_decimal *a, uint32_t by)
{
	uint64_t carry = 0;
	for (size_t i = 0; i < a->count; i++) {
		carry += (uint64_t)a->limbs[i] * by;
		to[i] = (uint32_t)(carry % BASE);
		carry /= BASE;
	}
	to[a->count] = (uint32_t)carry;
}

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

/* u[0..n] -= q * v[0..n); true when that was too much. */
static bool multiply_subtract(uint32_t *u, const uint32_t *v, size_t n, uint64_t q)
{
	uint64_t carry = 0;
	for (size_t i = 0; i < n; i++) {
		carry += q * v[i];
		uint32_t minus = (uint32_t)(carry % BASE);
		carry /= BASE;
		if (u[i] < minus) {
			u[i] += BASE;
			carry++;
		}
		u[i] -= minus;
	}
	bool below = u[n] < carry;
	u[n] = (uint32_t)(u[n] + (below ? BASE : 0) - carry);
	return below;
}

static void add_back(uint32_t *u, const uint32_t *v, size_t n)
{
	uint32_t carry = 0;
	for (size_t i = 0; i < n; i++) {
		carry += u[i] + v[i];
		u[i] = carry % BASE;
		carry /= BASE;
	}
	u[n] = (u[n] + carry) % BASE;
}

/* One limb of the quotient: u[0..n] / v[0..n), whose first limb is at least half of the base. */
static uint32_t quotient_limb(uint32_t *u, const uint32_t *v, size_t n)
{
	uint64_t top = (uint64_t)u[n] * BASE + u[n - 1];
	uint64_t q = top / v[n - 1], r = top % v[n - 1];
	while (q >= BASE || q * v[n - 2] > r * BASE + u[n - 2]) {
		q--;
		r += v[n - 1];
		if (r >= BASE)
			break;
	}
	if (multiply_subtract(u, v, n, q)) {
		q--;
		add_back(u, v, n);
	}
	return (uint32_t)q;
}

static bool divide_long(struct rego_work *work, const struct rego_decimal *a, const struct rego_decimal *b,
			struct rego_decimal *quotient, struct rego_decimal *rest)
{
	size_t n = b->count, m = a->count - b->count;
	uint32_t factor = BASE / (b->limbs[n - 1] + 1);
	struct rego_decimal divisor;
	if (!rego_spend(work, n * (m + 1) / 8) || !rego_decimal_new(work, a->count + 1, rest)
	    || !rego_decimal_new(work, n + 1, &divisor) || !rego_decimal_new(work, m + 1, quotient))
		return false;
	scale(rest->limbs, a, factor);
	scale(divisor.limbs, b, factor);
	for (size_t i = m + 1; i-- > 0;)
		quotient->limbs[i] = quotient_limb(rest->limbs + i, divisor.limbs, n);
	divide_small(rest->limbs, rest->count, factor);
	trim(quotient);
	trim(rest);
	return true;
}

bool rego_decimal_divide(struct rego_work *work, const struct rego_decimal *a, const struct rego_decimal *b,
			 struct rego_decimal *quotient, struct rego_decimal *rest)
{
	if (rego_decimal_compare(a, b) < 0) {
		*rest = *a;
		return rego_decimal_new(work, 0, quotient);
	}
	if (b->count > 1)
		return divide_long(work, a, b, quotient, rest);
	if (!rego_spend(work, a->count / 8) || !rego_decimal_new(work, a->count, quotient)
	    || !rego_decimal_new(work, 1, rest))
		return false;
	memcpy(quotient->limbs, a->limbs, a->count * sizeof *a->limbs);
	rest->limbs[0] = divide_small(quotient->limbs, quotient->count, b->limbs[0]);
	trim(quotient);
	trim(rest);
	return true;
}

/* limbs = limbs * by + plus in base `base`; what does not fit into `count` limbs. */
static uint32_t multiply_in_place(uint32_t *limbs, size_t count, uint64_t base, uint64_t by, uint64_t plus)
{
	for (size_t i = 0; i < count; i++) {
		plus += limbs[i] * by;
		limbs[i] = (uint32_t)(plus % base);
		plus /= base;
	}
	return (uint32_t)plus;
}

bool rego_decimal_shift(struct rego_work *work, const struct rego_decimal *a, uint64_t bits,
			struct rego_decimal *shifted)
{
	if (bits > 16 * (uint64_t)work->limits.bits + 4096)
		return rego_fail(work, REGO_LIMIT_NUMBER, "a number of more than %u bits", work->limits.bits);
	size_t room = a->count + (size_t)bits / 29 + 1;
	if (!rego_spend(work, room * (bits / 29 + 1) / 8) || !rego_decimal_new(work, room, shifted))
		return false;
	memcpy(shifted->limbs, a->limbs, a->count * sizeof *a->limbs);
	size_t count = a->count;
	for (uint64_t left = bits; left > 0;) {
		unsigned step = left < 29 ? (unsigned)left : 29;
		uint32_t carry = multiply_in_place(shifted->limbs, count, BASE, UINT64_C(1) << step, 0);
		if (carry != 0)
			shifted->limbs[count++] = carry;
		left -= step;
	}
	trim(shifted);
	return true;
}

bool rego_decimal_binary(struct rego_work *work, const struct rego_decimal *a, uint32_t **limbs, size_t *count)
{
	*count = 0;
	*limbs = rego_alloc_array(work, a->count, sizeof **limbs);
	if (*limbs == NULL || !rego_spend(work, a->count * a->count / 16))
		return false;
	for (size_t i = a->count; i-- > 0;) {
		uint32_t carry = multiply_in_place(*limbs, *count, UINT64_C(1) << 32, BASE, a->limbs[i]);
		if (carry != 0)
			(*limbs)[(*count)++] = carry;
	}
	return true;
}

bool rego_decimal_from_binary(struct rego_work *work, const uint32_t *limbs, size_t count, struct rego_decimal *decimal)
{
	if (!rego_spend(work, count * count / 16) || !rego_decimal_new(work, count + count / 14 + 2, decimal))
		return false;
	size_t used = 0;
	for (size_t i = count; i-- > 0;) {
		uint64_t carry = limbs[i];
		for (size_t j = 0; j < used; j++) {
			carry += (uint64_t)decimal->limbs[j] << 32;
			decimal->limbs[j] = (uint32_t)(carry % BASE);
			carry /= BASE;
		}
		for (; carry != 0; carry /= BASE)
			decimal->limbs[used++] = (uint32_t)(carry % BASE);
	}
	decimal->count = used;
	return true;
}
