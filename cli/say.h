/* What people read. Text that came out of files or arguments cannot steer a terminal. */
#ifndef CT_SAY_H
#define CT_SAY_H

#include <stdint.h>
#include <stdio.h>

#include "error.h"

/* Write `text` with '?' for control and direction-changing characters and for bytes that are no
 * UTF-8. */
void put_safe(FILE *to, const char *text);

/* The same in place: never longer. */
void make_safe(char *text);

/* Bytes of the well-formed UTF-8 character at `text` (not at its end); 0 when there is none. */
size_t utf8_len(const char *text);

/* Characters (code points) of UTF-8 text. */
size_t text_width(const char *text);

/* "ctshim: FILE: message" on stderr; `file` NULL leaves it out. Silent when work was stopped by a
 * signal: that speaks for itself. Returns EXIT_FAILED. */
int complain(const char *file, const struct ct_error *err);

/* "ctshim: message" on stderr. Returns EXIT_FAILED. */
int complainf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* "ctshim COMMAND: message: see ctshim COMMAND --help" on stderr. Returns EXIT_USAGE. */
int usage_error(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

enum { SIZE_TEXT = 24 };

/* "86.7 MiB"; exact below 1 KiB. */
const char *size_text(uint64_t bytes, char text[static SIZE_TEXT]);

/* "2 MiB" when `bytes` is a whole number of such units, else the number. */
const char *exact_size_text(uint64_t bytes, char text[static SIZE_TEXT]);

/* Flush stdout; EXIT_FAILED with a message when anything written to it was lost, else `status`. */
int finish_stdout(int status);

#endif
