#include "work.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALIGNMENT alignof(max_align_t)
#define FIRST_BLOCK ((size_t)16 << 10) /* enough for most policies; later ones grow with what is held */
#define LARGEST_BLOCK ((size_t)512 << 10)
#define CLOCK_EVERY 1024 /* steps; a power of two */

struct rego_block {
	struct rego_block *next;
	size_t size, at; /* of `bytes` */
	alignas(max_align_t) unsigned char bytes[];
};

static uint64_t monotonic(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void rego_work_begin(struct rego_work *work, const struct rego_limits *limits, struct rego_error *error)
{
	memset(error, 0, sizeof *error);
	*work = (struct rego_work){.limits = *limits, .error = error};
	if (limits->nanoseconds != 0)
		work->deadline = monotonic() + limits->nanoseconds;
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	work->stack_bottom = here > limits->stack ? here - limits->stack : 0;
}

void rego_work_end(struct rego_work *work)
{
	struct rego_block *next;
	for (struct rego_block *block = work->blocks; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	work->blocks = NULL;
}

bool rego_fail(struct rego_work *work, enum rego_code code, const char *format, ...)
{
	if (rego_failed(work))
		return false;
	work->error->code = code;
	va_list args;
	va_start(args, format);
	vsnprintf(work->error->message, sizeof work->error->message, format, args);
	va_end(args);
	return false;
}

/* A block with room for `size`: what is used counts whole blocks, since that is what the process pays. */
static struct rego_block *add_block(struct rego_work *work, size_t size)
{
	size_t room = work->used / 2;
	room = room < FIRST_BLOCK ? FIRST_BLOCK : room > LARGEST_BLOCK ? LARGEST_BLOCK : room;
	room -= sizeof(struct rego_block);
	size_t left = work->limits.memory - work->used;
	if (left < sizeof(struct rego_block) || left - sizeof(struct rego_block) < size) {
		rego_fail(work, REGO_LIMIT_MEMORY, "more than %zu bytes of memory are needed", work->limits.memory);
		return NULL;
	}
	left -= sizeof(struct rego_block);
	bool alone = size > room / 4; /* what is left in the block in use stays in use */
	room = alone && work->blocks != NULL ? size : room < size ? size : room < left ? room : left;
	struct rego_block *block = calloc(1, sizeof *block + room);
	if (block == NULL) {
		rego_fail(work, REGO_NO_MEMORY, "no memory");
		return NULL;
	}
	block->size = room;
	work->used += sizeof *block + room;
	if (alone && work->blocks != NULL) {
		block->next = work->blocks->next;
		work->blocks->next = block;
	} else {
		block->next = work->blocks;
		work->blocks = block;
	}
	return block;
}

static size_t round_up(size_t size)
{
	return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

void *rego_alloc(struct rego_work *work, size_t size)
{
	if (rego_failed(work))
		return NULL;
	struct rego_block *block = work->blocks;
	size_t need = size <= SIZE_MAX / 2 ? round_up(size == 0 ? 1 : size) : SIZE_MAX / 2 & ~(ALIGNMENT - 1);
	if (block == NULL || block->size - block->at < need) {
		block = add_block(work, need);
		if (block == NULL)
			return NULL;
	}
	void *bytes = block->bytes + block->at;
	block->at += need;
	return bytes;
}

void *rego_alloc_array(struct rego_work *work, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = SIZE_MAX;
	return rego_alloc(work, bytes);
}

void *rego_grow(struct rego_work *work, void *old, size_t old_size, size_t size)
{
	struct rego_block *block = work->blocks;
	size_t had = round_up(old_size == 0 ? 1 : old_size);
	if (old != NULL && block != NULL && size <= SIZE_MAX / 2 && block->at >= had
	    && (unsigned char *)old == block->bytes + block->at - had && block->size - block->at + had >= round_up(size)) {
		if (rego_failed(work))
			return NULL;
		block->at += round_up(size) - had;
		return old;
	}
	void *grown = rego_alloc(work, size);
	if (grown != NULL && old_size != 0)
		memcpy(grown, old, old_size < size ? old_size : size);
	return grown;
}

bool rego_spend(struct rego_work *work, uint64_t steps)
{
	if (rego_failed(work))
		return false;
	uint64_t before = work->steps;
	if (steps > work->limits.steps - before)
		return rego_fail(work, REGO_LIMIT_STEPS, "more than %llu steps are needed",
				 (unsigned long long)work->limits.steps);
	work->steps = before + steps;
	if (work->deadline != 0 && before / CLOCK_EVERY != work->steps / CLOCK_EVERY && monotonic() > work->deadline)
		return rego_fail(work, REGO_LIMIT_TIME, "more than %llu ms are needed",
				 (unsigned long long)work->limits.nanoseconds / 1000000);
	return true;
}

bool rego_descend(struct rego_work *work)
{
	if ((uintptr_t)__builtin_frame_address(0) > work->stack_bottom)
		return !rego_failed(work);
	return rego_fail(work, REGO_LIMIT_STACK, "more than %zu bytes of stack are needed", work->limits.stack);
}
