/* Builtins, one row for each thing that is known of one: the call as JSON, where {"set": [...]} is a set, and what comes of it:
 * JSON, "undefined", "type: ..." and "failed: ..." for its failures, "limit: ..." for the end of the work. */
#include "rego/builtin.h"
#include "rego/builtin_family.h"
#include "rego_builtin_rows.h"
#include "rego_support.h"

/* With sets in it. */
static const struct rego_value *with_sets(struct rego_work *work, const struct rego_value *value)
{
	if (value->type < REGO_ARRAY)
		return value;
	if (value->type == REGO_OBJECT) {
		const struct rego_value *set = rego_get_text(work, value, "set");
		if (set != NULL && value->object.count == 1) {
			const struct rego_value *list = with_sets(work, set);
			return rego_set(work, (const struct rego_value **)(uintptr_t)list->list.items, list->list.count);
		}
		struct rego_member *members = rego_alloc_array(work, value->object.count, sizeof *members);
		for (size_t i = 0; i < value->object.count; i++) {
			members[i].key = value->object.members[i].key;
			members[i].value = with_sets(work, value->object.members[i].value);
		}
		return rego_object(work, members, value->object.count);
	}
	const struct rego_value **items = rego_alloc_array(work, value->list.count, sizeof *items);
	for (size_t i = 0; i < value->list.count; i++)
		items[i] = with_sets(work, value->list.items[i]);
	return rego_array(work, items, value->list.count);
}

static const char *outcome(struct rego_work *work, const char *json, char message[600])
{
	const struct rego_value *call = with_sets(work, read_json(work, json));
	const struct rego_value *name = call->list.items[0];
	const struct rego_builtin *builtin = rego_builtin_find(name->string.bytes, name->string.len);
	ck_assert_msg(builtin != NULL, "%s: no such builtin", json);
	ck_assert_msg(builtin->arity == call->list.count - 1, "%s: takes %u", json, builtin->arity);
	struct rego_environment environment = {.now = 1};
	struct rego_call made = {.work = work, .builtin = builtin, .environment = &environment};
	const struct rego_value *result = builtin->function(&made, call->list.items + 1);
	if (rego_failed(work))
		snprintf(message, 600, "limit: %s", rego_code_name(work->error->code));
	else if (result != NULL)
		return as_text(work, rego_term_write(work, result));
	else if (made.failure == REGO_CALL_GOOD)
		snprintf(message, 600, "undefined");
	else
		snprintf(message, 600, "%s: %s", made.failure == REGO_CALL_TYPE ? "type" : "failed", made.message);
	return message;
}

START_TEST(row)
{
	struct rego_error error;
	struct rego_work work;
	char message[600];
	rego_work_begin(&work, &test_limits, &error);
	const char *got = outcome(&work, builtin_rows[_i].call, message);
	ck_assert_msg(strcmp(got, builtin_rows[_i].result) == 0, "%s: %s, not %s", builtin_rows[_i].call, got,
		      builtin_rows[_i].result);
	rego_work_end(&work);
}
END_TEST

/* What was given is the same afterwards: arguments belong to others too. */
START_TEST(arguments_stay)
{
	struct rego_error error;
	struct rego_work work;
	for (size_t i = 0; i < COUNT(builtin_rows); i++) {
		rego_work_begin(&work, &test_limits, &error);
		const struct rego_value *call = with_sets(&work, read_json(&work, builtin_rows[i].call));
		const char *before = as_text(&work, rego_term_write(&work, call));
		const struct rego_builtin *builtin =
			rego_builtin_find(call->list.items[0]->string.bytes, call->list.items[0]->string.len);
		struct rego_environment environment = {.now = 1};
		struct rego_call made = {.work = &work, .builtin = builtin, .environment = &environment};
		builtin->function(&made, call->list.items + 1);
		error.code = REGO_OK;
		work.steps = 0;
		ck_assert_str_eq(as_text(&work, rego_term_write(&work, call)), before);
		rego_work_end(&work);
	}
}
END_TEST

/* Whatever its limits are, a builtin ends, and the work says why. */
START_TEST(every_step_may_be_the_last)
{
	struct rego_error error;
	struct rego_work work;
	for (size_t i = 0; i < COUNT(builtin_rows); i++)
		for (uint64_t steps = 0; steps < 12; steps++) {
			rego_work_begin(&work, &test_limits, &error);
			const struct rego_value *call = with_sets(&work, read_json(&work, builtin_rows[i].call));
			const struct rego_builtin *builtin =
				rego_builtin_find(call->list.items[0]->string.bytes, call->list.items[0]->string.len);
			struct rego_environment environment = {.now = 1};
			struct rego_call made = {.work = &work, .builtin = builtin, .environment = &environment};
			work.limits.steps = work.steps + steps;
			const struct rego_value *result = builtin->function(&made, call->list.items + 1);
			ck_assert(result == NULL || error.code == REGO_OK || error.code == REGO_LIMIT_STEPS);
			rego_work_end(&work);
		}
}
END_TEST

static const struct rego_family *const families[] = {
#define FAMILY(name) &rego_family_##name,
#include "rego/builtin_list.h"
#undef FAMILY
};

START_TEST(the_table_is_sorted)
{
	for (size_t i = 0; i < COUNT(families); i++)
		for (size_t j = 0; j < families[i]->count; j++) {
			const struct rego_builtin *builtin = &families[i]->rows[j];
			ck_assert(j == 0 || strcmp(families[i]->rows[j - 1].name, builtin->name) < 0);
			ck_assert_ptr_eq(rego_builtin_find(builtin->name, strlen(builtin->name)), builtin);
		}
	static const char *const unknown[] = {"", "a", "coun", "counts", "zzz", "object", "http.sent"};
	for (size_t i = 0; i < COUNT(unknown); i++)
		ck_assert_ptr_null(rego_builtin_find(unknown[i], strlen(unknown[i])));
	ck_assert_ptr_nonnull(rego_builtin_find("counter", 5));
}
END_TEST

/* Large results are charged before they are made. */
static const struct {
	const char *name;
	const char *args; /* "big": a string of half a MiB */
	enum rego_code code;
} hostile[] = {
	{"concat", "[\"big\", [\"\",\"\",\"\",\"\"]]", REGO_LIMIT_STRING},
	{"replace", "[\"big\", \"a\", \"aaaa\"]", REGO_LIMIT_STRING},
	{"replace", "[\"aaaa\", \"\", \"big\"]", REGO_LIMIT_STRING},
	{"strings.replace_n", "[{\"a\":\"big\"}, \"aaaa\"]", REGO_LIMIT_STRING},
	{"sprintf", "[\"%1000000d%1000000d\", [1,2]]", REGO_LIMIT_STRING},
	{"sprintf", "[\"%*d%*d\", [1000000,1,999999,2]]", REGO_LIMIT_STRING},
	{"sprintf", "[\"%.1000000f %.1000000e\", [0.1, 0.1]]", REGO_LIMIT_STRING},
	{"sprintf", "[\"%s%s%s\", [\"big\",\"big\",\"big\"]]", REGO_LIMIT_STRING},
	{"sprintf", "[\"%q%x\", [\"big\",\"big\"]]", REGO_LIMIT_STRING},
	{"base64.encode", "[\"huge\"]", REGO_LIMIT_STRING},
	{"hex.encode", "[\"huge\"]", REGO_LIMIT_STRING},
	{"urlquery.encode", "[\"signs\"]", REGO_LIMIT_STRING},
	{"split", "[\"big\", \"\"]", REGO_LIMIT_COLLECTION},
	{"split", "[\"big\", \"a\"]", REGO_LIMIT_COLLECTION},
	{"strings.split_n", "[\"big\", \"a\", 2]", REGO_LIMIT_COLLECTION},
	{"indexof_n", "[\"big\", \"a\"]", REGO_LIMIT_COLLECTION},
	{"numbers.range", "[0, 1000000000000]", REGO_LIMIT_COLLECTION},
	{"numbers.range", "[1e1000, -1e1000]", REGO_LIMIT_COLLECTION},
	{"numbers.range_step", "[0, 1e30, 1e24]", REGO_LIMIT_COLLECTION},
	{"bits.lsh", "[1, 1000000000]", REGO_LIMIT_NUMBER},
	{"mul", "[1e900000000, 1e900000000]", REGO_LIMIT_NUMBER},
	{"product", "[[1e600000000, 1e600000000]]", REGO_LIMIT_NUMBER},
	{"format_int", "[1e100000, 16]", REGO_LIMIT_NUMBER},
};

static const struct rego_value *fill_in(struct rego_work *work, const struct rego_value *value)
{
	bool signs = rego_is_text(value, "signs");
	size_t len = rego_is_text(value, "big") || signs ? 512 << 10 : rego_is_text(value, "huge") ? 900 << 10 : 0;
	if (len != 0) {
		char *bytes = rego_alloc(work, len);
		memset(bytes, signs ? '%' : 'a', len);
		return rego_string_take(work, bytes, len);
	}
	if (value->type == REGO_ARRAY) {
		const struct rego_value **items = rego_alloc_array(work, value->list.count, sizeof *items);
		for (size_t i = 0; i < value->list.count; i++)
			items[i] = fill_in(work, value->list.items[i]);
		return rego_array(work, items, value->list.count);
	}
	if (value->type != REGO_OBJECT)
		return value;
	struct rego_member *member = rego_alloc(work, sizeof *member);
	*member = (struct rego_member){value->object.members->key, fill_in(work, value->object.members->value)};
	return rego_object(work, member, 1);
}

START_TEST(hostile_calls)
{
	struct rego_error error;
	struct rego_work work;
	rego_work_begin(&work, &test_limits, &error);
	const struct rego_value *args = fill_in(&work, read_json(&work, hostile[_i].args));
	const struct rego_builtin *builtin = rego_builtin_find(hostile[_i].name, strlen(hostile[_i].name));
	struct rego_call call = {.work = &work, .builtin = builtin};
	ck_assert_uint_eq(builtin->arity, args->list.count);
	ck_assert_ptr_null(builtin->function(&call, args->list.items));
	ck_assert_msg(error.code == hostile[_i].code, "%s: %s", hostile[_i].name, error.message);
	rego_work_end(&work);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rego_builtins");
	TCase *tcase = add_case(suite, "builtins");
	tcase_add_test(tcase, the_table_is_sorted);
	tcase_add_loop_test(tcase, row, 0, COUNT(builtin_rows));
	tcase_add_test(tcase, arguments_stay);
	tcase_add_test(tcase, every_step_may_be_the_last);
	tcase_add_loop_test(tcase, hostile_calls, 0, COUNT(hostile));
	return run_suite(suite);
}
