/* One argument of a format. */
#ifndef REGO_GO_PRINT_H
#define REGO_GO_PRINT_H

#include "buffer.h"

struct rego_printer {
	struct rego_buffer *out;
	bool sharp, zero, plus, minus, space, sharp_v, plus_v; /* flags; the last two are of %#v and %+v */
	bool has_width, has_precision;
	int width, precision;
};

bool rego_print(const struct rego_printer *printer, const struct rego_value *arg, uint32_t verb);

/* As Go calls what Open Policy Agent hands it: "int", "*big.Int", "float64", "string". */
const char *rego_print_type(const struct rego_value *arg);

#endif
