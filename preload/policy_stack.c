/* Programs open models on threads with little stack; evaluating takes more than they may have. */
#include "policy_ask.h"
#include "stack.h"

struct question {
	const struct shim_policy_open *open;
	const struct ct_model *model;
	struct ct_error *err;
	int answer;
};

static void ask(void *argument)
{
	struct question *question = argument;
	question->answer = shim_policy_ask(question->open, question->model, question->err);
}

int shim_policy_ask_on_stack(const struct shim_policy_open *open, const struct ct_model *model, struct ct_error *err)
{
	struct question question = {open, model, err, -1};
	struct shim_policy_config config;
	if (shim_policy_config_read(&config, err) < 0)
		return -1;
	if (shim_policy_is_idle(&config, model))
		return 0;
	if (!shim_stack_prepare())
		return ct_fail_nomem(err);
	shim_stack_run(ask, &question);
	return question.answer;
}
