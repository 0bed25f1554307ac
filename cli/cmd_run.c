#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "executable.h"
#include "keyfile.h"
#include "launch.h"
#include "options.h"
#include "say.h"

static const char help[] =
	"Usage: ctshim run [--keys FILE] [--serve MODE] [--] COMMAND [ARGUMENT]...\n"
	"\n"
	"Run a program that finds encrypted models decrypted: libctshim.so, which lies beside ctshim or in\n"
	"../lib, is put in front of LD_PRELOAD. It is made sure that the library can be loaded, and that\n"
	"COMMAND is not of a kind that it cannot reach, such as a statically linked one.\n"
	"\n"
	"  -k, --keys FILE    key file (default: what CRYPTOTENSOR_KEYS, CRYPTOTENSOR_KEY_JKU and\n"
	"                     CTSHIM_KEY_PATH say)\n"
	"      --serve MODE   how mapped files are served: eager (decrypted when they are mapped),\n"
	"                     lazy (decrypted where they are touched) or memfd (programs that pass by libc)\n"
	"                     (default: what CTSHIM_SERVE says)\n"
	"\n"
	"Exit status: that of COMMAND; 126 when it, or the library, cannot be used; 127 when COMMAND is\n"
	"not found; 1 when the key file is bad; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  ctshim run --keys keys.jwk -- python3 serve.py model-encrypted/\n";

enum { EXIT_CANNOT = 126, EXIT_NOT_FOUND = 127 };

static const char *const modes[] = {"eager", "lazy", "memfd"};

/* The key file is read now, so that what is wrong with it shows here and not in the middle of the program. */
static int give_keys(const char *keys)
{
	struct ct_keyset set = {0};
	struct ct_error err;
	int status = keys_load(&set, keys);
	ct_keyset_clear(&set);
	if (status == 0 && launch_give_keys(keys, &err) < 0) {
		complain(NULL, &err);
		status = -1;
	}
	return status;
}

/* Ready the environment for execvp(). */
static int prepare(void)
{
	char library[PATH_MAX];
	struct ct_error err;
	if (launch_find_library(library, &err) < 0 || launch_preload(library, &err) < 0) {
		complain(NULL, &err);
		return -1;
	}
	if (launch_check(library, &err) < 0) {
		complainf("%s: the program would get encrypted bytes, so it is not run: see ctshim doctor", err.message);
		return -1;
	}
	return 0;
}

static int execute(char **argv)
{
	char *program = executable_find(argv[0]);
	if (program == NULL) {
		int problem = errno;
		complainf("%s: %s", argv[0], problem == ENOENT ? "command not found" : strerror(problem));
		return problem == ENOENT || problem == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT;
	}
	const struct obstacle *obstacle = executable_obstacle(program);
	free(program);
	if (obstacle != NULL) {
		complainf("%s: %s", argv[0], obstacle->text);
		return EXIT_CANNOT;
	}
	if (prepare() < 0)
		return EXIT_CANNOT;
	execvp(argv[0], argv);
	int problem = errno;
	complainf("%s: %s", argv[0], strerror(problem));
	return problem == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT;
}

static int run(const struct command *command, int argc, char **argv)
{
	int rest;
	const char *keys = NULL, *serve = NULL;
	bool known = false;
	const struct option_spec specs[] = {
		{"keys", 'k', OPTION_TEXT, &keys},
		{"serve", 0, OPTION_TEXT, &serve},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int status = parse_options(command, argc, argv, specs, true, &rest);
	if (status != OPTIONS_OK)
		return status;
	if (rest == argc)
		return usage_error(command->name, "give a COMMAND");
	for (size_t i = 0; serve != NULL && i < sizeof modes / sizeof *modes; i++)
		known = known || strcmp(serve, modes[i]) == 0;
	if (serve != NULL && !known)
		return usage_error(command->name, "--serve: '%s' is none of eager, lazy and memfd", serve);
	if (serve != NULL && setenv("CTSHIM_SERVE", serve, 1) < 0)
		return complainf("out of memory");
	if (keys != NULL && give_keys(keys) < 0)
		return EXIT_FAILED;
	return execute(argv + rest);
}

const struct command command_run = {"run", "run a program that finds models decrypted", help, run};
