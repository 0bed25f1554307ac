/* A JSON recogniser: RFC 8259's grammar and RFC 3629's UTF-8, nothing built, no recursion. */
#include <stdbool.h>
#include <string.h>

#include "json.h"
#include "json_word.h"
#include "utf8.h"

struct scan {
	const unsigned char *text;
	size_t len, at;
	const char *what;
	struct ct_error *err;
};

static int fault(const struct scan *s, const char *problem)
{
	return ct_fail(s->err, CT_E_FORMAT, "%s: %s at byte %zu", s->what, problem, s->at);
}

static int peek(const struct scan *s)
{
	return s->at < s->len ? s->text[s->at] : -1;
}

static void skip_space(struct scan *s)
{
	while (s->at < s->len && ct_json_is_space((char)s->text[s->at]))
		s->at++;
}

static int scan_multibyte(struct scan *s)
{
	uint32_t code;
	size_t len = ct_utf8_decode((const char *)s->text + s->at, s->len - s->at, &code);
	if (len == 0)
		return fault(s, "invalid UTF-8");
	s->at += len;
	return 0;
}

/* The four digits of \uXXXX at s->at; -1 when they are not hexadecimal. */
static long scan_hex4(struct scan *s)
{
	long value = 0;
	if (s->len - s->at < 4)
		return fault(s, "a broken \\u escape");
	for (int i = 0; i < 4; i++, s->at++) {
		unsigned char c = s->text[s->at];
		if (c >= '0' && c <= '9')
			value = value * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value * 16 + ((c | 0x20) - 'a' + 10);
		else
			return fault(s, "a broken \\u escape");
	}
	return value;
}

static int scan_escape(struct scan *s)
{
	s->at++; /* the backslash */
	switch (peek(s)) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		s->at++;
		return 0;
	case 'u':
		s->at++;
		break;
	default:
		return fault(s, "an unknown escape");
	}
	long unit = scan_hex4(s);
	if (unit < 0)
		return -1;
	if (unit == 0)
		return fault(s, "\\u0000 in a string");
	if (unit >= 0xdc00 && unit <= 0xdfff)
		return fault(s, "half of a surrogate pair");
	if (unit >= 0xd800 && unit <= 0xdbff) {
		if (s->len - s->at < 2 || s->text[s->at] != '\\' || s->text[s->at + 1] != 'u')
			return fault(s, "half of a surrogate pair");
		s->at += 2;
		long second = scan_hex4(s);
		if (second < 0)
			return -1;
		if (second < 0xdc00 || second > 0xdfff)
			return fault(s, "half of a surrogate pair");
	}
	return 0;
}

static int scan_string(struct scan *s)
{
	s->at++; /* the opening quote */
	for (;;) {
		/* Most bytes stand for themselves. */
		const char *text = (const char *)s->text;
		s->at = (size_t)(ct_json_quoted(text + s->at, text + s->len) - text);
		int c = peek(s);
		if (c < 0)
			return fault(s, "a string without an end");
		if (c == '"') {
			s->at++;
			return 0;
		}
		if (c < 0x20)
			return fault(s, "a control character in a string");
		if (c == '\\') {
			if (scan_escape(s) < 0)
				return -1;
		} else if (scan_multibyte(s) < 0) {
			return -1;
		}
	}
}

static bool scan_digits(struct scan *s)
{
	size_t start = s->at;
	while (peek(s) >= '0' && peek(s) <= '9')
		s->at++;
	return s->at > start;
}

static int scan_number(struct scan *s, int flags)
{
	const uint64_t exact_max = UINT64_C(1) << 53;
	size_t start = s->at;
	bool plain = true;
	if (peek(s) == '-') {
		plain = false;
		s->at++;
	}
	size_t digits = s->at;
	if (!scan_digits(s))
		return fault(s, "a broken number");
	if (s->text[digits] == '0' && s->at - digits > 1)
		return fault(s, "a number with a leading zero");
	if (peek(s) == '.') {
		plain = false;
		s->at++;
		if (!scan_digits(s))
			return fault(s, "a broken number");
	}
	if (peek(s) == 'e' || peek(s) == 'E') {
		plain = false;
		s->at++;
		if (peek(s) == '+' || peek(s) == '-')
			s->at++;
		if (!scan_digits(s))
			return fault(s, "a broken number");
	}
	if (s->at - start > 63)
		return fault(s, "a number that is too long"); /* for some releases of cJSON */
	if ((flags & CT_JSON_EXACT_NUMBERS) == 0)
		return 0;
	uint64_t value = 0;
	for (size_t i = start; plain && i < s->at; i++) {
		value = value * 10 + (uint64_t)(s->text[i] - '0');
		plain = value <= exact_max;
	}
	return plain ? 0 : fault(s, "a number that is not an exact integer from 0 to 2^53");
}

static int scan_word(struct scan *s)
{
	static const char *const words[] = {"true", "false", "null"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t len = strlen(words[i]);
		if (s->len - s->at >= len && memcmp(s->text + s->at, words[i], len) == 0) {
			s->at += len;
			return 0;
		}
	}
	return fault(s, "something that is not JSON");
}

/* A key and its colon. */
static int scan_key(struct scan *s)
{
	skip_space(s);
	if (peek(s) != '"')
		return fault(s, "a key was expected");
	if (scan_string(s) < 0)
		return -1;
	skip_space(s);
	if (peek(s) != ':')
		return fault(s, "':' was expected");
	s->at++;
	return 0;
}

int ct_json_check(const char *text, size_t len, int flags, const char *what, struct ct_error *err)
{
	struct scan s = {(const unsigned char *)text, len, 0, what, err};
	char open[CT_JSON_DEPTH]; /* '{' or '[' for each level */
	int depth = 0;
	for (;;) {
		/* One value. */
		skip_space(&s);
		int c = peek(&s), status = 0;
		if (c < 0)
			return fault(&s, "the text ends too early");
		if (c == '{' || c == '[') {
			if (depth == CT_JSON_DEPTH)
				return fault(&s, "nested too deeply");
			open[depth++] = (char)c;
			s.at++;
			skip_space(&s);
			if (peek(&s) != (c == '{' ? '}' : ']')) {
				if (c == '{' && scan_key(&s) < 0)
					return -1;
				continue;
			}
		} else if (c == '"') {
			status = scan_string(&s);
		} else if (c == '-' || (c >= '0' && c <= '9')) {
			status = scan_number(&s, flags);
		} else {
			status = scan_word(&s);
		}
		if (status < 0)
			return -1;
		/* What may follow it: ends of containers, then a comma or the end of the text. */
		for (;;) {
			skip_space(&s);
			c = peek(&s);
			if (depth == 0)
				return c < 0 ? 0 : fault(&s, "text behind the end");
			if (c == (open[depth - 1] == '{' ? '}' : ']')) {
				depth--;
				s.at++;
				continue;
			}
			if (c != ',')
				return fault(&s, "',' or an end was expected");
			s.at++;
			if (open[depth - 1] == '{' && scan_key(&s) < 0)
				return -1;
			break;
		}
	}
}
