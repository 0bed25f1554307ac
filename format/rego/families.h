/* Tables of builtins, one for each family; each ends with a row without a name. */
#ifndef REGO_FAMILIES_H
#define REGO_FAMILIES_H

#include "builtin.h"

extern const struct rego_builtin rego_builtins_units[], rego_builtins_semver[], rego_builtins_uuid[],
	rego_builtins_graph[], rego_builtins_net[], rego_builtins_uri[], rego_builtins_time[], rego_builtins_path[],
	rego_builtins_schema[], rego_builtins_regex[], rego_builtins_glob[], rego_builtins_hash[], rego_builtins_jwt[],
	rego_builtins_json[];

#endif
