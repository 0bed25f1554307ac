#include "keyset.h"

#include <stdlib.h>
#include <string.h>

int ct_keyset_add(struct ct_keyset *set, const struct ct_keyset_entry *entry, struct ct_error *err)
{
	/* Not realloc(): it would leave unwiped keys behind. */
	struct ct_keyset_entry *grown = calloc(set->count + 1, sizeof *grown);
	if (grown == NULL)
		return ct_fail_nomem(err);
	if (set->count > 0) {
		memcpy(grown, set->entries, set->count * sizeof *grown);
		ct_wipe(set->entries, set->count * sizeof *grown);
	}
	free(set->entries);
	grown[set->count++] = *entry;
	set->entries = grown;
	return 0;
}

void ct_keyset_clear(struct ct_keyset *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free(set->entries[i].kid);
		free(set->entries[i].jku);
	}
	if (set->count > 0)
		ct_wipe(set->entries, set->count * sizeof *set->entries);
	free(set->entries);
	set->entries = NULL;
	set->count = 0;
}

const struct ct_keyset_entry *ct_keyset_find(const struct ct_keyset *set, enum ct_key_kind kind,
					     const char *kid, int cipher)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct ct_keyset_entry *entry = &set->entries[i];
		if (entry->kind != kind)
			continue;
		if (kid != NULL && (entry->kid == NULL || strcmp(entry->kid, kid) != 0))
			continue;
		if (kind == CT_MASTER_KEY && cipher >= 0 && entry->has_cipher
		    && (int)entry->cipher != cipher)
			continue;
		return entry;
	}
	return NULL;
}

const struct ct_keyset_entry *ct_keyset_signer(const struct ct_keyset *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->entries[i].kind == CT_SIGNING_KEY && set->entries[i].has_seed)
			return &set->entries[i];
	return NULL;
}
