#include "own.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "raw.h"

enum { OWN_MAX = 4096 };

atomic_int shim_own_lowest = INT_MAX;
static atomic_int numbers[OWN_MAX]; /* 0: free; the number otherwise */

/* /proc tells the threads as links to a directory, its own two aside. */
static bool has_threads(void)
{
	struct stat st;
	return SHIM_RAW(SYS_newfstatat, AT_FDCWD, "/proc/self/task", &st, 0, 0, 0) != 0 || st.st_nlink > 3;
}

static atomic_bool has_grown; /* the kernel's table of descriptors */

/* Where own numbers begin: far from those that programs are given, and well below the limit. That makes the kernel's table of
 * them larger, which can take 30 ms when there are threads; then they are in the last quarter of what it surely has already (64
 * numbers, or the power of two above `fd`), if that leaves room. */
static int floor_of_numbers(int fd)
{
	struct rlimit limit;
	rlim_t most = 1024, table = 64;
	if (SHIM_RAW(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit, 0, 0) == 0)
		most = limit.rlim_cur < (1 << 19) ? limit.rlim_cur : 1 << 19;
	while (table <= (rlim_t)fd)
		table *= 2;
	rlim_t last_quarter = table / 4 * 3;
	if (!atomic_load(&has_grown) && (rlim_t)fd < last_quarter && last_quarter < most / 2 && has_threads())
		return (int)last_quarter;
	atomic_store(&has_grown, true);
	return (int)(most / 2);
}

static bool enter(int fd)
{
	for (int i = 0; i < OWN_MAX; i++) {
		int expected = 0;
		if (!atomic_compare_exchange_strong(&numbers[i], &expected, fd))
			continue;
		int lowest = atomic_load(&shim_own_lowest);
		while (fd < lowest && !atomic_compare_exchange_weak(&shim_own_lowest, &lowest, fd))
			;
		return true;
	}
	return false;
}

int shim_own_keep(int fd)
{
	int own = raw_fcntl(fd, F_DUPFD_CLOEXEC, floor_of_numbers(fd));
	if (own < 0)
		return -1;
	if (enter(own))
		return own;
	raw_close(own);
	return -1;
}

int shim_own_open(int fd)
{
	char link[32];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	int opened = raw_openat(AT_FDCWD, link, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	int own = shim_own_keep(opened >= 0 ? opened : fd);
	if (opened >= 0)
		raw_close(opened);
	return own;
}

void shim_own_forget(int fd)
{
	for (int i = 0; i < OWN_MAX; i++) {
		int expected = fd;
		if (fd > 0 && atomic_compare_exchange_strong(&numbers[i], &expected, 0))
			return;
	}
}

void shim_own_close(int fd)
{
	if (fd < 0)
		return;
	raw_close(fd);
	shim_own_forget(fd);
}

bool shim_own_has(int fd)
{
	for (int i = 0; i < OWN_MAX; i++)
		if (atomic_load_explicit(&numbers[i], memory_order_relaxed) == fd)
			return true;
	return false;
}

int shim_own_next(int from)
{
	int lowest = INT_MAX;
	if (atomic_load_explicit(&shim_own_lowest, memory_order_relaxed) == INT_MAX)
		return INT_MAX;
	for (int i = 0; i < OWN_MAX; i++) {
		int fd = atomic_load_explicit(&numbers[i], memory_order_relaxed);
		if (fd != 0 && fd >= from && fd < lowest)
			lowest = fd;
	}
	return lowest;
}

bool shim_own_move(int fd, void (*moved)(int from, int to))
{
	int to = raw_fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
	if (to < 0)
		to = raw_fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (to < 0 || !enter(to))
		return false;
	moved(fd, to);
	shim_own_forget(fd);
	return true;
}
