/* UTF-8 and what Unicode says of code points. Nothing here depends on a locale. */
#ifndef REGO_UTF8_H
#define REGO_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGO_REPLACEMENT 0xFFFDu /* stands for what is no UTF-8 */

/* No surrogates, nothing overlong, nothing beyond U+10FFFF. */
bool rego_utf8_valid(const char *bytes, size_t len);

/* The code point at `bytes`, of which there is at least one; how many bytes it takes. What is not UTF-8 gives
 * REGO_REPLACEMENT and 1; a real U+FFFD takes 3. */
size_t rego_utf8_decode(const char *bytes, size_t len, uint32_t *point);

/* Writes up to four bytes, returns how many. Surrogates and what is too large become U+FFFD. */
size_t rego_utf8_encode(uint32_t point, char bytes[static 4]);

/* How many code points, where each byte that is not UTF-8 counts as one; where the code point number `index` begins (`len` if there are not so many). */
size_t rego_utf8_count(const char *bytes, size_t len);
size_t rego_utf8_offset(const char *bytes, size_t len, size_t index);

/* Simple mappings of one code point to one: U+00DF has no upper case. */
uint32_t rego_upper(uint32_t point);
uint32_t rego_lower(uint32_t point);

bool rego_is_space(uint32_t point); /* White_Space */
bool rego_is_print(uint32_t point); /* letters, marks, numbers, punctuation, symbols and U+0020 */

#endif
