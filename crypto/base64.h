/* Base64 (RFC 4648). Pure functions, thread-safe. */
#ifndef CT_BASE64_H
#define CT_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that ct_base64_encode() writes for `len` bytes, without the NUL. */
size_t ct_base64_len(size_t len);

/* Standard alphabet, padded; writes ct_base64_len(len) characters and a NUL to `text`. */
void ct_base64_encode(const uint8_t *bytes, size_t len, char *text);

enum ct_base64_form {
	CT_BASE64_STANDARD, /* standard alphabet, padded: what headers carry */
	CT_BASE64_ANY,      /* that, or the URL alphabet, padded or not: what key files carry */
};

/* Decode `len` characters to at most `room` bytes; *size is what came out. -1 when the text is not
 * canonical base64 of the form (a stray character, wrong padding, bits left over) or does not
 * fit. */
int ct_base64_decode(const char *text, size_t len, enum ct_base64_form form, uint8_t *bytes,
		     size_t room, size_t *size);

#endif
