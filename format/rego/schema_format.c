/* Formats of texts. */
#include <string.h>

#include "address.h"
#include "layout.h"
#include "regex.h"
#include "schema.h"
#include "scratch.h"

static const struct {
	const char *name, *pattern;
} patterns[] = {
	{"email", "^[^@\\s]+@[^@\\s]+$"},
	{"hostname", "^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\\-]{0,62})(\\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\\-]{0,62}))*$"},
	{"uuid", "^[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[1-5][a-fA-F0-9]{3}-[89aAbB][a-fA-F0-9]{3}-[a-fA-F0-9]{12}$"},
	{"uri", "^[a-zA-Z][a-zA-Z0-9+.\\-]*:[^\\s\\\\]*$"},
	{"uri-reference", "^[^\\s\\\\]*$"},
	{"json-pointer", "^(?:/(?:[^~/]|~0|~1)*)*$"},
};

static const struct {
	const char *name, *layouts[3];
} times[] = {
	{"date", {"2006-01-02"}},
	{"time", {"15:04:05", "15:04:05Z07:00"}},
	{"date-time", {"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05"}},
};

static bool is_time(const char *const layouts[3], const struct rego_value *text)
{
	int64_t seconds;
	int32_t nanoseconds;
	char message[8];
	for (int i = 0; i < 3 && layouts[i]; i++) {
		if (rego_layout_parse(layouts[i], strlen(layouts[i]), text->string.bytes, text->string.len, &seconds,
				      &nanoseconds, message, sizeof message))
			return true;
	}
	return false;
}

static bool has_pattern(struct rego_work *work, const char *pattern, const struct rego_value *text)
{
	struct rego_regex_problem problem;
	struct rego_work scratch = rego_scratch_begin(work);
	const struct rego_regex *regex = rego_regex_compile(&scratch, pattern, strlen(pattern), &problem);
	struct rego_regex_machine *machine = regex ? rego_regex_machine(&scratch, regex, 0) : NULL;
	bool found = machine && rego_regex_search(machine, text->string.bytes, text->string.len, 0, NULL);
	rego_scratch_end(work, &scratch);
	return found;
}

bool rego_schema_format(struct rego_work *work, const struct rego_value *format, const struct rego_value *text)
{
	struct rego_address address;
	bool four, known = rego_address_parse(text->string.bytes, text->string.len, &address, &four);
	if (!rego_spend(work, 1 + text->string.len / 16))
		return false;
	if (rego_is_text(format, "ipv4"))
		return known && four;
	if (rego_is_text(format, "ipv6"))
		return known && !four;
	if (rego_is_text(format, "regex")) {
		struct rego_regex_problem problem;
		struct rego_work scratch = rego_scratch_begin(work);
		bool good = rego_regex_check(&scratch, text->string.bytes, text->string.len, &problem);
		rego_scratch_end(work, &scratch);
		return good;
	}
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		if (rego_is_text(format, times[i].name))
			return is_time(times[i].layouts, text);
	}
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		if (rego_is_text(format, patterns[i].name))
			return has_pattern(work, patterns[i].pattern, text);
	}
	return true;
}
