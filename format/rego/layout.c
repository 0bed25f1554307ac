/* The parts of layouts, and writing times. */
#include "layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "layout_parts.h"

const char *const rego_months[12] = {"January", "February", "March", "April", "May", "June",
				     "July", "August", "September", "October", "November", "December"};
const char *const rego_weekdays[7] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

static const struct {
	const char *name, *layout;
} named[] = {
	{"ANSIC", "Mon Jan _2 15:04:05 2006"},
	{"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
	{"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
	{"RFC822", "02 Jan 06 15:04 MST"},
	{"RFC822Z", "02 Jan 06 15:04 -0700"},
	{"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
	{"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
	{"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
	{"RFC3339", "2006-01-02T15:04:05Z07:00"},
	{"RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"},
};

void rego_layout_named(const char **layout, size_t *len)
{
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		if (strlen(named[i].name) == *len && memcmp(named[i].name, *layout, *len) == 0) {
			*layout = named[i].layout;
			*len = strlen(*layout);
			return;
		}
	}
}

/* Parts by their text. Of those that begin alike the longest stands first; `whole`: no small letter may follow. */
static const struct {
	const char *text;
	enum rego_part part;
	bool whole;
} parts[] = {
	{"January", PART_LONG_MONTH, false},
	{"Jan", PART_MONTH, true},
	{"Monday", PART_LONG_WEEKDAY, false},
	{"Mon", PART_WEEKDAY, true},
	{"MST", PART_ZONE, false},
	{"002", PART_ZERO_YEARDAY, false},
	{"01", PART_ZERO_MONTH, false},
	{"02", PART_ZERO_DAY, false},
	{"03", PART_ZERO_HOUR12, false},
	{"04", PART_ZERO_MINUTE, false},
	{"05", PART_ZERO_SECOND, false},
	{"06", PART_YEAR, false},
	{"15", PART_HOUR, false},
	{"1", PART_NUM_MONTH, false},
	{"2006", PART_LONG_YEAR, false},
	{"2", PART_DAY, false},
	{"_2", PART_SPACE_DAY, false},
	{"__2", PART_SPACE_YEARDAY, false},
	{"3", PART_HOUR12, false},
	{"4", PART_MINUTE, false},
	{"5", PART_SECOND, false},
	{"PM", PART_PM, false},
	{"pm", PART_pm, false},
	{"-070000", PART_OFFSET_SECONDS, false},
	{"-07:00:00", PART_OFFSET_COLON_SECONDS, false},
	{"-0700", PART_OFFSET, false},
	{"-07:00", PART_OFFSET_COLON, false},
	{"-07", PART_OFFSET_SHORT, false},
	{"Z070000", PART_Z_SECONDS, false},
	{"Z07:00:00", PART_Z_COLON_SECONDS, false},
	{"Z0700", PART_Z, false},
	{"Z07:00", PART_Z_COLON, false},
	{"Z07", PART_Z_SHORT, false},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* ".000" and ",999": the zeros or nines end where digits end. */
static bool fraction(const char *layout, size_t len, struct rego_layout_part *part)
{
	size_t i = 1;
	if (len < 2 || (layout[0] != '.' && layout[0] != ',') || (layout[1] != '0' && layout[1] != '9'))
		return false;
	while (i < len && layout[i] == layout[1])
		i++;
	if (i < len && is_digit(layout[i]))
		return false;
	part->part = layout[1] == '0' ? PART_FRACTION : PART_FRACTION_TRIMMED;
	part->digits = i - 1;
	part->len = i;
	return true;
}

static bool part_at(const char *layout, size_t len, struct rego_layout_part *part)
{
	/* "_2006" is an underscore and a year. */
	if (len >= 5 && memcmp(layout, "_2006", 5) == 0)
		return false;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		size_t size = strlen(parts[i].text);
		if (size > len || memcmp(layout, parts[i].text, size) != 0)
			continue;
		if (parts[i].whole && size < len && layout[size] >= 'a' && layout[size] <= 'z')
			continue;
		part->part = parts[i].part;
		part->len = size;
		return true;
	}
	return fraction(layout, len, part);
}

struct rego_layout_part rego_layout_next(const char *layout, size_t len)
{
	struct rego_layout_part part = {.part = PART_NONE};
	for (size_t i = 0; i < len; i++) {
		if (part_at(layout + i, len - i, &part)) {
			part.prefix = i;
			return part;
		}
	}
	part.prefix = len;
	return part;
}

struct moment {
	struct rego_date date;
	int hour, minute, second, nanosecond;
	int32_t offset;
	const char *abbreviation;
};

/* At most 31 bytes. */
static void put_format(struct rego_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put_format(struct rego_buffer *buffer, const char *format, ...)
{
	char text[32];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	rego_buffer_text(buffer, text);
}

static void put_offset(struct rego_buffer *buffer, enum rego_part part, int32_t offset)
{
	bool utc = part == PART_Z || part == PART_Z_COLON || part == PART_Z_SHORT || part == PART_Z_SECONDS
		   || part == PART_Z_COLON_SECONDS;
	const char *colon = part == PART_Z_COLON || part == PART_OFFSET_COLON || part == PART_Z_COLON_SECONDS
					    || part == PART_OFFSET_COLON_SECONDS
				    ? ":"
				    : "";
	if (utc && offset == 0) {
		rego_buffer_text(buffer, "Z");
		return;
	}
	/* What is less than a minute west of Greenwich has a plus. */
	bool west = offset / 60 < 0;
	int32_t seconds = west ? -offset : offset, minutes = seconds / 60;
	put_format(buffer, "%c%02d", west ? '-' : '+', minutes / 60);
	if (part == PART_Z_SHORT || part == PART_OFFSET_SHORT)
		return;
	put_format(buffer, "%s%02d", colon, minutes % 60);
	if (part == PART_Z_SECONDS || part == PART_OFFSET_SECONDS || part == PART_Z_COLON_SECONDS
	    || part == PART_OFFSET_COLON_SECONDS)
		put_format(buffer, "%s%02d", colon, seconds % 60);
}

static void put_fraction(struct rego_buffer *buffer, struct rego_layout_part part, char mark, int nanosecond)
{
	char digits[16];
	snprintf(digits, sizeof digits, "%09d", nanosecond);
	size_t len = part.digits;
	if (part.part == PART_FRACTION_TRIMMED) {
		len = len < 9 ? len : 9;
		while (len > 0 && digits[len - 1] == '0')
			len--;
		if (len == 0)
			return;
	}
	rego_buffer_add(buffer, &mark, 1);
	rego_buffer_add(buffer, digits, len < 9 ? len : 9);
}

static void put_part(struct rego_buffer *buffer, struct rego_layout_part part, char mark, const struct moment *m)
{
	const struct rego_date *d = &m->date;
	int hour12 = m->hour % 12 ? m->hour % 12 : 12;
	switch (part.part) {
	case PART_LONG_MONTH: rego_buffer_text(buffer, rego_months[d->month - 1]); break;
	case PART_MONTH: rego_buffer_add(buffer, rego_months[d->month - 1], 3); break;
	case PART_NUM_MONTH: put_format(buffer, "%d", d->month); break;
	case PART_ZERO_MONTH: put_format(buffer, "%02d", d->month); break;
	case PART_LONG_WEEKDAY: rego_buffer_text(buffer, rego_weekdays[d->weekday]); break;
	case PART_WEEKDAY: rego_buffer_add(buffer, rego_weekdays[d->weekday], 3); break;
	case PART_DAY: put_format(buffer, "%d", d->day); break;
	case PART_SPACE_DAY: put_format(buffer, "%2d", d->day); break;
	case PART_ZERO_DAY: put_format(buffer, "%02d", d->day); break;
	case PART_SPACE_YEARDAY: put_format(buffer, "%3d", d->yearday); break;
	case PART_ZERO_YEARDAY: put_format(buffer, "%03d", d->yearday); break;
	case PART_HOUR: put_format(buffer, "%02d", m->hour); break;
	case PART_HOUR12: put_format(buffer, "%d", hour12); break;
	case PART_ZERO_HOUR12: put_format(buffer, "%02d", hour12); break;
	case PART_MINUTE: put_format(buffer, "%d", m->minute); break;
	case PART_ZERO_MINUTE: put_format(buffer, "%02d", m->minute); break;
	case PART_SECOND: put_format(buffer, "%d", m->second); break;
	case PART_ZERO_SECOND: put_format(buffer, "%02d", m->second); break;
	case PART_LONG_YEAR: put_format(buffer, "%04lld", (long long)d->year); break;
	case PART_YEAR: put_format(buffer, "%02d", (int)(d->year % 100)); break;
	case PART_PM: rego_buffer_text(buffer, m->hour >= 12 ? "PM" : "AM"); break;
	case PART_pm: rego_buffer_text(buffer, m->hour >= 12 ? "pm" : "am"); break;
	case PART_ZONE: rego_buffer_text(buffer, m->abbreviation); break;
	case PART_FRACTION:
	case PART_FRACTION_TRIMMED: put_fraction(buffer, part, mark, m->nanosecond); break;
	case PART_NONE: break;
	default: put_offset(buffer, part.part, m->offset); break;
	}
}

bool rego_layout_format(struct rego_buffer *buffer, const char *layout, size_t len, int64_t ns,
			const struct rego_zone *zone)
{
	struct moment m;
	int64_t seconds = rego_floor_divide(ns, 1000000000);
	m.nanosecond = (int)rego_floor_remainder(ns, 1000000000);
	rego_zone_at(zone, seconds, &m.offset, &m.abbreviation);
	seconds += m.offset;
	int64_t days = rego_floor_divide(seconds, REGO_DAY);
	int of_day = (int)(seconds - days * REGO_DAY);
	m.date = rego_date_from_days(days);
	m.hour = of_day / 3600;
	m.minute = of_day / 60 % 60;
	m.second = of_day % 60;
	while (len > 0) {
		if (!rego_spend(buffer->work, len))
			return false;
		struct rego_layout_part part = rego_layout_next(layout, len);
		rego_buffer_add(buffer, layout, part.prefix);
		if (part.part == PART_NONE)
			break;
		put_part(buffer, part, layout[part.prefix], &m);
		layout += part.prefix + part.len;
		len -= part.prefix + part.len;
	}
	return !rego_failed(buffer->work);
}
