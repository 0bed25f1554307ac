#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "doctor_out.h"
#include "elf_library.h"
#include "json_out.h"
#include "options.h"
#include "say.h"

static const char help[] =
	"Usage: ctshim doctor [--model FILE [--keys FILE]] [--all] [--json] [PROGRAM|PID|FILE]...\n"
	"       ctshim doctor [--model FILE [--keys FILE]] [--all] [--json] -- COMMAND [ARGUMENT]...\n"
	"\n"
	"Can programs find encrypted models decrypted here, and if not, why? What is given is looked at and not\n"
	"run: a program on PATH, a file (a program, a script, a library), or the number of a process (a file that\n"
	"is named like a number: ./123). Behind -- stands one command with its arguments, as it is to be run.\n"
	"It tells which of the I/O functions that are imported the library serves, and which serving mode fits\n"
	"(CTSHIM_SERVE). A warning is what a look at machine code or text suggests: it may be harmless.\n"
	"\n"
	"  -m, --model FILE   check the keys, the settings in the environment, and this model: signature, policy,\n"
	"                     every tag; then have a program read it under the library, and compare each byte.\n"
	"                     With one PID: with the settings and keys that this process was started with\n"
	"  -k, --keys FILE    key file for --model (default: CRYPTOTENSOR_KEYS, CRYPTOTENSOR_KEY_JKU,\n"
	"                     CTSHIM_KEY_PATH)\n"
	"  -a, --all          (or --verbose) every I/O function that is imported, and every file looked at\n"
	"      --json         one object: ok; library (path or null); targets, each with target, kind (program,\n"
	"                     script, library, process, nothing), served (true, false, or null: cannot tell),\n"
	"                     program, loader, pid, mode, mode_reason, findings (level: problem, warning or\n"
	"                     note; id; subject; message), functions (how many are served, harmless, past) and\n"
	"                     files (their names); model (or null) with file, readable and steps (step;\n"
	"                     status: ok, warning, failed; message)\n"
	"\n"
	"Exit status: 0 all can be served; 1 something cannot, or is wrong; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  ctshim doctor python3 node ./server\n"
	"  ctshim doctor --model model-encrypted/model.safetensors --keys keys.jwk -- python3 serve.py\n";

struct doctor {
	bool all, json;
	char library[PATH_MAX];
	struct doctor_report own; /* what is wrong with our library: part of each report */
	cJSON *root, *targets;
	bool ok, shown;
	unsigned count; /* targets */
	pid_t pid;      /* of the last one, when it is a process */
};

static void show(struct doctor *doctor, const struct doctor_report *report)
{
	if (report->failed)
		complainf("out of memory");
	doctor->count++;
	doctor->pid = report->pid;
	doctor->ok = doctor->ok && !report->failed && !doctor_has(report, DOCTOR_PROBLEM);
	if (doctor->json) {
		json_put(doctor->targets, NULL, doctor_json(report));
		return;
	}
	if (doctor->shown)
		putchar('\n');
	doctor->shown = true;
	doctor_text(report, doctor->all);
}

static void begin(struct doctor *doctor, struct doctor_report *report, const char *name)
{
	doctor_report_init(report, name, doctor->own.library);
	for (size_t i = 0; i < doctor->own.finding_count; i++) {
		const struct doctor_finding *finding = &doctor->own.findings[i];
		doctor_find(report, finding->level, finding->id, finding->subject, "%s", finding->text);
	}
}

static void examine(struct doctor *doctor, const char *name)
{
	struct doctor_report report;
	begin(doctor, &report, name);
	doctor_examine(&report, name);
	show(doctor, &report);
	doctor_report_clear(&report);
}

static void examine_command(struct doctor *doctor, char **argv)
{
	struct doctor_report report;
	char name[512] = "";
	for (char **at = argv; *at != NULL; at++) {
		size_t len = strlen(name);
		snprintf(name + len, sizeof name - len, "%s%s", len > 0 ? " " : "", *at);
	}
	begin(doctor, &report, name);
	doctor_examine_command(&report, argv);
	show(doctor, &report);
	doctor_report_clear(&report);
}

static void check_model(struct doctor *doctor, struct model_check *check, const char *keys)
{
	if (check->path == NULL) {
		if (doctor->json)
			json_put_text(doctor->root, "model", NULL);
		return;
	}
	struct ct_error err;
	char *resolved = keys != NULL ? realpath(keys, NULL) : NULL; /* before another directory is entered */
	if (doctor->count == 1 && doctor->pid != 0 && model_check_adopt(check, doctor->pid, &err) < 0) {
		complain(NULL, &err);
		doctor->ok = false;
	}
	model_check_run(check, resolved != NULL ? resolved : keys, doctor->own.library,
			doctor->own.finding_count > 0 ? doctor->own.findings[0].text : "");
	free(resolved);
	doctor->ok = doctor->ok && !check->failed;
	if (doctor->json) {
		json_put(doctor->root, "model", model_check_json(check));
		return;
	}
	if (doctor->shown)
		putchar('\n');
	model_check_text(check);
}

static int diagnose(struct doctor *doctor, struct model_check *check, const char *keys, char **argv, bool command)
{
	doctor_report_init(&doctor->own, "libctshim.so", NULL);
	doctor_own_library(&doctor->own, doctor->library);
	doctor->ok = !doctor_has(&doctor->own, DOCTOR_PROBLEM);
	doctor->root = cJSON_CreateObject();
	doctor->targets = cJSON_CreateArray();
	if (command)
		examine_command(doctor, argv);
	else
		for (; *argv != NULL; argv++)
			examine(doctor, *argv);
	json_put(doctor->root, "targets", doctor->targets);
	check_model(doctor, check, keys);
	if (doctor->json) {
		json_put_text(doctor->root, "library", doctor->own.library);
		json_put_bool(doctor->root, "ok", doctor->ok);
		if (json_print(doctor->root, true) < 0)
			doctor->ok = false;
		putchar('\n');
	}
	cJSON_Delete(doctor->root);
	doctor_report_clear(&doctor->own);
	return finish_stdout(doctor->ok ? EXIT_OK : EXIT_FAILED);
}

static int run(const struct command *command, int argc, char **argv)
{
	int rest;
	const char *keys = NULL, *model = NULL;
	struct doctor doctor = {0};
	struct model_check check;
	const struct option_spec specs[] = {
		{"model", 'm', OPTION_TEXT, &model},
		{"keys", 'k', OPTION_TEXT, &keys},
		{"all", 'a', OPTION_FLAG, &doctor.all},
		{"verbose", 'v', OPTION_FLAG, &doctor.all},
		{"json", 0, OPTION_FLAG, &doctor.json},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int status = parse_options(command, argc, argv, specs, false, &rest);
	if (status != OPTIONS_OK)
		return status;
	if (rest == argc && model == NULL)
		return usage_error(command->name, "give a PROGRAM, a PID or a FILE, or --model FILE");
	if (keys != NULL && model == NULL)
		return usage_error(command->name, "--keys goes with --model FILE");
	if (rest < argc && elf_library() == NULL)
		return complainf("libelf.so.1 cannot be loaded, by which programs are looked at: install it (Debian: "
				 "libelf1)");
	model_check_init(&check, model);
	status = diagnose(&doctor, &check, keys, argv + rest, rest < argc && strcmp(argv[rest - 1], "--") == 0);
	model_check_clear(&check);
	return status;
}

const struct command command_doctor = {"doctor", "tell whether programs and models can be served", help, run};
