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
#include "resident.h"
#include "stack.h"

bool shim_lazy_fits(const struct shim_file *file, const struct shim_mapping_request *request, uint64_t least)
{
	const int ordinary = MAP_TYPE | MAP_NORESERVE | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_STACK | MAP_NONBLOCK;
	uint64_t size = (uint64_t)file->identity.st_size, offset = (uint64_t)request->offset;
	return request->address == NULL && (request->flags & ~ordinary) == 0 && offset < size && size - offset >= least
	       && request->len >= least;
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

void *shim_map_lazy(struct shim_file *file, const struct shim_mapping_request *request,
		    const struct shim_config *config)
{
	if (!shim_process_owns() || !shim_stack_prepare() || !shim_file_own_get(file, request->fd))
		return MAP_FAILED;
	shim_resident_set((size_t)config->resident);
	void *made = shim_fault_watch() ? make(file, request) : MAP_FAILED;
	if (made == MAP_FAILED)
		shim_file_own_put(file);
	else if (config->threads > 1)
		shim_ahead_start(config->threads, shim_lazy_fill_ahead);
	return made;
}
