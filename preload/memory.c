#include "memory.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "raw.h"

enum {
	CLASS_FIRST = 5,  /* the smallest block has 32 bytes, header and all, */
	CLASS_LAST = 16,  /* the largest that is cut from a slab 64 KiB */
	SLAB = 4 << 20,   /* mostly never touched; another one, made later, could take a place that the program has left free */
	POOL = 8,         /* so many larger blocks are kept for the next who wants one, */
	POOL_MAX = 4 << 20, /* each of at most so many bytes */
	PAGE = 4096,
};

/* In front of every block; as long as malloc's alignment. */
struct header {
	size_t size; /* of the block, with this */
	struct header *next; /* in a list of free ones */
};
_Static_assert(sizeof(struct header) == 16, "blocks must be aligned");

static atomic_flag busy = ATOMIC_FLAG_INIT;
/* Under the lock. */
static struct header *lists[CLASS_LAST + 1];
static struct header *pool[POOL];
static char *slab;
static size_t slab_left;

static void acquire(void)
{
	while (atomic_flag_test_and_set_explicit(&busy, memory_order_acquire))
		SHIM_RAW(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
}

static void release(void)
{
	atomic_flag_clear_explicit(&busy, memory_order_release);
}

void shim_memory_after_fork(void)
{
	if (atomic_flag_test_and_set(&busy)) {
		/* Locked by a thread that is not here. What was free is given up. */
		memset(lists, 0, sizeof lists);
		memset(pool, 0, sizeof pool);
		slab_left = 0;
	}
	release();
}

static void *map(size_t size)
{
	long at = raw_mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at < 0 && at >= -4095 ? NULL : (void *)at;
}

static int class_of(size_t size)
{
	int class = CLASS_FIRST;
	while (((size_t)1 << class) < size)
		class++;
	return class;
}

/* With the lock held. */
static struct header *take_small(int class)
{
	size_t size = (size_t)1 << class;
	struct header *block = lists[class];
	if (block != NULL) {
		lists[class] = block->next;
		return block;
	}
	if (slab_left < size) {
		char *fresh = map(SLAB);
		if (fresh == NULL)
			return NULL;
		SHIM_RAW(SYS_madvise, fresh, SLAB, MADV_NOHUGEPAGE, 0, 0, 0);
		slab = fresh;
		slab_left = SLAB;
	}
	block = (struct header *)(void *)slab;
	slab += size;
	slab_left -= size;
	block->size = size;
	return block;
}

/* With the lock held: a kept block of about that size. */
static struct header *take_kept(size_t size)
{
	for (int i = 0; i < POOL; i++) {
		struct header *block = pool[i];
		if (block != NULL && block->size >= size && block->size / 2 <= size) {
			pool[i] = NULL;
			return block;
		}
	}
	return NULL;
}

static struct header *take(size_t size)
{
	struct header *block;
	if (size <= (size_t)1 << CLASS_LAST) {
		acquire();
		block = take_small(class_of(size));
		release();
		return block;
	}
	size = (size + PAGE - 1) / PAGE * PAGE;
	acquire();
	block = take_kept(size);
	release();
	if (block == NULL && (block = map(size)) != NULL)
		block->size = size;
	return block;
}

static void give_back(struct header *block)
{
	bool kept = true;
	acquire();
	if (block->size <= (size_t)1 << CLASS_LAST) {
		int class = class_of(block->size);
		block->next = lists[class];
		lists[class] = block;
	} else {
		kept = false;
		for (int i = 0; i < POOL && block->size <= POOL_MAX && !kept; i++)
			if (pool[i] == NULL) {
				pool[i] = block;
				kept = true;
			}
	}
	release();
	if (!kept)
		raw_munmap(block, block->size);
}

void *__wrap_malloc(size_t len)
{
	if (len > SIZE_MAX / 2)
		return NULL;
	struct header *block = take(len + sizeof(struct header));
	return block != NULL ? block + 1 : NULL;
}

void *__wrap_calloc(size_t count, size_t len)
{
	size_t total;
	if (__builtin_mul_overflow(count, len, &total))
		return NULL;
	void *bytes = __wrap_malloc(total);
	if (bytes != NULL)
		memset(bytes, 0, total);
	return bytes;
}

void __wrap_free(void *bytes)
{
	if (bytes != NULL)
		give_back((struct header *)bytes - 1);
}

void *__wrap_realloc(void *bytes, size_t len)
{
	if (bytes == NULL)
		return __wrap_malloc(len);
	size_t room = ((struct header *)bytes - 1)->size - sizeof(struct header);
	if (len <= room && len > room / 4)
		return bytes;
	void *moved = __wrap_malloc(len);
	if (moved != NULL) {
		memcpy(moved, bytes, len < room ? len : room);
		__wrap_free(bytes);
	}
	return moved;
}

char *__wrap_strdup(const char *text)
{
	size_t len = strlen(text) + 1;
	char *copy = __wrap_malloc(len);
	return copy != NULL ? memcpy(copy, text, len) : NULL;
}
