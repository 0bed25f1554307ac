#include "nonce.h"

#include <inttypes.h>
#include <string.h>

static uint64_t counter_of(const uint8_t *base)
{
	return (uint64_t)base[8] << 24 | (uint64_t)base[9] << 16 | (uint64_t)base[10] << 8 | base[11];
}

static void set_counter(uint8_t *nonce, uint64_t counter)
{
	nonce[8] = (uint8_t)(counter >> 24);
	nonce[9] = (uint8_t)(counter >> 16);
	nonce[10] = (uint8_t)(counter >> 8);
	nonce[11] = (uint8_t)counter;
}

int ct_nonce_chunk(const uint8_t base[static CT_NONCE_LEN], uint64_t index,
		   uint8_t nonce[static CT_NONCE_LEN], struct ct_error *err)
{
	uint64_t start = counter_of(base);
	if (index > UINT32_MAX - start)
		return ct_fail(err, CT_E_FORMAT, "the nonce of chunk %" PRIu64 " overflows", index);
	memcpy(nonce, base, 8);
	set_counter(nonce, start + index);
	return 0;
}

int ct_nonce_draw_base(const struct ct_crypto *crypto, uint64_t chunks,
		       uint8_t base[static CT_NONCE_LEN], struct ct_error *err)
{
	const uint64_t counters = UINT64_C(1) << 32;
	if (chunks > counters)
		return ct_fail(err, CT_E_ARGUMENT, "%" PRIu64 " chunks are too many: use larger chunks",
			       chunks);
	uint8_t draw[16];
	if (ct_random(crypto, draw, sizeof draw, err) < 0)
		return -1;
	memcpy(base, draw, 8);
	uint64_t wide;
	memcpy(&wide, draw + 8, sizeof wide);
	/* 64 random bits over at most 2^32 values: the bias is below 2^-32. */
	set_counter(base, wide % (counters - (chunks > 0 ? chunks - 1 : 0)));
	return 0;
}
