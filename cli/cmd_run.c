#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "executable.h"
#include "keyfile.h"
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
	"      --serve MODE   how mapped files are served: eager (decrypted when they are mapped) or\n"
	"                     memfd (programs that pass by libc) (default: what CTSHIM_SERVE says)\n"
	"\n"
	"Exit status: that of COMMAND; 126 when it, or the library, cannot be used; 127 when COMMAND is\n"
	"not found; 1 when the key file is bad; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  ctshim run --keys keys.jwk -- python3 serve.py model-encrypted/\n";

enum { EXIT_CANNOT = 126, EXIT_NOT_FOUND = 127 };

static const char self[] = "/proc/self/exe";
static const char *const places[] = {"", "/../lib", "/../lib/ctshim"};
static const char *const modes[] = {"eager", "memfd"};

/* The absolute path of the library in `path`, or -1 after telling that there is none. */
static int find_library(char path[static PATH_MAX])
{
	char home[PATH_MAX], candidate[PATH_MAX + 64];
	ssize_t len = readlink(self, home, sizeof home - 1);
	if (len < 0) {
		complainf("%s: %s: mount /proc, or set LD_PRELOAD yourself", self, strerror(errno));
		return -1;
	}
	home[len] = '\0';
	char *slash = strrchr(home, '/');
	if (slash != NULL)
		*slash = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		snprintf(candidate, sizeof candidate, "%s%s/libctshim.so", home, places[i]);
		if (realpath(candidate, path) == NULL)
			continue;
		if (strpbrk(path, " :") == NULL)
			return 0;
		complainf("%s: a path with a blank or a colon cannot be preloaded: install it elsewhere", path);
		return -1;
	}
	complainf("libctshim.so is neither in %s nor in ../lib from there: build or install it", home);
	return -1;
}

/* `library` in front of what is preloaded already. */
static int preload(const char *library)
{
	const char *before = getenv("LD_PRELOAD");
	char *value;
	int status = asprintf(&value, "%s%s%s", library, before != NULL && before[0] != '\0' ? ":" : "",
			      before != NULL ? before : "");
	if (status >= 0) {
		status = setenv("LD_PRELOAD", value, 1);
		free(value);
	}
	if (status < 0)
		complainf("out of memory");
	return status < 0 ? -1 : 0;
}

static int is_library(struct dl_phdr_info *info, size_t size, void *path)
{
	(void)size;
	return strcmp(info->dlpi_name, path) == 0;
}

int command_preloaded(int argc, char **argv)
{
	return argc == 2 && dl_iterate_phdr(is_library, argv[1]) != 0 ? EXIT_OK : EXIT_FAILED;
}

/* ld.so goes on without a library that it cannot load: have it load one and look. */
static int check_loads(const char *library)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		execl(self, "ctshim", "__preloaded", library, (char *)NULL);
		_exit(EXIT_CANNOT);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			child = -1;
	if (child < 0)
		complainf("cannot start a process: %s", strerror(errno));
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		complainf("%s: ld.so does not load it here: the program would get encrypted bytes, so it is not run",
			  library);
	else
		return 0;
	return -1;
}

/* The key file becomes the one source of keys. It is read now, so that what is wrong with it shows
 * here and not in the middle of the program. */
static int give_keys(const char *keys)
{
	char path[PATH_MAX];
	struct ct_keyset set = {0};
	int status = keys_load(&set, keys);
	ct_keyset_clear(&set);
	if (status < 0)
		return -1;
	if (realpath(keys, path) == NULL || setenv("CRYPTOTENSOR_KEY_JKU", path, 1) < 0
	    || unsetenv("CRYPTOTENSOR_KEYS") < 0 || unsetenv("CTSHIM_KEY_PATH") < 0) {
		complainf("%s: %s", keys, strerror(errno));
		return -1;
	}
	return 0;
}

static int execute(char **argv)
{
	char library[PATH_MAX];
	char *program = executable_find(argv[0]);
	if (program == NULL) {
		int problem = errno;
		complainf("%s: %s", argv[0], problem == ENOENT ? "command not found" : strerror(problem));
		return problem == ENOENT || problem == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT;
	}
	const char *obstacle = executable_obstacle(program);
	free(program);
	if (obstacle != NULL) {
		complainf("%s: %s", argv[0], obstacle);
		return EXIT_CANNOT;
	}
	if (find_library(library) < 0 || preload(library) < 0 || check_loads(library) < 0)
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
		return usage_error(command->name, "--serve: '%s' is neither eager nor memfd", serve);
	if (serve != NULL && setenv("CTSHIM_SERVE", serve, 1) < 0)
		return complainf("out of memory");
	if (keys != NULL && give_keys(keys) < 0)
		return EXIT_FAILED;
	return execute(argv + rest);
}

const struct command command_run = {"run", "run a program that finds models decrypted", help, run};
