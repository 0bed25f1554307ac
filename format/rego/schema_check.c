/* Are schemas well-formed? */
#include <stdio.h>
#include <string.h>

#include "regex.h"
#include "schema.h"
#include "scratch.h"

struct check {
	struct rego_work *work;
	char *message;
	size_t room;
};

static bool wrong(struct check *c, const char *format, const char *what)
{
	snprintf(c->message, c->room, format, what);
	return false;
}

static bool is_schema(struct check *c, const struct rego_value *schema);

static bool is_type_name(struct check *c, const struct rego_value *name)
{
	static const char *const names[] = {"array", "boolean", "integer", "number", "null", "object", "string"};
	if (name->type != REGO_STRING)
		return wrong(c, "Invalid type. Expected: %s", "string, given: type");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (rego_is_text(name, names[i]))
			return true;
	}
	char text[64];
	snprintf(text, sizeof text, "%.*s", (int)(name->string.len < 60 ? name->string.len : 60), name->string.bytes);
	return wrong(c,
		     "has a primitive type that is NOT VALID -- given: /%s/ Expected valid values are:[array boolean "
		     "integer number null object string]",
		     text);
}

static bool is_type(struct check *c, const struct rego_value *type)
{
	if (type->type != REGO_ARRAY)
		return is_type_name(c, type);
	for (size_t i = 0; i < type->list.count; i++) {
		if (!is_type_name(c, type->list.items[i]))
			return false;
	}
	return true;
}

static bool is_list_of_schemas(struct check *c, const struct rego_value *list, const char *key)
{
	if (list->type != REGO_ARRAY || list->list.count == 0)
		return wrong(c, "%s must be an array of schemas", key);
	for (size_t i = 0; i < list->list.count; i++) {
		if (!is_schema(c, list->list.items[i]))
			return false;
	}
	return true;
}

static bool is_pattern(struct check *c, const struct rego_value *pattern)
{
	struct rego_regex_problem problem = {{0}};
	if (pattern->type != REGO_STRING)
		return wrong(c, "%s must be of type string", "pattern");
	struct rego_work scratch = rego_scratch_begin(c->work);
	bool good = rego_regex_check(&scratch, pattern->string.bytes, pattern->string.len, &problem);
	rego_scratch_end(c->work, &scratch);
	return good || wrong(c, "error parsing regexp: %s", problem.message);
}

/* An object of schemas; of patternProperties the keys are patterns. */
static bool is_map(struct check *c, const struct rego_value *map, const char *key)
{
	if (map->type != REGO_OBJECT)
		return wrong(c, "%s must be of type object", key);
	for (size_t i = 0; i < map->object.count; i++) {
		const struct rego_member *member = &map->object.members[i];
		if (strcmp(key, "patternProperties") == 0 && !is_pattern(c, member->key))
			return false;
		/* A dependency may be a list of names. */
		if (strcmp(key, "dependencies") == 0 && member->value->type == REGO_ARRAY)
			continue;
		if (!is_schema(c, member->value))
			return false;
	}
	return true;
}

static bool is_count(struct check *c, const struct rego_value *value, const char *key)
{
	int64_t count;
	if (value->type != REGO_NUMBER || !rego_number_int64(&value->number, &count))
		return wrong(c, "%s must be an integer", key);
	return count >= 0 || wrong(c, "%s must be greater than or equal to 0", key);
}

static bool is_keyword(struct check *c, const char *key, const struct rego_value *value)
{
	static const struct {
		const char *key;
		enum { TYPE, LIST, MAP, COUNT, NUMBER, SCHEMA, ITEMS, PATTERN, NAMES } kind;
	} keywords[] = {
		{"type", TYPE}, {"allOf", LIST}, {"anyOf", LIST}, {"oneOf", LIST}, {"properties", MAP},
		{"patternProperties", MAP}, {"dependencies", MAP}, {"definitions", MAP}, {"minLength", COUNT},
		{"maxLength", COUNT}, {"minItems", COUNT}, {"maxItems", COUNT}, {"minProperties", COUNT},
		{"maxProperties", COUNT}, {"minimum", NUMBER}, {"maximum", NUMBER}, {"multipleOf", NUMBER},
		{"not", SCHEMA}, {"if", SCHEMA}, {"then", SCHEMA}, {"else", SCHEMA}, {"additionalProperties", SCHEMA},
		{"additionalItems", SCHEMA}, {"contains", SCHEMA}, {"propertyNames", SCHEMA}, {"items", ITEMS},
		{"pattern", PATTERN}, {"required", NAMES}, {"enum", NAMES},
	};
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
		if (strcmp(keywords[i].key, key) != 0)
			continue;
		switch (keywords[i].kind) {
		case TYPE: return is_type(c, value);
		case LIST: return is_list_of_schemas(c, value, key);
		case MAP: return is_map(c, value, key);
		case COUNT: return is_count(c, value, key);
		case NUMBER: return value->type == REGO_NUMBER || wrong(c, "%s must be of type number", key);
		case SCHEMA: return is_schema(c, value);
		case ITEMS: return value->type == REGO_ARRAY ? is_list_of_schemas(c, value, key) : is_schema(c, value);
		case PATTERN: return is_pattern(c, value);
		case NAMES: return value->type == REGO_ARRAY || wrong(c, "%s must be of type array", key);
		}
	}
	return true;
}

static bool is_schema(struct check *c, const struct rego_value *schema)
{
	if (!rego_descend(c->work) || !rego_spend(c->work, 1))
		return false;
	if (schema->type == REGO_BOOLEAN)
		return true;
	if (schema->type != REGO_OBJECT)
		return wrong(c, "Invalid type. Expected: %s", "valid schema");
	for (size_t i = 0; i < schema->object.count; i++) {
		const struct rego_value *key = schema->object.members[i].key;
		char name[24] = "";
		if (key->type != REGO_STRING || key->string.len >= sizeof name)
			continue;
		memcpy(name, key->string.bytes, key->string.len);
		if (!is_keyword(c, name, schema->object.members[i].value))
			return false;
	}
	return true;
}

bool rego_schema_check(struct rego_work *work, const struct rego_value *schema, char *message, size_t room)
{
	struct check c = {work, message, room};
	return is_schema(&c, schema) && !rego_failed(work);
}
