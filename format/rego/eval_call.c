/* Calls and templates. */
#include "eval.h"

#include <string.h>

#define MOST_OPERANDS 10

static const struct rego_value *call_builtin(struct rego_eval *eval, const struct rego_builtin *builtin,
					     const struct rego_value *const *args)
{
	struct rego_call call = {.work = eval->work, .builtin = builtin, .environment = &eval->environment};
	const struct rego_value *value = builtin->function(&call, args);
	if (call.failure == REGO_CALL_GOOD)
		return value;
	if (eval->strict)
		rego_fail(eval->work, call.failure == REGO_CALL_TYPE ? REGO_EVAL_TYPE : REGO_EVAL_BUILTIN, "%s: %s",
			  builtin->name, call.message);
	return NULL;
}

/* `with` may have put another function, or a value, in the place of this one. The latest counts. */
static const struct rego_mock *find_mock(const struct rego_eval *eval, const struct rego_step *step)
{
	for (size_t i = eval->world->mock_count; i > 0; i--) {
		const struct rego_mock *mock = &eval->world->mocks[i - 1];
		if (step->kind == REGO_STEP_FUNCTION ? mock->what->target == REGO_WITH_FUNCTION && mock->what->node == step->node
						     : mock->what->target == REGO_WITH_BUILTIN
							       && mock->what->builtin == step->builtin)
			return mock;
	}
	return NULL;
}

/* What takes a function's place sees the functions as they are. */
static const struct rego_value *call_mock(struct rego_eval *eval, const struct rego_mock *mock,
					  const struct rego_value *const *args)
{
	if (mock->value != NULL)
		return mock->value;
	if (mock->what->new_builtin != NULL)
		return call_builtin(eval, mock->what->new_builtin, args);
	struct rego_world *world = eval->world, *plain = rego_plain_world(eval);
	if (plain == NULL)
		return NULL;
	eval->world = plain;
	const struct rego_value *value = rego_call_function(eval, mock->what->new_node, args);
	eval->world = world;
	return value;
}

static const struct rego_value *relation(struct rego_eval *eval, const struct rego_step *step, const struct rego_value *value)
{
	if (!step->iterates || value == NULL)
		return value;
	const struct rego_value **items = rego_alloc(eval->work, sizeof(struct rego_value *));
	if (items == NULL)
		return NULL;
	items[0] = value;
	return rego_array(eval->work, items, 1);
}

const struct rego_value *rego_call_step(struct rego_eval *eval, struct rego_frame *frame, const struct rego_step *step)
{
	const struct rego_value *few[MOST_OPERANDS], **args = few;
	if (step->item_count > MOST_OPERANDS)
		args = rego_alloc_array(eval->work, step->item_count, sizeof(struct rego_value *));
	for (size_t i = 0; i < step->item_count && args != NULL; i++)
		if ((args[i] = rego_value_of(eval, frame, step->items[i])) == NULL)
			return NULL;
	if (args == NULL)
		return NULL;
	const struct rego_mock *mock = eval->world->mock_count > 0 ? find_mock(eval, step) : NULL;
	if (mock != NULL)
		return relation(eval, step, call_mock(eval, mock, args));
	return step->kind == REGO_STEP_FUNCTION ? rego_call_function(eval, step->node, args)
						: call_builtin(eval, step->builtin, args);
}

static const struct rego_value *as_text(struct rego_eval *eval, const struct rego_value *value)
{
	return value->type == REGO_STRING ? value : rego_term_write(eval->work, value);
}

/* Strings as they are; expressions come as sets of their value, empty where it is undefined. */
static const struct rego_value *template_part(struct rego_eval *eval, struct rego_frame *frame,
					      const struct rego_operand *operand)
{
	const struct rego_value *value = rego_value_of(eval, frame, operand);
	if (value == NULL || operand->kind == REGO_O_VALUE)
		return value;
	if (value->list.count > 1) {
		rego_fail(eval->work, REGO_CONFLICT, "template-strings must not produce multiple outputs");
		return NULL;
	}
	return value->list.count == 0 ? rego_text(eval->work, "<undefined>") : as_text(eval, value->list.items[0]);
}

const struct rego_value *rego_template_step(struct rego_eval *eval, struct rego_frame *frame, const struct rego_step *step)
{
	const struct rego_value **parts = rego_alloc_array(eval->work, step->item_count, sizeof(struct rego_value *));
	size_t len = 0;
	for (size_t i = 0; i < step->item_count && parts != NULL; i++) {
		parts[i] = template_part(eval, frame, step->items[i]);
		if (parts[i] == NULL)
			return NULL;
		len += parts[i]->string.len;
	}
	if (len > eval->work->limits.string)
		rego_fail(eval->work, REGO_LIMIT_STRING, "a string of %zu bytes is too long", len);
	char *bytes = parts != NULL ? rego_alloc(eval->work, len) : NULL;
	if (bytes == NULL)
		return NULL;
	char *at = bytes;
	for (size_t i = 0; i < step->item_count; i++)
		at = mempcpy(at, parts[i]->string.bytes, parts[i]->string.len);
	return rego_string_take(eval->work, bytes, len);
}
