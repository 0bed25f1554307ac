/* The I/O functions that programs import, and what the library does about them. */
#ifndef CT_IO_CALLS_H
#define CT_IO_CALLS_H

#include <stdbool.h>
#include <stddef.h>

enum io_fate {
	IO_SERVED,   /* the library stands in front of it */
	IO_HARMLESS, /* needs no help */
	IO_PASSES,   /* goes past the library */
};

struct io_call {
	const char *name;
	enum io_fate fate;
	bool memfd;       /* IO_PASSES: does serving mode memfd help? */
	const char *text; /* IO_PASSES: what happens */
};

/* NULL: no I/O function, or none that is known. Static. */
const struct io_call *io_call_find(const char *name);

/* Does the library stand in front of this name? */
bool io_call_hooked(const char *name);

/* Does the name open, read or map files' contents? Those of the library's names where it matters who defines
 * them. */
bool io_call_reads(const char *name);

#endif
