/* json.match_schema and json.verify_schema. */
#include <stdio.h>

#include "json.h"
#include "operand.h"
#include "schema.h"

/* A document, or the JSON text of one. NULL: the call or the work has failed, or *message says why. */
static const struct rego_value *read_document(REGO_OPERANDS, unsigned operand, char *message, size_t room)
{
	const struct rego_value *given = args[operand - 1];
	struct rego_json_problem problem;
	message[0] = 0;
	if (given->type == REGO_OBJECT)
		return given;
	if (given->type != REGO_STRING)
		return rego_wrong_type(call, operand, "one of {object, string}", given);
	const struct rego_value *value =
		rego_json_try(call->work, given->string.bytes, given->string.len, &problem);
	if (!value && !rego_failed(call->work))
		snprintf(message, room, "invalid JSON: %s at byte %zu", problem.what, problem.at);
	return value;
}

static const struct rego_value *pair(struct rego_work *work, const struct rego_value *a, const struct rego_value *b)
{
	const struct rego_value **items = rego_alloc_array(work, 2, sizeof *items);
	if (!items || !a || !b)
		return NULL;
	items[0] = a;
	items[1] = b;
	return rego_array(work, items, 2);
}

static const struct rego_value *match_schema(REGO_OPERANDS)
{
	char message[256];
	struct rego_list faults = {0};
	const struct rego_value *document = read_document(call, args, 1, message, sizeof message), *schema = NULL;
	if (document)
		schema = read_document(call, args, 2, message, sizeof message);
	if (schema && !rego_schema_check(call->work, schema, message, sizeof message))
		schema = NULL;
	if (rego_failed(call->work) || call->failure)
		return NULL;
	if (!schema)
		return rego_builtin_failed(call, "%s", message);
	if (!rego_schema_match(call->work, schema, document, &faults))
		return NULL;
	return pair(call->work, rego_boolean(faults.count == 0), rego_array(call->work, faults.items, faults.count));
}

static const struct rego_value *verify_schema(REGO_OPERANDS)
{
	char message[256], text[288];
	const struct rego_value *schema = read_document(call, args, 1, message, sizeof message);
	bool good = schema && rego_schema_check(call->work, schema, message, sizeof message);
	if (rego_failed(call->work) || call->failure)
		return NULL;
	if (good)
		return pair(call->work, &rego_true, &rego_null);
	snprintf(text, sizeof text, "jsonschema: %s", message);
	return pair(call->work, &rego_false, rego_text(call->work, text));
}

static const struct rego_builtin rows[] = {
	{"json.match_schema", 2, 0, match_schema},
	{"json.verify_schema", 1, 0, verify_schema},
};

REGO_FAMILY(schema, rows);
