#include "json_read.h"

#include <string.h>

#include "json_word.h"

/* Valid text: every value ends before reader->end. */
static char skip_space(struct ct_json_reader *reader)
{
	const char *p = reader->at;
	while (p < reader->end && ct_json_is_space(*p))
		p++;
	reader->at = p;
	return p < reader->end ? *p : '\0';
}

bool ct_json_read_open(struct ct_json_reader *reader, char open)
{
	if (skip_space(reader) != open)
		return false;
	reader->at++;
	return true;
}

bool ct_json_read_next(struct ct_json_reader *reader, bool first, char close)
{
	char c = skip_space(reader);
	if (c == close) {
		reader->at++;
		return false;
	}
	if (!first)
		reader->at++; /* the comma */
	return true;
}

bool ct_json_read_text(struct ct_json_reader *reader, struct ct_json_span *text)
{
	if (skip_space(reader) != '"')
		return false;
	const char *p = ++reader->at;
	while ((p = ct_json_quoted(p, reader->end)) < reader->end && *p != '"')
		p += *p == '\\' ? 2 : 1;
	if (p >= reader->end)
		return false;
	*text = (struct ct_json_span){reader->at, (size_t)(p - reader->at)};
	reader->at = p + 1;
	return true;
}

bool ct_json_read_string(struct ct_json_reader *reader, struct ct_json_span *string)
{
	if (skip_space(reader) != '"')
		return false;
	const char *p = ++reader->at;
	while ((p = ct_json_plain(p, reader->end)) < reader->end && *p != '"' && *p != '\\')
		p++;
	if (p == reader->end || *p != '"')
		return false;
	*string = (struct ct_json_span){reader->at, (size_t)(p - reader->at)};
	reader->at = p + 1;
	return true;
}

bool ct_json_read_key(struct ct_json_reader *reader, struct ct_json_span *key)
{
	if (!ct_json_read_string(reader, key) || skip_space(reader) != ':')
		return false;
	reader->at++;
	return true;
}

bool ct_json_read_u64(struct ct_json_reader *reader, uint64_t *value)
{
	enum { DIGITS = 16 }; /* of the largest number that is exact */
	char c = skip_space(reader);
	const char *p = reader->at;
	uint64_t sum = 0;
	for (; p < reader->end && *p >= '0' && *p <= '9' && p - reader->at < DIGITS; p++)
		sum = sum * 10 + (uint64_t)(*p - '0');
	if (c < '0' || c > '9' || p == reader->end || (*p >= '0' && *p <= '9') || *p == '.' || *p == 'e' || *p == 'E')
		return false;
	reader->at = p;
	*value = sum;
	return true;
}

bool ct_json_span_is(const struct ct_json_span *span, const char *string)
{
	if (span->len > 0 && span->text[0] != string[0])
		return false;
	return strncmp(span->text, string, span->len) == 0 && string[span->len] == '\0';
}

bool ct_json_decode(const struct ct_json_span *text, char *to)
{
	static const char plain[256] = {['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
					['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};
	const char *p = text->text, *end = p + text->len;
	while (p < end) {
		if (end - p >= CT_JSON_WORD) {
			size_t count = ct_json_word(ct_json_load(p));
			memcpy(to, p, CT_JSON_WORD); /* what does not count is written over; there is room, as in the text */
			to += count;
			p += count;
			if (count == CT_JSON_WORD)
				continue;
		}
		char c = *p++;
		if (c == '\\' && (c = plain[(unsigned char)*p++]) == '\0')
			return false;
		*to++ = c;
	}
	*to = '\0';
	return true;
}
