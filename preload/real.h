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

/* Look every name up. All of them exist in every glibc since 2.34: a miss would allocate. */
void shim_real_resolve(void);

/* The kernel's, with libc's way to tell errors: what the table starts with. */
void *shim_kernel_mmap(void *address, size_t len, int prot, int flags, int fd, off64_t offset);
int shim_kernel_munmap(void *address, size_t len);
void *shim_kernel_mremap(void *address, size_t len, size_t new_len, int flags, ...);
int shim_kernel_madvise(void *address, size_t len, int advice);

/* True in a thread while a call that came by number, through syscall(2), is in a hook. It ends in the kernel, as
 * it would without the library, and not in libc's function: that may be rewritten to come back by number
 * (UCX does so to mmap and its kin), and the two would call each other for ever. */
extern __thread bool shim_by_number;

/* What marks a hook's definition: visible, and found by nothing but the dynamic linker. */
#define SHIM_HOOK __attribute__((visibility("default"))) extern

#endif
