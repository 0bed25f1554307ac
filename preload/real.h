/* The functions that the hooks stand in front of.
 *
 * The table starts with raw system calls, so that hooks work before anything was looked up (in other
 * libraries' constructors, inside an allocator's start), and is upgraded once, by the shim's
 * constructor, to the next definition of each name: libc's, or another preloaded library's. */
#ifndef SHIM_REAL_H
#define SHIM_REAL_H

#include <aio.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#undef fwrite_unlocked /* a macro of libc's headers */

/* What marks a hook: visible, and found by nothing but the dynamic linker. */
#define SHIM_HOOK __attribute__((visibility("default"))) extern

#if __has_attribute(copy)
#define SHIM_LIKE(hook) alias(#hook), copy(hook)
#else
#define SHIM_LIKE(hook) alias(#hook)
#endif

/* Defines another name of a hook that this file defines. */
#define SHIM_ALIAS(name, hook) SHIM_HOOK __typeof__(hook) name __attribute__((SHIM_LIKE(hook)))

/* Every hook has the type that the list gives it, which is libc's. */
#define HOOK(result, name, parameters) SHIM_HOOK result name parameters;
#define ALIAS(name, hook) SHIM_HOOK __typeof__(hook) name;
#include "hooks.def"
#undef HOOK
#undef ALIAS

struct shim_real {
#define HOOK(result, name, parameters) result(*name) parameters;
#define ALIAS(name, hook)
#include "hooks.def"
#undef HOOK
#undef ALIAS
};

extern struct shim_real shim_real;

/* Look every name up. All of them exist in every glibc since 2.34: a miss would allocate. */
void shim_real_resolve(void);

#endif
