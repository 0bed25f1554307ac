#include <stdio.h>

#include "command.h"
#include "inspect.h"
#include "model_file.h"
#include "options.h"
#include "say.h"

static const char help[] =
	"Usage: ctshim inspect FILE [--json]\n"
	"\n"
	"Show what is in a safetensors file, encrypted or not: tensors, which of them are encrypted and\n"
	"how, names of the keys, policy, metadata. Needs no key, and so checks no signature: see\n"
	"ctshim verify for that.\n"
	"\n"
	"      --json   one object for programs; numbers are exact\n"
	"\n"
	"Exit status: 0 done; 1 failed; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  ctshim inspect model-encrypted/model.safetensors\n"
	"  ctshim inspect model.safetensors --json | jq -r '.tensors[].name'\n";

static int run(const struct command *command, int argc, char **argv)
{
	int rest;
	bool json = false;
	struct ct_error err;
	struct model_file file;
	const struct option_spec specs[] = {
		{"json", 0, OPTION_FLAG, &json},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int status = parse_options(command, argc, argv, specs, false, &rest);
	if (status != OPTIONS_OK)
		return status;
	if (argc - rest != 1)
		return usage_error(command->name, "give one FILE");
	if (model_file_open(&file, argv[rest], &err) < 0)
		return complain(argv[rest], &err);
	status = EXIT_OK;
	if (!json)
		inspect_text(argv[rest], file.model);
	else if (inspect_json(argv[rest], file.model) < 0)
		status = EXIT_FAILED;
	model_file_close(&file);
	return finish_stdout(status);
}

const struct command command_inspect = {"inspect", "show what is in a model file", help, run};
