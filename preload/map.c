/* mmap and munmap. */
#include <errno.h>
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
	return shim_real.mmap(address, len, prot, flags, fd, offset);
}

SHIM_HOOK void *mmap64(void *address, size_t len, int prot, int flags, int fd, off64_t offset)
{
	void *result;
	if (serve(&result, address, len, prot, flags, fd, offset))
		return result;
	return shim_real.mmap64(address, len, prot, flags, fd, offset);
}

SHIM_HOOK int munmap(void *address, size_t len)
{
	shim_mapping_gone(address, len);
	return shim_real.munmap(address, len);
}
