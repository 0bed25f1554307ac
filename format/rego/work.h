/* What one piece of work - compiling a text, evaluating a query - may use up: memory, steps, time, stack. Also where
 * its first failure is kept. All memory comes from one arena and goes back at once, so that nothing here is freed
 * singly and nothing leaks when a limit ends the work anywhere.
 *
 * A struct rego_work belongs to one thread at a time. */
#ifndef REGO_WORK_H
#define REGO_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rego_error.h"

struct rego_limits {
	size_t memory;        /* bytes of the arena */
	uint64_t steps;       /* about one for each expression, member or byte that is looked at */
	uint64_t nanoseconds; /* of the monotonic clock; 0: no deadline */
	size_t stack;         /* bytes below where the work began */
	size_t string;        /* bytes of one string */
	size_t collection;    /* members of one array, object or set */
	unsigned nesting;     /* of source, values and regular expressions */
	unsigned bits;        /* of an integer */
};

struct rego_work {
	struct rego_limits limits;
	struct rego_block *blocks;
	size_t used;
	uint64_t steps, deadline;
	uintptr_t stack_bottom;
	struct rego_error *error; /* where a failure goes; code REGO_OK while there is none */
};

/* Begin: limits are copied, `error` is cleared and must outlive the work. Measures the stack from its caller on. */
void rego_work_begin(struct rego_work *work, const struct rego_limits *limits, struct rego_error *error);

/* All memory goes back. */
void rego_work_end(struct rego_work *work);

/* `size` zeroed bytes, aligned for anything; NULL when the budget or memory is used up, which is the work's failure then
 * (REGO_LIMIT_MEMORY, REGO_NO_MEMORY). */
void *rego_alloc(struct rego_work *work, size_t size);

/* The same for `count` elements; the product is checked. */
void *rego_alloc_array(struct rego_work *work, size_t count, size_t size);

/* Make what rego_alloc() gave larger, in place where nothing came after it; else it is copied. `old` may be NULL with size 0. */
void *rego_grow(struct rego_work *work, void *old, size_t old_size, size_t size);

/* Use up steps; false when that was too much, or too late, or the work has failed before. Called in every loop whose
 * length somebody else chooses. */
bool rego_spend(struct rego_work *work, uint64_t steps);

/* Is there stack for another level? False is the work's failure. Called wherever functions call themselves. */
bool rego_descend(struct rego_work *work);

/* Note a failure, if it is the first, and return false. */
bool rego_fail(struct rego_work *work, enum rego_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static inline bool rego_failed(const struct rego_work *work)
{
	return work->error->code != REGO_OK;
}

#endif
