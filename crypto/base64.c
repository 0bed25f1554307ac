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

static int value_of(char c, enum ct_base64_form form)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || (c == '-' && form == CT_BASE64_ANY))
		return 62;
	if (c == '/' || (c == '_' && form == CT_BASE64_ANY))
		return 63;
	return -1;
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
	size_t done = 0;
	for (size_t i = 0; i < len; i++) {
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
