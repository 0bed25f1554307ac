#include "mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guard.h"
#include "log.h"
#include "process.h"
#include "raw.h"

enum { RECORDS_MAX = 8192 };

/* Which pages belong to which file. Full is no fault: a mapping without a record works, its file may
 * only be forgotten earlier than needed. */
static struct record {
	uintptr_t start, end;
	struct shim_file *file;
} records[RECORDS_MAX];
static atomic_uint count;
static atomic_flag busy = ATOMIC_FLAG_INIT;

/* A spin lock, held for a few instructions that no handler and no cancellation interrupts: munmap() is called where no
 * other lock may be taken. */
static void acquire(struct shim_guard *guard)
{
	shim_guard_enter(guard, 0);
	while (atomic_flag_test_and_set(&busy))
		SHIM_RAW(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static void release(const struct shim_guard *guard)
{
	atomic_flag_clear(&busy);
	shim_guard_leave(guard);
}

void shim_mapping_after_fork(void)
{
	/* Locked by a thread that is not here: the records may be half changed, and are given up with the
	 * references that they hold. The mappings themselves need none. */
	if (atomic_flag_test_and_set(&busy))
		atomic_store(&count, 0);
	atomic_flag_clear(&busy);
}

/* With the lock held. */
static void add(uintptr_t start, uintptr_t end, struct shim_file *file)
{
	unsigned at = atomic_load(&count);
	if (at == RECORDS_MAX)
		return;
	records[at] = (struct record){start, end, file};
	shim_file_get(file);
	atomic_store(&count, at + 1);
}

/* The range in whole pages; false when there is no mapping that it could touch. */
static bool range_of(const void *address, size_t len, uintptr_t *start, uintptr_t *end)
{
	if (atomic_load_explicit(&count, memory_order_relaxed) == 0)
		return false;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	*start = (uintptr_t)address;
	*end = *start + (len + page - 1) / page * page;
	return true;
}

static bool overlaps(const struct record *record, uintptr_t start, uintptr_t end)
{
	return record->start < end && start < record->end;
}

bool shim_mapping_has(const void *address, size_t len)
{
	struct shim_guard before;
	uintptr_t start, end;
	bool has = false;
	if (!range_of(address, len, &start, &end))
		return false;
	shim_process_owns(); /* a forked child's records are put in order first */
	acquire(&before);
	for (unsigned i = 0; i < atomic_load(&count) && !has; i++)
		has = overlaps(&records[i], start, end);
	release(&before);
	return has;
}

/* With the lock held: take [start, end) out of the records; what was there goes on by `shift`, or, if that
 * is 0, nowhere. */
static void take_out(uintptr_t start, uintptr_t end, uintptr_t shift)
{
	unsigned before = atomic_load(&count);
	for (unsigned i = 0; i < before;) {
		struct record was = records[i];
		if (!overlaps(&was, start, end)) {
			i++;
			continue;
		}
		/* The last of those still to be looked at takes its place, the last of all that one's. */
		unsigned last = atomic_load(&count) - 1;
		before--;
		records[i] = records[before];
		records[before] = records[last];
		atomic_store(&count, last);
		uintptr_t from = was.start < start ? start : was.start;
		uintptr_t to = end < was.end ? end : was.end;
		if (was.start < from)
			add(was.start, from, was.file);
		if (to < was.end)
			add(to, was.end, was.file);
		if (shift != 0)
			add(from + shift, to + shift, was.file);
		shim_file_put(was.file);
	}
}

void shim_mapping_gone(void *address, size_t len)
{
	struct shim_guard before;
	uintptr_t start, end;
	if (!range_of(address, len, &start, &end))
		return;
	shim_process_owns(); /* a vfork child's memory is its parent's: the records are right for both */
	acquire(&before);
	take_out(start, end, 0);
	release(&before);
}

void shim_mapping_moved(void *from, size_t len, void *to)
{
	struct shim_guard before;
	uintptr_t start, end;
	if (from == to || !range_of(from, len, &start, &end))
		return;
	shim_process_owns();
	acquire(&before);
	take_out(start, end, (uintptr_t)to - start);
	release(&before);
}

static void *fail(int error)
{
	errno = error;
	return MAP_FAILED;
}

void *shim_mapping_make(struct shim_file *file, const struct shim_mapping_request *request)
{
	struct shim_mapping_request aligned = *request;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int type = request->flags & MAP_TYPE, saved = errno;
	if (request->len == 0 || request->offset < 0 || (uint64_t)request->offset % page != 0
	    || (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
	    || ((request->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0
		&& (uintptr_t)request->address % page != 0))
		return fail(EINVAL);
	if (type == MAP_SHARED_VALIDATE && (request->flags & MAP_SYNC) != 0)
		return fail(EOPNOTSUPP);
	if (type != MAP_PRIVATE && (request->prot & PROT_WRITE) != 0)
		return fail(EACCES); /* the descriptor is open for reading only */
	if (request->len > SIZE_MAX / 2 - page)
		return fail(ENOMEM);
	aligned.len = (request->len + page - 1) / page * page;

	struct shim_guard guard, before;
	shim_process_owns(); /* a forked child's records are put in order first */
	shim_guard_enter(&guard, request->len);
	void *made = shim_map_eager(file, &aligned);
	if (made != MAP_FAILED) {
		acquire(&before);
		add((uintptr_t)made, (uintptr_t)made + aligned.len, file);
		release(&before);
	}
	shim_guard_leave(&guard);
	if (made == MAP_FAILED)
		return made;
	shim_log(SHIM_DEBUG, file->path != NULL ? file->path : "(unknown)", "mapped %zu bytes at offset %lld",
		 request->len, (long long)request->offset);
	errno = saved;
	return made;
}
