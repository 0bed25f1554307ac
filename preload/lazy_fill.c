/* Decrypting a window: into memory of its own, which is then moved into its place. */
#include "lazy_fill.h"

#include <string.h>
#include <sys/mman.h>

#include "log.h"
#include "pages.h"
#include "raw.h"
#include "stats.h"

static int fill_stage(const struct shim_fill *fill, uintptr_t stage, size_t len)
{
	const struct shim_lazy *lazy = fill->lazy;
	uint64_t from = lazy->offset + (shim_window_start(lazy, fill->number) - atomic_load(&lazy->start));
	uint64_t left = (uint64_t)lazy->file->identity.st_size - from;
	return shim_file_read_own(lazy->file, (void *)stage, left < len ? (size_t)left : len, from, fill->threads);
}

void shim_lazy_fill(void *argument)
{
	struct shim_fill *fill = argument;
	struct shim_window *window = &fill->lazy->windows[fill->number];
	uintptr_t start = shim_window_start(fill->lazy, fill->number), stage = 0;
	size_t len = shim_window_end(fill->lazy, fill->number) - start;
	int prot = atomic_load(&window->prot), told = 0;
	const char *path = fill->lazy->file->path;
	fill->error = shim_pages_allocate(&stage, len, start);
	if (fill->error == 0)
		fill->error = told = fill_stage(fill, stage, len);
	if (fill->error == 0 && prot != (PROT_READ | PROT_WRITE))
		fill->error = -(int)SHIM_RAW(SYS_mprotect, stage, len, prot, 0, 0, 0);
	if (fill->error == 0) {
		long moved = SHIM_RAW(SYS_mremap, stage, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, start, 0);
		fill->error = moved < 0 && moved >= -4095 ? (int)-moved : 0;
	}
	if (fill->error != 0 && fill->error != told)
		shim_log(SHIM_ERROR, path != NULL ? path : "(unknown)", "decrypted memory cannot be put into its place: %s",
			 strerror(fill->error));
	if (fill->error != 0 && stage != 0)
		raw_munmap((void *)stage, len);
	if (fill->error == 0) {
		shim_stats_resident(fill->lazy->file, 1, (int64_t)len);
		shim_stats_add(fill->lazy->file, SHIM_STAT_WINDOW_BYTES, len);
		shim_stats_add(fill->lazy->file, fill->by, 1);
	}
	/* Without memory it may go better another time. */
	shim_window_set(window, fill->error == 0 ? SHIM_WINDOW_READY
				: fill->error == told ? SHIM_WINDOW_FAILED : SHIM_WINDOW_EMPTY);
}

void shim_lazy_fill_ahead(unsigned mapping, size_t number)
{
	enum shim_window_state state;
	struct shim_lazy *lazy = shim_lazy_get(mapping);
	struct shim_fill fill = {.lazy = lazy, .number = number, .threads = 1, .by = SHIM_STAT_WINDOWS_AHEAD};
	if (lazy == NULL)
		return;
	struct shim_window *window = &lazy->windows[number < lazy->count ? number : 0];
	if (atomic_load(&window->state) == SHIM_WINDOW_EMPTY && number < lazy->count
	    && shim_window_claim(window, &state))
		shim_lazy_fill(&fill);
	else
		shim_stats_add(lazy->file, SHIM_STAT_AHEAD_LATE, 1);
	shim_lazy_release(lazy);
}
