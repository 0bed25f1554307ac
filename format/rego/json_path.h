/* Paths into documents: "/a/b~1c/0" as JSON Pointer has it (a leading "/" may lack), or an array of segments. */
#ifndef REGO_JSON_PATH_H
#define REGO_JSON_PATH_H

#include "sort.h"
#include "value.h"

/* The segments, an array. NULL: `path` is neither a string nor an array, or the work has failed. */
const struct rego_value *rego_path(struct rego_work *work, const struct rego_value *path);

#endif
