/* Fresh memory for plaintext. Lengths and addresses are multiples of a page; results are 0 or an errno. */
#ifndef SHIM_PAGES_H
#define SHIM_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Filling 4 KiB pages costs more than decrypting: memory is laid out so that the kernel can take these. */
#define SHIM_HUGE_PAGE ((size_t)2 * 1024 * 1024)

/* Memory to be filled and then moved to `target`: it lies the same way between huge pages, and stays out of core
 * dumps. */
int shim_pages_allocate(uintptr_t *start, size_t len, uintptr_t target);

/* The same, and around it, where a huge page of it lies outside in part, what is missing: the kernel can take one, at a
 * twelfth of what its 4 KiB pages cost. */
struct shim_stage {
	uintptr_t start; /* what is to be moved */
	size_t len;
	uintptr_t first, end; /* all of it */
};
int shim_pages_stage(struct shim_stage *stage, size_t len, uintptr_t target);

/* What is left of it; all of it when it was not moved. */
void shim_pages_unstage(const struct shim_stage *stage, bool moved);

/* Huge pages, `size` a multiple of theirs, out of core dumps; NULL when there is no memory. */
void *shim_pages_take(size_t size);
void shim_pages_give(void *bytes, size_t size);

/* Address space without access, at a huge page's beginning. */
int shim_pages_reserve(uintptr_t *start, size_t len);

/* Whole pages past the end of a file: touching them is a bus error, as in any mapping of a file. */
int shim_pages_past_end(uintptr_t start, size_t len, int prot);

#endif
