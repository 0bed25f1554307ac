/* What `verify` says of each file: a line, or an object of a JSON array. */
#ifndef CT_REPORT_H
#define CT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cipher.h"
#include "error.h"

struct report {
	bool json;
	size_t count; /* files so far */
};

struct report_line {
	const char *file;
	const struct ct_error *err; /* NULL: all is well, */
	bool encrypted;             /* or there is nothing to check */
	int version;
	enum ct_cipher cipher;
	size_t tensors, sealed;
	uint64_t bytes;
};

/* Write it to stdout. */
void report_put(struct report *report, const struct report_line *line);

/* Close the array. Returns `status`, or EXIT_FAILED when something did not get out. */
int report_end(struct report *report, int status);

#endif
