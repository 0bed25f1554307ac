/* Dates of the Gregorian calendar, applied to all time, and the world's time zones. Pure functions; no file is opened. */
#ifndef REGO_CALENDAR_H
#define REGO_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REGO_DAY = 86400 };

struct rego_date {
	int64_t year;
	int month, day; /* from 1 on */
	int weekday;    /* 0: Sunday */
	int yearday;    /* from 1 on */
};

/* Days since 1970. Month and day may be out of range; they count on from where they would be. */
int64_t rego_days_from_date(int64_t year, int64_t month, int64_t day);
struct rego_date rego_date_from_days(int64_t days);

bool rego_leap_year(int64_t year);
int rego_days_in_month(int64_t year, int month);

/* Division that rounds down; the divisor is positive. */
static inline int64_t rego_floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static inline int64_t rego_floor_remainder(int64_t a, int64_t b)
{
	return a % b + (a % b < 0 ? b : 0);
}

/* A zone of the table that is compiled in. */
struct rego_zone;

/* "America/New_York"; NULL: unknown. */
const struct rego_zone *rego_zone_find(const char *name, size_t len);

/* What a zone says of a moment (seconds since 1970): seconds east of Greenwich, and the name of that time ("EST"). NULL is
 * UTC. */
void rego_zone_at(const struct rego_zone *zone, int64_t seconds, int32_t *offset, const char **abbreviation);

/* The moment of a local time; of two, or in a gap, as Go's time.Date chooses. */
int64_t rego_zone_moment(const struct rego_zone *zone, int64_t local);

/* The zones of the table in order, for tests; NULL after the last. */
const char *rego_zone_name(size_t i);

#endif
