#include <stdio.h>
#include <string.h>

#include "policy_command.h"
#include "say.h"

static const char help[] =
	"Usage: ctshim policy check PATH... [--json]\n"
	"       ctshim policy eval [--module PATH]... [--input FILE] [--data FILE] [--fail] QUERY\n"
	"       ctshim policy test PATH... [--data FILE] [--json]\n"
	"       ctshim policy explain MODEL [--policy PATH] [--input FILE] [--all] [--json]\n"
	"\n"
	"Access policies, in Rego (v1, or else v0). A PATH is a module, or a directory: then every *.rego below it.\n"
	"\n"
	"check    Do these modules compile, together? 'FILE: ok: ...' for each, or FILE:LINE:COLUMN: and what is\n"
	"         wrong. --json: an array of objects: file, status (ok, failed), package, rego (1, 0), and for a\n"
	"         failure error: code, line, column, message.\n"
	"\n"
	"eval     The answer to a query, as JSON: an array with an object for each way to satisfy it (bindings,\n"
	"         expressions), [] when it is undefined. Errors of builtins are errors, as when a model is loaded.\n"
	"         -m, --module PATH   can be repeated        -i, --input FILE   JSON, the document input\n"
	"         -d, --data FILE     JSON object: data      --fail             failed unless it is defined and not false\n"
	"\n"
	"test     Evaluate the rules whose names begin with test_; each must be true. --json: an array of objects:\n"
	"         name, result (pass, fail, error), message.\n"
	"\n"
	"explain  What would the policies decide of this model, here and now: the one in the file and the\n"
	"         operator's (CTSHIM_POLICY, or --policy), with the input that they see. No key is needed, and so no\n"
	"         signature checked: see ctshim verify. The process that they see is ctshim itself.\n"
	"         --input FILE  in the place of what would be collected; --all: collect what no policy speaks of, too.\n"
	"         --json: an object: model, decision (allow, deny), file, operator (outcome, why), input.\n"
	"\n"
	"Exit status: 0 done (check: all compile; test: all pass; explain: allowed); 1 failed or denied; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  ctshim policy check policy.rego\n"
	"  ctshim policy eval --module policy.rego --input input.json data.model.allow\n";

static int run(const struct command *command, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct command *command, int argc, char **argv);
	} subcommands[] = {
		{"check", policy_check}, {"eval", policy_eval}, {"test", policy_test}, {"explain", policy_explain}};
	if (argc < 2)
		return usage_error(command->name, "give check, eval, test or explain");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		fputs(help, stdout);
		return finish_stdout(EXIT_OK);
	}
	for (size_t i = 0; i < sizeof subcommands / sizeof *subcommands; i++)
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return subcommands[i].run(command, argc - 1, argv + 1);
	return usage_error(command->name, "'%s' is neither check, eval, test nor explain", argv[1]);
}

const struct command command_policy = {"policy", "check, evaluate, test and explain access policies", help, run};
