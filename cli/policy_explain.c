/* ctshim policy explain: what would the policies decide of a model, here and now? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/config.h"
#include "../preload/json_put.h"
#include "../preload/policy_ask.h"
#include "asking.h"
#include "model_file.h"
#include "policy_command.h"
#include "say.h"

struct explanation {
	const char *path;
	bool all, json;
	char *input; /* instead of what would be collected */
};

static const char *outcome(const struct ct_policy_verdict *verdict)
{
	return verdict->outcome == CT_POLICY_ALLOWS ? "allows" : verdict->outcome == CT_POLICY_DENIES ? "denies" : "fails";
}

static bool allowed(const struct shim_policy_report *report)
{
	return report->file.outcome == CT_POLICY_ALLOWS && report->operators.outcome == CT_POLICY_ALLOWS;
}

static void put_verdict(const char *whose, const struct ct_policy_verdict *verdict, const char *instead)
{
	printf("  %s: ", whose);
	fputs(instead != NULL ? instead : outcome(verdict), stdout);
	if (instead == NULL && verdict->why[0] != '\0') {
		fputs(": ", stdout);
		put_safe(stdout, verdict->why);
	}
	if (instead == NULL && verdict->usage.steps > 0)
		printf(" (%llu steps, %zu KiB)", (unsigned long long)verdict->usage.steps, (verdict->usage.memory + 1023) / 1024);
	putchar('\n');
}

static const char *why_not_asked(const struct shim_policy_report *report)
{
	return !report->has_operator ? "there is none"
	       : report->file.outcome != CT_POLICY_ALLOWS ? "not asked any more" : NULL;
}

static void put_text(const struct explanation *explanation, const struct shim_policy_report *report)
{
	put_safe(stdout, explanation->path);
	printf(": loading would be %s\n", allowed(report) ? "allowed" : "denied");
	put_verdict("the policy in the file", &report->file,
		    report->is_default ? "allows everyone with the keys (the default)" : NULL);
	put_verdict("the operator's policy", &report->operators, why_not_asked(report));
	puts("  signature: not checked");
	if (report->input.len == 0) {
		puts("  input: nobody asks for it (--all shows it)");
		return;
	}
	puts("  input:");
	policy_print_json(report->input.data, "    ");
}

static void put_outcome(struct ct_buffer *json, const char *key, const struct ct_policy_verdict *verdict)
{
	shim_json_begin(json, key, '{');
	shim_json_text(json, "outcome", outcome(verdict));
	if (verdict->outcome != CT_POLICY_ALLOWS)
		shim_json_text(json, "why", verdict->why);
	shim_json_end(json, '}');
}

static int put_json(const struct explanation *explanation, const struct shim_policy_report *report)
{
	struct ct_buffer json = {0};
	struct ct_error err;
	shim_json_begin(&json, NULL, '{');
	shim_json_text(&json, "model", explanation->path);
	shim_json_text(&json, "decision", allowed(report) ? "allow" : "deny");
	put_outcome(&json, "file", &report->file);
	if (why_not_asked(report) == NULL)
		put_outcome(&json, "operator", &report->operators);
	if (report->input.len > 0)
		shim_json_value(&json, "input", report->input.data, report->input.len);
	shim_json_end(&json, '}');
	int status = ct_buffer_check(&json, &err);
	if (status == 0)
		policy_print_json(json.data, "");
	ct_buffer_free(&json);
	return status < 0 ? complain(NULL, &err) : EXIT_OK;
}

static int report_on(const struct explanation *explanation, const struct ct_model *model, const struct ct_crypto *crypto)
{
	struct shim_policy_config config;
	struct shim_policy_report report;
	struct ct_error err;
	if (!model->encrypted)
		return complainf("%s: it is not encrypted, and so has no policy", explanation->path);
	if (shim_policy_config_read(&config, &err) < 0)
		return complain(NULL, &err);
	char *path = asking_resolve(explanation->path);
	if (path == NULL)
		return complainf("out of memory");
	struct shim_policy_open open = {.path = path, .crypto = crypto};
	int status = EXIT_OK;
	if (shim_policy_report(&report, &open, model, &config, explanation->input, explanation->all, &err) < 0)
		status = complain(explanation->path, &err);
	else if (explanation->json)
		status = put_json(explanation, &report);
	else
		put_text(explanation, &report);
	if (status == EXIT_OK && !allowed(&report))
		status = EXIT_FAILED;
	shim_policy_report_clear(&report);
	free(path);
	return status;
}

int policy_explain(const struct command *command, int argc, char **argv)
{
	int rest;
	struct ct_error err;
	struct model_file file;
	struct ct_crypto *crypto = NULL;
	struct explanation explanation = {0};
	const char *policy = NULL, *input = NULL;
	const struct option_spec specs[] = {
		{"policy", 0, OPTION_TEXT, &policy},
		{"input", 'i', OPTION_TEXT, &input},
		{"all", 0, OPTION_FLAG, &explanation.all},
		{"json", 0, OPTION_FLAG, &explanation.json},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	size_t len;
	int status = parse_options(command, argc, argv, specs, false, &rest);
	if (status != OPTIONS_OK)
		return status;
	if (argc - rest != 1)
		return usage_error(command->name, "explain: give one MODEL");
	explanation.path = argv[rest];
	if (policy != NULL)
		setenv("CTSHIM_POLICY", policy, 1);
	if (input != NULL && (explanation.input = policy_read_json(input, &len)) == NULL)
		return EXIT_FAILED;
	status = EXIT_FAILED;
	if (model_file_open(&file, explanation.path, &err) < 0) {
		complain(explanation.path, &err);
	} else {
		if (shim_config_crypto(&crypto, &err) < 0)
			complain(NULL, &err);
		else
			status = finish_stdout(report_on(&explanation, file.model, crypto));
		model_file_close(&file);
	}
	ct_crypto_free(crypto);
	free(explanation.input);
	return status;
}
