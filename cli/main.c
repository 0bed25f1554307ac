#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "say.h"
#include "stop.h"

static const struct command *const commands[] = {
	&command_keygen, &command_encrypt, &command_decrypt, &command_inspect, &command_verify,
	&command_rewrap, &command_run, &command_doctor, &command_policy, &command_stats,
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static int print_help(void)
{
	puts("Usage: ctshim COMMAND [ARGUMENT]...\n"
	     "\n"
	     "Encrypted models for programs that know nothing of encryption.\n");
	for (int i = 0; i < COMMANDS; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	puts("\n"
	     "ctshim help COMMAND (or ctshim COMMAND --help) tells all about a command.\n"
	     "\n"
	     "Exit status: 0 done; 1 failed; 2 wrong usage; for run, that of the command it runs.\n"
	     "\n"
	     "Example:\n"
	     "  ctshim keygen -o keys.jwk\n"
	     "  ctshim encrypt model/ model-encrypted/ --keys keys.jwk\n"
	     "  ctshim run --keys keys.jwk -- python3 serve.py model-encrypted/");
	return finish_stdout(EXIT_OK);
}

static const struct command *find(const char *name)
{
	for (int i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	complainf("'%s' is no command: see ctshim --help", name);
	return NULL;
}

static int help(const char *name)
{
	const struct command *command = find(name);
	if (command == NULL)
		return EXIT_USAGE;
	fputs(command->help, stdout);
	return finish_stdout(EXIT_OK);
}

static int dispatch(int argc, char **argv)
{
	if (argc < 2) {
		complainf("no command: see ctshim --help");
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("ctshim " CT_VERSION);
		return finish_stdout(EXIT_OK);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0
	    || (strcmp(argv[1], "help") == 0 && argc == 2))
		return print_help();
	if (strcmp(argv[1], "help") == 0)
		return help(argv[2]);
	if (strcmp(argv[1], "__preloaded") == 0)
		return command_preloaded(argc - 1, argv + 1);
	if (strcmp(argv[1], "__read") == 0)
		return command_read(argc - 1, argv + 1);
	const struct command *command = find(argv[1]);
	if (command == NULL)
		return EXIT_USAGE;
	/* With the library preloaded into ourselves, files would look decrypted. What `run` executes
	 * must have it, and `doctor` sees to it itself. */
	if (command != &command_run && command != &command_doctor)
		setenv("CTSHIM_DISABLE", "1", 1);
	return command->run(command, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	/* The parts of a large header are freed early: give their memory back at once. Buffers of the
	 * working threads are smaller and stay. */
	mallopt(M_MMAP_THRESHOLD, 320 * 1024);
	int status = dispatch(argc, argv);
	stop_die();
	return status;
}
