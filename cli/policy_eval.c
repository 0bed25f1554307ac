/* ctshim policy eval: the answer to a query. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_command.h"
#include "say.h"

static int add(void *rego, const char *path, const char *text, size_t len)
{
	struct rego_error error;
	if (rego_add_module(rego, path, text, len, REGO_V1_OR_V0, &error) == 0)
		return 0;
	policy_complain(&error, path);
	return -1;
}

static int evaluate(struct rego *rego, const char *query, bool fail)
{
	struct rego_error error;
	const char *json;
	if (rego_compile(rego, &error) < 0 || rego_eval_query(rego, query, strlen(query), &json, &error) < 0)
		return policy_complain(&error, "query");
	policy_print_json(json, "");
	bool satisfied = strcmp(json, "[]") != 0 && strstr(json, "\"expressions\":[false]") == NULL;
	return fail && !satisfied ? EXIT_FAILED : EXIT_OK;
}

int policy_eval(const struct command *command, int argc, char **argv)
{
	int rest, status;
	bool fail = false;
	const char *input = NULL, *data = NULL;
	struct text_list modules = {0};
	struct rego *rego = rego_new(NULL);
	const struct option_spec specs[] = {
		{"module", 'm', OPTION_LIST, &modules},
		{"input", 'i', OPTION_TEXT, &input},
		{"data", 'd', OPTION_TEXT, &data},
		{"fail", 0, OPTION_FLAG, &fail},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	status = parse_options(command, argc, argv, specs, false, &rest);
	if (status == OPTIONS_OK && argc - rest != 1)
		status = usage_error(command->name, "eval: give one QUERY");
	if (status == OPTIONS_OK && rego == NULL)
		status = complainf("out of memory");
	if (status != OPTIONS_OK)
		goto out;
	status = EXIT_FAILED;
	if (policy_walk((char **)modules.items, (int)modules.count, add, rego) < 0 || policy_set_data(rego, data) < 0
	    || policy_set_input(rego, input) < 0)
		goto out;
	status = finish_stdout(evaluate(rego, argv[rest], fail));
out:
	free(modules.items);
	rego_free(rego);
	return status;
}
