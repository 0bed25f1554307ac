/* Which key a header's kid selects. */
#include <stdio.h>
#include <stdlib.h>

#include "keyset.h"
#include "support.h"

static void add(struct ct_keyset *set, enum ct_key_kind kind, const char *kid, int cipher)
{
	struct ct_error err;
	struct ct_keyset_entry entry = {.kind = kind};
	entry.kid = kid != NULL ? strdup(kid) : NULL;
	if (cipher >= 0) {
		entry.has_cipher = true;
		entry.cipher = (enum ct_cipher)cipher;
	}
	ck_assert_int_eq(ct_keyset_add(set, &entry, &err), 0);
}

static void fill(struct ct_keyset *set)
{
	add(set, CT_SIGNING_KEY, "x", -1);               /* 0 */
	add(set, CT_MASTER_KEY, "a", CT_AES_128_GCM);    /* 1 */
	add(set, CT_MASTER_KEY, "a", CT_AES_256_GCM);    /* 2 */
	add(set, CT_MASTER_KEY, NULL, -1);               /* 3 */
	add(set, CT_MASTER_KEY, "b", -1);                /* 4 */
	add(set, CT_SIGNING_KEY, "a", -1);               /* 5 */
	add(set, CT_MASTER_KEY, "b", CT_AES_256_GCM);    /* 6 */
}

static const struct {
	enum ct_key_kind kind;
	const char *kid;
	int cipher, found; /* found -1: none */
} rows[] = {
	{CT_MASTER_KEY, "a", -1, 1},
	{CT_MASTER_KEY, "a", CT_AES_128_GCM, 1},
	{CT_MASTER_KEY, "a", CT_AES_256_GCM, 2},
	{CT_MASTER_KEY, "a", CT_CHACHA20_POLY1305, -1},
	{CT_MASTER_KEY, "b", CT_AES_256_GCM, 4}, /* one that names no cipher may be for any */
	{CT_MASTER_KEY, "b", CT_CHACHA20_POLY1305, 4},
	{CT_MASTER_KEY, NULL, -1, 1},
	{CT_MASTER_KEY, NULL, CT_AES_256_GCM, 2},
	{CT_MASTER_KEY, NULL, CT_CHACHA20_POLY1305, 3},
	{CT_MASTER_KEY, "x", -1, -1},
	{CT_MASTER_KEY, "A", -1, -1},
	{CT_MASTER_KEY, "", -1, -1}, /* a key without kid does not answer to any */
	{CT_MASTER_KEY, "ab", -1, -1},
	{CT_SIGNING_KEY, NULL, -1, 0},
	{CT_SIGNING_KEY, "x", -1, 0},
	{CT_SIGNING_KEY, "a", -1, 5},
	{CT_SIGNING_KEY, "b", -1, -1},
};

START_TEST(find)
{
	struct ct_keyset set = {0};
	fill(&set);
	const struct ct_keyset_entry *entry =
		ct_keyset_find(&set, rows[_i].kind, rows[_i].kid, rows[_i].cipher);
	if (rows[_i].found < 0)
		ck_assert_ptr_null(entry);
	else
		ck_assert_ptr_eq(entry, &set.entries[rows[_i].found]);
	ct_keyset_clear(&set);
}
END_TEST

START_TEST(empty)
{
	struct ct_keyset set = {0};
	ck_assert_ptr_null(ct_keyset_find(&set, CT_MASTER_KEY, NULL, -1));
	ck_assert_ptr_null(ct_keyset_find(&set, CT_SIGNING_KEY, "a", -1));
	ct_keyset_clear(&set);
}
END_TEST

START_TEST(many)
{
	struct ct_keyset set = {0};
	for (int i = 0; i < 300; i++) {
		char kid[16];
		snprintf(kid, sizeof kid, "%d", i);
		add(&set, CT_MASTER_KEY, kid, -1);
	}
	for (int i = 0; i < 300; i++) {
		char kid[16];
		snprintf(kid, sizeof kid, "%d", i);
		ck_assert_ptr_eq(ct_keyset_find(&set, CT_MASTER_KEY, kid, -1), &set.entries[i]);
	}
	ct_keyset_clear(&set);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keyset");
	TCase *tcase = add_case(suite, "keyset");
	tcase_add_loop_test(tcase, find, 0, COUNT(rows));
	tcase_add_test(tcase, empty);
	tcase_add_test(tcase, many);
	return run_suite(suite);
}
