/* Times as text, by layouts as Go has them: "2006-01-02T15:04:05Z07:00" shows where each part of a time stands. */
#ifndef REGO_LAYOUT_H
#define REGO_LAYOUT_H

#include "buffer.h"
#include "calendar.h"

/* "RFC3339" and the other names of layouts; what is none is its own layout. */
void rego_layout_named(const char **layout, size_t *len);

/* Put the time (ns since 1970), as it is in the zone. */
bool rego_layout_format(struct rego_buffer *buffer, const char *layout, size_t len, int64_t ns,
			const struct rego_zone *zone);

/* Seconds since 1970 and nanoseconds from there. False with a message (cut to `room`) when the text does not fit the
 * layout. */
bool rego_layout_parse(const char *layout, size_t layout_len, const char *text, size_t len, int64_t *seconds,
		       int32_t *nanoseconds, char *message, size_t room);

/* "1h30m", "1.5d", "-3w": days have 24 hours, weeks 7 days, years 365. */
bool rego_duration_parse(const char *text, size_t len, int64_t *ns, char *message, size_t room);

#endif
