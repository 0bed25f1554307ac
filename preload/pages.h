/* Fresh memory for plaintext. Lengths and addresses are multiples of a page; results are 0 or an errno. */
#ifndef SHIM_PAGES_H
#define SHIM_PAGES_H

#include <stddef.h>
#include <stdint.h>

/* Filling 4 KiB pages costs more than decrypting: memory is laid out so that the kernel can take these. */
#define SHIM_HUGE_PAGE ((size_t)2 * 1024 * 1024)

/* Memory to be filled and then moved to `target`: it lies the same way between huge pages, and stays out of core
 * dumps. */
int shim_pages_allocate(uintptr_t *start, size_t len, uintptr_t target);

/* Address space without access, at a huge page's beginning. */
int shim_pages_reserve(uintptr_t *start, size_t len);

/* Whole pages past the end of a file: touching them is a bus error, as in any mapping of a file. */
int shim_pages_past_end(uintptr_t start, size_t len, int prot);

#endif
