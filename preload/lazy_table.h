/* The lazy mappings of the process and their windows, as lazy.c, lazy_fill.c, lazy_plan.c, resident.c and map_lazy.c share
 * them.
 *
 * Entries are never freed, only reused, so that a fault can look for one without a lock. */
#ifndef SHIM_LAZY_TABLE_H
#define SHIM_LAZY_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "file.h"
#include "lazy_near.h"
#include "lazy_plan.h"

enum shim_window_state {
	SHIM_WINDOW_EMPTY,   /* not decrypted yet */
	SHIM_WINDOW_CLAIMED, /* somebody is at work on it */
	SHIM_WINDOW_READY,   /* ordinary memory */
	SHIM_WINDOW_COOL,    /* there, but without access, to see whether it is still wanted: resident.h */
	SHIM_WINDOW_FAILED,  /* cannot be decrypted */
	SHIM_WINDOW_GONE,    /* unmapped: not ours any more */
};

struct shim_window {
	_Atomic uint32_t state;  /* enum shim_window_state; a futex */
	_Atomic uint16_t piece;  /* so many windows from here on were moved into their places together; 0: see those before */
	_Atomic uint16_t pins;   /* who needs it to stay: resident.h */
	atomic_uchar prot;       /* what the program may do with it */
	atomic_bool kept;        /* it is not as it was decrypted, or may not be moved: it stays */
	uint16_t begins;         /* on so many of its first pages a long tensor begins, or small ones right before it */
	uint32_t page;           /* its first one, counted from the mapping's */
};

struct shim_lazy {
	_Atomic uintptr_t start, end; /* end 0: nobody finds it any more */
	atomic_uint users;
	bool has_head;      /* window 0 is the file's header */
	size_t page;        /* of memory, in bytes */
	size_t size;        /* of a window, in bytes, at most: they begin at multiples of it from `start` on, and where the
			     * header ends or a long tensor begins */
	size_t count;       /* of windows */
	atomic_size_t left; /* windows that are not GONE */
	atomic_size_t pieces; /* that were moved: each is a mapping to the kernel */
	uint64_t offset;    /* file offset of `start` */
	struct shim_file *file;
	struct shim_window *windows; /* NULL: the entry is free */
	struct shim_runs runs;
	struct shim_starts starts;
	atomic_bool random; /* the program says that there is no sequence */
};

/* Where window `i` begins and ends, and the window that has an address of the mapping. */
uintptr_t shim_window_start(const struct shim_lazy *lazy, size_t i);
uintptr_t shim_window_end(const struct shim_lazy *lazy, size_t i);
size_t shim_window_at(const struct shim_lazy *lazy, uintptr_t address);

static inline const struct ct_model *shim_lazy_model(const struct shim_lazy *lazy)
{
	return ct_view_model(lazy->file->view);
}

/* The file offset of an address of the mapping, and the other way. */
static inline uint64_t shim_lazy_offset(const struct shim_lazy *lazy, uintptr_t address)
{
	return lazy->offset + (address - atomic_load(&lazy->start));
}

/* Wait until nobody is at work on a window; true when it was EMPTY and is the caller's now, else *state says what it
 * is. shim_window_try() does not wait, and changes `from` only. Whoever has claimed one sets its state, which wakes those
 * who wait. Signals blocked. */
bool shim_window_claim(struct shim_window *window, enum shim_window_state *state);
bool shim_window_try(struct shim_window *window, enum shim_window_state from);
void shim_window_set(struct shim_window *window, enum shim_window_state state);

/* The mapping that has the first address from *at on, before `limit`, which *at becomes; NULL when there is none. It is
 * not given back before shim_lazy_release(). Lock-free; async-signal-safe. */
struct shim_lazy *shim_lazy_find(uintptr_t *at, uintptr_t limit);
void shim_lazy_release(struct shim_lazy *lazy);

/* Call `each` for every window that [start, end) touches, signals blocked; was there any? In lazy.c. */
typedef void shim_lazy_visit(struct shim_lazy *lazy, size_t i, uintptr_t start, uintptr_t end);
bool shim_lazy_for_each(uintptr_t start, uintptr_t end, shim_lazy_visit *each);

/* Could any of them have a byte of [start, end)? Loads only; right in any process that has this memory. */
bool shim_lazy_overlaps(uintptr_t start, uintptr_t end);

/* Entries have numbers; one that is known by its number only may be another's by now, or nobody's: NULL. */
unsigned shim_lazy_number(const struct shim_lazy *lazy);
struct shim_lazy *shim_lazy_get(unsigned number);

/* A window is the program's own affair from now on. */
void shim_lazy_give_up(struct shim_lazy *lazy, size_t i);

/* Enter a mapping of [start, start + len), `offset` bytes into `file`. False when there is no room. */
bool shim_lazy_enter(struct shim_file *file, uintptr_t start, size_t len, uint64_t offset, int prot);

/* What nobody finds and nobody uses is given back. */
void shim_lazy_reclaim(void);

/* In a forked child: what other threads had under way. */
void shim_lazy_table_after_fork(void);

#endif
