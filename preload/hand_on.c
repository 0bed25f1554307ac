#include "hand_on.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>

#include "real.h"

_Thread_local bool shim_handing_on;

static void *(*next_mmap)(void *, size_t, int, int, int, off_t);
static int (*next_munmap)(void *, size_t);
static void *(*next_mremap)(void *, size_t, size_t, int, ...);
static int (*next_madvise)(void *, size_t, int);
static int (*next_mprotect)(void *, size_t, int);
static int (*next_pkey_mprotect)(void *, size_t, int, int);

static void *hand_on_mmap(void *address, size_t len, int prot, int flags, int fd, off_t offset)
{
	shim_handing_on = true;
	void *got = next_mmap(address, len, prot, flags, fd, offset);
	shim_handing_on = false;
	return got;
}

static int hand_on_munmap(void *address, size_t len)
{
	shim_handing_on = true;
	int got = next_munmap(address, len);
	shim_handing_on = false;
	return got;
}

static void *hand_on_mremap(void *address, size_t len, size_t new_len, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	void *to = va_arg(args, void *);
	va_end(args);
	shim_handing_on = true;
	void *got = next_mremap(address, len, new_len, flags, to);
	shim_handing_on = false;
	return got;
}

static int hand_on_madvise(void *address, size_t len, int advice)
{
	shim_handing_on = true;
	int got = next_madvise(address, len, advice);
	shim_handing_on = false;
	return got;
}

static int hand_on_mprotect(void *address, size_t len, int prot)
{
	shim_handing_on = true;
	int got = next_mprotect(address, len, prot);
	shim_handing_on = false;
	return got;
}

static int hand_on_pkey_mprotect(void *address, size_t len, int prot, int key)
{
	shim_handing_on = true;
	int got = next_pkey_mprotect(address, len, prot, key);
	shim_handing_on = false;
	return got;
}

/* Stored whole, while other threads may be calling through the table; looked up anew, as the table's entry may
 * be ours already. */
static void stand_before(void *next, const char *name, void *entry, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);
	if (found == NULL)
		return;
	__atomic_store_n((void **)next, found, __ATOMIC_RELEASE);
	__atomic_store_n((void **)entry, function, __ATOMIC_RELEASE);
}

void shim_hand_on_resolve(void)
{
	stand_before(&next_mmap, "mmap", &shim_real.mmap, (void *)hand_on_mmap);
	stand_before(&next_munmap, "munmap", &shim_real.munmap, (void *)hand_on_munmap);
	stand_before(&next_mremap, "mremap", &shim_real.mremap, (void *)hand_on_mremap);
	stand_before(&next_madvise, "madvise", &shim_real.madvise, (void *)hand_on_madvise);
	stand_before(&next_mprotect, "mprotect", &shim_real.mprotect, (void *)hand_on_mprotect);
	stand_before(&next_pkey_mprotect, "pkey_mprotect", &shim_real.pkey_mprotect, (void *)hand_on_pkey_mprotect);
}
