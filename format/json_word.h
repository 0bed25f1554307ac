/* Eight bytes of JSON text at a time: headers are long, and nearly all of them stand as they are in strings. */
#ifndef CT_JSON_WORD_H
#define CT_JSON_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { CT_JSON_WORD = 8 };

/* White space between the parts of a text. */
static inline bool ct_json_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* How many of a word's bytes, from the first on, are ASCII and stand as they are in a string. */
static inline size_t ct_json_word(uint64_t word)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	/* The lowest bit that is set in each of these is exact; what is above it may be carry. */
	const uint64_t each = UINT64_C(0x0101010101010101), high = each << 7;
	uint64_t quote = word ^ each * '"', backslash = word ^ each * '\\';
	uint64_t odd = ((quote - each) & ~quote) | ((backslash - each) & ~backslash) | ((word - each * 0x20) & ~word) | word;
	odd &= high;
	return odd == 0 ? CT_JSON_WORD : (size_t)__builtin_ctzll(odd) / 8;
}

/* The high bit of each byte that is `byte`, and no other. */
static inline uint64_t ct_json_equal(uint64_t word, char byte)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
	word ^= UINT64_C(0x0101010101010101) * (unsigned char)byte;
	return ~(((word & low) + low) | word | low);
}

static inline uint64_t ct_json_load(const char *p)
{
	uint64_t word;
	memcpy(&word, p, sizeof word);
	return word;
}

/* From `p` on, past what is ASCII and stands as it is in a string; at most to `end`. */
static inline const char *ct_json_plain(const char *p, const char *end)
{
	while (end - p >= CT_JSON_WORD) {
		size_t count = ct_json_word(ct_json_load(p));
		p += count;
		if (count < CT_JSON_WORD)
			return p;
	}
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;
		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			break;
	}
	return p;
}

/* The same inside a string, where an escaped quote passes too, as in text that is JSON itself: to stop at each of them
 * would take most of the time. `p` is not behind a lone backslash. */
static inline const char *ct_json_quoted(const char *p, const char *end)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	const uint64_t each = UINT64_C(0x0101010101010101), high = each << 7;
	uint64_t escaped = 0; /* is the first byte? */
	while (end - p > CT_JSON_WORD) {
		uint64_t word = ct_json_load(p);
		uint64_t quotes = ct_json_equal(word, '"'), backslashes = ct_json_equal(word, '\\');
		uint64_t next = quotes >> 8 | (p[CT_JSON_WORD] == '"' ? UINT64_C(1) << 63 : 0);
		uint64_t odd = (quotes & ~(backslashes << 8 | escaped)) | (backslashes & ~next);
		/* Carry is but above what is found, as in ct_json_word(). */
		odd |= (((word - each * 0x20) & ~word) | word) & high;
		if (odd != 0) {
			p += __builtin_ctzll(odd) / 8;
			return p;
		}
		escaped = backslashes >> 56;
		p += CT_JSON_WORD;
	}
	if (escaped != 0)
		p--; /* to the backslash */
#endif
	return ct_json_plain(p, end);
}

#endif
