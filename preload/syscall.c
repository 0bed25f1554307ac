/* syscall(2) as a function: what Node and a few others use past libc's wrappers. Calls that have a hook
 * take its way; every other number goes through as it came. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hand_on.h"
#include "handover.h"
#include "lazy.h"
#include "mapping.h"
#include "real.h"
#include "recognise.h"
#include "table.h"

/* What does not concern a model goes to the kernel as it came, not by way of libc's function of that name: an
 * allocator that stands in front of mmap() makes its mappings here, and would meet itself again. */
static bool concerns_us(long number, const long a[static 6])
{
	switch (number) {
	case SYS_read:
	case SYS_pread64:
	case SYS_readv:
	case SYS_preadv:
	case SYS_preadv2:
		return shim_refused((int)a[0], 1) != 0;
	case SYS_mmap:
		if ((a[3] & MAP_ANONYMOUS) == 0 && shim_refused((int)a[4], 1) != 0)
			return true;
		return (a[3] & MAP_FIXED) != 0 && !shim_handing_on && shim_mapping_has((void *)a[0], (size_t)a[1]);
	case SYS_munmap:
	case SYS_madvise:
	case SYS_mprotect:
	case SYS_pkey_mprotect:
		return !shim_handing_on && shim_mapping_has((void *)a[0], (size_t)a[1]);
	case SYS_mremap: /* its new place may be ours, too */
		return !shim_handing_on && (shim_mapping_has((void *)a[0], (size_t)a[1]) || (a[3] & MREMAP_FIXED) != 0);
	default:
		return true;
	}
}

/* Memory that the kernel is handed: the call itself goes to the kernel as it came. */
static void hand_over(long number, const long a[static 6])
{
	switch (number) {
	case SYS_write:
	case SYS_pwrite64:
	case SYS_sendto:
		shim_lazy_ready_to_write((void *)a[1], (size_t)a[2]);
		break;
	case SYS_writev:
	case SYS_pwritev:
	case SYS_pwritev2:
	case SYS_vmsplice:
		shim_hand_over_parts_to_write((const struct iovec *)a[1], (size_t)a[2]);
		break;
	case SYS_sendmsg:
		shim_hand_over_message_to_stay((const struct msghdr *)a[1]);
		break;
	default:
		break;
	}
}

SHIM_HOOK long syscall(long number, ...)
{
	long a[6];
	va_list args;
	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);

	if (shim_lazy_any())
		hand_over(number, a);
	if (!concerns_us(number, a))
		return shim_real.syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	switch (number) {
#ifdef SYS_open
	case SYS_open:
		return open((const char *)a[0], (int)a[1], (mode_t)a[2]);
#endif
#ifdef SYS_creat
	case SYS_creat:
		return creat((const char *)a[0], (mode_t)a[1]);
#endif
	case SYS_openat:
		return openat((int)a[0], (const char *)a[1], (int)a[2], (mode_t)a[3]);
	case SYS_openat2: {
		int fd = (int)shim_real.syscall(number, a[0], a[1], a[2], a[3]);
		return fd < 0 ? fd : shim_opened(fd, (int)((const struct open_how *)a[2])->flags);
	}
	case SYS_read:
		return read((int)a[0], (void *)a[1], (size_t)a[2]);
	case SYS_pread64:
		return pread64((int)a[0], (void *)a[1], (size_t)a[2], a[3]);
	case SYS_readv:
		return readv((int)a[0], (const struct iovec *)a[1], (int)a[2]);
	case SYS_preadv:
		return preadv64((int)a[0], (const struct iovec *)a[1], (int)a[2], a[3]);
	case SYS_preadv2:
		return preadv64v2((int)a[0], (const struct iovec *)a[1], (int)a[2], a[3], (int)a[5]);
	case SYS_mmap:
		return (long)mmap64((void *)a[0], (size_t)a[1], (int)a[2], (int)a[3], (int)a[4], a[5]);
	case SYS_munmap:
		return munmap((void *)a[0], (size_t)a[1]);
	case SYS_mremap:
		return (long)mremap((void *)a[0], (size_t)a[1], (size_t)a[2], (int)a[3], (void *)a[4]);
	case SYS_madvise:
		return madvise((void *)a[0], (size_t)a[1], (int)a[2]);
	case SYS_mprotect:
		return mprotect((void *)a[0], (size_t)a[1], (int)a[2]);
	case SYS_pkey_mprotect:
		return pkey_mprotect((void *)a[0], (size_t)a[1], (int)a[2], (int)a[3]);
	case SYS_open_by_handle_at:
		return open_by_handle_at((int)a[0], (struct file_handle *)a[1], (int)a[2]);
	case SYS_close:
		return close((int)a[0]);
	case SYS_close_range:
		return close_range((unsigned)a[0], (unsigned)a[1], (int)a[2]);
	case SYS_dup:
		return dup((int)a[0]);
#ifdef SYS_dup2
	case SYS_dup2:
		return dup2((int)a[0], (int)a[1]);
#endif
	case SYS_dup3:
		return dup3((int)a[0], (int)a[1], (int)a[2]);
	case SYS_fcntl:
		return fcntl((int)a[0], (int)a[1], a[2]);
	case SYS_ioctl:
		return ioctl((int)a[0], (unsigned long)a[1], a[2]);
	case SYS_sendfile:
		return sendfile64((int)a[0], (int)a[1], (off64_t *)a[2], (size_t)a[3]);
	case SYS_copy_file_range:
		return copy_file_range((int)a[0], (off64_t *)a[1], (int)a[2], (off64_t *)a[3],
				       (size_t)a[4], (unsigned)a[5]);
	case SYS_splice:
		return splice((int)a[0], (off64_t *)a[1], (int)a[2], (off64_t *)a[3], (size_t)a[4],
			      (unsigned)a[5]);
	case SYS_unshare:
		return unshare((int)a[0]);
	case SYS_recvmsg:
		return recvmsg((int)a[0], (struct msghdr *)a[1], (int)a[2]);
	case SYS_recvmmsg:
		return recvmmsg((int)a[0], (struct mmsghdr *)a[1], (unsigned)a[2], (int)a[3],
				(struct timespec *)a[4]);
	case SYS_clone:
		/* Descriptors that another memory's program changes: the table cannot follow. */
		if ((a[0] & CLONE_FILES) != 0 && (a[0] & CLONE_VM) == 0)
			shim_table_distrust();
		return shim_real.syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	case SYS_pidfd_getfd: {
		int fd = (int)shim_real.syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
		shim_table_forget_plain(fd);
		return fd;
	}
	case SYS_io_uring_setup:
		/* Reads through a ring never reach libc; libuv goes on with threads when there is none. */
		errno = ENOSYS;
		return -1;
	default:
		return shim_real.syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
	}
}
