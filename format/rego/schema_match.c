/* Do documents match schemas? */
#include <string.h>

#include "buffer.h"
#include "json.h"
#include "regex.h"
#include "schema.h"
#include "scratch.h"
#include "utf8.h"

/* Where in the document: "a.b.0". */
struct place {
	const struct place *outer;
	const struct rego_value *key; /* string or number */
};

struct match {
	struct rego_work *work;
	const struct rego_value *root; /* what "$ref" begins at */
	struct rego_list *faults;
};

static void put_place(struct rego_buffer *out, const struct place *place)
{
	if (!place || !rego_descend(out->work))
		return;
	put_place(out, place->outer);
	if (out->len)
		rego_buffer_byte(out, '.');
	if (place->key->type == REGO_STRING)
		rego_buffer_add(out, place->key->string.bytes, place->key->string.len);
	else
		rego_term_append(out, place->key);
}

static const struct rego_value *field(struct match *m, const struct place *place)
{
	struct rego_buffer out = {.work = m->work};
	put_place(&out, place);
	if (!out.len)
		rego_buffer_text(&out, "(root)");
	return rego_buffer_string(&out);
}

/* Adds a fault. In `format` each "%" stands for the next of the values, as its text or JSON. */
static bool fault(struct match *m, const struct place *place, const char *type, const char *format,
		  const struct rego_value *a, const struct rego_value *b)
{
	struct rego_buffer text = {.work = m->work}, whole = {.work = m->work};
	const struct rego_value *where = field(m, place);
	static const struct rego_json_style compact = {0};
	for (; *format; format++) {
		if (*format != '%') {
			rego_buffer_byte(&text, *format);
			continue;
		}
		if (a && a->type == REGO_STRING)
			rego_buffer_add(&text, a->string.bytes, a->string.len);
		else if (a)
			rego_json_append(&text, a, &compact);
		a = b;
	}
	struct rego_member *members = rego_alloc_array(m->work, 4, sizeof *members);
	const struct rego_value *desc = rego_buffer_string(&text);
	if (!members || !where || !desc)
		return false;
	rego_buffer_add(&whole, where->string.bytes, where->string.len);
	rego_buffer_text(&whole, ": ");
	rego_buffer_add(&whole, desc->string.bytes, desc->string.len);
	members[0] = (struct rego_member){rego_text(m->work, "desc"), desc};
	members[1] = (struct rego_member){rego_text(m->work, "error"), rego_buffer_string(&whole)};
	members[2] = (struct rego_member){rego_text(m->work, "field"), where};
	members[3] = (struct rego_member){rego_text(m->work, "type"), rego_text(m->work, type)};
	return !rego_failed(m->work) && rego_list_add(m->work, m->faults, rego_object(m->work, members, 4));
}

static bool match(struct match *m, const struct rego_value *schema, const struct rego_value *value,
		  const struct place *place);

/* How many faults it has, which are not noted. */
static size_t try(struct match *m, const struct rego_value *schema, const struct rego_value *value,
		  const struct place *place, struct rego_list *faults)
{
	struct match other = *m;
	*faults = (struct rego_list){0};
	other.faults = faults;
	match(&other, schema, value, place);
	return faults->count;
}

static bool matches(struct match *m, const struct rego_value *schema, const struct rego_value *value,
		    const struct place *place)
{
	struct rego_list faults;
	return try(m, schema, value, place, &faults) == 0;
}

static const struct rego_value *get(struct match *m, const struct rego_value *schema, const char *key)
{
	return rego_get_text(m->work, schema, key);
}

static bool is_type(const struct rego_value *value, const struct rego_value *name)
{
	switch (value->type) {
	case REGO_NULL: return rego_is_text(name, "null");
	case REGO_BOOLEAN: return rego_is_text(name, "boolean");
	case REGO_NUMBER:
		return rego_is_text(name, "number")
		       || (rego_is_text(name, "integer") && rego_number_is_integer(&value->number));
	case REGO_STRING: return rego_is_text(name, "string");
	case REGO_OBJECT: return rego_is_text(name, "object");
	default: return rego_is_text(name, "array");
	}
}

static const char *given_type(const struct rego_value *value)
{
	if (value->type == REGO_NUMBER)
		return rego_number_is_integer(&value->number) ? "integer" : "number";
	return value->type == REGO_SET ? "array" : rego_type_name(value->type);
}

/* False: of another type, which is noted. */
static bool match_type(struct match *m, const struct rego_value *type, const struct rego_value *value,
		       const struct place *place)
{
	const struct rego_value *const *names = type->type == REGO_ARRAY ? type->list.items : &type;
	size_t count = type->type == REGO_ARRAY ? type->list.count : 1;
	struct rego_buffer expected = {.work = m->work};
	for (size_t i = 0; i < count; i++) {
		if (is_type(value, names[i]))
			return true;
		rego_buffer_text(&expected, i ? "," : count > 1 ? "[" : "");
		rego_buffer_add(&expected, names[i]->string.bytes, names[i]->string.len);
	}
	rego_buffer_text(&expected, count > 1 ? "]" : "");
	const struct rego_value *list = rego_buffer_string(&expected);
	if (list)
		fault(m, place, "invalid_type", "Invalid type. Expected: %, given: %", list,
		      rego_text(m->work, given_type(value)));
	return false;
}

static bool has_pattern(struct match *m, const struct rego_value *pattern, const struct rego_value *text)
{
	struct rego_regex_problem problem;
	if (text->type != REGO_STRING)
		return false;
	struct rego_work scratch = rego_scratch_begin(m->work);
	const struct rego_regex *regex =
		rego_regex_compile(&scratch, pattern->string.bytes, pattern->string.len, &problem);
	struct rego_regex_machine *machine = regex ? rego_regex_machine(&scratch, regex, 0) : NULL;
	bool found = machine && rego_regex_search(machine, text->string.bytes, text->string.len, 0, NULL);
	rego_scratch_end(m->work, &scratch);
	return found;
}

/* Is a count below its least, or above its most? */
static void match_count(struct match *m, const struct rego_value *schema, const char *const keys[2],
			const char *const types[2], const char *const formats[2], int64_t count, const struct place *place)
{
	for (int i = 0; i < 2; i++) {
		const struct rego_value *bound = get(m, schema, keys[i]);
		int64_t number;
		if (bound && bound->type == REGO_NUMBER && rego_number_int64(&bound->number, &number)
		    && (i ? count > number : count < number))
			fault(m, place, types[i], formats[i], bound, NULL);
	}
}

static void match_string(struct match *m, const struct rego_value *schema, const struct rego_value *value,
			 const struct place *place)
{
	static const char *const keys[] = {"minLength", "maxLength"}, *const types[] = {"string_gte", "string_lte"},
				 *const formats[] = {"String length must be greater than or equal to %",
						     "String length must be less than or equal to %"};
	match_count(m, schema, keys, types, formats, rego_count(value), place);
	const struct rego_value *pattern = get(m, schema, "pattern");
	if (pattern && !has_pattern(m, pattern, value))
		fault(m, place, "pattern", "Does not match pattern '%'", pattern, NULL);
}

static void match_bound(struct match *m, const struct rego_value *schema, const struct rego_value *value, bool upper,
			const struct place *place)
{
	const struct rego_value *bound = get(m, schema, upper ? "maximum" : "minimum"),
				*exclusive = get(m, schema, upper ? "exclusiveMaximum" : "exclusiveMinimum");
	bool strict = exclusive && exclusive->type == REGO_BOOLEAN && exclusive->boolean;
	if (bound) {
		int order = rego_number_compare(&value->number, &bound->number) * (upper ? -1 : 1);
		if (strict && order <= 0)
			fault(m, place, upper ? "number_lt" : "number_gt",
			      upper ? "Must be less than %" : "Must be greater than %", bound, NULL);
		else if (order < 0)
			fault(m, place, upper ? "number_lte" : "number_gte",
			      upper ? "Must be less than or equal to %" : "Must be greater than or equal to %", bound, NULL);
	}
	if (exclusive && exclusive->type == REGO_NUMBER
	    && rego_number_compare(&value->number, &exclusive->number) * (upper ? -1 : 1) <= 0)
		fault(m, place, upper ? "number_lt" : "number_gt",
		      upper ? "Must be less than %" : "Must be greater than %", exclusive, NULL);
}

static void match_number(struct match *m, const struct rego_value *schema, const struct rego_value *value,
			 const struct place *place)
{
	const struct rego_value *multiple = get(m, schema, "multipleOf");
	struct rego_number quotient, zero = rego_number_from(0);
	match_bound(m, schema, value, false, place);
	match_bound(m, schema, value, true, place);
	if (!multiple || rego_number_compare(&multiple->number, &zero) <= 0)
		return;
	if (rego_number_divide(m->work, &value->number, &multiple->number, &quotient)
	    && !rego_number_is_integer(&quotient))
		fault(m, place, "multiple_of", "Must be a multiple of %", multiple, NULL);
}

static void match_items(struct match *m, const struct rego_value *schema, const struct rego_value *value,
			const struct place *place)
{
	const struct rego_value *items = get(m, schema, "items"), *more = get(m, schema, "additionalItems"),
				*contains = get(m, schema, "contains");
	bool contained = false;
	for (size_t i = 0; i < value->list.count && !rego_failed(m->work); i++) {
		const struct rego_value *item = value->list.items[i], *of = items;
		struct place inner = {place, rego_integer(m->work, (int64_t)i)};
		if (!inner.key)
			return;
		if (items && items->type == REGO_ARRAY)
			of = i < items->list.count ? items->list.items[i] : more;
		if (of && of->type == REGO_BOOLEAN && !of->boolean && of == more) {
			fault(m, place, "array_no_additional_items", "No additional items allowed on array", NULL, NULL);
			break;
		}
		if (of)
			match(m, of, item, &inner);
		contained = contained || (contains && matches(m, contains, item, &inner));
	}
	if (contains && !contained)
		fault(m, place, "contains", "At least one of the items must match", NULL, NULL);
}

static void match_array(struct match *m, const struct rego_value *schema, const struct rego_value *value,
			const struct place *place)
{
	static const char *const keys[] = {"minItems", "maxItems"}, *const types[] = {"array_min_items", "array_max_items"},
				 *const formats[] = {"Array must have at least % items", "Array must have at most % items"};
	match_count(m, schema, keys, types, formats, (int64_t)value->list.count, place);
	const struct rego_value *unique = get(m, schema, "uniqueItems");
	for (size_t i = 0; unique && unique->type == REGO_BOOLEAN && unique->boolean && i < value->list.count; i++) {
		for (size_t j = i + 1; j < value->list.count; j++) {
			if (rego_equal(m->work, value->list.items[i], value->list.items[j]))
				fault(m, place, "unique", "array items[%,%] must be unique",
				      rego_integer(m->work, (int64_t)i), rego_integer(m->work, (int64_t)j));
		}
		if (rego_failed(m->work))
			return;
	}
	match_items(m, schema, value, place);
}

static void match_dependencies(struct match *m, const struct rego_value *map, const struct rego_value *value,
			       const struct place *place)
{
	for (size_t i = 0; i < map->object.count; i++) {
		const struct rego_value *need = map->object.members[i].value;
		if (!rego_get(m->work, value, map->object.members[i].key))
			continue;
		if (need->type != REGO_ARRAY) {
			match(m, need, value, place);
			continue;
		}
		for (size_t j = 0; j < need->list.count; j++) {
			if (!rego_get(m->work, value, need->list.items[j]))
				fault(m, place, "missing_dependency", "Has a dependency on %", need->list.items[j], NULL);
		}
	}
}

/* What neither "properties" nor "patternProperties" knows. */
static void match_property(struct match *m, const struct rego_value *schema, const struct rego_member *member,
			   const struct place *place)
{
	const struct rego_value *known = get(m, schema, "properties"), *patterns = get(m, schema, "patternProperties"),
				*more = get(m, schema, "additionalProperties"), *names = get(m, schema, "propertyNames"),
				*of = known ? rego_get(m->work, known, member->key) : NULL;
	struct place inner = {place, member->key};
	bool found = of;
	if (names && !matches(m, names, member->key, place))
		fault(m, place, "invalid_property_name", "Property name of \"%\" does not match", member->key, NULL);
	for (size_t i = 0; patterns && i < patterns->object.count; i++) {
		if (has_pattern(m, patterns->object.members[i].key, member->key)) {
			found = true;
			match(m, patterns->object.members[i].value, member->value, &inner);
		}
	}
	if (found || !more)
		return;
	if (more->type == REGO_BOOLEAN && !more->boolean)
		fault(m, place, "additional_property_not_allowed", "Additional property % is not allowed", member->key, NULL);
	else
		match(m, more, member->value, &inner);
}

static void match_object(struct match *m, const struct rego_value *schema, const struct rego_value *value,
			 const struct place *place)
{
	static const char *const keys[] = {"minProperties", "maxProperties"},
				 *const types[] = {"array_min_properties", "array_max_properties"},
				 *const formats[] = {"Must have at least % properties", "Must have at most % properties"};
	const struct rego_value *required = get(m, schema, "required"), *properties = get(m, schema, "properties"),
				*dependencies = get(m, schema, "dependencies");
	match_count(m, schema, keys, types, formats, (int64_t)value->object.count, place);
	for (size_t i = 0; required && i < required->list.count; i++) {
		if (!rego_get(m->work, value, required->list.items[i]))
			fault(m, place, "required", "% is required", required->list.items[i], NULL);
	}
	for (size_t i = 0; i < value->object.count && !rego_failed(m->work); i++)
		match_property(m, schema, &value->object.members[i], place);
	if (dependencies)
		match_dependencies(m, dependencies, value, place);
	for (size_t i = 0; properties && i < properties->object.count && !rego_failed(m->work); i++) {
		const struct rego_member *property = &properties->object.members[i];
		const struct rego_value *child = rego_get(m->work, value, property->key);
		struct place inner = {place, property->key};
		if (child)
			match(m, property->value, child, &inner);
	}
}

/* Of anyOf and oneOf: at least one, exactly one. The faults of the one that is nearest are told. */
static void match_some(struct match *m, const struct rego_value *list, const struct rego_value *value, bool one,
		       const struct place *place)
{
	size_t good = 0;
	struct rego_list best = {0}, faults;
	for (size_t i = 0; i < list->list.count && !rego_failed(m->work); i++) {
		if (try(m, list->list.items[i], value, place, &faults) == 0)
			good++;
		else if (best.count == 0 || faults.count < best.count)
			best = faults;
	}
	if (rego_failed(m->work) || (one ? good == 1 : good > 0))
		return;
	if (one)
		fault(m, place, "number_one_of", "Must validate one and only one schema (oneOf)", NULL, NULL);
	else
		fault(m, place, "number_any_of", "Must validate at least one schema (anyOf)", NULL, NULL);
	for (size_t i = 0; good == 0 && i < best.count; i++)
		rego_list_add(m->work, m->faults, best.items[i]);
}

static void match_all(struct match *m, const struct rego_value *list, const struct rego_value *value,
		      const struct place *place)
{
	size_t bad = 0, before = m->faults->count;
	for (size_t i = 0; i < list->list.count && !rego_failed(m->work); i++) {
		match(m, list->list.items[i], value, place);
		bad += m->faults->count != before;
		before = m->faults->count;
	}
	if (bad)
		fault(m, place, "number_all_of", "Must validate all the schemas (allOf)", NULL, NULL);
}

static void match_condition(struct match *m, const struct rego_value *schema, const struct rego_value *value,
			    const struct place *place)
{
	const struct rego_value *condition = get(m, schema, "if");
	if (!condition)
		return;
	bool holds = matches(m, condition, value, place);
	const struct rego_value *then = get(m, schema, holds ? "then" : "else");
	struct rego_list faults;
	if (!then || try(m, then, value, place, &faults) == 0)
		return;
	if (holds)
		fault(m, place, "condition_then", "Must validate \"then\" as \"if\" was valid", NULL, NULL);
	else
		fault(m, place, "condition_else", "Must validate \"else\" as \"if\" was not valid", NULL, NULL);
	for (size_t i = 0; i < faults.count; i++)
		rego_list_add(m->work, m->faults, faults.items[i]);
}

static void match_combinations(struct match *m, const struct rego_value *schema, const struct rego_value *value,
			       const struct place *place)
{
	const struct rego_value *any = get(m, schema, "anyOf"), *one = get(m, schema, "oneOf"),
				*all = get(m, schema, "allOf"), *not = get(m, schema, "not");
	if (any)
		match_some(m, any, value, false, place);
	if (one)
		match_some(m, one, value, true, place);
	if (all)
		match_all(m, all, value, place);
	if (not && matches(m, not, value, place))
		fault(m, place, "number_not", "Must not validate the schema (not)", NULL, NULL);
	match_condition(m, schema, value, place);
}

static void match_common(struct match *m, const struct rego_value *schema, const struct rego_value *value,
			 const struct place *place)
{
	const struct rego_value *constant = get(m, schema, "const"), *choices = get(m, schema, "enum"),
				*format = get(m, schema, "format");
	if (constant && !rego_equal(m->work, constant, value))
		fault(m, place, "const", "% does not match: %", field(m, place), constant);
	if (choices) {
		bool found = false;
		for (size_t i = 0; i < choices->list.count && !found; i++)
			found = rego_equal(m->work, choices->list.items[i], value);
		struct rego_buffer allowed = {.work = m->work};
		static const struct rego_json_style compact = {0};
		for (size_t i = 0; !found && i < choices->list.count; i++) {
			rego_buffer_text(&allowed, i ? ", " : "");
			rego_json_append(&allowed, choices->list.items[i], &compact);
		}
		if (!found)
			fault(m, place, "enum", "% must be one of the following: %", field(m, place),
			      rego_buffer_string(&allowed));
	}
	if (format && format->type == REGO_STRING && value->type == REGO_STRING
	    && !rego_schema_format(m->work, format, value))
		fault(m, place, "format", "Does not match format '%'", format, NULL);
}

/* "#/definitions/x". NULL: there is no such one. */
static const struct rego_value *follow(struct match *m, const struct rego_value *reference)
{
	const struct rego_value *at = m->root;
	const char *bytes = reference->string.bytes, *end = bytes + reference->string.len;
	if (bytes == end || *bytes++ != '#')
		return NULL;
	while (at && bytes < end && *bytes == '/') {
		struct rego_buffer name = {.work = m->work};
		for (bytes++; bytes < end && *bytes != '/'; bytes++) {
			char c = *bytes;
			if (c == '~' && bytes + 1 < end && (bytes[1] == '0' || bytes[1] == '1'))
				c = *++bytes == '0' ? '~' : '/';
			rego_buffer_byte(&name, c);
		}
		const struct rego_value *key = rego_buffer_string(&name);
		size_t index = 0;
		for (size_t i = 0; key && i < key->string.len && index < 100000; i++)
			index = index * 10 + (size_t)(key->string.bytes[i] & 15);
		if (!key)
			return NULL;
		at = at->type == REGO_ARRAY ? (index < at->list.count ? at->list.items[index] : NULL)
					    : rego_get(m->work, at, key);
	}
	/* It may lie where nobody has looked for a schema. */
	char message[8];
	return bytes == end && at && rego_schema_check(m->work, at, message, sizeof message) ? at : NULL;
}

static bool match(struct match *m, const struct rego_value *schema, const struct rego_value *value,
		  const struct place *place)
{
	if (!rego_descend(m->work) || !rego_spend(m->work, 4))
		return false;
	if (schema->type == REGO_BOOLEAN) {
		if (!schema->boolean)
			fault(m, place, "false", "False always fails validation", NULL, NULL);
		return true;
	}
	const struct rego_value *reference = get(m, schema, "$ref"), *type = get(m, schema, "type");
	if (reference && reference->type == REGO_STRING) {
		const struct rego_value *other = follow(m, reference);
		return other ? match(m, other, value, place)
			     : fault(m, place, "internal", "Internal Error: % cannot be followed", reference, NULL);
	}
	if (type && !match_type(m, type, value, place))
		return !rego_failed(m->work);
	match_combinations(m, schema, value, place);
	match_common(m, schema, value, place);
	switch (value->type) {
	case REGO_STRING: match_string(m, schema, value, place); break;
	case REGO_NUMBER: match_number(m, schema, value, place); break;
	case REGO_ARRAY:
	case REGO_SET: match_array(m, schema, value, place); break;
	case REGO_OBJECT: match_object(m, schema, value, place); break;
	default: break;
	}
	return !rego_failed(m->work);
}

bool rego_schema_match(struct rego_work *work, const struct rego_value *schema, const struct rego_value *document,
		       struct rego_list *faults)
{
	struct match m = {work, schema, faults};
	return match(&m, schema, document, NULL) && !rego_failed(work);
}
