#include "stack.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>

#include "raw.h"

enum { STACKS = 64, SIZE = 256 * 1024, GUARD = 16 * 1024 };

static _Atomic uintptr_t place;
static atomic_uint_fast64_t taken, guarded; /* a bit for each */

bool shim_stack_prepare(void)
{
	uintptr_t expected = 0;
	if (atomic_load(&place) != 0)
		return true;
	long got = raw_mmap(NULL, (size_t)STACKS * SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	if (got < 0 && got >= -4095)
		return false;
	if (!atomic_compare_exchange_strong(&place, &expected, (uintptr_t)got))
		raw_munmap((void *)got, (size_t)STACKS * SIZE);
	return true;
}

static int take(void)
{
	for (;;) {
		uint_fast64_t now = atomic_load(&taken);
		if (now != UINT64_MAX) {
			int free = __builtin_ctzll(~now);
			if (atomic_compare_exchange_weak(&taken, &now, now | UINT64_C(1) << free))
				return free;
			continue;
		}
		SHIM_RAW(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
}

/* Its lowest pages, into which it would grow, lose their access the first time it is taken: most never are. */
static void guard(int number)
{
	uint_fast64_t bit = UINT64_C(1) << number;
	if ((atomic_load(&guarded) & bit) != 0)
		return;
	SHIM_RAW(SYS_mprotect, atomic_load(&place) + (uintptr_t)number * SIZE, GUARD, PROT_NONE, 0, 0, 0);
	atomic_fetch_or(&guarded, bit);
}

void shim_stack_run(void (*call)(void *argument), void *argument)
{
	int number = take();
	guard(number);
	uintptr_t top = atomic_load(&place) + (uintptr_t)(number + 1) * SIZE - 64;
#if defined(__x86_64__)
	__asm__ volatile("movq %%rsp, %%rbx\n\t"
			 "movq %[top], %%rsp\n\t"
			 "callq *%[call]\n\t"
			 "movq %%rbx, %%rsp"
			 : "+D"(argument)
			 : [top] "r"(top), [call] "r"(call)
			 : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2",
			   "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",
			   "xmm14", "xmm15", "st", "mm0");
#elif defined(__aarch64__)
	register void *x0 __asm__("x0") = argument;
	__asm__ volatile("mov x19, sp\n\t"
			 "mov sp, %[top]\n\t"
			 "blr %[call]\n\t"
			 "mov sp, x19"
			 : "+r"(x0)
			 : [top] "r"(top), [call] "r"(call)
			 : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15",
			   "x16", "x17", "x19", "x30", "memory", "cc", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7",
			   "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
			   "v29", "v30", "v31");
#endif
	atomic_fetch_and(&taken, ~(UINT64_C(1) << number));
}

void shim_stack_after_fork(void)
{
	atomic_store(&taken, 0);
}
