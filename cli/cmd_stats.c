#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "say.h"
#include "stats.h"

static const char help[] =
	"Usage: ctshim stats [PID] [--dir DIR] [--json] [--watch]\n"
	"\n"
	"Show what running processes have decrypted: a process that was started under the library with\n"
	"CTSHIM_STATS_DIR=DIR keeps figures of each model in a file there, while it lives. Without PID: all such\n"
	"processes.\n"
	"\n"
	"Decrypted again is what was needed a second time and kept nowhere. Windows are the parts of a lazy mapping\n"
	"(CTSHIM_SERVE=lazy): filled where they were touched, ahead of a reader, or because memory was handed to the\n"
	"kernel. What is there is ordinary memory, so nobody sees whether it is read: windows filled ahead are seen\n"
	"in use when a reader waits for one, or goes past them in sequence; of the others nothing is known.\n"
	"\n"
	"  -d, --dir DIR   where the files are (default: CTSHIM_STATS_DIR)\n"
	"      --json      one object for programs: processes, each with pid, program and models; counts and bytes\n"
	"                  are exact\n"
	"  -w, --watch     again every second, until the process ends\n"
	"\n"
	"Exit status: 0 done; 1 failed, or PID keeps no figures there; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  CTSHIM_STATS_DIR=/run/ctshim ctshim run --keys keys.jwk -- python3 serve.py &\n"
	"  ctshim stats --dir /run/ctshim\n";

static int parse_pid(const char *text, pid_t *pid)
{
	char *end;
	errno = 0;
	long value = strtol(text, &end, 10);
	if (text[0] < '1' || text[0] > '9' || *end != '\0' || errno != 0 || value > INT32_MAX)
		return -1;
	*pid = (pid_t)value;
	return 0;
}

static int explain(const struct stats_list *list, const char *dir, pid_t pid)
{
	if (kill(pid, 0) != 0 && errno == ESRCH)
		return complainf("there is no process %d", (int)pid);
	if (list->unreadable > 0)
		return complainf("process %d: no figures of it in %s can be read, but files of others, or of another "
				 "version, are there: run this as the process's user, or as root", (int)pid, dir);
	return complainf("process %d keeps no figures in %s: start it under the library with CTSHIM_STATS_DIR=%s, and "
			 "have it open an encrypted model", (int)pid, dir, dir);
}

/* `again`: it was shown before. */
static int show(const char *dir, pid_t pid, bool json, bool again)
{
	struct ct_error err;
	struct stats_list list;
	int status = EXIT_OK;
	if (stats_read(&list, dir, pid, &err) < 0)
		status = complain(dir, &err);
	else if (list.count == 0 && pid != 0)
		status = again ? EXIT_FAILED : explain(&list, dir, pid);
	else if (json)
		status = stats_json(&list) < 0 ? EXIT_FAILED : EXIT_OK;
	else if (list.count == 0)
		printf("no process keeps figures in %s%s\n", dir,
		       list.unreadable > 0 ? " that may be read by this user and version" : "");
	else
		stats_text(&list);
	stats_clear(&list);
	return finish_stdout(status);
}

static int run(const struct command *command, int argc, char **argv)
{
	int rest;
	pid_t pid = 0;
	bool json = false, watch = false;
	const char *dir = getenv("CTSHIM_STATS_DIR");
	const struct option_spec specs[] = {
		{"dir", 'd', OPTION_TEXT, &dir},
		{"json", 0, OPTION_FLAG, &json},
		{"watch", 'w', OPTION_FLAG, &watch},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int status = parse_options(command, argc, argv, specs, false, &rest);
	if (status != OPTIONS_OK)
		return status;
	if (argc - rest > 1 || (argc - rest == 1 && parse_pid(argv[rest], &pid) < 0))
		return usage_error(command->name, "give the number of one process, or none");
	if (dir == NULL || dir[0] == '\0')
		return usage_error(command->name, "give --dir DIR, or set CTSHIM_STATS_DIR");
	status = show(dir, pid, json, false);
	while (watch && status == EXIT_OK) {
		sleep(1);
		fputs(!json && isatty(STDOUT_FILENO) ? "\033[H\033[J" : "\n", stdout);
		if (show(dir, pid, json, true) != EXIT_OK)
			break;
	}
	return status;
}

const struct command command_stats = {"stats", "show what running processes have decrypted", help, run};
