/* json.marshal, json.marshal_with_options, json.unmarshal, json.is_valid. */
#include <string.h>

#include "json.h"
#include "operand.h"

static const struct rego_value *marshal(struct rego_call *call, const struct rego_value *const *args)
{
	static const struct rego_json_style compact = {.html = true};
	struct rego_buffer text = {.work = call->work};
	return rego_json_append(&text, args[0], &compact) ? rego_buffer_string(&text) : NULL;
}

/* A string as C has it; what follows a NUL in it is lost. */
static const char *terminated(struct rego_work *work, const struct rego_value *string)
{
	char *copy = rego_alloc(work, string->string.len + 1);
	if (copy)
		memcpy(copy, string->string.bytes, string->string.len);
	return copy;
}

static const struct rego_value *marshal_with_options(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_work *work = call->work;
	struct rego_json_style style = {.prefix = "", .indent = "\t", .html = true};
	bool pretty = false;
	if (!rego_operand(call, args, 2, REGO_OBJECT))
		return NULL;
	for (size_t i = 0; i < args[1]->object.count; i++) {
		const struct rego_value *key = args[1]->object.members[i].key, *value = args[1]->object.members[i].value;
		bool flag = rego_is_text(key, "pretty");
		if (!flag && !rego_is_text(key, "prefix") && !rego_is_text(key, "indent"))
			return rego_type_failed(call, "operand 2 object contained unknown key %.*s",
						key->type == REGO_STRING ? rego_shown_length(key) : 1,
						key->type == REGO_STRING ? key->string.bytes : "?");
		if (value->type != (flag ? REGO_BOOLEAN : REGO_STRING))
			return rego_type_failed(call, "operand 2 key %.*s failed cast to %s", REGO_SHOWN(key),
						flag ? "bool" : "string");
		if (flag) {
			pretty = value->boolean;
			continue;
		}
		pretty = true;
		const char *text = terminated(work, value);
		if (!text)
			return NULL;
		if (rego_is_text(key, "prefix"))
			style.prefix = text;
		else
			style.indent = text;
	}
	/* Keys are sorted: "pretty" comes last, and what it says counts. */
	struct rego_buffer text = {.work = work};
	if (!pretty)
		style.indent = NULL;
	else
		rego_buffer_text(&text, style.prefix);
	return rego_json_append(&text, args[0], &style) ? rego_buffer_string(&text) : NULL;
}

static const struct rego_value *unmarshal(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_json_problem problem = {0};
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	const struct rego_value *value =
		rego_json_try(call->work, args[0]->string.bytes, args[0]->string.len, &problem);
	if (!value && !rego_failed(call->work))
		return rego_builtin_failed(call, "invalid JSON: %s at byte %zu", problem.what, problem.at);
	return value;
}

static const struct rego_value *is_valid(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_json_problem problem = {0};
	if (args[0]->type != REGO_STRING)
		return &rego_false;
	const struct rego_value *value =
		rego_json_try(call->work, args[0]->string.bytes, args[0]->string.len, &problem);
	return rego_failed(call->work) ? NULL : rego_boolean(value);
}

static const struct rego_builtin rows[] = {
	{"json.is_valid", 1, 0, is_valid},
	{"json.marshal", 1, 0, marshal},
	{"json.marshal_with_options", 2, 0, marshal_with_options},
	{"json.unmarshal", 1, 0, unmarshal},
};

REGO_FAMILY(json, rows);
