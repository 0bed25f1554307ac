#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rego.h"
#include "sort.h"
#include "value.h"

struct reading {
	struct rego_work *work;
	const struct rego_value *fields;
	bool regorus;
	char *why;
	size_t size;
};

static const struct rego_value *field(const struct reading *reading, const char *name)
{
	const struct rego_value *value = rego_get_text(reading->work, reading->fields, name);
	return value != NULL && value->type == REGO_NULL ? NULL : value;
}

static bool flag(const struct reading *reading, const char *name)
{
	const struct rego_value *value = field(reading, name);
	return value != NULL && value->type == REGO_BOOLEAN && value->boolean;
}

static const struct rego_value *json_of(const struct reading *reading, const struct rego_value *value)
{
	return rego_json_write(reading->work, value);
}

static const struct rego_value *sorted(const struct reading *reading, const struct rego_value *list)
{
	if (list->type != REGO_ARRAY)
		return list;
	const struct rego_value **items = rego_alloc_array(reading->work, list->list.count, sizeof(struct rego_value *));
	if (list->list.count > 0)
		memcpy(items, list->list.items, list->list.count * sizeof(struct rego_value *));
	rego_sort(reading->work, items, list->list.count, 1);
	return rego_array(reading->work, items, list->list.count);
}

/* Regorus's form: {"set!": []}, {"object!": [{"key": k, "value": v}]}, "#undefined". */
static const struct rego_value *plain(const struct reading *reading, const struct rego_value *value);

static const struct rego_value *plain_list(const struct reading *reading, const struct rego_value *list)
{
	const struct rego_value **items = rego_alloc_array(reading->work, list->list.count, sizeof(struct rego_value *));
	for (size_t i = 0; i < list->list.count; i++)
		items[i] = plain(reading, list->list.items[i]);
	return rego_array(reading->work, items, list->list.count);
}

static const struct rego_value *plain_object(const struct reading *reading, const struct rego_value *pairs)
{
	struct rego_member *members = rego_alloc_array(reading->work, pairs->list.count, sizeof *members);
	for (size_t i = 0; i < pairs->list.count; i++) {
		members[i].key = plain(reading, rego_get_text(reading->work, pairs->list.items[i], "key"));
		members[i].value = plain(reading, rego_get_text(reading->work, pairs->list.items[i], "value"));
	}
	return rego_object(reading->work, members, pairs->list.count);
}

static const struct rego_value *plain(const struct reading *reading, const struct rego_value *value)
{
	if (value->type == REGO_ARRAY)
		return plain_list(reading, value);
	if (value->type != REGO_OBJECT)
		return value;
	if (value->object.count == 1 && rego_is_text(value->object.members[0].key, "set!")) {
		const struct rego_value *list = plain_list(reading, value->object.members[0].value);
		const struct rego_value **items = rego_alloc_array(reading->work, list->list.count, sizeof(struct rego_value *));
		if (list->list.count > 0)
			memcpy(items, list->list.items, list->list.count * sizeof(struct rego_value *));
		return rego_set(reading->work, items, list->list.count);
	}
	if (value->object.count == 1 && rego_is_text(value->object.members[0].key, "object!"))
		return plain_object(reading, value->object.members[0].value);
	struct rego_member *members = rego_alloc_array(reading->work, value->object.count, sizeof *members);
	for (size_t i = 0; i < value->object.count; i++)
		members[i] = (struct rego_member){value->object.members[i].key,
						  plain(reading, value->object.members[i].value)};
	return rego_object(reading->work, members, value->object.count);
}

/* A term of Rego, for regorus's inputs. */
static int set_regorus_input(struct rego *rego, const struct reading *reading, const struct rego_value *input,
			     struct rego_error *error)
{
	const struct rego_value *value = plain(reading, input);
	if (rego_is_text(value, "#undefined"))
		return 0;
	const struct rego_value *term = rego_term_write(reading->work, value);
	return rego_set_input_term(rego, term->string.bytes, term->string.len, error);
}

/* Bindings as they are compared: generated variables dropped, top-level arrays sorted where the case says so. */
static const struct rego_value *comparable(const struct reading *reading, const struct rego_value *bindings)
{
	bool drop = flag(reading, "ignore_generated_vars"), sort = flag(reading, "sort_bindings");
	if (bindings->type != REGO_OBJECT)
		return sort ? sorted(reading, bindings) : bindings;
	struct rego_member *members = rego_alloc_array(reading->work, bindings->object.count, sizeof *members);
	size_t count = 0;
	for (size_t i = 0; i < bindings->object.count; i++) {
		const struct rego_member *member = &bindings->object.members[i];
		if (drop && member->key->string.len >= 8 && memcmp(member->key->string.bytes, "__localq", 8) == 0)
			continue;
		members[count].key = member->key;
		members[count++].value = sort ? sorted(reading, member->value) : member->value;
	}
	return rego_object(reading->work, members, count);
}

static const struct rego_value *compared(const struct reading *reading, const struct rego_value *list, bool as_set)
{
	const struct rego_value **items = rego_alloc_array(reading->work, list->list.count, sizeof(struct rego_value *));
	for (size_t i = 0; i < list->list.count; i++)
		items[i] = comparable(reading, list->list.items[i]);
	return as_set ? rego_set(reading->work, items, list->list.count)
		      : rego_array(reading->work, items, list->list.count);
}

/* The rows of OPA: bindings of those whose expressions are all true. */
static const struct rego_value *opa_rows(const struct reading *reading, const struct rego_value *results)
{
	struct rego_list rows = {0};
	for (size_t i = 0; i < results->list.count; i++) {
		const struct rego_value *expressions = rego_get_text(reading->work, results->list.items[i], "expressions");
		bool good = true;
		for (size_t k = 0; k < expressions->list.count; k++)
			good = good && expressions->list.items[k] != &rego_false
			       && !(expressions->list.items[k]->type == REGO_BOOLEAN && !expressions->list.items[k]->boolean);
		if (good)
			rego_list_add(reading->work, &rows, rego_get_text(reading->work, results->list.items[i], "bindings"));
	}
	return rego_array(reading->work, rows.items, rows.count);
}

/* The rows of regorus: bindings, or where there are none the values of the expressions. */
static const struct rego_value *regorus_rows(const struct reading *reading, const struct rego_value *results)
{
	struct rego_list rows = {0};
	for (size_t i = 0; i < results->list.count; i++) {
		const struct rego_value *bindings = rego_get_text(reading->work, results->list.items[i], "bindings");
		const struct rego_value *expressions = rego_get_text(reading->work, results->list.items[i], "expressions");
		if (bindings->object.count > 0)
			rego_list_add(reading->work, &rows, bindings);
		for (size_t k = 0; bindings->object.count == 0 && k < expressions->list.count; k++)
			rego_list_add(reading->work, &rows, expressions->list.items[k]);
	}
	return rego_array(reading->work, rows.items, rows.count);
}

static bool same(const struct reading *reading, const struct rego_value *got, const struct rego_value *want)
{
	if (!reading->regorus)
		return rego_equal(reading->work, compared(reading, got, true), compared(reading, want, true));
	const struct rego_value *json = json_of(reading, plain(reading, want));
	want = rego_json_read(reading->work, json->string.bytes, json->string.len);
	if (rego_is_text(want, "#undefined"))
		return got->list.count == 0;
	if (want->type == REGO_ARRAY && rego_equal(reading->work, compared(reading, got, false), compared(reading, want, false)))
		return true;
	return got->list.count == 1
	       && rego_equal(reading->work, comparable(reading, got->list.items[0]), comparable(reading, want));
}

static bool complain(const struct reading *reading, const char *what, const char *got, const struct rego_value *want)
{
	const struct rego_value *text = want != NULL ? json_of(reading, want) : NULL;
	snprintf(reading->why, reading->size, "%s: got %.600s, wanted %.*s", what, got,
		 text != NULL ? (int)(text->string.len < 600 ? text->string.len : 600) : 0, text != NULL ? text->string.bytes : "");
	return false;
}

static void describe(const struct rego_error *error, char *text, size_t size)
{
	snprintf(text, size, "%s:%u: %s: %s", error->file, error->line, rego_code_name(error->code), error->message);
}

/* An error came: is it the one that is wanted? */
static bool judge_error(const struct reading *reading, const struct rego_error *error)
{
	char text[1024];
	describe(error, text, sizeof text);
	const struct rego_value *code = field(reading, "want_error_code"), *want = field(reading, "want_error");
	if (error->code >= REGO_LIMIT_MEMORY)
		return complain(reading, "a limit", text, want);
	if (reading->regorus)
		return field(reading, "error") != NULL || complain(reading, "an error", text, field(reading, "want_result"));
	if (code == NULL && want == NULL)
		return complain(reading, "an error", text, field(reading, "want_result"));
	if (code != NULL && !rego_is_text(code, rego_code_name(error->code)))
		return complain(reading, "another code", text, code);
	if (want != NULL && memmem(text, strlen(text), want->string.bytes, want->string.len) == NULL)
		return complain(reading, "another error", text, want);
	return true;
}

static int load(struct rego *rego, const struct reading *reading, struct rego_error *error)
{
	const struct rego_value *modules = field(reading, "modules"), *version = field(reading, "rego_version");
	bool v0 = version != NULL ? rego_is_text(version, "v0") : reading->regorus;
	for (size_t i = 0; modules != NULL && i < modules->list.count; i++) {
		const struct rego_value *module = modules->list.items[i];
		char file[32];
		snprintf(file, sizeof file, "test-%zu.rego", i);
		if (rego_add_module(rego, file, module->string.bytes, module->string.len, v0 ? REGO_V0 : REGO_V1, error) < 0)
			return -1;
	}
	const struct rego_value *data = field(reading, "data"), *term = field(reading, "input_term");
	if (data != NULL) {
		const struct rego_value *json = json_of(reading, reading->regorus ? plain(reading, data) : data);
		if (rego_set_data(rego, json->string.bytes, json->string.len, error) < 0)
			return -1;
	}
	if (term != NULL && rego_set_input_term(rego, term->string.bytes, term->string.len, error) < 0)
		return -1;
	return rego_compile(rego, error);
}

static const struct rego_value *many(const struct reading *reading, const struct rego_value *value)
{
	return value != NULL && value->type == REGO_OBJECT ? rego_get_text(reading->work, value, "many!") : NULL;
}

/* Regorus: a list of results, each the values of the expressions. */
static bool same_rows(const struct reading *reading, const struct rego_value *results, const struct rego_value *wants)
{
	if (results->list.count != wants->list.count)
		return false;
	for (size_t i = 0; i < wants->list.count; i++)
		if (!rego_equal(reading->work, rego_get_text(reading->work, results->list.items[i], "expressions"),
				plain(reading, wants->list.items[i])))
			return false;
	return true;
}

static bool run_query(struct rego *rego, const struct reading *reading, const struct rego_value *want)
{
	struct rego_error error;
	const char *json;
	const struct rego_value *query = field(reading, "query");
	if (rego_eval_query(rego, query->string.bytes, query->string.len, &json, &error) < 0)
		return judge_error(reading, &error);
	const struct rego_value *results = rego_json_read(reading->work, json, strlen(json));
	if (results == NULL)
		return complain(reading, "a result that is no JSON", json, NULL);
	if (field(reading, "want_error") != NULL || field(reading, "want_error_code") != NULL || field(reading, "error") != NULL)
		return complain(reading, "no error", json, field(reading, reading->regorus ? "error" : "want_error"));
	if (reading->regorus && want != NULL && many(reading, want) != NULL)
		return same_rows(reading, results, many(reading, want)) || complain(reading, "other results", json, want);
	const struct rego_value *rows = reading->regorus ? regorus_rows(reading, results) : opa_rows(reading, results);
	if (want == NULL || same(reading, rows, want))
		return true;
	return complain(reading, "another result", json, want);
}

static bool run_queries(struct rego *rego, const struct reading *reading)
{
	struct rego_error error;
	/* An input of null is one. */
	const struct rego_value *input = rego_get_text(reading->work, reading->fields, "input");
	const struct rego_value *want = rego_get_text(reading->work, reading->fields, "want_result");
	const struct rego_value *inputs = many(reading, input), *wants = many(reading, want);
	if (inputs == NULL) {
		const struct rego_value *json = input != NULL && !reading->regorus ? json_of(reading, input) : NULL;
		if (json != NULL && field(reading, "input_term") == NULL
		    && rego_set_input(rego, json->string.bytes, json->string.len, &error) < 0)
			return judge_error(reading, &error);
		if (reading->regorus && input != NULL && set_regorus_input(rego, reading, input, &error) < 0)
			return judge_error(reading, &error);
		return run_query(rego, reading, want);
	}
	for (size_t i = 0; i < inputs->list.count; i++) {
		if (set_regorus_input(rego, reading, inputs->list.items[i], &error) < 0)
			return judge_error(reading, &error);
		if (!run_query(rego, reading, wants != NULL ? wants->list.items[i] : want))
			return false;
	}
	return true;
}

static void copy_name(const struct reading *reading, const char *name, char *text, size_t size)
{
	const struct rego_value *value = field(reading, name);
	snprintf(text, size, "%.*s", value != NULL ? (int)value->string.len : 0, value != NULL ? value->string.bytes : "");
}

enum case_result run_case(const char *topic, const char *line, size_t len, struct case_name *name, char *why, size_t size)
{
	struct rego_work work;
	struct rego_error error;
	struct rego_limits limits = rego_default_limits;
	limits.memory = (size_t)256 << 20;
	rego_work_begin(&work, &limits, &error);
	struct reading reading = {&work, rego_json_read(&work, line, len), strncmp(topic, "regorus", 7) == 0, why, size};
	*name = (struct case_name){.number = -1};
	enum case_result result = CASE_FAILED;
	struct rego *rego = rego_new(NULL);
	if (reading.fields == NULL || reading.fields->type != REGO_OBJECT || rego == NULL) {
		snprintf(why, size, "the case cannot be read: %s", error.message);
		goto out;
	}
	copy_name(&reading, "note", name->note, sizeof name->note);
	copy_name(&reading, "file", name->file, sizeof name->file);
	const struct rego_value *number = field(&reading, "case");
	int64_t integer = -1;
	if (number != NULL && number->type == REGO_NUMBER)
		rego_number_int64(&number->number, &integer);
	name->number = (int)integer;
	name->rejects = field(&reading, "error") != NULL;
	if (flag(&reading, "experimental_keywords") || flag(&reading, "skip")) {
		result = CASE_SKIPPED;
		goto out;
	}
	const struct rego_value *strict = field(&reading, "strict");
	rego_set_strict(rego, reading.regorus ? strict == NULL || strict->boolean : flag(&reading, "strict_error"));
	struct rego_error failure;
	bool good = load(rego, &reading, &failure) < 0 ? judge_error(&reading, &failure) : run_queries(rego, &reading);
	result = good ? CASE_PASSED : CASE_FAILED;
out:
	rego_free(rego);
	rego_work_end(&work);
	return result;
}
