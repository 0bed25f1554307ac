#include "launch.h"

#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"

static const char self[] = "/proc/self/exe";
static const char *const places[] = {"", "/../lib", "/../lib/ctshim"};

int launch_find_library(char path[static PATH_MAX], struct ct_error *err)
{
	char home[PATH_MAX], candidate[PATH_MAX + 64];
	ssize_t len = readlink(self, home, sizeof home - 1);
	if (len < 0)
		return ct_fail(err, CT_E_ARGUMENT, "%s: %s: mount /proc, or set LD_PRELOAD yourself", self,
			       strerror(errno));
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
		return ct_fail(err, CT_E_ARGUMENT,
			       "%.300s: a path with a blank or a colon cannot be preloaded: install it elsewhere",
			       path);
	}
	return ct_fail(err, CT_E_ARGUMENT,
		       "libctshim.so is neither in %.300s nor in ../lib from there: build or install it", home);
}

int launch_preload(const char *library, struct ct_error *err)
{
	const char *before = getenv("LD_PRELOAD");
	char *value;
	int status = asprintf(&value, "%s%s%s", library, before != NULL && before[0] != '\0' ? ":" : "",
			      before != NULL ? before : "");
	if (status >= 0) {
		status = setenv("LD_PRELOAD", value, 1);
		free(value);
	}
	return status < 0 ? ct_fail_nomem(err) : 0;
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

int launch_check(const char *library, struct ct_error *err)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		execl(self, "ctshim", "__preloaded", library, (char *)NULL);
		_exit(EXIT_FAILED);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			child = -1;
	if (child < 0)
		return ct_fail(err, CT_E_ARGUMENT, "cannot start a process: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_OK)
		return ct_fail(err, CT_E_ARGUMENT, "%.300s: ld.so does not load it here", library);
	return 0;
}

int launch_give_keys(const char *keys, struct ct_error *err)
{
	char path[PATH_MAX];
	if (realpath(keys, path) == NULL || setenv("CRYPTOTENSOR_KEY_JKU", path, 1) < 0
	    || unsetenv("CRYPTOTENSOR_KEYS") < 0 || unsetenv("CTSHIM_KEY_PATH") < 0)
		return ct_fail(err, CT_E_ARGUMENT, "%.300s: %s", keys, strerror(errno));
	return 0;
}
