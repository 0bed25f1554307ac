/* The shim's own heap. open(2) and pread(2) may be called in a signal handler that interrupts malloc(), in a child that
 * a raw clone made while other threads were in malloc(), and in an allocator's own start: what serves them must
 * not call the program's allocator. The linker leads malloc, calloc, realloc, free and strdup of everything in this
 * library, its copy of OpenSSL included, here (Makefile: --wrap).
 *
 * Thread-safe. Async-signal-safe where signals are blocked (guard.h). */
#ifndef SHIM_MEMORY_H
#define SHIM_MEMORY_H

#include <stddef.h>

void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *bytes, size_t len);
void __wrap_free(void *bytes);
char *__wrap_strdup(const char *text);

/* In a forked child: a thread that is not here may have been changing the lists. */
void shim_memory_after_fork(void);

#endif
