/* Evaluations: of a rule, of a query. */
#include "engine.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "parser.h"

static int64_t wall_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void begin(struct rego *rego, struct rego_eval *eval, struct rego_world *world)
{
	*world = (struct rego_world){.input = rego->input, .data = rego->data};
	*eval = (struct rego_eval){.work = &rego->evaluation, .program = &rego->program, .world = world};
	eval->strict = rego->strict;
	eval->environment.now = rego->now != 0 ? rego->now : wall_clock();
	eval->environment.config = &rego_empty_object;
	eval->environment.crypto = rego->crypto;
	ssize_t drawn = getrandom(eval->environment.seed, sizeof eval->environment.seed, GRND_NONBLOCK);
	if (drawn < (ssize_t)sizeof eval->environment.seed)
		memcpy(eval->environment.seed, &eval->environment.now, sizeof eval->environment.now);
}

/* The rows of a query; NULL where there are none, or the work has failed. */
static struct rego_row *rows_of(struct rego *rego, const char *text, size_t len, const struct rego_clause **clause,
				struct rego_local **locals)
{
	struct rego_work *work = &rego->evaluation;
	char *copy = rego_alloc(work, len + 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, text, len);
	const struct rego_body *body = rego_parse_query(work, copy, len);
	if (body == NULL || (*clause = rego_compile_query(work, &rego->program, body, locals)) == NULL)
		return NULL;
	struct rego_eval eval;
	struct rego_world world;
	struct rego_row *rows = NULL;
	struct rego_collector collector = {.rows = NULL};
	collector.last_row = &rows;
	begin(rego, &eval, &world);
	rego_run_clause(&eval, *clause, NULL, &collector);
	rego->usage.frames = eval.frames;
	return rego_failed(work) ? NULL : rows;
}

/* Compiles if nobody did. -1 with the error. */
static int prepare(struct rego *rego, struct rego_error *error)
{
	if (!rego->compiled && rego_compile(rego, error) < 0)
		return -1;
	rego_start_work(rego, &rego->evaluation);
	return 0;
}

static const char *terminated(struct rego_work *work, const struct rego_value *text)
{
	char *bytes = text != NULL ? rego_alloc(work, text->string.len + 1) : NULL;
	if (bytes != NULL && text->string.len > 0)
		memcpy(bytes, text->string.bytes, text->string.len);
	return bytes;
}

/* The value of a reference, or NULL. */
static const struct rego_value *value_of_reference(struct rego *rego, const char *reference)
{
	const struct rego_clause *clause;
	struct rego_local *locals;
	const struct rego_row *row = rows_of(rego, reference, strlen(reference), &clause, &locals);
	return row != NULL && clause->plan->path_count > 0 ? row->values[0] : NULL;
}

int rego_eval_rule(struct rego *rego, const char *reference, const char **json, struct rego_error *error)
{
	*json = NULL;
	if (prepare(rego, error) < 0)
		return -1;
	const struct rego_value *value = value_of_reference(rego, reference);
	if (value != NULL)
		*json = terminated(&rego->evaluation, rego_json_write(&rego->evaluation, value));
	return rego_finish(rego, &rego->evaluation, error);
}

int rego_allows(struct rego *rego, const char *reference, bool *allows, bool *undefined, struct rego_error *error)
{
	*allows = false;
	if (undefined != NULL)
		*undefined = false;
	if (prepare(rego, error) < 0)
		return -1;
	const struct rego_value *value = value_of_reference(rego, reference);
	if (rego_finish(rego, &rego->evaluation, error) < 0)
		return -1;
	if (undefined != NULL)
		*undefined = value == NULL;
	*allows = value != NULL && value->type == REGO_BOOLEAN && value->boolean;
	return 0;
}

static const struct rego_value *row_value(struct rego_work *work, const struct rego_clause *clause,
					  const struct rego_local *locals, const struct rego_row *row)
{
	struct rego_member *bindings = rego_alloc_array(work, clause->slots, sizeof *bindings);
	struct rego_member *both = rego_alloc_array(work, 2, sizeof *both);
	size_t count = 0;
	if (bindings == NULL || both == NULL)
		return NULL;
	for (unsigned i = 0; i < clause->slots; i++) {
		if (locals[i].name.len == 0 || rego_name_is(locals[i].name, "_") || row->slots[i] == NULL)
			continue;
		bindings[count].key = rego_string_take(work, locals[i].name.bytes, locals[i].name.len);
		bindings[count++].value = row->slots[i];
		if (bindings[count - 1].key == NULL)
			return NULL;
	}
	both[0] = (struct rego_member){rego_text(work, "bindings"), rego_object(work, bindings, count)};
	both[1] = (struct rego_member){rego_text(work, "expressions"), rego_array(work, row->values, clause->plan->path_count)};
	return rego_failed(work) ? NULL : rego_object(work, both, 2);
}

int rego_eval_query(struct rego *rego, const char *query, size_t len, const char **json, struct rego_error *error)
{
	*json = NULL;
	if (prepare(rego, error) < 0)
		return -1;
	struct rego_work *work = &rego->evaluation;
	const struct rego_clause *clause;
	struct rego_local *locals;
	struct rego_list results = {0};
	for (const struct rego_row *row = rows_of(rego, query, len, &clause, &locals); row != NULL; row = row->next) {
		const struct rego_value *value = row_value(work, clause, locals, row);
		if (value == NULL || !rego_list_add(work, &results, value))
			break;
	}
	const struct rego_value *all = rego_failed(work) ? NULL : rego_array(work, results.items, results.count);
	if (all != NULL)
		*json = terminated(work, rego_json_write(work, all));
	return rego_finish(rego, work, error);
}

const struct rego_value *rego_ground_term(struct rego_work *work, const struct rego_term *term)
{
	struct rego_program nothing = {.root = rego_alloc(work, sizeof(struct rego_node))};
	struct rego_plan plan = {.end = REGO_END_EXISTS};
	struct rego_compiler compiler = {.work = work, .program = &nothing, .package = nothing.root, .plan = &plan};
	struct rego_scope scope;
	if (nothing.root == NULL || !rego_open_scope(&compiler, &scope, false))
		return NULL;
	struct rego_operand *operand = rego_flatten(&compiler, term);
	if (operand != NULL && operand->kind == REGO_O_VALUE)
		return operand->value;
	rego_fail(work, REGO_PARSE, "the term is not ground");
	return NULL;
}

/* "data.a.b" of the rule number i, by modules and in their order; each name once. */
const char *rego_rule_name(struct rego *rego, size_t i)
{
	struct rego_program *program = &rego->program;
	if (i >= program->named_count)
		return NULL;
	return program->names[i];
}
