/* Element types of safetensors. Pure functions, thread-safe.
 * Source: the format's table of bits per element. */
#ifndef CT_DTYPE_H
#define CT_DTYPE_H

#include <stdint.h>

/* Index into the table of types; only these functions know what it stands for. */
typedef uint8_t ct_dtype;

/* 0, or -1 when `name` is unknown. Case matters. */
int ct_dtype_parse(const char *name, ct_dtype *dtype);

/* "BF16" and so on. Static. */
const char *ct_dtype_name(ct_dtype dtype);

/* Bits per element; 4 and 6 exist. */
unsigned ct_dtype_bits(ct_dtype dtype);

#endif
