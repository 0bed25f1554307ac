#include "lazy_divide.h"

#include <sys/mman.h>

#include "lazy_table.h"
#include "raw.h"

enum { LONG_TENSOR = 4 << 20, LONG_WINDOWS = 4 }; /* the longer one of both: it is to have few windows more */

struct division {
	const struct shim_lazy *lazy;
	const struct ct_model *model;
	uint64_t len, head; /* bytes of the mapping, and of the header in it */
	size_t tensor;      /* the next one, in the data's order */
};

/* The page of the mapping that has a byte of the file; 0 when that lies before. */
static uint64_t page_start(const struct shim_lazy *lazy, uint64_t offset)
{
	return offset < lazy->offset ? 0 : (offset - lazy->offset) / lazy->page * lazy->page;
}

static bool is_long(const struct shim_lazy *lazy, const struct ct_tensor *tensor)
{
	uint64_t least = LONG_WINDOWS * (uint64_t)lazy->size;
	return tensor->end - tensor->begin >= (least > LONG_TENSOR ? least : LONG_TENSOR);
}

/* Where the first long tensor from `at` on begins, or UINT64_MAX. `at` never falls. */
static uint64_t tensor_start(struct division *division, uint64_t at)
{
	const struct ct_header *header = &division->model->header;
	for (; division->tensor < header->count; division->tensor++) {
		const struct ct_tensor *tensor = &header->tensors[header->data_order[division->tensor]];
		uint64_t start = page_start(division->lazy, division->model->data_offset + tensor->begin);
		if (start >= at && is_long(division->lazy, tensor))
			return start;
	}
	return UINT64_MAX;
}

static uint64_t next_start(struct division *division, uint64_t after)
{
	if (after < division->head)
		return division->head;
	size_t size = division->lazy->size;
	uint64_t even = (after / size + 1) * size, tensor = tensor_start(division, after + 1);
	return tensor < even ? tensor : even;
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
		windows[count].begins = at == division.head || tensor_start(&division, at) == at;
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
