#include "lazy_plan.h"

#include "lazy_table.h"
#include "near.h"
#include "resident.h"

static const uint64_t SMALL = UINT64_C(2) << 20; /* tensors below this are passed over */
static const uint64_t LONG = UINT64_C(4) << 20;  /* messages from here on are opened with all their windows */
static const uint64_t MOST = UINT64_C(256) << 20; /* bytes ahead of a reader */
static const uint64_t SHARE_OF_ALL = 1024;       /* shares of a tensor are counted in parts of it */
static const uint64_t NEAR = UINT64_C(4) << 20;  /* where touches end depends on what was there already */
static const size_t PART = (size_t)16 << 20;     /* decrypted by one thread at once, far ahead of a reader */
static const uint64_t PAIR = UINT64_C(2) << 20;  /* a huge page */

enum {
	MOST_PARTS = 1000,  /* of a mapping */
	MANY_PARTS = 2,     /* ahead; from so many on they are whole ones */
	MANY = 600,         /* pieces, and as many gaps between them; from here on ... */
	SURE = 3,           /* tensors' beginnings after one another, ... */
	BEGINNINGS = 8,     /* ... and so many more are expected */
	PIECES_OF_BOUND = 16, /* so many fit a bound, that threads do not take each other's away */
	MANY_SHARE = 150,   /* ... this part of all is decrypted together: 2048 mappings are the most for any mapping */
};

/* The tensor at an offset of the file, or {0, 0}. */
static struct shim_stretch tensor_at(const struct ct_model *model, uint64_t offset)
{
	if (offset >= model->file_size)
		return (struct shim_stretch){0, 0};
	struct ct_piece piece = ct_model_piece(model, offset);
	if (piece.kind == CT_PIECE_HEADER)
		return (struct shim_stretch){0, 0};
	const struct ct_tensor *tensor = &model->header.tensors[piece.tensor];
	if (tensor->end - tensor->begin < SMALL)
		return (struct shim_stretch){0, 0};
	return (struct shim_stretch){model->data_offset + tensor->begin, model->data_offset + tensor->end};
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

static uint64_t least64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Rounded up. */
static uint64_t share_of(uint64_t part, uint64_t length)
{
	return length < SHARE_OF_ALL ? SHARE_OF_ALL : least64((part - 1) / (length / SHARE_OF_ALL) + 1, SHARE_OF_ALL);
}

/* Up to where in this tensor a reader is led: the first window beyond. */
static size_t limit_in(const struct shim_lazy *lazy, const struct shim_stretch *tensor, uint64_t usual, size_t touched)
{
	size_t limit = window_of(lazy, tensor->end - 1) + 1;
	if (usual != 0 && usual < SHARE_OF_ALL) {
		uint64_t part = (tensor->end - tensor->start) / SHARE_OF_ALL * usual;
		size_t left = window_of(lazy, tensor->start + (part > 0 ? part - 1 : 0)) + 1;
		/* Beyond it a little, to see whether he goes on today. */
		return least(limit, touched < left ? left : touched + (size_t)(PAIR > lazy->size ? PAIR / lazy->size : 1));
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

/* Where in a window that ends `high` bytes into a tensor, and begins `low`, a reader left it: ranks take halves, quarters, ...;
 * or nobody knows. */
static uint64_t likely_end(uint64_t low, uint64_t high, uint64_t length)
{
	enum { RANKS = 16 };
	for (uint64_t parts = 2; parts <= RANKS; parts *= 2) {
		uint64_t step = length / parts, end = high / step * step;
		if (end > low)
			return end;
	}
	return low + (high - low) / 2;
}

/* Readers of a tensor, of which several threads take parts, perhaps: do they leave it where they left the one before? */
static void learn(const struct shim_lazy *lazy, struct shim_runs *runs, size_t touched, const struct shim_stretch *tensor)
{
	uint64_t before = runs->left_at, near = NEAR > lazy->size ? NEAR : lazy->size;
	if (runs->tensor.start != tensor->start && runs->taken != 0) {
		uint64_t length = runs->tensor.end - runs->tensor.start;
		uint64_t taken = share_of(runs->taken, length);
		near = share_of(least64(near, length / 4), length);
		/* Who is led that far touches less of it. */
		if (runs->usual != 0 && taken < runs->usual && taken >= runs->usual / 2)
			taken = runs->usual;
		runs->left_at = taken;
		if (before != 0 && taken < before + near && before < taken + near) {
			/* In a longer one windows are a smaller share. */
			bool longer = length > runs->left_length, shorter = length < runs->left_length;
			runs->usual = longer || (!shorter && taken > before) ? taken : before;
		}
		runs->left_length = length;
		runs->taken = 0;
	}
	runs->tensor = *tensor;
	uint64_t low = shim_lazy_offset(lazy, shim_window_start(lazy, touched));
	uint64_t high = shim_lazy_offset(lazy, shim_window_end(lazy, touched));
	if (high <= tensor->start)
		return;
	/* Less than the window's end, as others' windows lie otherwise. */
	uint64_t end = likely_end(low > tensor->start ? low - tensor->start : 0, high - tensor->start, tensor->end - tensor->start);
	if (end > runs->taken)
		runs->taken = end;
}

static void forget(struct shim_runs *runs)
{
	runs->usual = runs->left_at = runs->taken = 0;
}

static struct shim_run *begin_run(struct shim_runs *runs, size_t touched)
{
	struct shim_run *run = &runs->runs[runs->turn++ % SHIM_RUNS];
	*run = (struct shim_run){.first = touched};
	return run;
}

/* So many bytes are decrypted at once: a huge page, more where there are many pieces already, less under a bound. */
static size_t together(const struct shim_lazy *lazy)
{
	size_t bytes = PAIR > lazy->size ? PAIR : lazy->size, bound = shim_resident_most() / PIECES_OF_BOUND;
	if (atomic_load(&lazy->pieces) >= MANY)
		bytes += (atomic_load(&lazy->end) - atomic_load(&lazy->start)) / MANY_SHARE / bytes * bytes;
	if (shim_resident_most() != 0 && bytes > bound)
		bytes = bound > lazy->size ? bound : lazy->size;
	return bytes;
}

/* The windows to decrypt now: those that share a huge page, as far as the tensor goes. One who goes on needs what comes after
 * it, too; for others, where a long tensor begins something else does. */
static void choose_now(const struct shim_lazy *lazy, size_t touched, size_t from, size_t limit, bool goes_on,
		       struct shim_plan *plan)
{
	uintptr_t base = atomic_load(&lazy->start);
	size_t bytes = together(lazy), first = touched, end = touched + 1;
	size_t place = (shim_window_start(lazy, touched) - base) / bytes; /* counted in so many bytes */
	while (first > from && (goes_on || !lazy->windows[first].begins)
	       && (shim_window_start(lazy, first - 1) - base) / bytes == place)
		first--;
	while (end < lazy->count && (end < limit || limit <= touched) && (goes_on || !lazy->windows[end].begins)
	       && (shim_window_start(lazy, end) - base) / bytes == place)
		end++;
	plan->first = first;
	plan->count = end - first;
}

/* A message that is opened for a part of it: what else of it has its place in windows already is filled, too, as to keep it
 * or to open it again costs as much. */
static void fill_messages(const struct shim_lazy *lazy, struct shim_plan *plan)
{
	const struct ct_model *model = shim_lazy_model(lazy);
	uint64_t start = shim_lazy_offset(lazy, shim_window_start(lazy, plan->first));
	uint64_t end = shim_lazy_offset(lazy, shim_window_end(lazy, plan->first + plan->count - 1)) - 1;
	struct ct_piece head = ct_model_piece(model, least64(start, model->file_size - 1));
	struct ct_piece tail = ct_model_piece(model, least64(end, model->file_size - 1));
	while (head.kind == CT_PIECE_SEALED && head.end - head.start < LONG && plan->first > 0
	       && shim_lazy_offset(lazy, shim_window_start(lazy, plan->first - 1)) >= head.start) {
		plan->first--;
		plan->count++;
	}
	while (tail.kind == CT_PIECE_SEALED && tail.end - tail.start < LONG && plan->first + plan->count < lazy->count
	       && shim_lazy_offset(lazy, shim_window_end(lazy, plan->first + plan->count)) <= tail.end)
		plan->count++;
}

static bool is_beginning(const struct shim_lazy *lazy, size_t number, uintptr_t at)
{
	return at - shim_window_start(lazy, number) < lazy->windows[number].begins * lazy->page;
}

/* The first window from `number` on with which a tensor begins, or small ones before one; or 0. */
static size_t next_beginning(const struct shim_lazy *lazy, size_t number)
{
	while (number < lazy->count && !lazy->windows[number].begins)
		number++;
	return number < lazy->count ? number : 0;
}

/* Do small tensors begin with this one, and a long one with the next? */
static bool has_small_ones(const struct shim_lazy *lazy, size_t number)
{
	return number + 1 < lazy->count && lazy->windows[number].begins && lazy->windows[number + 1].begins;
}

/* The next beginning that is not the long tensor's of the same, or 0. */
static size_t after_beginning(const struct shim_lazy *lazy, size_t number)
{
	return next_beginning(lazy, number + (has_small_ones(lazy, number) ? 2 : 1));
}

size_t shim_lazy_plan_beginning(const struct shim_lazy *lazy, size_t number, bool small_ones, size_t *first, size_t *count)
{
	size_t both = has_small_ones(lazy, number) ? 1 : 0;
	struct shim_plan plan = {.first = small_ones ? number : number + both, .count = small_ones ? 1 + both : 1};
	fill_messages(lazy, &plan);
	*first = plan.first;
	*count = plan.count;
	return after_beginning(lazy, number);
}

void shim_lazy_plan_start(const struct shim_lazy *lazy, uintptr_t address, size_t *first, size_t *count)
{
	size_t number = shim_window_at(lazy, address);
	struct shim_plan plan = {.first = number, .count = 1};
	if (!is_beginning(lazy, number, address))
		choose_now(lazy, number, 0, lazy->count, false, &plan);
	fill_messages(lazy, &plan);
	*first = plan.first;
	*count = plan.count;
}

/* A tensor's beginning was touched, or what lies before it: did the touches before go there, and where to next? */
static void follow_beginnings(struct shim_lazy *lazy, size_t touched, struct shim_plan *plan)
{
	struct shim_runs *runs = &lazy->runs;
	bool at_long = touched > 0 && has_small_ones(lazy, touched - 1);
	size_t now = next_beginning(lazy, at_long ? touched - 1 : touched), before = runs->beginning;
	if (now == 0 || now == before)
		return;
	bool next = runs->begun > 0 && after_beginning(lazy, before) == now;
	runs->begun = next ? runs->begun + 1 : 1;
	runs->small_ones = plan->small_ones = !at_long || (next && runs->small_ones);
	runs->beginning = now;
	if (runs->begun < SURE)
		return;
	plan->beginning = after_beginning(lazy, now);
	for (size_t at = plan->beginning; at != 0 && plan->beginnings < BEGINNINGS; at = after_beginning(lazy, at)) {
		runs->beginning = at;
		plan->beginnings++;
	}
}

/* The run that a touch goes on with, or a new one. */
static struct shim_run *follow(struct shim_lazy *lazy, size_t touched, bool at_beginning, struct shim_stretch tensor)
{
	struct shim_runs *runs = &lazy->runs;
	struct shim_run *run = find_run(lazy, touched);
	if (run == NULL || (at_beginning && run->ahead == 0))
		run = begin_run(runs, touched);
	else if (run->tensor_end != 0 && run->tensor_end != tensor.end)
		run->goes_on = true;
	if (run->goes_on)
		forget(runs);
	else if (tensor.end != 0 && !at_beginning)
		learn(lazy, runs, touched, &tensor);
	run->touches++;
	return run;
}

size_t shim_lazy_plan_part(const struct shim_lazy *lazy, bool far)
{
	size_t bytes = far ? PART : PART / 2;
	while (bytes < (atomic_load(&lazy->end) - atomic_load(&lazy->start)) / MOST_PARTS)
		bytes *= 2;
	return bytes;
}

/* Up to `end`, but in whole parts: the rest is better asked for with what comes after it, as each end of what is decrypted
 * costs the chunk that lies across it, and small pages. Returns the new end. */
static size_t whole_parts(const struct shim_lazy *lazy, size_t from, size_t end, size_t part)
{
	uintptr_t base = atomic_load(&lazy->start), place = (shim_window_start(lazy, end) - base) / part;
	size_t begin = end;
	while (begin > from && (shim_window_start(lazy, begin - 1) - base) / part == place)
		begin--;
	return begin > from ? begin : end;
}

static void read_ahead(const struct shim_lazy *lazy, struct shim_run *run, size_t limit, bool sure, struct shim_plan *plan)
{
	uint64_t bytes = sure ? MOST : PAIR; /* who may take a part of a tensor, nobody knows which, is led little */
	size_t size = lazy->size, next = plan->first + plan->count;
	size_t most = (size_t)(bytes / size > 0 ? bytes / size : 1), held = shim_resident_most() / size / 8;
	size_t passed = next - least(run->first, next); /* it is not led further than it has come */
	size_t few = PAIR > 2 * size ? (size_t)PAIR / size : 2;
	size_t more = least(run->ahead == 0 ? few : run->ahead * 2, least(most, passed));
	if (shim_resident_most() != 0)
		more = least(more, held > 0 ? held : 1);
	size_t end = least(next + more, limit);
	size_t part = shim_lazy_plan_part(lazy, true);
	if (end < limit && more * size >= MANY_PARTS * part)
		end = whole_parts(lazy, next, end, part);
	plan->ahead = run->end > next ? run->end : next;
	plan->ahead_count = end > plan->ahead ? end - plan->ahead : 0;
	run->ahead = more;
}

static void foresee(struct shim_lazy *lazy, uintptr_t at, size_t touched, struct shim_plan *plan)
{
	struct shim_stretch tensor = tensor_at(shim_lazy_model(lazy), shim_lazy_offset(lazy, at));
	/* Where there are many pieces already, the most that can be had at once is what counts. */
	bool many = atomic_load(&lazy->pieces) >= MANY, at_beginning = !many && is_beginning(lazy, touched, at);
	struct shim_run *run = follow(lazy, touched, at_beginning, tensor);
	bool alone = run->touches == 1, bounded = tensor.end != 0 && !run->goes_on && !many;
	size_t from = bounded ? window_of(lazy, tensor.start) : 0;
	size_t limit = bounded ? limit_in(lazy, &tensor, lazy->runs.usual, touched) : lazy->count;
	bool first = lazy->runs.turn == 1; /* of all touches: nobody opens a file for one page of it */
	if (!alone || !at_beginning || first)
		choose_now(lazy, touched, from, limit, !alone || many, plan);
	if (alone && (at_beginning || tensor.end == 0) && shim_resident_most() == 0) {
		fill_messages(lazy, plan);
		follow_beginnings(lazy, touched, plan);
	} else {
		lazy->runs.begun = 0;
	}
	plan->passed = !alone && touched > run->next ? touched - run->next : 0;
	run->tensor = tensor.start;
	run->tensor_end = tensor.end;
	if (!alone) {
		bool warm = atomic_load(&lazy->file->place) == SHIM_WARM; /* or it takes longer to come than to decrypt */
		read_ahead(lazy, run, limit, !bounded || lazy->runs.usual != 0 || !warm, plan);
	} else if (bounded && !at_beginning && limit < window_of(lazy, tensor.end - 1) + 1) {
		/* His share of the others is known. */
		plan->ahead = plan->first + plan->count;
		plan->ahead_count = limit > plan->ahead ? limit - plan->ahead : 0;
		run->ahead = plan->ahead_count;
	}
	size_t next = plan->first + plan->count;
	run->next = next;
	run->end = plan->ahead_count > 0 ? plan->ahead + plan->ahead_count : run->end > next ? run->end : next;
}

struct shim_plan shim_lazy_plan(struct shim_lazy *lazy, uintptr_t at)
{
	size_t touched = shim_window_at(lazy, at);
	struct shim_plan plan = {.first = touched, .count = 1};
	if (atomic_load(&lazy->random) || atomic_flag_test_and_set(&lazy->runs.busy))
		return plan;
	if (touched > 0 || !lazy->has_head)
		foresee(lazy, at, touched, &plan);
	atomic_flag_clear(&lazy->runs.busy);
	return plan;
}

/* The message that has a byte of the file, when it is a long one. */
static bool long_message(const struct ct_model *model, uint64_t offset, struct shim_stretch *message)
{
	if (offset >= model->file_size)
		return false;
	struct ct_piece piece = ct_model_piece(model, offset);
	*message = (struct shim_stretch){piece.start, piece.end};
	return piece.kind == CT_PIECE_SEALED && piece.end - piece.start >= LONG;
}

void shim_lazy_plan_long(const struct shim_lazy *lazy, size_t touched, size_t *first, size_t *count)
{
	const struct ct_model *model = shim_lazy_model(lazy);
	struct shim_stretch message;
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
