/* The functions that the hooks stand in front of.
 *
 * The table starts with raw system calls, so that hooks work before anything was looked up (in other
 * libraries' constructors, inside an allocator's start), and is upgraded once, by the shim's
 * constructor, to the next definition of each name: libc's, or another preloaded library's. */
#ifndef SHIM_REAL_H
#define SHIM_REAL_H

#include <aio.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/uio.h>

struct shim_real {
#define HOOK(result, name, parameters) result(*name) parameters;
#include "hooks.def"
#undef HOOK
};

extern struct shim_real shim_real;

/* True in a thread while a hook hands a call on to the next library in line. Some of those (allocators) answer it
 * with syscall(2), which the hook must not be asked about again. */
extern _Thread_local bool shim_handing_on __attribute__((tls_model("initial-exec")));

#define SHIM_HAND_ON(call)                      \
	({                                      \
		shim_handing_on = true;         \
		__typeof__(call) got_ = (call); \
		shim_handing_on = false;        \
		got_;                           \
	})

/* Look every name up. All of them exist in every glibc since 2.34: a miss would allocate. */
void shim_real_resolve(void);

/* What marks a hook's definition: visible, and found by nothing but the dynamic linker. */
#define SHIM_HOOK __attribute__((visibility("default"))) extern

#endif
