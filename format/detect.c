#include "detect.h"

#include <string.h>

#include "header.h"

static size_t skip_space(const char *text, size_t at, size_t len)
{
	while (at < len && memchr(" \t\r\n", text[at], 4) != NULL)
		at++;
	return at;
}

/* Is this the beginning of a JSON object with something in it, as far as the text goes? *at: its first name. */
static bool begins(const char *text, size_t len, size_t *at)
{
	*at = skip_space(text, 0, len);
	if (*at < len && text[*at] != '{')
		return false;
	*at = skip_space(text, *at + 1, len);
	return *at >= len || text[*at] == '"';
}

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

bool ct_detect_damaged(const uint8_t prefix[static CT_DETECT_PREFIX])
{
	static const char text[] = "{\"__meta";
	int same = 0;
	for (size_t i = 0; i < sizeof text - 1; i++)
		same += prefix[8 + i] == (uint8_t)text[i];
	return same >= (int)sizeof text - 3;
}

bool ct_detect_object(const uint8_t prefix[static CT_DETECT_PREFIX])
{
	size_t unused;
	return begins((const char *)prefix + 8, CT_DETECT_PREFIX - 8, &unused);
}

bool ct_detect_encryption(const char *header, size_t len)
{
	/* Any of them marks the file: each can be damaged. */
	static const char *const keys[] = {"__encryption__", "__crypto_keys__", "__policy__", "__signature__"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (memmem(header, len, keys[i], strlen(keys[i])) != NULL)
			return true;
	/* A letter or '_' written as \u00XX hides the key from a plain search, not from a parser. */
	const char *at = header, *end = header + len;
	for (; (at = memchr(at, '\\', (size_t)(end - at))) != NULL; at++)
		if (end - at > 4 && memcmp(at, "\\u00", 4) == 0 && at[4] >= '5' && at[4] <= '7')
			return true;
	return false;
}

/* Does the object that opens first inside the outermost one close in this text? */
static bool closes_inner(const char *header, size_t len)
{
	int depth = 0;
	bool string = false;
	for (size_t i = 0; i < len; i++) {
		char c = header[i];
		if (string && c == '\\')
			i++;
		else if (c == '"')
			string = !string;
		else if (!string && c == '{')
			depth++;
		else if (!string && c == '}' && --depth < 2)
			return true;
	}
	return false;
}

/* The last character before *len that is no white space, which *len then stands on; 0 when there is none. */
static char last(const char *header, size_t *len)
{
	while (*len > 0) {
		char c = header[--*len];
		if (memchr(" \t\r\n", c, 4) == NULL)
			return c;
	}
	return 0;
}

bool ct_detect_whole(const char *header, size_t len)
{
	static const char metadata[] = "\"__metadata__\"";
	size_t at;
	/* Nearly every file that has metadata has it first; what is behind it does not matter then. */
	if (begins(header, len, &at) && at < len && len - at >= sizeof metadata - 1
	    && memcmp(header + at, metadata, sizeof metadata - 1) == 0)
		return closes_inner(header, len);
	if (last(header, &len) != '}')
		return false;
	/* The last tensor's end and the header's, or there is no tensor. */
	char before = last(header, &len);
	return before == '}' || before == '{';
}
