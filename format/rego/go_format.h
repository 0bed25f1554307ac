/* Formats as Go's fmt package has them, and quoted strings as its strconv package. */
#ifndef REGO_GO_FORMAT_H
#define REGO_GO_FORMAT_H

#include "buffer.h"

/* What sprintf gives: every verb, flag, width, precision and argument index, and the words about wrong ones, such as
 * "%!d(string=x)". Collections, booleans and null are strings to it, which have them in Rego's form. */
const struct rego_value *rego_go_format(struct rego_work *work, const struct rego_value *format,
					const struct rego_value *args);

/* In quotes of the kind `quote`; what cannot be printed is escaped, with `ascii` all that is not ASCII. */
bool rego_go_quote(struct rego_buffer *out, const char *bytes, size_t len, char quote, bool ascii);

/* A double, with a minus if it is negative, in Go's form `verb` (e E f g G b x X); precision -1: the fewest digits that
 * name it. */
bool rego_go_double(struct rego_buffer *out, double value, char verb, int precision);

#endif
