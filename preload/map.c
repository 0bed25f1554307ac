/* mmap, and what may be done to a mapping afterwards. */
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>

#include "mapping.h"
#include "real.h"
#include "recognise.h"
#include "table.h"

/* True when the call was answered, in *result. */
static bool serve(void **result, void *address, size_t len, int prot, int flags, int fd,
		  off_t offset)
{
	int refusal;
	if ((flags & MAP_FIXED) != 0)
		shim_mapping_gone(address, len);
	if ((flags & MAP_ANONYMOUS) != 0 || fd < 0 || shim_is_plain(fd))
		return false;
	struct shim_file *file = shim_lookup(fd, &refusal);
	if (file == NULL) {
		errno = refusal != 0 ? refusal : errno;
		*result = MAP_FAILED;
		return refusal != 0;
	}
	const struct shim_mapping_request request = {address, len, prot, flags, fd, offset};
	*result = shim_mapping_make(file, &request);
	shim_file_put(file);
	return true;
}

SHIM_HOOK void *mmap(void *address, size_t len, int prot, int flags, int fd, off_t offset)
{
	void *result;
	if (serve(&result, address, len, prot, flags, fd, offset))
		return result;
	return SHIM_HAND_ON(shim_real.mmap(address, len, prot, flags, fd, offset));
}

SHIM_HOOK void *mmap64(void *address, size_t len, int prot, int flags, int fd, off64_t offset)
{
	void *result;
	if (serve(&result, address, len, prot, flags, fd, offset))
		return result;
	return SHIM_HAND_ON(shim_real.mmap64(address, len, prot, flags, fd, offset));
}

SHIM_HOOK int munmap(void *address, size_t len)
{
	shim_mapping_gone(address, len);
	return SHIM_HAND_ON(shim_real.munmap(address, len));
}

SHIM_HOOK void *mremap(void *address, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	void *to = va_arg(args, void *);
	va_end(args);
	/* What a mapping grows by would be zeros, not the file. */
	if (new_len > len && shim_mapping_has(address, len)) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	void *moved = SHIM_HAND_ON(shim_real.mremap(address, len, new_len, flags, to));
	if (moved != MAP_FAILED) {
		if ((flags & MREMAP_FIXED) != 0)
			shim_mapping_gone(moved, new_len);
		if (new_len < len)
			shim_mapping_gone((char *)address + new_len, len - new_len);
		shim_mapping_moved(address, new_len < len ? new_len : len, moved);
	}
	return moved;
}

/* Pages that are given up must come back with the file's content. Anonymous ones would come back as
 * zeros, so they are kept: it is advice. */
SHIM_HOOK int madvise(void *address, size_t len, int advice)
{
	if ((advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED || advice == MADV_FREE
	     || advice == MADV_REMOVE)
	    && shim_mapping_has(address, len)) {
		if (advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED)
			return 0;
		errno = EINVAL; /* as for any mapping of a file that is open for reading */
		return -1;
	}
	return SHIM_HAND_ON(shim_real.madvise(address, len, advice));
}
