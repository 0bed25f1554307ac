/* mmap, and what may be done to a mapping afterwards. */
#include <errno.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lazy.h"
#include "lazy_fill.h"
#include "mapping.h"
#include "raw.h"
#include "real.h"
#include "recognise.h"
#include "table.h"

/* True when the call was answered, in *result. */
static bool serve(void **result, void *address, size_t len, int prot, int flags, int fd,
		  off_t offset)
{
	int refusal;
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
	if ((flags & MAP_FIXED) != 0)
		shim_lazy_ready(address, len); /* it may fail, and then all must be as it was */
	result = shim_real.mmap(address, len, prot, flags, fd, offset);
	if (result != MAP_FAILED && (flags & MAP_FIXED) != 0)
		shim_mapping_gone(address, len);
	return result;
}
SHIM_ALIAS(mmap64, mmap);

/* Is it a range that munmap() will not refuse? Something of ours is there, so a good place is one that is taken. */
static bool is_good(void *address, size_t len)
{
	long got = raw_mmap(address, len, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
	if (got >= 0 || got < -4095)
		raw_munmap((void *)got, len); /* an old kernel takes the flag for a hint */
	return got == -EEXIST || got >= 0;
}

SHIM_HOOK int munmap(void *address, size_t len)
{
	/* Forgotten before the place is free: another thread may be given it at once. */
	if (shim_mapping_has(address, len) && is_good(address, len)) {
		shim_lazy_salvage((uintptr_t)address, (uintptr_t)address + len);
		shim_mapping_gone(address, len);
	}
	return shim_real.munmap(address, len);
}

SHIM_HOOK void *mremap(void *address, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	void *to = va_arg(args, void *);
	va_end(args);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (shim_mapping_has(address, len)) {
		/* What a mapping grows by, and what it leaves behind, would be zeros, not the file. */
		bool grows = (new_len + page - 1) / page > (len + page - 1) / page;
		if (grows || (flags & MREMAP_DONTUNMAP) != 0) {
			errno = grows ? ENOMEM : EINVAL;
			return MAP_FAILED;
		}
		shim_lazy_join((uintptr_t)address, (uintptr_t)address + (len + page - 1) / page * page);
	}
	if ((flags & MREMAP_FIXED) != 0)
		shim_lazy_ready(to, new_len);
	void *moved = shim_real.mremap(address, len, new_len, flags, to);
	if (moved != MAP_FAILED) {
		if ((flags & MREMAP_FIXED) != 0)
			shim_mapping_gone(moved, new_len);
		if (new_len < len)
			shim_mapping_gone((char *)address + new_len, len - new_len);
		shim_mapping_moved(address, new_len < len ? new_len : len, moved);
	}
	return moved;
}
