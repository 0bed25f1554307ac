#include "mapping.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guard.h"
#include "lazy.h"
#include "log.h"
#include "process.h"
#include "raw.h"
#include "stats.h"

enum { RECORDS_MAX = 1 << 16 }; /* more than the kernel allows a process, unless it was told to allow more */

/* Which pages belong to which file. */
static struct record {
	uintptr_t start, end;
	struct shim_file *file;
	bool shared; /* MAP_SHARED: may never become writable */
	bool lazy;   /* its windows are counted one by one */
} records[RECORDS_MAX];
static atomic_uint count;
static struct shim_lock lock;

void shim_mapping_after_fork(void)
{
	/* Locked by a thread that is not here, perhaps, in the middle of a change. At worst the record of the mapping
	 * that this thread was unmapping is lost, or another is there twice: without the rest of them, pages of ours would be
	 * taken for the program's own. */
	shim_lock_after_fork(&lock);
}

/* With the lock held. */
static void add(uintptr_t start, uintptr_t end, const struct record *like)
{
	unsigned at = atomic_load(&count);
	if (at == RECORDS_MAX)
		return;
	records[at] = (struct record){start, end, like->file, like->shared, like->lazy};
	shim_file_get(like->file);
	if (!like->lazy)
		shim_stats_resident(like->file, 0, (int64_t)(end - start));
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

bool shim_mapping_next(uintptr_t *start, uintptr_t *end, bool *shared)
{
	struct shim_guard before;
	const struct record *first = NULL;
	shim_process_owns(); /* a forked child's records are put in order first */
	shim_lock_take(&lock, &before);
	for (unsigned i = 0; i < atomic_load(&count); i++)
		if (overlaps(&records[i], *start, *end) && (first == NULL || records[i].start < first->start))
			first = &records[i];
	if (first != NULL) {
		*start = first->start > *start ? first->start : *start;
		*end = first->end < *end ? first->end : *end;
		*shared = first->shared;
	}
	shim_lock_give(&lock, &before);
	return first != NULL;
}

bool shim_mapping_has(const void *address, size_t len)
{
	uintptr_t start, end;
	bool shared;
	return range_of(address, len, &start, &end) && shim_mapping_next(&start, &end, &shared);
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
			add(was.start, from, &was);
		if (to < was.end)
			add(to, was.end, &was);
		if (shift != 0)
			add(from + shift, to + shift, &was);
		if (!was.lazy)
			shim_stats_resident(was.file, 0, -(int64_t)(was.end - was.start));
		shim_file_drop(was.file);
	}
}

void shim_mapping_gone(void *address, size_t len)
{
	struct shim_guard before;
	uintptr_t start, end;
	if (!range_of(address, len, &start, &end))
		return;
	shim_process_owns(); /* a vfork child's memory is its parent's: the records are right for both */
	shim_lazy_gone(start, end);
	shim_lock_take(&lock, &before);
	take_out(start, end, 0);
	shim_lock_give(&lock, &before);
	shim_stats_tell();
}

void shim_mapping_moved(void *from, size_t len, void *to)
{
	struct shim_guard before;
	uintptr_t start, end;
	if (from == to || !range_of(from, len, &start, &end))
		return;
	shim_process_owns();
	shim_lock_take(&lock, &before);
	take_out(start, end, (uintptr_t)to - start);
	shim_lock_give(&lock, &before);
}

/* The kernel judges the request: for a moment it maps the encrypted file in the same way, somewhere. 0 or an
 * errno. */
static int check(const struct shim_mapping_request *request, size_t page)
{
	const int placed = MAP_FIXED | MAP_FIXED_NOREPLACE;
	if ((request->flags & placed) != 0 && (uintptr_t)request->address % page != 0)
		return EINVAL;
	long got = raw_mmap(NULL, request->len, request->prot, request->flags & ~(placed | MAP_POPULATE | MAP_LOCKED),
			    request->fd, request->offset);
	if (got == -ENODEV)
		return 0; /* a file system that maps no files: read is all that is needed here */
	if (got < 0 && got >= -4095)
		return (int)-got;
	raw_munmap((void *)got, request->len);
	return 0;
}

/* Bytes of the file that a mapping holds. */
static uint64_t inside(const struct shim_file *file, const struct shim_mapping_request *request)
{
	uint64_t size = (uint64_t)file->identity.st_size, offset = (uint64_t)request->offset;
	uint64_t left = offset < size ? size - offset : 0;
	return left < request->len ? left : request->len;
}

static void remember(void *made, size_t len, const struct shim_mapping_request *request, struct shim_file *file,
		     bool lazy)
{
	const struct record record = {(uintptr_t)made, (uintptr_t)made + len, file,
				      (request->flags & MAP_TYPE) != MAP_PRIVATE, lazy};
	struct shim_guard before;
	shim_lock_take(&lock, &before);
	take_out(record.start, record.end, 0); /* with MAP_FIXED another may have been there */
	add(record.start, record.end, &record);
	shim_lock_give(&lock, &before);
	shim_stats_add(file, lazy ? SHIM_STAT_LAZY_MAPPINGS : SHIM_STAT_MAPPINGS, 1);
	shim_stats_add(file, lazy ? SHIM_STAT_LAZY_BYTES : SHIM_STAT_MAPPING_BYTES, inside(file, request));
}

static void *make(struct shim_file *file, const struct shim_mapping_request *request, bool *lazy)
{
	struct shim_config config;
	struct ct_error unused;
	void *made = MAP_FAILED;
	const char *preload = getenv("LD_PRELOAD");
	/* Valgrind goes on after a signal with registers that are not up to date. */
	bool valgrind = preload != NULL && strstr(preload, "vgpreload_") != NULL;
	if (!valgrind && shim_config_read(&config, &unused) == 0 && config.mode == SHIM_LAZY
	    && shim_lazy_fits(file, request, config.lazy_from))
		made = shim_map_lazy(file, request, &config);
	*lazy = made != MAP_FAILED;
	return *lazy ? made : shim_map_eager(file, request);
}

void *shim_mapping_make(struct shim_file *file, const struct shim_mapping_request *request)
{
	struct shim_mapping_request good = *request;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int saved = errno, bad = atomic_load(&count) == RECORDS_MAX ? ENOMEM : check(request, page);
	if (bad != 0) {
		errno = bad;
		return MAP_FAILED;
	}
	good.len = (request->len + page - 1) / page * page;
	good.prot &= PROT_READ | PROT_WRITE | PROT_EXEC; /* mmap(2) passes over what it does not know */

	struct shim_guard guard;
	shim_process_owns(); /* a forked child's records are put in order first */
	shim_guard_enter(&guard, request->len);
	bool lazy;
	void *made = make(file, &good, &lazy);
	if (made != MAP_FAILED)
		remember(made, good.len, request, file, lazy);
	shim_guard_leave(&guard);
	if (made == MAP_FAILED)
		return made;
	shim_log(SHIM_DEBUG, file->path != NULL ? file->path : "(unknown)", "mapped %zu bytes at offset %lld",
		 request->len, (long long)request->offset);
	errno = saved;
	return made;
}
