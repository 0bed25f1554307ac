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

/* Does a file that begins with `prefix` look as if its header had begun with `{"__metadata__"` before its first
 * bytes were damaged? Then the length field says nothing. Up to two bytes of the text may differ. */
bool ct_detect_damaged(const uint8_t prefix[static CT_DETECT_PREFIX]);

/* Does a file that begins with `prefix` have the beginning of a JSON object behind the length field? What follows
 * may be white space. False for a number that happens to look like '{'. */
bool ct_detect_object(const uint8_t prefix[static CT_DETECT_PREFIX]);

/* Could the header text name one of the four reserved metadata keys, in any spelling that JSON allows? False is
 * certain; true wants the header parsed. */
bool ct_detect_encryption(const char *header, size_t len);

/* Is all of a header's metadata in these first `len` bytes of its text, as far as a quick look can tell? If not,
 * the length that the file gives for its header is too small, or the file is cut off. */
bool ct_detect_whole(const char *header, size_t len);

#endif
