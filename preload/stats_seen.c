#include <stdlib.h>
#include <string.h>

#include "stats.h"

struct shim_seen {
	const struct ct_model *model;
	size_t words;
	_Atomic uint64_t *bits;
	uint64_t first[]; /* number of each tensor's first message, of all in the file */
};

struct shim_seen *shim_seen_new(const struct ct_model *model)
{
	uint64_t messages = 0;
	size_t count = model->header.count;
	struct shim_seen *seen = malloc(sizeof *seen + count * sizeof seen->first[0]);
	if (seen == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		seen->first[i] = messages;
		messages += model->manifest.tensors[i].sealed ? model->manifest.tensors[i].messages : 0;
	}
	seen->model = model;
	seen->words = (size_t)(messages / 64 + 1);
	seen->bits = calloc(seen->words, sizeof *seen->bits);
	if (seen->bits == NULL) {
		free(seen);
		return NULL;
	}
	return seen;
}

void shim_seen_free(struct shim_seen *seen)
{
	if (seen == NULL)
		return;
	free((void *)seen->bits);
	free(seen);
}

void shim_seen_forget(struct shim_seen *seen)
{
	for (size_t i = 0; seen != NULL && i < seen->words; i++)
		atomic_store_explicit(&seen->bits[i], 0, memory_order_relaxed);
}

uint64_t shim_seen_add(struct shim_seen *seen, const struct ct_opened *what)
{
	uint64_t fresh = 0;
	for (uint64_t i = what->first; i < what->first + what->count; i++) {
		uint64_t start, end, number = seen->first[what->tensor] + i, bit = UINT64_C(1) << number % 64;
		if ((atomic_fetch_or_explicit(&seen->bits[number / 64], bit, memory_order_relaxed) & bit) != 0)
			continue;
		ct_model_message(seen->model, what->tensor, i, &start, &end);
		fresh += end - start;
	}
	return fresh;
}
