/* Makes musl's loader refuse the library in words. It binds symbols by name, and knows nothing of those whose
 * address a function tells (STT_GNU_IFUNC): it says of MUSL_SAYS, that name comes from the Makefile,
 * "symbol not found". glibc's loader calls the function. Called by nobody else. */

static void nothing(void)
{
}

/* Runs before the library is relocated, and before a sanitizer is there. */
__attribute__((used, no_stack_protector, no_sanitize("thread", "address", "undefined"))) static void (*resolve(void))(void)
{
	return nothing;
}

__attribute__((ifunc("resolve"), visibility("default"))) void MUSL_SAYS(void);

/* The reference that has to be bound. */
__attribute__((used, retain)) static void (*const bound)(void) = MUSL_SAYS;
