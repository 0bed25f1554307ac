/* Mappings of encrypted models. How one is filled depends on the serving mode; the rest of the shim only
 * sees these functions. */
#ifndef SHIM_MAPPING_H
#define SHIM_MAPPING_H

#include "file.h"

struct shim_mapping_request {
	void *address;
	size_t len;
	int prot, flags, fd;
	int64_t offset;
};

/* Map `file` as mmap(2) would its plaintext: the address, or MAP_FAILED with errno. The mapping keeps the
 * file's view until it is unmapped. */
void *shim_mapping_make(struct shim_file *file, const struct shim_mapping_request *request);

/* The pages of [address, address + len) are no longer ours: unmapped or mapped over. Costs one load
 * when there is no mapping at all. */
void shim_mapping_gone(void *address, size_t len);

/* Does any page of [address, address + len) belong to a mapping of ours? As cheap. */
bool shim_mapping_has(const void *address, size_t len);

/* Narrow [*start, *end) to its first part that is one mapping of ours, and tell whether that is MAP_SHARED; false
 * when there is none. */
bool shim_mapping_next(uintptr_t *start, uintptr_t *end, bool *shared);

/* The pages of [from, from + len) are at `to` now. */
void shim_mapping_moved(void *from, size_t len, void *to);

/* In a forked child: see shim_file_after_fork(). */
void shim_mapping_after_fork(void);

/* Mode eager (map_eager.c): anonymous memory, decrypted before the call returns. `request` is valid
 * and page aligned. MAP_FAILED with errno. */
void *shim_map_eager(struct shim_file *file, const struct shim_mapping_request *request);

#endif
