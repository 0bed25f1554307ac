#include "lazy_plan.h"

#include "lazy_table.h"
#include "resident.h"

static const uint64_t SMALL = UINT64_C(4) << 20; /* tensors below this are passed over */
static const uint64_t LONG = UINT64_C(4) << 20;  /* messages from here on are opened with all their windows */
static const uint64_t MOST = UINT64_C(256) << 20; /* bytes ahead of a reader */
static const uint64_t PAIR = UINT64_C(2) << 20;  /* a huge page */

enum {
	MANY = 900,         /* pieces; from here on ... */
	PIECES_OF_BOUND = 16, /* so many fit a bound, that threads do not take each other's away */
	MANY_AT_ONCE = 16,  /* ... so many windows are decrypted together: 2048 mappings are the most for any mapping */
};

/* A stretch of the file. */
struct stretch {
	uint64_t start, end;
};

static const struct ct_model *model_of(const struct shim_lazy *lazy)
{
	return ct_view_model(lazy->file->view);
}

/* The tensor at an offset of the file, or {0, 0}. */
static struct stretch tensor_at(const struct ct_model *model, uint64_t offset)
{
	if (offset >= model->file_size)
		return (struct stretch){0, 0};
	struct ct_piece piece = ct_model_piece(model, offset);
	if (piece.kind == CT_PIECE_HEADER)
		return (struct stretch){0, 0};
	const struct ct_tensor *tensor = &model->header.tensors[piece.tensor];
	if (tensor->end - tensor->begin < SMALL)
		return (struct stretch){0, 0};
	return (struct stretch){model->data_offset + tensor->begin, model->data_offset + tensor->end};
}

/* The window that has a byte of the file, which may lie outside of the mapping. */
static size_t window_of(const struct shim_lazy *lazy, uint64_t offset)
{
	uintptr_t start = atomic_load(&lazy->start), end = atomic_load(&lazy->end);
	if (offset < lazy->offset)
		return 0;
	uint64_t at = offset - lazy->offset;
	return end > start && at < end - start ? shim_window_at(lazy, start + (uintptr_t)at) : lazy->count - 1;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Up to where in this tensor a reader is led: the first window beyond. */
static size_t limit_in(const struct shim_lazy *lazy, const struct stretch *tensor, uint64_t usual, size_t touched)
{
	size_t limit = window_of(lazy, tensor->end - 1) + 1;
	if (usual != 0 && usual < tensor->end - tensor->start) {
		size_t left = window_of(lazy, tensor->start + usual - 1) + 1;
		if (touched < left)
			return least(limit, left);
	}
	return limit;
}

/* What was there already is passed without a touch that anyone sees. */
static void pass_over(const struct shim_lazy *lazy, struct shim_run *run, size_t touched)
{
	enum { FAR = 64 };
	if (run->end >= touched || touched - run->end > FAR)
		return;
	size_t end = run->end;
	while (end < touched && atomic_load(&lazy->windows[end].state) == SHIM_WINDOW_READY)
		end++;
	if (end == touched)
		run->end = end;
}

/* The run that this touch goes on with, or NULL. */
static struct shim_run *find_run(struct shim_lazy *lazy, size_t touched)
{
	for (size_t i = 0; i < SHIM_RUNS; i++) {
		struct shim_run *run = &lazy->runs.runs[i];
		if (run->next == 0 || run->next > touched)
			continue;
		pass_over(lazy, run, touched);
		if (touched <= run->end)
			return run;
	}
	return NULL;
}

/* A run that was left: did it leave its tensor where the one before did? */
static void learn(const struct shim_lazy *lazy, struct shim_runs *runs, const struct shim_run *left)
{
	if (left->next == 0 || left->tensor_end == 0 || left->goes_on)
		return;
	uintptr_t end = shim_window_end(lazy, left->next - 1);
	uint64_t offset = shim_lazy_offset(lazy, end);
	uint64_t taken = offset > left->tensor ? offset - left->tensor : 0;
	uint64_t before = runs->left_at, near = 2 * lazy->size;
	runs->left_at = taken;
	if (offset >= left->tensor_end)
		runs->usual = 0; /* to its end */
	else if (before != 0 && taken < before + near && before < taken + near)
		runs->usual = taken > before ? taken : before;
}

static struct shim_run *begin_run(struct shim_lazy *lazy, struct shim_runs *runs, size_t touched)
{
	learn(lazy, runs, &runs->runs[runs->latest]);
	runs->latest = runs->turn++ % SHIM_RUNS;
	struct shim_run *run = &runs->runs[runs->latest];
	*run = (struct shim_run){.first = touched};
	return run;
}

/* The windows to decrypt now: those that share a huge page, as far as the tensor goes; more where there are many pieces
 * already. */
static void choose_now(const struct shim_lazy *lazy, size_t touched, size_t from, size_t limit, struct shim_plan *plan)
{
	size_t shift = shim_lazy_has_head(lazy) ? 1 : 0, first = touched, end = touched + 1;
	size_t together = lazy->size < PAIR ? (size_t)(PAIR / lazy->size) : 1;
	if (atomic_load(&lazy->pieces) >= MANY)
		together = MANY_AT_ONCE;
	size_t bound = shim_resident_most() / PIECES_OF_BOUND / lazy->size;
	if (shim_resident_most() != 0 && together > bound)
		together = bound > 0 ? bound : 1;
	if (touched >= shift) {
		size_t place = (touched - shift + lazy->skip) / together * together; /* in windows from the mapping's start */
		first = (place > lazy->skip ? place - lazy->skip : 0) + shift;
		end = place + together - lazy->skip + shift;
	}
	plan->first = first > from ? first : least(from, touched);
	if (end > limit && limit > touched)
		end = limit;
	end = least(end, lazy->count);
	plan->count = end - plan->first;
}

static void foresee(struct shim_lazy *lazy, size_t touched, struct stretch tensor, struct shim_plan *plan)
{
	struct shim_runs *runs = &lazy->runs;
	struct shim_run *run = find_run(lazy, touched);
	bool goes_on = run != NULL;
	uint64_t size = lazy->size;
	if (run == NULL)
		run = begin_run(lazy, runs, touched);
	else if (run->tensor_end != 0 && run->tensor_end != tensor.end)
		run->goes_on = true;
	runs->latest = (unsigned)(run - runs->runs);
	bool bounded = tensor.end != 0 && !run->goes_on;
	size_t from = bounded ? window_of(lazy, tensor.start) : 0;
	size_t limit = bounded ? limit_in(lazy, &tensor, runs->usual, touched) : lazy->count;
	choose_now(lazy, touched, from, limit, plan);

	size_t next = plan->first + plan->count;
	plan->passed = goes_on && touched > run->next ? touched - run->next : 0;
	run->tensor = tensor.start;
	run->tensor_end = tensor.end;
	if (goes_on) {
		size_t most = (size_t)(MOST / size > 0 ? MOST / size : 1), held = shim_resident_most() / size / 8;
		size_t passed = next - least(run->first, next); /* it is not led further than it has come */
		size_t more = least(run->ahead == 0 ? 2 : run->ahead * 2, least(most, passed));
		if (shim_resident_most() != 0)
			more = least(more, held > 0 ? held : 1);
		size_t end = least(next + more, limit);
		plan->ahead = run->end > next ? run->end : next;
		plan->ahead_count = end > plan->ahead ? end - plan->ahead : 0;
		run->ahead = more;
	}
	run->next = next;
	run->end = plan->ahead_count > 0 ? plan->ahead + plan->ahead_count : run->end > next ? run->end : next;
}

struct shim_plan shim_lazy_plan(struct shim_lazy *lazy, uintptr_t at)
{
	size_t touched = shim_window_at(lazy, at);
	struct shim_plan plan = {.first = touched, .count = 1};
	if (atomic_load(&lazy->random) || atomic_flag_test_and_set(&lazy->runs.busy))
		return plan;
	if (touched > 0 || !shim_lazy_has_head(lazy))
		foresee(lazy, touched, tensor_at(model_of(lazy), shim_lazy_offset(lazy, at)), &plan);
	atomic_flag_clear(&lazy->runs.busy);
	return plan;
}

/* The message that has a byte of the file, when it is a long one. */
static bool long_message(const struct ct_model *model, uint64_t offset, struct stretch *message)
{
	if (offset >= model->file_size)
		return false;
	struct ct_piece piece = ct_model_piece(model, offset);
	*message = (struct stretch){piece.start, piece.end};
	return piece.kind == CT_PIECE_SEALED && piece.end - piece.start >= LONG;
}

void shim_lazy_plan_long(const struct shim_lazy *lazy, size_t touched, size_t *first, size_t *count)
{
	const struct ct_model *model = model_of(lazy);
	struct stretch message;
	uint64_t start = shim_lazy_offset(lazy, shim_window_start(lazy, touched));
	uint64_t end = shim_lazy_offset(lazy, shim_window_end(lazy, touched));
	size_t from = *first, to = *first + *count;
	if (long_message(model, start, &message) && message.start < start) {
		size_t whole = window_of(lazy, message.start);
		if (shim_lazy_offset(lazy, shim_window_start(lazy, whole)) < message.start)
			whole++;
		from = least(from, whole);
	}
	if (long_message(model, end - 1, &message) && message.end > end) {
		size_t last = window_of(lazy, message.end - 1);
		if (shim_lazy_offset(lazy, shim_window_end(lazy, last)) <= message.end)
			last++; /* the first beyond it */
		if (last > to)
			to = last;
	}
	*first = from;
	*count = to - from;
}
