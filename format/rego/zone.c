/* Reads zone_table.h. A zone there is:
 *
 *   number of types; for each: offset (zigzag varint, seconds), abbreviation
 *   type before the first change
 *   number of changes (varint); for each: time since the one before (varint: twice the hours, or twice the seconds and one;
 *       the first one counts from 2^31 seconds before 1970), type from then on
 *   standard type of all time after the last change
 *   0, or 1 + summer type; then twice, for its begin and end: month, week (5: last), weekday, local seconds (zigzag varint)
 */
#include <string.h>

#include "calendar.h"
#include "zone_table.h"

static const struct rego_zone *as_zone(const uint8_t *data)
{
	return (const struct rego_zone *)data;
}

static uint64_t varint(const uint8_t **at)
{
	uint64_t number = 0;
	unsigned shift = 0;
	uint8_t byte;
	do {
		byte = *(*at)++;
		number |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return number;
}

static int64_t zigzag(const uint8_t **at)
{
	uint64_t number = varint(at);
	return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

const struct rego_zone *rego_zone_find(const char *name, size_t len)
{
	const char *at = zone_names;
	for (size_t i = 0; i < ZONE_COUNT; i++) {
		size_t size = strlen(at);
		if (size == len && memcmp(at, name, len) == 0)
			return as_zone(zone_data + zone_places[i]);
		at += size + 1;
	}
	return NULL;
}

const char *rego_zone_name(size_t i)
{
	const char *at = zone_names;
	if (i >= ZONE_COUNT)
		return NULL;
	while (i-- > 0)
		at += strlen(at) + 1;
	return at;
}

/* What a rule names, in local seconds since 1970. */
static int64_t rule_moment(const uint8_t **at, int64_t year)
{
	int month = *(*at)++, week = *(*at)++, weekday = *(*at)++;
	int64_t seconds = zigzag(at), first = rego_days_from_date(year, month, 1);
	int64_t day = (weekday - rego_date_from_days(first).weekday + 7) % 7 + 7 * (week - 1);
	while (day >= rego_days_in_month(year, month))
		day -= 7;
	return (first + day) * REGO_DAY + seconds;
}

static int32_t type_offset(const uint8_t *types, unsigned type)
{
	int64_t offset;
	do {
		offset = zigzag(&types);
		types++;
	} while (type-- > 0);
	return (int32_t)offset;
}

static unsigned by_rule(const uint8_t *types, const uint8_t *rule, int64_t seconds)
{
	unsigned standard = *rule++, summer = *rule++;
	if (summer == 0)
		return standard;
	summer--;
	int32_t standard_offset = type_offset(types, standard), summer_offset = type_offset(types, summer);
	int64_t year = rego_date_from_days(rego_floor_divide(seconds + standard_offset, REGO_DAY)).year;
	int64_t begin = rule_moment(&rule, year) - standard_offset, end = rule_moment(&rule, year) - summer_offset;
	/* In the south summer lies around New Year. */
	bool in_summer = begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end;
	return in_summer ? summer : standard;
}

void rego_zone_at(const struct rego_zone *zone, int64_t seconds, int32_t *offset, const char **abbreviation)
{
	*offset = 0;
	*abbreviation = "UTC";
	if (!zone)
		return;
	const uint8_t *types = (const uint8_t *)zone + 1, *at = types;
	for (unsigned i = *(const uint8_t *)zone; i > 0; i--) {
		zigzag(&at);
		at++;
	}
	unsigned type = *at++;
	uint64_t changes = varint(&at);
	int64_t time = INT32_MIN;
	bool found = false;
	for (uint64_t i = 0; i < changes; i++) {
		uint64_t delta = varint(&at);
		time += (int64_t)(delta & 1 ? delta >> 1 : (delta >> 1) * 3600);
		found = found || time > seconds;
		if (!found)
			type = *at;
		at++;
	}
	if (!found && (changes == 0 || seconds >= time))
		type = by_rule(types, at, seconds);
	*offset = type_offset(types, type);
	for (zigzag(&types); type > 0; type--) {
		types++;
		zigzag(&types);
	}
	*abbreviation = zone_abbreviations + zone_abbreviation_places[*types];
}

int64_t rego_zone_moment(const struct rego_zone *zone, int64_t local)
{
	int32_t offset, other;
	const char *name;
	rego_zone_at(zone, local, &offset, &name);
	if (offset == 0)
		return local;
	/* The offset at the guess; where that lies in another one's time, that one. */
	rego_zone_at(zone, local - offset, &other, &name);
	return local - other;
}
