/* JSON Schema (drafts 4, 6 and 7), as far as it needs no other document. */
#ifndef REGO_SCHEMA_H
#define REGO_SCHEMA_H

#include "value.h"

/* Is `schema` one? False: what is wrong stands in `message`, or the work has failed. */
bool rego_schema_check(struct rego_work *work, const struct rego_value *schema, char *message, size_t room);

/* What is wrong with `document`: for each fault an object with desc, error, field and type. The schema was checked. False: the
 * work has failed. */
bool rego_schema_match(struct rego_work *work, const struct rego_value *schema, const struct rego_value *document,
		       struct rego_list *faults);

/* Does the text have the format ("date", "ipv4", ...)? Those that are not known are had by every text. */
bool rego_schema_format(struct rego_work *work, const struct rego_value *format, const struct rego_value *text);

#endif
