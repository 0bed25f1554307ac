/* What layout.c and layout_parse.c share. */
#ifndef REGO_LAYOUT_PARTS_H
#define REGO_LAYOUT_PARTS_H

#include <stddef.h>

enum rego_part {
	PART_NONE,
	PART_LONG_MONTH,
	PART_MONTH,
	PART_NUM_MONTH,
	PART_ZERO_MONTH,
	PART_LONG_WEEKDAY,
	PART_WEEKDAY,
	PART_DAY,
	PART_SPACE_DAY,
	PART_ZERO_DAY,
	PART_SPACE_YEARDAY,
	PART_ZERO_YEARDAY,
	PART_HOUR,
	PART_HOUR12,
	PART_ZERO_HOUR12,
	PART_MINUTE,
	PART_ZERO_MINUTE,
	PART_SECOND,
	PART_ZERO_SECOND,
	PART_LONG_YEAR,
	PART_YEAR,
	PART_PM,
	PART_pm,
	PART_ZONE,
	PART_Z,
	PART_Z_SECONDS,
	PART_Z_SHORT,
	PART_Z_COLON,
	PART_Z_COLON_SECONDS,
	PART_OFFSET,
	PART_OFFSET_SECONDS,
	PART_OFFSET_SHORT,
	PART_OFFSET_COLON,
	PART_OFFSET_COLON_SECONDS,
	PART_FRACTION,
	PART_FRACTION_TRIMMED,
};

struct rego_layout_part {
	enum rego_part part;
	size_t prefix, len; /* bytes before it, and its own */
	size_t digits;      /* of a fraction */
};

/* The first part of a layout; PART_NONE: all of it is prefix. */
struct rego_layout_part rego_layout_next(const char *layout, size_t len);

extern const char *const rego_months[12], *const rego_weekdays[7];

#endif
