/* base64, hex and URL encoding. */
#include <string.h>

#include "buffer.h"
#include "builtin_family.h"
#include "encoding.h"
#include "operand.h"
#include "utf8.h"

#define STANDARD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static const struct rego_value *encode(REGO_OPERANDS, const char *alphabet, bool padded)
{
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	const unsigned char *bytes = (const unsigned char *)args[0]->string.bytes;
	size_t len = args[0]->string.len;
	struct rego_buffer out = {.work = call->work};
	for (size_t at = 0; at < len; at += 3) {
		size_t taken = len - at < 3 ? len - at : 3;
		uint32_t bits = (uint32_t)bytes[at] << 16 | (taken > 1 ? (uint32_t)bytes[at + 1] << 8 : 0)
				| (taken > 2 ? bytes[at + 2] : 0);
		char text[4] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63], alphabet[bits >> 6 & 63], alphabet[bits & 63]};
		memset(text + taken + 1, '=', 3 - taken);
		if (!rego_buffer_add(&out, text, padded ? 4 : taken + 1))
			return NULL;
	}
	return rego_buffer_string(&out);
}

static int value_of(char c, const char *alphabet)
{
	const char *found = c == '\0' ? NULL : strchr(alphabet, c);
	return found != NULL ? (int)(found - alphabet) : -1;
}

/* Groups of four, the last one padded; line ends do not count. False: *wrong is the place that is no base64. */
static bool decode_groups(struct rego_buffer *out, const struct rego_value *text, const char *alphabet, size_t *wrong)
{
	uint32_t bits = 0;
	unsigned filled = 0, padding = 0;
	for (size_t at = 0; at < text->string.len; at++) {
		char c = text->string.bytes[at];
		int value = value_of(c, alphabet);
		*wrong = at;
		if (c == '\r' || c == '\n')
			continue;
		if (c == '=' && filled + padding >= 2 && filled + padding < 4 && filled != 0) {
			padding++;
			continue;
		}
		if (value < 0 || padding != 0) {
			*wrong -= padding != 0 && filled + padding < 4;
			return false;
		}
		bits = bits << 6 | (uint32_t)value;
		if (++filled == 4) {
			if (!rego_buffer_add(out, (char[]){(char)(bits >> 16), (char)(bits >> 8), (char)bits}, 3))
				return false;
			filled = 0;
		}
	}
	*wrong = text->string.len - (padding == 0 ? filled : 0);
	if (filled == 0)
		return padding == 0;
	if (filled + padding != 4)
		return false;
	bits <<= 6 * padding;
	return rego_buffer_add(out, (char[]){(char)(bits >> 16), (char)(bits >> 8)}, 3 - padding);
}

static const struct rego_value *decode(struct rego_call *call, const struct rego_value *text, const char *alphabet)
{
	struct rego_buffer out = {.work = call->work};
	size_t wrong;
	if (!rego_spend(call->work, text->string.len / 16))
		return NULL;
	if (!decode_groups(&out, text, alphabet, &wrong))
		return rego_failed(call->work) ? NULL
					       : rego_builtin_failed(call, "illegal base64 data at input byte %zu", wrong);
	return rego_buffer_string(&out);
}

static const struct rego_value *base64_encode(REGO_OPERANDS)
{
	return encode(call, args, STANDARD, true);
}

static const struct rego_value *base64_decode(REGO_OPERANDS)
{
	return rego_operand(call, args, 1, REGO_STRING) ? decode(call, args[0], STANDARD) : NULL;
}

static const struct rego_value *base64_is_valid(REGO_OPERANDS)
{
	struct rego_buffer out = {.work = call->work};
	size_t wrong;
	return rego_boolean(args[0]->type == REGO_STRING && decode_groups(&out, args[0], STANDARD, &wrong));
}

static const struct rego_value *base64url_encode(REGO_OPERANDS)
{
	return encode(call, args, URL, true);
}

static const struct rego_value *base64url_encode_no_pad(REGO_OPERANDS)
{
	return encode(call, args, URL, false);
}

bool rego_base64url_bytes(struct rego_call *call, const struct rego_value *text, struct rego_buffer *out)
{
	struct rego_buffer padded = {.work = call->work};
	const char *bytes = text->string.bytes;
	size_t len = text->string.len, wrong;
	rego_buffer_add(&padded, bytes, len);
	if (len > 0 && bytes[len - 1] != '=') {
		if (len % 4 == 1) {
			rego_builtin_failed(call, "illegal base64url string: %.*s", REGO_SHOWN(text));
			return false;
		}
		rego_buffer_repeat(&padded, '=', len % 4 == 0 ? 0 : 4 - len % 4);
	}
	text = rego_buffer_string(&padded);
	if (text == NULL || !rego_spend(call->work, len / 16))
		return false;
	if (!decode_groups(out, text, URL, &wrong)) {
		if (!rego_failed(call->work))
			rego_builtin_failed(call, "illegal base64 data at input byte %zu", wrong);
		return false;
	}
	return true;
}

static const struct rego_value *base64url_decode(REGO_OPERANDS)
{
	struct rego_buffer out = {.work = call->work};
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_base64url_bytes(call, args[0], &out))
		return NULL;
	return rego_buffer_string(&out);
}

static const struct rego_value *hex_encode(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	struct rego_buffer out = {.work = call->work};
	char *to = rego_buffer_extend(&out, 2 * args[0]->string.len);
	for (size_t i = 0; to != NULL && i < args[0]->string.len; i++) {
		unsigned char byte = (unsigned char)args[0]->string.bytes[i];
		to[2 * i] = "0123456789abcdef"[byte >> 4];
		to[2 * i + 1] = "0123456789abcdef"[byte & 15];
	}
	return rego_buffer_string(&out);
}

static int hex_value(char c)
{
	int lower = (unsigned char)c | 0x20;
	return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static const struct rego_value *wrong_hex(struct rego_call *call, char c)
{
	char shown[4];
	uint32_t point = (unsigned char)c;
	int len = rego_is_print(point) ? (int)rego_utf8_encode(point, shown) : 0;
	return rego_builtin_failed(call, len > 0 ? "encoding/hex: invalid byte: U+%04X '%.*s'" : "encoding/hex: invalid byte: U+%04X",
				   (unsigned)point, len, shown);
}

static const struct rego_value *hex_decode(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	const char *bytes = args[0]->string.bytes;
	size_t len = args[0]->string.len;
	struct rego_buffer out = {.work = call->work};
	char *to = rego_buffer_extend(&out, len / 2);
	if (to == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		int value = hex_value(bytes[i]);
		if (value < 0)
			return wrong_hex(call, bytes[i]);
		if (i % 2 == 1)
			to[i / 2] = (char)(hex_value(bytes[i - 1]) << 4 | value);
	}
	return len % 2 == 0 ? rego_buffer_string(&out) : rego_builtin_failed(call, "encoding/hex: odd length hex string");
}

static const struct rego_builtin rows[] = {
	{"base64.decode", 1, 0, base64_decode},
	{"base64.encode", 1, 0, base64_encode},
	{"base64.is_valid", 1, 0, base64_is_valid},
	{"base64url.decode", 1, 0, base64url_decode},
	{"base64url.encode", 1, 0, base64url_encode},
	{"base64url.encode_no_pad", 1, 0, base64url_encode_no_pad},
	{"hex.decode", 1, 0, hex_decode},
	{"hex.encode", 1, 0, hex_encode},
};
REGO_FAMILY(encoding, rows);
