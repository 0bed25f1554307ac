/* Nonces of chunks: base[0..8] || be32(be32(base[8..12]) + i), up to the last one that exists. */
#include "nonce.h"
#include "support.h"

static const struct {
	const char *base;
	uint64_t index;
	const char *nonce; /* NULL: overflow */
} rows[] = {
	{"00112233445566778899aabb", 0, "00112233445566778899aabb"},
	{"00112233445566778899aabb", 1, "00112233445566778899aabc"},
	{"001122334455667700000000", 0xff, "0011223344556677000000ff"},
	{"001122334455667700000000", 0x100, "001122334455667700000100"},
	{"0011223344556677000000ff", 1, "001122334455667700000100"},
	{"001122334455667700ffffff", 1, "001122334455667701000000"},
	{"001122334455667701020304", 0x10203040, "001122334455667711223344"},
	{"001122334455667700000000", 0xffffffff, "0011223344556677ffffffff"},
	{"001122334455667700000000", UINT64_C(0x100000000), NULL},
	{"001122334455667700000001", 0xfffffffe, "0011223344556677ffffffff"},
	{"001122334455667700000001", 0xffffffff, NULL},
	{"0011223344556677fffffffe", 1, "0011223344556677ffffffff"},
	{"0011223344556677fffffffe", 2, NULL},
	{"0011223344556677ffffffff", 0, "0011223344556677ffffffff"},
	{"0011223344556677ffffffff", 1, NULL},
	{"ffffffffffffffffffffffff", 0, "ffffffffffffffffffffffff"},
	{"ffffffffffffffffffffffff", 1, NULL},
	{"ffffffffffffffffffffffff", UINT64_MAX, NULL},
	{"000000000000000000000001", UINT64_MAX, NULL},
	{"000000000000000080000000", 0x7fffffff, "0000000000000000ffffffff"},
	{"000000000000000080000000", 0x80000000, NULL},
};

START_TEST(chunk)
{
	struct ct_error err = {0};
	uint8_t base[CT_NONCE_LEN], expected[CT_NONCE_LEN], nonce[CT_NONCE_LEN];
	from_hex(rows[_i].base, base, sizeof base);
	int status = ct_nonce_chunk(base, rows[_i].index, nonce, &err);
	if (rows[_i].nonce == NULL) {
		assert_error(status, &err, CT_E_FORMAT, "overflows");
		return;
	}
	ck_assert_int_eq(status, 0);
	from_hex(rows[_i].nonce, expected, sizeof expected);
	ck_assert_mem_eq(nonce, expected, sizeof nonce);
}
END_TEST

START_TEST(draw)
{
	static const uint64_t counts[] = {0, 1, 2, 3, 1000, UINT64_C(1) << 31, (UINT64_C(1) << 32) - 2,
					  (UINT64_C(1) << 32) - 1, UINT64_C(1) << 32};
	struct ct_error err;
	for (size_t i = 0; i < COUNT(counts); i++) {
		for (int round = 0; round < 500; round++) {
			uint8_t base[CT_NONCE_LEN], last[CT_NONCE_LEN];
			ck_assert_int_eq(ct_nonce_draw_base(test_crypto(), counts[i], base, &err), 0);
			if (counts[i] > 0)
				ck_assert_int_eq(ct_nonce_chunk(base, counts[i] - 1, last, &err), 0);
			/* With every counter in use there is one start. */
			if (counts[i] == UINT64_C(1) << 32)
				ck_assert(all_zero(base + 8, 4));
		}
	}
}
END_TEST

START_TEST(draw_too_many)
{
	struct ct_error err = {0};
	uint8_t base[CT_NONCE_LEN];
	assert_error(ct_nonce_draw_base(test_crypto(), (UINT64_C(1) << 32) + 1, base, &err), &err,
		     CT_E_ARGUMENT, "too many");
	assert_error(ct_nonce_draw_base(test_crypto(), UINT64_MAX, base, &err), &err, CT_E_ARGUMENT,
		     "too many");
}
END_TEST

/* Draws differ, in the counter's high and low bytes too. */
START_TEST(draw_is_random)
{
	struct ct_error err;
	uint8_t seen[CT_NONCE_LEN][256] = {{0}};
	for (int round = 0; round < 1000; round++) {
		uint8_t base[CT_NONCE_LEN];
		ck_assert_int_eq(ct_nonce_draw_base(test_crypto(), 1, base, &err), 0);
		for (size_t i = 0; i < CT_NONCE_LEN; i++)
			seen[i][base[i]] = 1;
	}
	for (size_t i = 0; i < CT_NONCE_LEN; i++) {
		int values = 0;
		for (int value = 0; value < 256; value++)
			values += seen[i][value];
		ck_assert_int_gt(values, 150); /* about 251 are to be expected */
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nonce");
	TCase *tcase = add_case(suite, "nonce");
	tcase_add_loop_test(tcase, chunk, 0, COUNT(rows));
	tcase_add_test(tcase, draw);
	tcase_add_test(tcase, draw_too_many);
	tcase_add_test(tcase, draw_is_random);
	return run_suite(suite);
}
