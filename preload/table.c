#include "table.h"

#include <stddef.h>

#include "file.h"

_Atomic uintptr_t shim_table[SHIM_TABLE_SIZE];

/* One past the highest slot that was ever set. */
static atomic_uint used;

static atomic_bool distrusted;

static void mark_used(int fd)
{
	unsigned end = atomic_load_explicit(&used, memory_order_relaxed);
	while (end <= (unsigned)fd)
		if (atomic_compare_exchange_weak(&used, &end, (unsigned)fd + 1))
			break;
}

static void set(int fd, uintptr_t value)
{
	if ((unsigned)fd >= SHIM_TABLE_SIZE)
		return;
	mark_used(fd);
	uintptr_t before = atomic_exchange(&shim_table[fd], value);
	if (before > SHIM_SEALED)
		shim_file_put((struct shim_file *)before);
}

struct shim_file *shim_table_get(int fd, bool *plain)
{
	*plain = false;
	if ((unsigned)fd >= SHIM_TABLE_SIZE)
		return NULL;
	for (;;) {
		uintptr_t value = atomic_load(&shim_table[fd]);
		if (value <= SHIM_SEALED) {
			*plain = value == SHIM_PLAIN;
			return NULL;
		}
		/* Files are never freed, only reused: taking the reference first is safe, and the
		 * slot that still names the file proves that it was worth something. */
		struct shim_file *file = (struct shim_file *)value;
		shim_file_get(file);
		if (atomic_load(&shim_table[fd]) == value)
			return file;
		shim_file_put(file);
	}
}

void shim_table_set_unknown(int fd)
{
	set(fd, SHIM_UNKNOWN);
}

void shim_table_set_sealed(int fd)
{
	set(fd, SHIM_SEALED);
}

void shim_table_learn(int fd, uintptr_t kind)
{
	uintptr_t expected = SHIM_UNKNOWN;
	if ((unsigned)fd >= SHIM_TABLE_SIZE)
		return;
	mark_used(fd);
	if (atomic_compare_exchange_strong(&shim_table[fd], &expected, kind) && kind == SHIM_PLAIN && atomic_load(&distrusted))
		shim_table_forget_plain(fd);
}

void shim_table_set_file(int fd, struct shim_file *file)
{
	if ((unsigned)fd >= SHIM_TABLE_SIZE)
		return;
	shim_file_get(file);
	set(fd, (uintptr_t)file);
}

void shim_table_forget(int fd, struct shim_file *file)
{
	uintptr_t expected = (uintptr_t)file;
	if ((unsigned)fd < SHIM_TABLE_SIZE
	    && atomic_compare_exchange_strong(&shim_table[fd], &expected, SHIM_UNKNOWN))
		shim_file_put(file);
}

void shim_table_forget_plain(int fd)
{
	if ((unsigned)fd >= SHIM_TABLE_SIZE)
		return;
	uintptr_t now = atomic_load(&shim_table[fd]);
	while (now == SHIM_PLAIN || now == SHIM_SEALED)
		if (atomic_compare_exchange_weak(&shim_table[fd], &now, SHIM_UNKNOWN))
			break;
}

void shim_table_distrust(void)
{
	if (atomic_exchange(&distrusted, true))
		return;
	unsigned end = atomic_load(&used);
	for (unsigned fd = 0; fd < end; fd++)
		shim_table_forget_plain((int)fd);
}

bool shim_table_distrusted(void)
{
	return atomic_load(&distrusted);
}

void shim_table_forget_range(unsigned first, unsigned last)
{
	unsigned end = atomic_load(&used);
	for (unsigned fd = first; fd < end && fd <= last; fd++)
		if (atomic_load_explicit(&shim_table[fd], memory_order_relaxed) != SHIM_UNKNOWN)
			set((int)fd, SHIM_UNKNOWN);
}
