/* Key files; what is read is written and read again, to the same keys. */
#include <stdlib.h>
#include <string.h>

#include "jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ct_keyset keys = {0}, again = {0};
	struct ct_error err = {0};
	struct ct_buffer text = {0};
	if (ct_jwk_parse(&keys, (const char *)bytes, size, "fuzz", &err) < 0) {
		check(err.code == CT_E_KEY);
		ct_keyset_clear(&keys);
		return 0;
	}
	ct_jwk_put(&keys, false, &text);
	check(ct_buffer_check(&text, &err) == 0);
	check(ct_jwk_parse(&again, text.data, text.len, "fuzz", &err) == 0);
	check(again.count == keys.count);
	for (size_t i = 0; i < keys.count; i++) {
		const struct ct_keyset_entry *a = &keys.entries[i], *b = &again.entries[i];
		check(a->kind == b->kind && a->master.len == b->master.len);
		check(memcmp(a->master.bytes, b->master.bytes, a->master.len) == 0);
		check(a->has_public == b->has_public && a->has_seed == b->has_seed);
		check(memcmp(a->public_key, b->public_key, sizeof a->public_key) == 0);
		check(a->kid == NULL ? b->kid == NULL : strcmp(a->kid, b->kid) == 0);
	}
	ct_buffer_wipe(&text);
	ct_keyset_clear(&keys);
	ct_keyset_clear(&again);
	return 0;
}
