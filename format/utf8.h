/* UTF-8 (RFC 3629). Pure functions, thread-safe. */
#ifndef CT_UTF8_H
#define CT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The character that begins at `bytes`, of which `len` are there: its length, 1 to 4, and its code point
 * in *code. 0 when the bytes are not well-formed (overlong, a surrogate, past U+10FFFF, cut off) or `len`
 * is 0. */
size_t ct_utf8_decode(const char *bytes, size_t len, uint32_t *code);

#endif
