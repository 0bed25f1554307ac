/* What is known about each descriptor number. A hint: descriptors are closed and reused behind the
 * shim's back, so a tracked one is compared with its file's identity at each use.
 *
 * A slot that names a file holds a reference to it. Everything here is lock-free and
 * async-signal-safe. */
#ifndef SHIM_TABLE_H
#define SHIM_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct shim_file;

enum {
	SHIM_TABLE_SIZE = 1 << 20, /* numbers above are looked at anew each time */
	SHIM_UNKNOWN = 0,
	SHIM_PLAIN = 1, /* certainly not an encrypted model */
	SHIM_SEALED = 2, /* a sealed memory file of ours, with plaintext: asked again at each use */
};

/* One of the above or a struct shim_file's address. */
extern _Atomic uintptr_t shim_table[SHIM_TABLE_SIZE];

/* The test that every read of every program goes through: one load. */
static inline bool shim_is_plain(int fd)
{
	return (unsigned)fd < SHIM_TABLE_SIZE
	       && atomic_load_explicit(&shim_table[fd], memory_order_acquire) == SHIM_PLAIN;
}

static inline bool shim_is_sealed(int fd)
{
	return (unsigned)fd < SHIM_TABLE_SIZE
	       && atomic_load_explicit(&shim_table[fd], memory_order_acquire) == SHIM_SEALED;
}

static inline bool shim_is_file(int fd)
{
	return (unsigned)fd < SHIM_TABLE_SIZE
	       && atomic_load_explicit(&shim_table[fd], memory_order_acquire) > SHIM_SEALED;
}

/* The file that slot `fd` names, with a reference for the caller; or NULL, and *plain tells whether the
 * slot says so. */
struct shim_file *shim_table_get(int fd, bool *plain);

/* Set slot `fd`, dropping what it held. */
void shim_table_set_unknown(int fd);
void shim_table_set_sealed(int fd);
void shim_table_set_file(int fd, struct shim_file *file); /* takes a reference of its own */

/* What a look at a descriptor of unknown kind has shown: set the slot to plain or sealed, unless it was set to
 * something else meanwhile. */
void shim_table_learn(int fd, uintptr_t kind);

/* Set the slot to unknown if it still names `file`. */
void shim_table_forget(int fd, struct shim_file *file);

/* Set the slot to unknown if it says plain, or sealed. Harmless also where the table is another process's: what is
 * unknown is looked at again. */
void shim_table_forget_plain(int fd);

/* From now on no slot says plain: there are threads or processes whose descriptors are not those that this memory's
 * other users have under the same numbers, or change without our seeing it. For good. */
void shim_table_distrust(void);
bool shim_table_distrusted(void);

/* Set all slots from `first` to `last` to unknown. Costs what was ever used. */
void shim_table_forget_range(unsigned first, unsigned last);

#endif
