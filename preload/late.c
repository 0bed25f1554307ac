#include "late.h"

#include <stdatomic.h>
#include <stdbool.h>

/* The linker leads libcrypto's calls here (--wrap). The first one comes when the library is loaded, in every
 * process: what the processor can is asked when cryptography is wanted, which nearly none does. libcrypto's own start
 * calls it again then. */
extern void __real_OPENSSL_cpuid_setup(void);
extern void __wrap_OPENSSL_cpuid_setup(void);

static atomic_bool wanted;

void __wrap_OPENSSL_cpuid_setup(void)
{
	if (atomic_load(&wanted))
		__real_OPENSSL_cpuid_setup();
}

void shim_late_start(void)
{
	if (!atomic_exchange(&wanted, true))
		__real_OPENSSL_cpuid_setup();
}
