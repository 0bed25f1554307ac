/* Making a lazy mapping. */
#include <sys/mman.h>
#include <unistd.h>

#include "ahead.h"
#include "fault.h"
#include "lazy.h"
#include "lazy_fill.h"
#include "lazy_table.h"
#include "pages.h"
#include "process.h"
#include "raw.h"
#include "stack.h"

/* Messages from here on are not worth a window: a part of one costs all of it. */
static const uint64_t LONG = 16 * 1024 * 1024;

bool shim_lazy_fits(const struct shim_file *file, const struct shim_mapping_request *request, uint64_t least)
{
	const int ordinary = MAP_TYPE | MAP_NORESERVE | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_STACK | MAP_NONBLOCK;
	uint64_t size = (uint64_t)file->identity.st_size, offset = (uint64_t)request->offset;
	const struct ct_model *model = ct_view_model(file->view);
	return request->address == NULL && (request->flags & ~ordinary) == 0 && offset < size && size - offset >= least
	       && request->len >= least && model->manifest.chunk_size != 0 && model->manifest.chunk_size <= LONG;
}

static void *make(struct shim_file *file, const struct shim_mapping_request *request)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t offset = (uint64_t)request->offset, left = (uint64_t)file->identity.st_size - offset;
	size_t inside = left < request->len ? (size_t)left : request->len, len = (inside + page - 1) / page * page;
	uintptr_t start;
	if (shim_pages_reserve(&start, request->len) != 0)
		return MAP_FAILED;
	bool good = (len == request->len
		     || shim_pages_past_end(start + len, request->len - len, request->prot) == 0)
		    && shim_lazy_enter(file, start, len, offset, request->prot);
	if (good)
		return (void *)start;
	raw_munmap((void *)start, request->len);
	return MAP_FAILED;
}

void *shim_map_lazy(struct shim_file *file, const struct shim_mapping_request *request, unsigned threads)
{
	if (!shim_process_owns() || !shim_stack_prepare() || !shim_file_own_get(file, request->fd))
		return MAP_FAILED;
	void *made = shim_fault_watch() ? make(file, request) : MAP_FAILED;
	if (made == MAP_FAILED)
		shim_file_own_put(file);
	else if (threads > 1)
		shim_ahead_start(threads, shim_lazy_fill_ahead);
	return made;
}
