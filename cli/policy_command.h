/* ctshim policy: its subcommands, each a file, and what they share. */
#ifndef CT_POLICY_COMMAND_H
#define CT_POLICY_COMMAND_H

#include "command.h"
#include "options.h"
#include "rego/rego.h"

/* argv[0] is the subcommand's name; `command` is for messages about usage. */
int policy_check(const struct command *command, int argc, char **argv);
int policy_eval(const struct command *command, int argc, char **argv);
int policy_test(const struct command *command, int argc, char **argv);
int policy_explain(const struct command *command, int argc, char **argv);

/* "FILE:LINE:COLUMN: code: message", as far as it is known; `file` names what has no name. To stderr, behind "ctshim: ".
 * Returns EXIT_FAILED. */
int policy_complain(const struct rego_error *error, const char *file);

/* Called for each module of a list of files and of directories, in which every *.rego counts. 0, or -1 to go on no
 * further. */
typedef int policy_each(void *context, const char *path, const char *text, size_t len);

/* -1 after telling the person what is wrong: a path that cannot be read, or that has no module. */
int policy_walk(char **paths, int count, policy_each *each, void *context);

/* The whole of a file of JSON, NUL-terminated, to be freed; NULL after telling the person. */
char *policy_read_json(const char *path, size_t *len);

/* Set an engine's data from such a file; `path` NULL: nothing. -1 after telling the person. */
int policy_set_data(struct rego *rego, const char *path);
int policy_set_input(struct rego *rego, const char *path);

/* JSON with line ends and two spaces for each level, to stdout, each line behind `indent`. */
void policy_print_json(const char *json, const char *indent);

#endif
