#include "pool.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "guard.h"
#include "pages.h"
#include "raw.h"

#ifndef MREMAP_DONTUNMAP /* Linux 5.7 */
#define MREMAP_DONTUNMAP 4
#endif

enum { BLOCKS = 1024, SHARE = 8 /* of the machine's memory */ };

static struct block {
	uintptr_t start;
	size_t len;
} blocks[BLOCKS];
static unsigned count;
static atomic_size_t bytes, most;
static atomic_bool measured;
static struct shim_lock lock;

static void measure(void)
{
	struct sysinfo info;
	if (atomic_exchange(&measured, true) || SHIM_RAW(SYS_sysinfo, &info, 0, 0, 0, 0, 0) != 0)
		return;
	atomic_store(&most, (size_t)info.totalram * info.mem_unit / SHARE);
}

void shim_pool_limit(size_t limit)
{
	atomic_store(&measured, true);
	atomic_store(&most, limit);
}

size_t shim_pool_bytes(void)
{
	return atomic_load(&bytes);
}

static bool failed(long result)
{
	return result < 0 && result >= -4095;
}

static bool keep(uintptr_t start, size_t len)
{
	struct shim_guard guard;
	shim_lock_take(&lock, &guard);
	bool room = count < BLOCKS && atomic_load(&bytes) + len <= atomic_load(&most);
	if (room) {
		blocks[count++] = (struct block){start, len};
		atomic_fetch_add(&bytes, len);
	}
	shim_lock_give(&lock, &guard);
	return room;
}

bool shim_pool_give(uintptr_t start, size_t len)
{
	uintptr_t to;
	measure();
	if (start % SHIM_HUGE_PAGE != 0 || len % SHIM_HUGE_PAGE != 0 || len == 0
	    || atomic_load(&bytes) + len > atomic_load(&most) || shim_pages_reserve(&to, len) != 0)
		return false;
	/* Without access first: when the pages have gone, zeros would be read there. */
	if (SHIM_RAW(SYS_mprotect, start, len, PROT_NONE, 0, 0, 0) != 0
	    || failed(SHIM_RAW(SYS_mremap, start, len, len, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to, 0))) {
		raw_munmap((void *)to, len);
		return false;
	}
	/* What the program may have asked for concerned its mapping. */
	SHIM_RAW(SYS_munlock, to, len, 0, 0, 0, 0);
	SHIM_RAW(SYS_madvise, to, len, MADV_DOFORK, 0, 0, 0);
	if (SHIM_RAW(SYS_mprotect, to, len, PROT_READ | PROT_WRITE, 0, 0, 0) != 0 || !keep(to, len))
		raw_munmap((void *)to, len);
	return true;
}

uintptr_t shim_pool_take(size_t len)
{
	struct shim_guard guard;
	uintptr_t start = 0;
	if (len == 0 || len % SHIM_HUGE_PAGE != 0 || atomic_load(&bytes) < len)
		return 0;
	shim_lock_take(&lock, &guard);
	struct block *best = NULL;
	for (unsigned i = 0; i < count; i++)
		if (blocks[i].len >= len && (best == NULL || blocks[i].len < best->len))
			best = &blocks[i];
	if (best != NULL) {
		start = best->start;
		best->start += len;
		best->len -= len;
		if (best->len == 0)
			*best = blocks[--count];
		atomic_fetch_sub(&bytes, len);
	}
	shim_lock_give(&lock, &guard);
	return start;
}

void shim_pool_empty(void)
{
	for (size_t i = 0; i < BLOCKS && shim_pool_bytes() > 0; i++) {
		struct shim_guard guard;
		struct block last = {0, 0};
		shim_lock_take(&lock, &guard);
		if (count > 0) {
			last = blocks[--count];
			atomic_fetch_sub(&bytes, last.len);
		}
		shim_lock_give(&lock, &guard);
		if (last.len > 0)
			raw_munmap((void *)last.start, last.len);
	}
}

void shim_pool_after_fork(void)
{
	/* Its pages are the parent's too: to write to them is to copy them. What was half changed is lost. */
	if (shim_lock_after_fork(&lock)) {
		count = 0;
		atomic_store(&bytes, 0);
	}
	shim_pool_empty();
}
