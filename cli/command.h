/* The commands of ctshim: each is one file, cmd_NAME.c, and one line in main.c's table. */
#ifndef CT_COMMAND_H
#define CT_COMMAND_H

/* Exit statuses of every command but `run`. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
	const char *name;
	const char *summary;     /* one line for `ctshim --help` */
	const char *help;        /* all of `ctshim NAME --help` */
	/* argv[0] is the command's name; returns the exit status. */
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_keygen, command_encrypt, command_decrypt, command_inspect,
	command_verify, command_rewrap, command_run, command_doctor, command_policy, command_stats;

/* Copy the file argv[1] to standard output, as any program would. `doctor` has it run under the library. */
int command_read(int argc, char **argv);

/* Does this process have the library of path argv[1] preloaded? `run` asks before it executes. */
int command_preloaded(int argc, char **argv);

#endif
