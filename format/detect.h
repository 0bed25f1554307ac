/* Is this file an encrypted model? Decided by content, in two steps of rising cost. Pure
 * functions, thread-safe. */
#ifndef CT_DETECT_H
#define CT_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CT_DETECT_PREFIX = 16, /* bytes that the first step looks at */
	/* No encrypted file is shorter: four reserved keys, a signature of 88 characters. */
	CT_DETECT_SIZE_MIN = 256,
};

/* Could a file that begins with `prefix` be safetensors at all? Then *header_len is its N, which may
 * be more than the file holds. False for nearly every file that is none. */
bool ct_detect_safetensors(const uint8_t prefix[static CT_DETECT_PREFIX], uint64_t *header_len);

/* Could the header text name `__encryption__`, in any spelling that JSON allows? False is certain;
 * true wants the header parsed. */
bool ct_detect_encryption(const char *header, size_t len);

#endif
