/* time.*: moments are ns since 1970, or arrays of those, a zone's name and perhaps a layout. */
#include <string.h>

#include "calendar.h"
#include "layout.h"
#include "operand.h"

enum { NS = 1000000000 };

struct moment {
	int64_t ns;
	const struct rego_zone *zone;
	const char *layout; /* NULL: none was given */
	size_t layout_len;
};

/* What a clock and a calendar on the wall show. */
struct wall {
	struct rego_date date;
	int hour, minute, second;
};

static bool read_zone(struct rego_call *call, const struct rego_value *name, const struct rego_zone **zone)
{
	*zone = NULL;
	if (name->type != REGO_STRING) {
		rego_wrong_type(call, 1, "string", name);
		return false;
	}
	/* No policy learns where this machine thinks that it stands. */
	if (name->string.len == 0 || rego_is_text(name, "UTC") || rego_is_text(name, "Local"))
		return true;
	if (!rego_spend(call->work, 100))
		return false;
	*zone = rego_zone_find(name->string.bytes, name->string.len);
	if (!*zone)
		rego_builtin_failed(call, "unknown time zone %.*s", REGO_SHOWN(name));
	return *zone;
}

static bool read_moment(struct rego_call *call, const struct rego_value *value, struct moment *moment)
{
	*moment = (struct moment){0};
	const struct rego_value *ns = value;
	if (value->type == REGO_ARRAY && value->list.count > 0) {
		const struct rego_value *const *items = value->list.items;
		ns = items[0];
		if (ns->type != REGO_NUMBER) {
			rego_wrong_type(call, 1, "number", ns);
			return false;
		}
		if (value->list.count > 1 && !read_zone(call, items[1], &moment->zone))
			return false;
		if (value->list.count > 2) {
			if (items[2]->type != REGO_STRING) {
				rego_wrong_type(call, 1, "string", items[2]);
				return false;
			}
			moment->layout = items[2]->string.bytes;
			moment->layout_len = items[2]->string.len;
		}
	} else if (value->type != REGO_NUMBER) {
		rego_wrong_type(call, 1, "either number (ns) or [number (ns), string (tz)]", value);
		return false;
	}
	if (!rego_number_int64(&ns->number, &moment->ns)) {
		rego_builtin_failed(call, "timestamp too big");
		return false;
	}
	return true;
}

/* Local seconds since 1970. */
static int64_t local_seconds(const struct rego_zone *zone, int64_t ns)
{
	int32_t offset;
	const char *name;
	int64_t seconds = rego_floor_divide(ns, NS);
	rego_zone_at(zone, seconds, &offset, &name);
	return seconds + offset;
}

static struct wall on_wall(const struct rego_zone *zone, int64_t ns)
{
	int64_t seconds = local_seconds(zone, ns), days = rego_floor_divide(seconds, REGO_DAY);
	int of_day = (int)(seconds - days * REGO_DAY);
	return (struct wall){rego_date_from_days(days), of_day / 3600, of_day / 60 % 60, of_day % 60};
}

static const struct rego_value *integers(struct rego_work *work, const int64_t *numbers, size_t count)
{
	const struct rego_value **items = rego_alloc_array(work, count, sizeof *items);
	if (!items)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!(items[i] = rego_integer(work, numbers[i])))
			return NULL;
	}
	return rego_array(work, items, count);
}

/* Seconds and nanoseconds as one number, if it fits. */
static const struct rego_value *in_ns(struct rego_call *call, int64_t seconds, int64_t nanoseconds)
{
	__int128 ns = (__int128)seconds * NS + nanoseconds;
	if (ns < INT64_MIN || ns > INT64_MAX)
		return rego_builtin_failed(call, "time outside of valid range");
	return rego_integer(call->work, (int64_t)ns);
}

static const struct rego_value *now_ns(struct rego_call *call, const struct rego_value *const *args)
{
	(void)args;
	return rego_integer(call->work, call->environment->now);
}

static const struct rego_value *parse(struct rego_call *call, const char *layout, size_t len,
				      const struct rego_value *text)
{
	int64_t seconds;
	int32_t nanoseconds;
	char message[sizeof call->message];
	if (!rego_spend(call->work, text->string.len) || !rego_spend(call->work, (uint64_t)len * len / 16))
		return NULL;
	if (!rego_layout_parse(layout, len, text->string.bytes, text->string.len, &seconds, &nanoseconds, message,
			       sizeof message))
		return rego_builtin_failed(call, "%s", message);
	return in_ns(call, seconds, nanoseconds);
}

static const struct rego_value *parse_ns(struct rego_call *call, const struct rego_value *const *args)
{
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_operand(call, args, 2, REGO_STRING))
		return NULL;
	const char *layout = args[0]->string.bytes;
	size_t len = args[0]->string.len;
	rego_layout_named(&layout, &len);
	return parse(call, layout, len, args[1]);
}

static const struct rego_value *parse_rfc3339_ns(struct rego_call *call, const struct rego_value *const *args)
{
	static const char layout[] = "2006-01-02T15:04:05Z07:00";
	return rego_operand(call, args, 1, REGO_STRING) ? parse(call, layout, sizeof layout - 1, args[0]) : NULL;
}

static const struct rego_value *parse_duration_ns(struct rego_call *call, const struct rego_value *const *args)
{
	int64_t ns;
	char message[sizeof call->message];
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_spend(call->work, args[0]->string.len))
		return NULL;
	if (!rego_duration_parse(args[0]->string.bytes, args[0]->string.len, &ns, message, sizeof message))
		return rego_builtin_failed(call, "%s", message);
	return rego_integer(call->work, ns);
}

static const struct rego_value *format(struct rego_call *call, const struct rego_value *const *args)
{
	struct moment moment;
	if (!read_moment(call, args[0], &moment))
		return NULL;
	if (!moment.layout_len) {
		moment.layout = "RFC3339Nano";
		moment.layout_len = strlen(moment.layout);
	}
	rego_layout_named(&moment.layout, &moment.layout_len);
	struct rego_buffer text = {.work = call->work};
	if (!rego_layout_format(&text, moment.layout, moment.layout_len, moment.ns, moment.zone))
		return NULL;
	return rego_buffer_string(&text);
}

static const struct rego_value *date(struct rego_call *call, const struct rego_value *const *args)
{
	struct moment moment;
	if (!read_moment(call, args[0], &moment))
		return NULL;
	struct rego_date day = on_wall(moment.zone, moment.ns).date;
	return integers(call->work, (int64_t[]){day.year, day.month, day.day}, 3);
}

static const struct rego_value *clock_of(struct rego_call *call, const struct rego_value *const *args)
{
	struct moment moment;
	if (!read_moment(call, args[0], &moment))
		return NULL;
	struct wall wall = on_wall(moment.zone, moment.ns);
	return integers(call->work, (int64_t[]){wall.hour, wall.minute, wall.second}, 3);
}

static const struct rego_value *weekday(struct rego_call *call, const struct rego_value *const *args)
{
	static const char *const names[] = {"Sunday", "Monday", "Tuesday", "Wednesday",
					    "Thursday", "Friday", "Saturday"};
	struct moment moment;
	if (!read_moment(call, args[0], &moment))
		return NULL;
	return rego_text(call->work, names[on_wall(moment.zone, moment.ns).date.weekday]);
}

static const struct rego_value *add_date(struct rego_call *call, const struct rego_value *const *args)
{
	struct moment moment;
	int64_t add[3];
	if (!read_moment(call, args[0], &moment))
		return NULL;
	for (unsigned i = 0; i < 3; i++) {
		if (!rego_operand_int64(call, args, i + 2, &add[i]))
			return NULL;
		/* More than any time that there is. */
		if (add[i] < -1000000 || add[i] > 1000000)
			return rego_builtin_failed(call, "time outside of valid range");
	}
	int64_t local = local_seconds(moment.zone, moment.ns), days = rego_floor_divide(local, REGO_DAY);
	struct rego_date day = rego_date_from_days(days);
	int64_t moved = rego_days_from_date(day.year + add[0], day.month + add[1], day.day + add[2]);
	int64_t seconds = rego_zone_moment(moment.zone, moved * REGO_DAY + (local - days * REGO_DAY));
	return in_ns(call, seconds, rego_floor_remainder(moment.ns, NS));
}

/* How far apart two moments are on the first one's wall: years, months, days, hours, minutes, seconds. */
static const struct rego_value *diff(struct rego_call *call, const struct rego_value *const *args)
{
	struct moment a, b;
	if (!read_moment(call, args[0], &a) || !read_moment(call, args[1], &b))
		return NULL;
	const struct rego_zone *zone = a.zone;
	if (a.ns > b.ns) {
		int64_t swap = a.ns;
		a.ns = b.ns;
		b.ns = swap;
	}
	struct wall x = on_wall(zone, a.ns), y = on_wall(zone, b.ns);
	int64_t d[6] = {y.date.year - x.date.year, y.date.month - x.date.month, y.date.day - x.date.day,
			y.hour - x.hour, y.minute - x.minute, y.second - x.second};
	int64_t size[6] = {0, 12, rego_days_in_month(x.date.year, x.date.month), 24, 60, 60};
	for (int i = 5; i > 0; i--) {
		if (d[i] < 0) {
			d[i] += size[i];
			d[i - 1]--;
		}
	}
	return integers(call->work, d, 6);
}

static const struct rego_builtin rows[] = {
	{"time.add_date", 4, 0, add_date},
	{"time.clock", 1, 0, clock_of},
	{"time.date", 1, 0, date},
	{"time.diff", 2, 0, diff},
	{"time.format", 1, 0, format},
	{"time.now_ns", 0, REGO_UNSTABLE, now_ns},
	{"time.parse_duration_ns", 1, 0, parse_duration_ns},
	{"time.parse_ns", 2, 0, parse_ns},
	{"time.parse_rfc3339_ns", 1, 0, parse_rfc3339_ns},
	{"time.weekday", 1, 0, weekday},
};

REGO_FAMILY(time, rows);
