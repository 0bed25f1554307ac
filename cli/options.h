/* Arguments of one command, as a table: getopt_long underneath, GNU conventions. */
#ifndef CT_OPTIONS_H
#define CT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "command.h"

/* Values of an option that can be given many times; they point into argv. */
struct text_list {
	const char **items;
	size_t count;
};

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char *: not empty */
	OPTION_LIST,   /* struct text_list */
	OPTION_SIZE,   /* uint64_t bytes, at least 1: 4096, 2M, 1GiB (powers of 1024) */
	OPTION_COUNT,  /* unsigned, from 1 to 64 */
	OPTION_CIPHER, /* int: enum ct_cipher */
};

struct option_spec {
	const char *name; /* without "--"; NULL ends the table */
	char letter;      /* short form, or 0 */
	enum option_kind kind;
	void *value; /* of the kind's type; untouched when the option is not given */
};

enum { OPTIONS_OK = -1 };

/* Parse argv of `command`. OPTIONS_OK: *rest is the index of the first operand, behind which only
 * operands follow. Anything else is the exit status to return with: --help was printed (0), or the
 * usage was wrong and that has been said (2). `stop_at_operand`: options end at the first operand.
 * Lists are the caller's to free, in each case. */
int parse_options(const struct command *command, int argc, char **argv,
		  const struct option_spec *specs, bool stop_at_operand, int *rest);

#endif
