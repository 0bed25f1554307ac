#include "threads.h"

#include <sched.h>

unsigned default_threads(void)
{
	cpu_set_t set;
	if (sched_getaffinity(0, sizeof set, &set) < 0)
		return 2; /* more CPUs than the set has room for, or not told */
	int count = CPU_COUNT(&set);
	return count < 1 ? 1 : count > 16 ? 16 : (unsigned)count;
}
