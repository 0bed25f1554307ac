/* OpenSSL encodes. Its decoder skips white space, takes stray padding and counts padding as
 * bytes, so strict decoding stands here. */
#include "base64.h"

#include <openssl/evp.h>

size_t ct_base64_len(size_t len)
{
	return (len + 2) / 3 * 4;
}

void ct_base64_encode(const uint8_t *bytes, size_t len, char *text)
{
	enum { PIECE = 3 << 20 }; /* OpenSSL counts in int; a multiple of 3 joins without padding */
	while (len > PIECE) {
		text += EVP_EncodeBlock((unsigned char *)text, bytes, PIECE);
		bytes += PIECE;
		len -= PIECE;
	}
	EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
}

/* The value of each letter, plus one; 0 for what is none. Headers are mostly base64, and are decoded at every open. */
#define ROW(first, from) [first] = (from) + 1, [(first) + 1] = (from) + 2
#define ROWS(first, from) ROW(first, from), ROW((first) + 2, (from) + 2), ROW((first) + 4, (from) + 4), \
	ROW((first) + 6, (from) + 6), ROW((first) + 8, (from) + 8)
#define LETTERS(first, from) ROWS(first, from), ROWS((first) + 10, (from) + 10), ROW((first) + 20, (from) + 20), \
	ROW((first) + 22, (from) + 22), ROW((first) + 24, (from) + 24)
static const uint8_t values[256] = {
	LETTERS('A', 0), LETTERS('a', 26), ROWS('0', 52), ['+'] = 63, ['/'] = 64};

static int value_of(char c, enum ct_base64_form form)
{
	if (form == CT_BASE64_ANY && (c == '-' || c == '_'))
		return c == '-' ? 62 : 63;
	return values[(uint8_t)c] - 1;
}

int ct_base64_decode(const char *text, size_t len, enum ct_base64_form form, uint8_t *bytes,
		     size_t room, size_t *size)
{
	size_t padding = 0;
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	if (len % 4 != 0 && (form == CT_BASE64_STANDARD || padding > 0))
		return -1;
	len -= padding;
	if (len % 4 == 1 || (padding > 0 && len % 4 != 4 - padding))
		return -1;

	uint32_t bits = 0;
	unsigned held = 0;
	size_t done = 0, i = 0;
	/* Four letters at a time, as long as they are of the standard alphabet and there is room. */
	for (; len - i >= 4 && room - done >= 3; i += 4, done += 3) {
		const uint8_t *four = (const uint8_t *)text + i;
		uint32_t a = values[four[0]], b = values[four[1]], c = values[four[2]], d = values[four[3]];
		if (a == 0 || b == 0 || c == 0 || d == 0)
			break;
		uint32_t three = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
		bytes[done] = (uint8_t)(three >> 16);
		bytes[done + 1] = (uint8_t)(three >> 8);
		bytes[done + 2] = (uint8_t)three;
	}
	for (; i < len; i++) {
		int value = value_of(text[i], form);
		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		held += 6;
		if (held >= 8) {
			held -= 8;
			if (done == room)
				return -1;
			bytes[done++] = (uint8_t)(bits >> held);
		}
	}
	if ((bits & ((1u << held) - 1)) != 0)
		return -1;
	*size = done;
	return 0;
}
