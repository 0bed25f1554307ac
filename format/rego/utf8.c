#include "utf8.h"

#include <string.h>

#include "unicode_table.h"

size_t rego_utf8_decode(const char *text, size_t len, uint32_t *point)
{
	const unsigned char *bytes = (const unsigned char *)text;
	unsigned char lead = bytes[0];
	*point = lead;
	if (lead < 0x80)
		return 1;
	*point = REGO_REPLACEMENT;
	size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
	if (lead < 0xC2 || lead > 0xF4 || len < size)
		return 1;
	uint32_t value = lead & (0x7Fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xC0) != 0x80)
			return 1;
		value = value << 6 | (bytes[i] & 0x3Fu);
	}
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
		return 1;
	*point = value;
	return size;
}

size_t rego_utf8_encode(uint32_t point, char bytes[static 4])
{
	if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
		point = REGO_REPLACEMENT;
	if (point < 0x80) {
		bytes[0] = (char)point;
		return 1;
	}
	size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	for (size_t i = size - 1; i > 0; i--) {
		bytes[i] = (char)(0x80 | (point & 0x3F));
		point >>= 6;
	}
	bytes[0] = (char)((0xF00u >> size) | point);
	return size;
}

bool rego_utf8_valid(const char *bytes, size_t len)
{
	uint32_t point;
	for (size_t at = 0; at < len;) {
		size_t size = rego_utf8_decode(bytes + at, len - at, &point);
		if (point == REGO_REPLACEMENT && size == 1)
			return false;
		at += size;
	}
	return true;
}

size_t rego_utf8_count(const char *bytes, size_t len)
{
	size_t count = 0;
	uint32_t point;
	for (size_t at = 0; at < len; count++)
		at += (unsigned char)bytes[at] < 0x80 ? 1 : rego_utf8_decode(bytes + at, len - at, &point);
	return count;
}

size_t rego_utf8_offset(const char *bytes, size_t len, size_t index)
{
	size_t at = 0;
	uint32_t point;
	for (; at < len && index > 0; index--)
		at += (unsigned char)bytes[at] < 0x80 ? 1 : rego_utf8_decode(bytes + at, len - at, &point);
	return at;
}

/* Runs are in order and do not overlap. */
static uint32_t map(uint32_t point, const struct run *runs, size_t count)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct run *run = &runs[middle];
		if (point < run->first)
			high = middle;
		else if (point > run->last)
			low = middle + 1;
		else
			return (point - run->first) % run->step == 0 ? point + (uint32_t)run->delta : point;
	}
	return point;
}

uint32_t rego_upper(uint32_t point)
{
	if (point < 0x80)
		return point >= 'a' && point <= 'z' ? point - 32 : point;
	return map(point, to_upper, sizeof to_upper / sizeof *to_upper);
}

uint32_t rego_lower(uint32_t point)
{
	if (point < 0x80)
		return point >= 'A' && point <= 'Z' ? point + 32 : point;
	return map(point, to_lower, sizeof to_lower / sizeof *to_lower);
}

bool rego_is_space(uint32_t point)
{
	return (point >= 9 && point <= 13) || point == ' ' || point == 0x85 || point == 0xA0 || point == 0x1680
	       || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 || point == 0x202F
	       || point == 0x205F || point == 0x3000;
}

bool rego_is_print(uint32_t point)
{
	if (point < 0x7F)
		return point >= ' ';
	size_t low = 0, high = sizeof printable / sizeof *printable;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (point < printable[middle].first)
			high = middle;
		else if (point > printable[middle].last)
			low = middle + 1;
		else
			return true;
	}
	return false;
}
