#include "detect.h"

#include <string.h>

#include "header.h"

bool ct_detect_safetensors(const uint8_t prefix[static CT_DETECT_PREFIX], uint64_t *header_len)
{
	uint64_t len = 0;
	for (int i = 7; i >= 0; i--)
		len = len << 8 | prefix[i];
	*header_len = len;
	if (len < CT_DETECT_PREFIX - 8 || len > CT_HEADER_MAX)
		return false;
	/* JSON white space may stand before the object. */
	for (int i = 8; i < CT_DETECT_PREFIX; i++)
		if (memchr(" \t\r\n", prefix[i], 4) == NULL)
			return prefix[i] == '{';
	return true;
}

bool ct_detect_encryption(const char *header, size_t len)
{
	/* One of them would do, but either can be damaged. */
	static const char *const keys[] = {"__encryption__", "__crypto_keys__"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (memmem(header, len, keys[i], strlen(keys[i])) != NULL)
			return true;
	/* A letter or '_' written as \u00XX hides the key from a plain search, not from a parser. */
	const char *at = header, *end = header + len;
	while ((at = memmem(at, (size_t)(end - at), "\\u00", 4)) != NULL) {
		if (end - at > 4 && at[4] >= '5' && at[4] <= '7')
			return true;
		at += 4;
	}
	return false;
}
