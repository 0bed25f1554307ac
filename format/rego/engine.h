/* What an engine holds. engine.c and query.c share it. */
#ifndef REGO_ENGINE_H
#define REGO_ENGINE_H

#include "eval.h"
#include "rego.h"

struct rego {
	struct rego_limits limits;
	struct rego_error error;
	/* Arenas: of modules and what they are compiled to, data, input, and the last evaluation. Each has the limits. */
	struct rego_work modules, data_work, input_work, evaluation;
	struct rego_program program;
	bool compiled, strict;
	const struct rego_value *data, *input;
	int64_t now;
	const struct ct_crypto *crypto;
	struct rego_usage usage;
};

struct rego_work *rego_start_work(struct rego *rego, struct rego_work *work);
int rego_finish(struct rego *rego, struct rego_work *work, struct rego_error *error);

/* The value of a term without variables; NULL: it has some, which is the work's failure. */
const struct rego_value *rego_ground_term(struct rego_work *work, const struct rego_term *term);

#endif
