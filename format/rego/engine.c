/* The public functions: what an engine holds, and the works that it is done in. */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"
#include "utf8.h"

#define LARGEST_SOURCE ((size_t)1 << 20)

const struct rego_limits rego_default_limits = {
	.memory = (size_t)16 << 20,
	.steps = 20000000,
	.nanoseconds = 2000000000,
	.stack = (size_t)80 << 10,
	.string = (size_t)1 << 20,
	.collection = 100000,
	.nesting = 100,
	.bits = 4096,
};

struct rego *rego_new(const struct rego_limits *limits)
{
	struct rego *rego = calloc(1, sizeof *rego);
	if (rego == NULL)
		return NULL;
	rego->limits = limits != NULL ? *limits : rego_default_limits;
	rego_work_begin(&rego->modules, &rego->limits, &rego->error);
	rego_work_begin(&rego->data_work, &rego->limits, &rego->error);
	rego_work_begin(&rego->input_work, &rego->limits, &rego->error);
	rego_work_begin(&rego->evaluation, &rego->limits, &rego->error);
	rego->data = &rego_empty_object;
	rego->strict = true;
	rego->program.last_module = &rego->program.modules;
	return rego;
}

void rego_free(struct rego *rego)
{
	if (rego == NULL)
		return;
	rego_work_end(&rego->modules);
	rego_work_end(&rego->data_work);
	rego_work_end(&rego->input_work);
	rego_work_end(&rego->evaluation);
	free(rego);
}

/* Go on in an arena: time, steps and stack begin anew. */
static struct rego_work *go_on(struct rego *rego, struct rego_work *work)
{
	struct rego_work fresh;
	rego_work_begin(&fresh, &rego->limits, &rego->error);
	fresh.blocks = work->blocks;
	fresh.used = work->used;
	*work = fresh;
	return work;
}

/* An empty arena. */
struct rego_work *rego_start_work(struct rego *rego, struct rego_work *work)
{
	rego_work_end(work);
	work->used = 0;
	return go_on(rego, work);
}

/* The engine's error is the caller's. */
int rego_finish(struct rego *rego, struct rego_work *work, struct rego_error *error)
{
	rego->usage.memory = work->used;
	rego->usage.steps = work->steps;
	*error = rego->error;
	return rego_failed(work) ? -1 : 0;
}

static char *copy_text(struct rego_work *work, const char *text, size_t len)
{
	char *copy = rego_alloc(work, len + 1);
	if (copy != NULL && len > 0)
		memcpy(copy, text, len);
	return copy;
}

static bool check_source(struct rego_work *work, const char *text, size_t len)
{
	if (len > LARGEST_SOURCE)
		return rego_fail(work, REGO_LIMIT_SOURCE, "a text of %zu bytes is longer than %zu", len, LARGEST_SOURCE);
	if (!rego_utf8_valid(text, len))
		return rego_fail(work, REGO_PARSE, "the text is no UTF-8");
	return true;
}

int rego_add_module(struct rego *rego, const char *file, const char *text, size_t len, enum rego_version version,
		    struct rego_error *error)
{
	struct rego_work *work = go_on(rego, &rego->modules);
	rego->usage.frames = 0;
	char *name = copy_text(work, file, strlen(file));
	if (check_source(work, text, len)) {
		char *copy = copy_text(work, text, len);
		struct rego_module *module = copy != NULL && name != NULL ? rego_parse_module(work, name, copy, len, version)
									  : NULL;
		if (module != NULL) {
			*rego->program.last_module = rego->program.newest = module;
			rego->program.last_module = &module->next;
			rego->compiled = false;
		}
	}
	if (rego_failed(work))
		snprintf(rego->error.file, sizeof rego->error.file, "%s", file);
	return rego_finish(rego, work, error);
}

static bool is_word(const struct rego_value *value)
{
	size_t i = 0;
	for (; i < value->string.len; i++) {
		char c = value->string.bytes[i];
		if (!(c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (i > 0 && c >= '0' && c <= '9')))
			return false;
	}
	return i > 0;
}

const char *rego_package(const struct rego *rego)
{
	/* Written on demand into the engine's own memory, of which the caller sees a constant part. */
	struct rego *own = (struct rego *)(uintptr_t)rego;
	const struct rego_module *module = rego->program.newest;
	if (module == NULL)
		return NULL;
	struct rego_work *work = go_on(own, &own->modules);
	size_t size = 5;
	for (size_t i = 1; i < module->package_count; i++)
		size += 6 * module->package[i]->value->string.len + 5;
	char *name = rego_alloc(work, size);
	if (name == NULL)
		return NULL;
	char *at = stpcpy(name, "data");
	for (size_t i = 1; i < module->package_count; i++) {
		const struct rego_value *part = module->package[i]->value;
		bool word = is_word(part);
		const struct rego_value *text = word ? part : rego_json_write(work, part);
		if (text == NULL)
			return NULL;
		*at++ = word ? '.' : '[';
		at = mempcpy(at, text->string.bytes, text->string.len);
		if (!word)
			*at++ = ']';
	}
	*at = '\0';
	return name;
}

int rego_compile(struct rego *rego, struct rego_error *error)
{
	struct rego_work *work = go_on(rego, &rego->modules);
	if (!rego->compiled)
		rego->compiled = rego_compile_program(work, &rego->program) && !rego_failed(work);
	rego->usage.frames = 0;
	return rego_finish(rego, work, error);
}

int rego_set_data(struct rego *rego, const char *json, size_t len, struct rego_error *error)
{
	struct rego_work *work = rego_start_work(rego, &rego->data_work);
	const struct rego_value *value = rego_json_read(work, json, len);
	if (value != NULL && value->type != REGO_OBJECT)
		rego_fail(work, REGO_JSON, "data must be an object");
	rego->data = value != NULL && !rego_failed(work) ? value : &rego_empty_object;
	return rego_finish(rego, work, error);
}

int rego_set_input(struct rego *rego, const char *json, size_t len, struct rego_error *error)
{
	struct rego_work *work = rego_start_work(rego, &rego->input_work);
	const struct rego_value *value = rego_json_read(work, json, len);
	rego->input = rego_failed(work) ? NULL : value;
	return rego_finish(rego, work, error);
}

int rego_set_input_term(struct rego *rego, const char *term, size_t len, struct rego_error *error)
{
	struct rego_work *work = rego_start_work(rego, &rego->input_work);
	rego->input = NULL;
	char *copy = check_source(work, term, len) ? copy_text(work, term, len) : NULL;
	const struct rego_term *parsed = copy != NULL ? rego_parse_one_term(work, copy, len) : NULL;
	if (parsed != NULL)
		rego->input = rego_ground_term(work, parsed);
	return rego_finish(rego, work, error);
}

void rego_set_strict(struct rego *rego, bool strict)
{
	rego->strict = strict;
}

void rego_set_now(struct rego *rego, int64_t now)
{
	rego->now = now;
}

void rego_set_crypto(struct rego *rego, const struct ct_crypto *crypto)
{
	rego->crypto = crypto;
}

struct rego_usage rego_last_usage(const struct rego *rego)
{
	return rego->usage;
}
