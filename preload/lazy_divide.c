#include "lazy_divide.h"

#include <sys/mman.h>

#include "lazy_table.h"
#include "raw.h"

enum {
	LONG_TENSOR = 2 << 20,
	LONG_WINDOWS = 4,       /* the longest of the three: it is to have few windows more, ... */
	LONG_SHARE = 600,       /* ... and there are to be no more such tensors, of each two pieces may be touched */
	LONG_MESSAGE = 4 << 20, /* is opened with all its windows anyway */
	GROUP = 256 << 10,      /* bytes of small tensors right before a long one: whoever visits all comes to them first */
	CUTS = 4,
};

struct division {
	const struct shim_lazy *lazy;
	const struct ct_model *model;
	uint64_t len, head;  /* bytes of the mapping, and of the header in it */
	size_t tensor;       /* the next one, in the data's order */
	uint64_t cuts[CUTS]; /* of the one before: windows that begin around its beginning, ascending, 0 for none */
	uint64_t group, begin; /* the pages that have its group's first byte, and its own */
};

/* The page of the mapping that has a byte of the file; 0 when that lies before. */
static uint64_t page_start(const struct shim_lazy *lazy, uint64_t offset)
{
	return offset < lazy->offset ? 0 : (offset - lazy->offset) / lazy->page * lazy->page;
}

static bool is_long(const struct division *division, const struct ct_tensor *tensor)
{
	uint64_t least = LONG_WINDOWS * (uint64_t)division->lazy->size, share = division->len / LONG_SHARE;
	if (least < LONG_TENSOR)
		least = LONG_TENSOR;
	return tensor->end - tensor->begin >= (least > share ? least : share);
}

static bool is_short_message(const struct ct_piece *piece)
{
	return piece->kind == CT_PIECE_SEALED && piece->end - piece->start < LONG_MESSAGE;
}

static const struct ct_tensor *tensor_of(const struct division *division, size_t i)
{
	const struct ct_header *header = &division->model->header;
	return &header->tensors[header->data_order[i]];
}

/* Where the small tensors right before tensor `i` of the data begin, or it does: a file offset. */
static uint64_t group_start(const struct division *division, size_t i)
{
	uint64_t end = tensor_of(division, i)->begin;
	while (i > 0 && !is_long(division, tensor_of(division, i - 1)) && end - tensor_of(division, i - 1)->begin <= GROUP)
		i--;
	return division->model->data_offset + tensor_of(division, i)->begin;
}

/* The page of a message's first byte also has the end of the one before. The message before all this and the tensor's first
 * one have their places in windows that need no other one: one from the first page that only the one before has a part of, one
 * up to the last page that only the tensor's first message has. */
static void cut(struct division *division, size_t i)
{
	const struct shim_lazy *lazy = division->lazy;
	const struct ct_tensor *tensor = tensor_of(division, i);
	uint64_t offset = division->model->data_offset + tensor->begin, group = group_start(division, i);
	struct ct_piece first = ct_model_piece(division->model, offset), before = ct_model_piece(division->model, group - 1);
	division->group = page_start(lazy, group);
	division->begin = page_start(lazy, offset);
	division->cuts[0] = is_short_message(&before) ? page_start(lazy, before.start + lazy->page - 1) : 0;
	division->cuts[1] = division->group;
	division->cuts[2] = division->begin;
	division->cuts[3] = is_short_message(&first) && first.end < division->model->data_offset + tensor->end
				    ? page_start(lazy, first.end) : 0;
}

/* Where the next window around the beginning of a long tensor begins, or UINT64_MAX. `after` never falls. */
static uint64_t next_cut(struct division *division, uint64_t after)
{
	for (;;) {
		for (size_t i = 0; i < CUTS; i++)
			if (division->cuts[i] > after)
				return division->cuts[i];
		size_t count = division->model->header.count;
		while (division->tensor < count && !is_long(division, tensor_of(division, division->tensor)))
			division->tensor++;
		if (division->tensor == count)
			return UINT64_MAX;
		cut(division, division->tensor++);
	}
}

/* On how many pages of a window from `at` on does a tensor begin? */
static uint16_t beginning(struct division *division, uint64_t at)
{
	if (at == division->head && at > 0)
		next_cut(division, at - 1);
	if (at != division->head && at != division->group && at != division->begin)
		return 0;
	return at >= division->group && at < division->begin ? (uint16_t)((division->begin - at) / division->lazy->page) : 1;
}

static uint64_t next_start(struct division *division, uint64_t after)
{
	if (after < division->head)
		return division->head;
	size_t size = division->lazy->size;
	uint64_t even = (after / size + 1) * size, next = next_cut(division, after);
	return next < even ? next : even;
}

/* Enter the windows, once there is room for them; how many are there? */
static size_t divide(struct division division)
{
	struct shim_window *windows = division.lazy->windows;
	size_t count = 0;
	for (uint64_t at = 0; at < division.len; at = next_start(&division, at), count++) {
		if (windows == NULL)
			continue;
		windows[count].page = (uint32_t)(at / division.lazy->page);
		windows[count].begins = beginning(&division, at);
	}
	return count;
}

bool shim_lazy_divide(struct shim_lazy *lazy, const struct ct_model *model, size_t len)
{
	struct division division = {.lazy = lazy, .model = model, .len = len};
	uint64_t head = page_start(lazy, model->data_offset + lazy->page - 1);
	lazy->has_head = head > 0 && head < len;
	division.head = lazy->has_head ? head : 0;
	lazy->windows = NULL;
	lazy->count = divide(division);
	long windows = raw_mmap(NULL, lazy->count * sizeof *lazy->windows, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (windows < 0 && windows >= -4095)
		return false;
	lazy->windows = (struct shim_window *)windows;
	divide(division);
	return true;
}
