#include "lazy_near.h"

#include "ahead.h"
#include "lazy_table.h"
#include "near.h"
#include "resident.h"
#include "stack.h"
#include "stats.h"

enum {
	SURE = 2,          /* tensors' beginnings one after another */
	MORE = 4 << 20,    /* bytes that each of them is worth; a network carries that in a few round trips */
	MOST = 32 << 20,
	PASSED = 1000,     /* tensors in memory already: who passes over more is not followed */
};

/* The tensor that has a byte of the file: where it begins, and where the next one does. False: none has. */
static bool tensor_at(const struct shim_lazy *lazy, uint64_t offset, uint64_t *start, uint64_t *next)
{
	const struct ct_model *model = shim_lazy_model(lazy);
	if (offset >= model->file_size)
		return false;
	struct ct_piece piece = ct_model_piece(model, offset);
	if (piece.kind == CT_PIECE_HEADER)
		return false;
	*start = model->data_offset + model->header.tensors[piece.tensor].begin;
	*next = model->data_offset + model->header.tensors[piece.tensor].end;
	return true;
}

static uintptr_t address_of(const struct shim_lazy *lazy, uint64_t offset)
{
	return atomic_load(&lazy->start) + (uintptr_t)(offset - lazy->offset);
}

/* Will it be decrypted by whoever touches it? */
static bool is_empty(const struct shim_lazy *lazy, uint64_t offset)
{
	return atomic_load(&lazy->windows[shim_window_at(lazy, address_of(lazy, offset))].state) == SHIM_WINDOW_EMPTY;
}

/* Ask for the windows' ciphertext. How much is it? */
static uint64_t ask(const struct shim_lazy *lazy, size_t first, size_t count)
{
	const struct ct_model *model = shim_lazy_model(lazy);
	struct shim_ciphertext ciphertext = {.fd = atomic_load(&lazy->file->own), .place = SHIM_FAR};
	uint64_t start = shim_lazy_offset(lazy, shim_window_start(lazy, first));
	uint64_t end = shim_lazy_offset(lazy, shim_window_end(lazy, first + count - 1));
	if (end > model->file_size)
		end = model->file_size;
	if (start >= end)
		return 0;
	ct_model_whole_messages(model, &start, &end);
	shim_near(&ciphertext, CT_NEAR_BEHIND, start, end - start);
	return end - start;
}

/* Is `offset`, where a tensor begins, the next one that is touched after another, as those between were there already? */
static bool follows(const struct shim_lazy *lazy, uint64_t last, uint64_t offset)
{
	uint64_t start, next, at = last;
	for (unsigned passed = 0; at < offset; passed++, at = next)
		if (passed > PASSED || (at != last && is_empty(lazy, at)) || !tensor_at(lazy, at, &start, &next))
			return false;
	return at == offset && last != 0 && last != offset;
}

/* Ask for where tensors begin, from `next` on, as far as `most` bytes go that are not decrypted yet, and for half as many to
 * be decrypted, which takes as long as a fast network. */
static void ask_on(struct shim_lazy *lazy, uint64_t next, uint64_t most)
{
	struct shim_starts *starts = &lazy->starts;
	uint64_t limit = lazy->offset + (atomic_load(&lazy->end) - atomic_load(&lazy->start)), start, after;
	for (uint64_t done = 0; done < most && next < limit && tensor_at(lazy, next, &start, &after);) {
		size_t number = shim_window_at(lazy, address_of(lazy, next)), first, count;
		uint64_t end = shim_lazy_offset(lazy, shim_window_end(lazy, number));
		if (is_empty(lazy, next)) {
			shim_lazy_plan_start(lazy, address_of(lazy, next), &first, &count);
			if (next >= starts->told)
				ask(lazy, first, count);
			if (next >= starts->queued && done < most / 2) {
				shim_stats_add(lazy->file, SHIM_STAT_AHEAD_ASKED, count);
				shim_ahead_ask(shim_lazy_number(lazy), first, count);
				starts->queued = next + 1;
			}
			done += shim_window_end(lazy, first + count - 1) - shim_window_start(lazy, first);
		}
		/* What else begins in this window comes with it. */
		if (after < end && tensor_at(lazy, end, &start, &after) && start >= end)
			after = start;
		next = after;
		if (starts->told < next)
			starts->told = next;
	}
}

struct touch {
	struct shim_lazy *lazy;
	uintptr_t at;
	const struct shim_plan *plan;
};

static void follow(void *argument)
{
	const struct touch *touch = argument;
	struct shim_lazy *lazy = touch->lazy;
	struct shim_starts *starts = &lazy->starts;
	uint64_t offset = shim_lazy_offset(lazy, touch->at), start, next;
	if (!tensor_at(lazy, offset, &start, &next))
		return;
	if (start != offset) {
		starts->count = 0;
		return;
	}
	starts->count = starts->count > 0 && follows(lazy, starts->last, offset) ? starts->count + 1 : 1;
	starts->last = offset;
	if (starts->count < SURE || atomic_load(&lazy->file->place) != SHIM_FAR)
		return;
	ask(lazy, touch->plan->first, touch->plan->count); /* first, as somebody waits for it */
	uint64_t most = (uint64_t)MORE * starts->count;
	ask_on(lazy, next, most < MOST ? most : MOST);
}

void shim_lazy_near(struct shim_lazy *lazy, uintptr_t at, const struct shim_plan *plan)
{
	int place = atomic_load_explicit(&lazy->file->place, memory_order_relaxed); /* unknown: the first touch */
	if ((place != SHIM_FAR && place != SHIM_UNKNOWN) || shim_resident_most() != 0 || atomic_load(&lazy->random)
	    || atomic_flag_test_and_set(&lazy->starts.busy))
		return;
	struct touch touch = {lazy, at, plan};
	shim_stack_run(follow, &touch);
	atomic_flag_clear(&lazy->starts.busy);
}
