/* Reading times by layouts, and durations. */
#include <stdio.h>
#include <string.h>

#include "layout.h"
#include "layout_parts.h"

struct text {
	const char *bytes;
	size_t len;
};

struct reading {
	struct text value; /* what is left */
	int year, month, day, yearday, hour, minute, second, nanosecond;
	bool am, pm, utc, has_offset;
	int offset;
	int gmt_hours;
	const char *range; /* which part is out of range */
};

static void skip_bytes(struct text *text, size_t count)
{
	text->bytes += count;
	text->len -= count;
}

static bool is_digit(struct text text, size_t at)
{
	return at < text.len && text.bytes[at] >= '0' && text.bytes[at] <= '9';
}

/* At most `most` digits, at least one, or exactly `most` when `fixed`. */
static bool number(struct text *value, size_t most, bool fixed, int *result)
{
	size_t i = 0;
	int n = 0;
	while (i < most && is_digit(*value, i))
		n = n * 10 + value->bytes[i++] - '0';
	if (i == 0 || (fixed && i < most))
		return false;
	skip_bytes(value, i);
	*result = n;
	return true;
}

static bool in_range(struct reading *r, int n, int least, int most, const char *name)
{
	if (n < least || n > most)
		r->range = name;
	return true;
}

/* One of `count` names, of which `len` letters stand there (0: all), in any case. */
static bool name(struct text *value, const char *const *names, int count, size_t len, int *which)
{
	for (int i = 0; i < count; i++) {
		size_t size = len ? len : strlen(names[i]), same = 0;
		while (same < size && same < value->len) {
			char a = value->bytes[same], b = names[i][same];
			if (a != b && ((a | 0x20) != (b | 0x20) || (a | 0x20) < 'a' || (a | 0x20) > 'z'))
				break;
			same++;
		}
		if (same == size) {
			skip_bytes(value, size);
			*which = i;
			return true;
		}
	}
	return false;
}

/* A mark and `digits` digits. */
static bool nanoseconds(struct reading *r, size_t digits)
{
	int n = 0;
	if (r->value.len < digits + 1 || (r->value.bytes[0] != '.' && r->value.bytes[0] != ','))
		return false;
	for (size_t i = 0; i < 9; i++) {
		n *= 10;
		if (i >= digits)
			continue;
		if (!is_digit(r->value, i + 1))
			return false;
		n += r->value.bytes[i + 1] - '0';
	}
	skip_bytes(&r->value, digits + 1);
	r->nanosecond = n;
	return true;
}

static size_t digits_after_mark(struct text value)
{
	size_t digits = 0;
	if (value.len && (value.bytes[0] == '.' || value.bytes[0] == ',')) {
		while (is_digit(value, digits + 1))
			digits++;
	}
	return digits;
}

static bool half(struct reading *r, const char *am, const char *pm)
{
	if (r->value.len < 2)
		return false;
	r->am = memcmp(r->value.bytes, am, 2) == 0;
	r->pm = memcmp(r->value.bytes, pm, 2) == 0;
	if (!r->am && !r->pm)
		return false;
	skip_bytes(&r->value, 2);
	return true;
}

static bool offset(struct reading *r, enum rego_part part)
{
	bool colon = part == PART_Z_COLON || part == PART_OFFSET_COLON || part == PART_Z_COLON_SECONDS
		     || part == PART_OFFSET_COLON_SECONDS;
	bool seconds = part == PART_Z_SECONDS || part == PART_OFFSET_SECONDS || part == PART_Z_COLON_SECONDS
		       || part == PART_OFFSET_COLON_SECONDS;
	bool minutes = part != PART_Z_SHORT && part != PART_OFFSET_SHORT;
	struct text value = r->value;
	int hour = 0, minute = 0, second = 0;
	if (value.len < 3 || (value.bytes[0] != '+' && value.bytes[0] != '-'))
		return false;
	bool west = value.bytes[0] == '-';
	skip_bytes(&value, 1);
	if (!number(&value, 2, true, &hour))
		return false;
	for (int i = 0; i < minutes + seconds; i++) {
		if (colon) {
			if (!value.len || value.bytes[0] != ':')
				return false;
			skip_bytes(&value, 1);
		}
		if (!number(&value, 2, true, i ? &second : &minute))
			return false;
	}
	/* Some write offsets of 24 hours or 60 minutes. */
	in_range(r, hour, 0, 24, "time zone offset hour");
	in_range(r, minute, 0, 60, "time zone offset minute");
	in_range(r, second, 0, 60, "time zone offset second");
	r->value = value;
	r->offset = (hour * 60 + minute) * 60 + second;
	if (west)
		r->offset = -r->offset;
	r->has_offset = true;
	return true;
}

/* "+3": the length, 0 when it is none up to 23. */
static size_t signed_hours(struct text value, int *hours)
{
	size_t i = 1;
	if (!value.len || (value.bytes[0] != '+' && value.bytes[0] != '-'))
		return 0;
	for (*hours = 0; is_digit(value, i); i++) {
		*hours = *hours * 10 + value.bytes[i] - '0';
		if (*hours > 23)
			return 0;
	}
	if (value.bytes[0] == '-')
		*hours = -*hours;
	return i > 1 ? i : 0;
}

static bool starts(struct text value, const char *with)
{
	size_t len = strlen(with);
	return value.len >= len && memcmp(value.bytes, with, len) == 0;
}

/* Three capitals, or four or five of which the last is a T: nobody knows what offset that is, so none. "GMT+3" says. */
static bool zone(struct reading *r)
{
	struct text value = r->value;
	size_t len = 0;
	if (starts(value, "UTC")) {
		r->utc = true;
		len = 3;
	} else if (starts(value, "ChST") || starts(value, "MeST")) {
		len = 4;
	} else if (starts(value, "GMT")) {
		struct text rest = {value.bytes + 3, value.len - 3};
		int hours = 0;
		size_t more = signed_hours(rest, &hours);
		len = 3 + more;
		r->gmt_hours = more ? hours : 0;
	} else if (value.len >= 3 && (value.bytes[0] == '+' || value.bytes[0] == '-')) {
		int hours;
		len = signed_hours(value, &hours);
	} else {
		size_t capitals = 0;
		while (capitals < 6 && capitals < value.len && value.bytes[capitals] >= 'A'
		       && value.bytes[capitals] <= 'Z')
			capitals++;
		bool four = capitals == 4 && (value.bytes[3] == 'T' || starts(value, "WITA"));
		if (capitals == 3 || four || (capitals == 5 && value.bytes[4] == 'T'))
			len = capitals;
	}
	skip_bytes(&r->value, len);
	return len;
}

static bool second(struct reading *r, bool fixed, const char *layout, size_t len)
{
	if (!number(&r->value, 2, fixed, &r->second))
		return false;
	in_range(r, r->second, 0, 59, "second");
	/* A fraction may follow though the layout has none. */
	size_t digits = digits_after_mark(r->value);
	enum rego_part next = rego_layout_next(layout, len).part;
	if (r->range || !digits || next == PART_FRACTION || next == PART_FRACTION_TRIMMED)
		return true;
	return nanoseconds(r, digits);
}

static bool year(struct reading *r, bool four)
{
	struct text digits = r->value;
	if (r->value.len < (four ? 4 : 2) || !number(&digits, four ? 4 : 2, true, &r->year))
		return false;
	if (!four)
		r->year += r->year >= 69 ? 1900 : 2000;
	r->value = digits;
	return true;
}

static bool spaced(struct reading *r, int spaces)
{
	while (spaces-- > 0 && r->value.len && r->value.bytes[0] == ' ')
		skip_bytes(&r->value, 1);
	return true;
}

/* `layout` is what follows the part. */
static bool read_part(struct reading *r, struct rego_layout_part part, const char *layout, size_t len)
{
	struct text *value = &r->value;
	size_t digits;
	int ignored;
	switch (part.part) {
	case PART_YEAR: return year(r, false);
	case PART_LONG_YEAR: return year(r, true);
	case PART_MONTH: return name(value, rego_months, 12, 3, &r->month) && ++r->month;
	case PART_LONG_MONTH: return name(value, rego_months, 12, 0, &r->month) && ++r->month;
	case PART_NUM_MONTH:
	case PART_ZERO_MONTH:
		return number(value, 2, part.part == PART_ZERO_MONTH, &r->month) && in_range(r, r->month, 1, 12, "month");
	case PART_WEEKDAY: return name(value, rego_weekdays, 7, 3, &ignored);
	case PART_LONG_WEEKDAY: return name(value, rego_weekdays, 7, 0, &ignored);
	case PART_SPACE_DAY: return spaced(r, 1) && number(value, 2, false, &r->day);
	case PART_DAY: return number(value, 2, false, &r->day);
	case PART_ZERO_DAY: return number(value, 2, true, &r->day);
	case PART_SPACE_YEARDAY: return spaced(r, 2) && number(value, 3, false, &r->yearday);
	case PART_ZERO_YEARDAY: return number(value, 3, true, &r->yearday);
	case PART_HOUR: return number(value, 2, false, &r->hour) && in_range(r, r->hour, 0, 23, "hour");
	case PART_HOUR12:
	case PART_ZERO_HOUR12:
		return number(value, 2, part.part == PART_ZERO_HOUR12, &r->hour) && in_range(r, r->hour, 0, 12, "hour");
	case PART_MINUTE:
	case PART_ZERO_MINUTE:
		return number(value, 2, part.part == PART_ZERO_MINUTE, &r->minute)
		       && in_range(r, r->minute, 0, 59, "minute");
	case PART_SECOND: return second(r, false, layout, len);
	case PART_ZERO_SECOND: return second(r, true, layout, len);
	case PART_PM: return half(r, "AM", "PM");
	case PART_pm: return half(r, "am", "pm");
	case PART_ZONE: return zone(r);
	case PART_FRACTION: return nanoseconds(r, part.digits);
	case PART_FRACTION_TRIMMED:
		digits = digits_after_mark(*value);
		return !digits || nanoseconds(r, digits);
	case PART_Z:
	case PART_Z_SECONDS:
	case PART_Z_SHORT:
	case PART_Z_COLON:
	case PART_Z_COLON_SECONDS:
		if (value->len && value->bytes[0] == 'Z') {
			skip_bytes(value, 1);
			return r->utc = true;
		}
		return offset(r, part.part);
	case PART_OFFSET:
	case PART_OFFSET_SECONDS:
	case PART_OFFSET_SHORT:
	case PART_OFFSET_COLON:
	case PART_OFFSET_COLON_SECONDS: return offset(r, part.part);
	case PART_NONE: break;
	}
	return false;
}

/* Runs of spaces are alike. */
static bool skip_prefix(struct text *value, struct text *prefix)
{
	while (prefix->len) {
		if (prefix->bytes[0] == ' ') {
			if (value->len && value->bytes[0] != ' ')
				return false;
			while (prefix->len && prefix->bytes[0] == ' ')
				skip_bytes(prefix, 1);
			while (value->len && value->bytes[0] == ' ')
				skip_bytes(value, 1);
			continue;
		}
		if (!value->len || value->bytes[0] != prefix->bytes[0])
			return false;
		skip_bytes(prefix, 1);
		skip_bytes(value, 1);
	}
	return true;
}

static int shown(size_t len)
{
	return (int)(len < 80 ? len : 80);
}

/* Month and day from a day of the year, or defaults; what is wrong with them. */
static const char *settle_day(struct reading *r)
{
	if (r->yearday >= 0) {
		int days = 365 + rego_leap_year(r->year);
		if (r->yearday < 1 || r->yearday > days)
			return ": day-of-year out of range";
		struct rego_date date =
			rego_date_from_days(rego_days_from_date(r->year, 1, 1) + r->yearday - 1);
		if (r->month >= 0 && r->month != date.month)
			return ": day-of-year does not match month";
		if (r->day >= 0 && r->day != date.day)
			return ": day-of-year does not match day";
		r->month = date.month;
		r->day = date.day;
	}
	if (r->month < 0)
		r->month = 1;
	if (r->day < 0)
		r->day = 1;
	return r->day < 1 || r->day > rego_days_in_month(r->year, r->month) ? ": day out of range" : NULL;
}

bool rego_layout_parse(const char *layout, size_t layout_len, const char *text, size_t len, int64_t *seconds,
		       int32_t *nanosecond, char *message, size_t room)
{
	struct reading r = {.value = {text, len}, .month = -1, .day = -1, .yearday = -1};
	struct text left = {layout, layout_len};
	struct rego_layout_part part;
	do {
		part = rego_layout_next(left.bytes, left.len);
		struct text prefix = {left.bytes, part.prefix}, element = {left.bytes + part.prefix, part.len};
		struct text before = r.value;
		bool good = skip_prefix(&r.value, &prefix);
		skip_bytes(&left, part.prefix + part.len);
		if (!good) {
			element = (struct text){left.bytes - part.len - part.prefix, part.prefix};
			before = r.value;
		} else if (part.part != PART_NONE) {
			before = r.value;
			good = read_part(&r, part, left.bytes, left.len);
		}
		if (r.range) {
			snprintf(message, room, "parsing time \"%.*s\": %s out of range", shown(len), text, r.range);
			return false;
		}
		if (!good) {
			snprintf(message, room, "parsing time \"%.*s\" as \"%.*s\": cannot parse \"%.*s\" as \"%.*s\"",
				 shown(len), text, shown(layout_len), layout, shown(before.len), before.bytes,
				 shown(element.len), element.bytes);
			return false;
		}
	} while (part.part != PART_NONE);
	if (r.value.len) {
		snprintf(message, room, "parsing time \"%.*s\": extra text: \"%.*s\"", shown(len), text,
			 shown(r.value.len), r.value.bytes);
		return false;
	}
	if (r.pm && r.hour < 12)
		r.hour += 12;
	else if (r.am && r.hour == 12)
		r.hour = 0;
	const char *wrong = settle_day(&r);
	if (wrong) {
		snprintf(message, room, "parsing time \"%.*s\"%s", shown(len), text, wrong);
		return false;
	}
	*seconds = rego_days_from_date(r.year, r.month, r.day) * REGO_DAY + r.hour * 3600 + r.minute * 60 + r.second;
	if (!r.utc)
		*seconds -= r.has_offset ? r.offset : r.gmt_hours * 3600;
	*nanosecond = r.nanosecond;
	return true;
}

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{"ns", 1}, {"us", 1000}, {"\xc2\xb5s", 1000}, {"\xce\xbcs", 1000}, {"ms", 1000000}, {"s", 1000000000},
	{"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}, {"w", 604800000000000},
	{"y", 31536000000000000},
};

static uint64_t unit_of(struct text unit)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strlen(units[i].name) == unit.len && memcmp(units[i].name, unit.bytes, unit.len) == 0)
			return units[i].ns;
	}
	return 0;
}

enum { DURATION_GOOD, DURATION_INVALID, DURATION_NO_UNIT, DURATION_UNKNOWN_UNIT };

/* "1.5h" and the like are taken off. */
static int take_amount(struct text *left, struct text *unit, uint64_t *total)
{
	uint64_t whole = 0, part = 0, most = (uint64_t)1 << 63;
	double scale = 1;
	size_t digits = 0;
	for (; is_digit(*left, 0); skip_bytes(left, 1), digits++) {
		if (__builtin_mul_overflow(whole, (uint64_t)10, &whole) || whole > most
		    || (whole += (uint64_t)(left->bytes[0] - '0')) > most)
			return DURATION_INVALID;
	}
	if (left->len && left->bytes[0] == '.') {
		skip_bytes(left, 1);
		for (; is_digit(*left, 0); skip_bytes(left, 1), digits++) {
			if (part > (most - 10) / 10)
				continue;
			part = part * 10 + (uint64_t)(left->bytes[0] - '0');
			scale *= 10;
		}
	}
	if (!digits)
		return DURATION_INVALID;
	*unit = (struct text){left->bytes, 0};
	while (unit->len < left->len && left->bytes[unit->len] != '.' && !is_digit(*left, unit->len))
		unit->len++;
	if (!unit->len)
		return DURATION_NO_UNIT;
	uint64_t ns = unit_of(*unit);
	if (!ns)
		return DURATION_UNKNOWN_UNIT;
	skip_bytes(left, unit->len);
	if (whole > most / ns)
		return DURATION_INVALID;
	whole = whole * ns + (uint64_t)((double)part * ((double)ns / scale));
	if (whole > most || (*total += whole) > most)
		return DURATION_INVALID;
	return DURATION_GOOD;
}

bool rego_duration_parse(const char *text, size_t len, int64_t *ns, char *message, size_t room)
{
	struct text left = {text, len}, unit = {text, 0};
	uint64_t total = 0;
	bool negative = len && text[0] == '-';
	int state = DURATION_GOOD;
	if (len && (text[0] == '-' || text[0] == '+'))
		skip_bytes(&left, 1);
	if (left.len == 1 && left.bytes[0] == '0') {
		*ns = 0;
		return true;
	}
	if (!left.len)
		state = DURATION_INVALID;
	while (left.len && state == DURATION_GOOD)
		state = take_amount(&left, &unit, &total);
	if (state == DURATION_GOOD && !negative && total > INT64_MAX)
		state = DURATION_INVALID;
	if (state == DURATION_UNKNOWN_UNIT)
		snprintf(message, room, "time: unknown unit \"%.*s\" in duration \"%.*s\"", shown(unit.len), unit.bytes,
			 shown(len), text);
	else if (state != DURATION_GOOD)
		snprintf(message, room, "time: %s duration \"%.*s\"",
			 state == DURATION_NO_UNIT ? "missing unit in" : "invalid", shown(len), text);
	*ns = negative ? (int64_t)-total : (int64_t)total;
	return state == DURATION_GOOD;
}
