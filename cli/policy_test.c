/* ctshim policy test: rules named test_... must be true. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_out.h"
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

static bool is_test(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot != NULL && strncmp(dot + 1, "test_", 5) == 0;
}

/* The engine's names live until it is called again. A rule with several definitions comes once for each. */
static int list_tests(struct rego *rego, char ***names, size_t *count)
{
	const char *name;
	for (size_t i = 0; (name = rego_rule_name(rego, i)) != NULL; i++) {
		bool known = !is_test(name);
		for (size_t n = 0; n < *count && !known; n++)
			known = strcmp((*names)[n], name) == 0;
		if (known)
			continue;
		char **grown = realloc(*names, (*count + 1) * sizeof *grown);
		if (grown == NULL)
			return -1;
		*names = grown;
		if ((grown[*count] = strdup(name)) == NULL)
			return -1;
		++*count;
	}
	return 0;
}

static bool run_test(struct rego *rego, const char *name, cJSON *array)
{
	struct rego_error error = {.code = REGO_OK};
	const char *json = NULL;
	char message[800] = "";
	bool broken = rego_eval_rule(rego, name, &json, &error) < 0;
	bool passed = !broken && json != NULL && strcmp(json, "true") == 0;
	if (broken)
		snprintf(message, sizeof message, "%s:%u:%u: %s: %s", error.file, error.line, error.column,
			 rego_code_name(error.code), error.message);
	else if (!passed)
		snprintf(message, sizeof message, "it is %.100s", json != NULL ? json : "undefined");
	if (array != NULL) {
		cJSON *object = json_put(array, NULL, cJSON_CreateObject());
		json_put_text(object, "name", name);
		json_put_text(object, "result", passed ? "pass" : broken ? "error" : "fail");
		if (!passed)
			json_put_text(object, "message", message);
	} else {
		put_safe(stdout, name);
		printf(": %s", passed ? "pass" : broken ? "error: " : "fail: ");
		put_safe(stdout, message);
		putchar('\n');
	}
	return passed;
}

static int run_tests(struct rego *rego, bool json)
{
	struct rego_error error;
	char **names = NULL;
	size_t count = 0, passed = 0;
	if (rego_compile(rego, &error) < 0)
		return policy_complain(&error, "policy");
	cJSON *array = json ? cJSON_CreateArray() : NULL;
	int status = list_tests(rego, &names, &count) < 0 ? complainf("out of memory") : EXIT_OK;
	for (size_t i = 0; i < count && status == EXIT_OK; i++)
		passed += run_test(rego, names[i], array);
	if (status == EXIT_OK && count == 0)
		status = complainf("no rule is named test_...: there is nothing to test");
	if (json) {
		json_print(array, true);
		putchar('\n');
	} else if (count > 0) {
		printf("%zu of %zu passed\n", passed, count);
	}
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
	cJSON_Delete(array);
	return passed == count ? status : EXIT_FAILED;
}

int policy_test(const struct command *command, int argc, char **argv)
{
	int rest, status;
	bool json = false;
	const char *data = NULL;
	struct rego *rego = rego_new(NULL);
	const struct option_spec specs[] = {
		{"data", 'd', OPTION_TEXT, &data}, {"json", 0, OPTION_FLAG, &json}, {NULL, 0, OPTION_FLAG, NULL}};
	status = parse_options(command, argc, argv, specs, false, &rest);
	if (status == OPTIONS_OK && rest == argc)
		status = usage_error(command->name, "test: give a PATH");
	if (status == OPTIONS_OK && rego == NULL)
		status = complainf("out of memory");
	if (status == OPTIONS_OK) {
		status = EXIT_FAILED;
		if (policy_walk(argv + rest, argc - rest, add, rego) == 0 && policy_set_data(rego, data) == 0)
			status = finish_stdout(run_tests(rego, json));
	}
	rego_free(rego);
	return status;
}
