/* ctshim policy check: do modules compile? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_out.h"
#include "policy_command.h"
#include "say.h"

struct result {
	char *path, *package;
	bool v0;
	struct rego_error error;
};

struct checking {
	struct rego *rego;
	struct result *results;
	size_t count;
	bool failed;
};

static int check_one(void *context, const char *path, const char *text, size_t len)
{
	struct checking *checking = context;
	struct rego_error as_v0;
	struct result *grown = realloc(checking->results, (checking->count + 1) * sizeof *grown);
	if (grown == NULL) {
		complainf("out of memory");
		return -1;
	}
	checking->results = grown;
	struct result *result = &grown[checking->count++];
	*result = (struct result){.path = strdup(path)};
	int status = rego_add_module(checking->rego, path, text, len, REGO_V1, &result->error);
	if (status < 0 && rego_add_module(checking->rego, path, text, len, REGO_V0, &as_v0) == 0) {
		result->v0 = true;
		result->error = (struct rego_error){.code = REGO_OK};
		status = 0;
	}
	if (status == 0)
		result->package = strdup(rego_package(checking->rego));
	checking->failed = checking->failed || status < 0;
	return 0;
}

/* Together they may still contradict each other; the error goes to the module that it names. */
static void compile(struct checking *checking)
{
	struct rego_error error;
	if (checking->failed || checking->count == 0 || rego_compile(checking->rego, &error) == 0)
		return;
	struct result *found = &checking->results[0];
	for (size_t i = 0; i < checking->count; i++) /* a name that was cut is a beginning */
		if (error.file[0] != '\0' && strncmp(checking->results[i].path, error.file, strlen(error.file)) == 0)
			found = &checking->results[i];
	found->error = error;
	checking->failed = true;
}

static void put_text(const struct checking *checking)
{
	for (size_t i = 0; i < checking->count; i++) {
		const struct result *result = &checking->results[i];
		if (result->error.code != REGO_OK) {
			policy_complain(&result->error, result->path);
		} else if (!checking->failed || result->package != NULL) {
			put_safe(stdout, result->path);
			printf(": ok: %s, Rego v%d\n", result->package, result->v0 ? 0 : 1);
		}
	}
}

static int put_json(const struct checking *checking)
{
	cJSON *array = cJSON_CreateArray();
	for (size_t i = 0; i < checking->count; i++) {
		const struct result *result = &checking->results[i];
		cJSON *object = json_put(array, NULL, cJSON_CreateObject());
		json_put_text(object, "file", result->path);
		json_put_text(object, "status", result->error.code != REGO_OK ? "failed" : "ok");
		if (result->package != NULL) {
			json_put_text(object, "package", result->package);
			json_put_number(object, "rego", result->v0 ? 0 : 1);
		}
		if (result->error.code == REGO_OK)
			continue;
		cJSON *error = json_put(object, "error", cJSON_CreateObject());
		json_put_text(error, "code", rego_code_name(result->error.code));
		json_put_number(error, "line", result->error.line);
		json_put_number(error, "column", result->error.column);
		json_put_text(error, "message", result->error.message);
	}
	int status = json_print(array, true);
	putchar('\n');
	cJSON_Delete(array);
	return status;
}

int policy_check(const struct command *command, int argc, char **argv)
{
	int rest, status;
	bool json = false;
	struct checking checking = {.rego = rego_new(NULL)};
	const struct option_spec specs[] = {{"json", 0, OPTION_FLAG, &json}, {NULL, 0, OPTION_FLAG, NULL}};
	status = parse_options(command, argc, argv, specs, false, &rest);
	if (status == OPTIONS_OK && rest == argc)
		status = usage_error(command->name, "check: give a PATH");
	if (status == OPTIONS_OK && checking.rego == NULL)
		status = complainf("out of memory");
	if (status != OPTIONS_OK)
		goto out;
	status = EXIT_FAILED;
	if (policy_walk(argv + rest, argc - rest, check_one, &checking) < 0)
		goto out;
	compile(&checking);
	if (!json)
		put_text(&checking);
	else if (put_json(&checking) < 0)
		goto out;
	status = finish_stdout(checking.failed ? EXIT_FAILED : EXIT_OK);
out:
	for (size_t i = 0; i < checking.count; i++) {
		free(checking.results[i].path);
		free(checking.results[i].package);
	}
	free(checking.results);
	rego_free(checking.rego);
	return status;
}
