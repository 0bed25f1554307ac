/* JSON for those who want to go on when a text is none. */
#ifndef REGO_JSON_H
#define REGO_JSON_H

#include "buffer.h"

struct rego_json_problem {
	const char *what; /* "a value is expected" */
	size_t at;        /* byte */
};

/* Like rego_json_read(), but a text that is no JSON fills *problem and is no failure of the work. */
const struct rego_value *rego_json_try(struct rego_work *work, const char *bytes, size_t len,
				       struct rego_json_problem *problem);

/* A string with quotes and escapes, as Go writes JSON; `html` escapes <, > and & too. */
bool rego_json_quote(struct rego_buffer *out, const char *bytes, size_t len, bool html);

/* Appends a value. `indent` NULL: compact; else members stand on lines of their own, each after `prefix` and as many
 * `indent`s as it is deep. */
struct rego_json_style {
	const char *prefix, *indent;
	bool html;
};
bool rego_json_append(struct rego_buffer *out, const struct rego_value *value, const struct rego_json_style *style);

/* Appends a value as Rego. */
bool rego_term_append(struct rego_buffer *out, const struct rego_value *value);

#endif
