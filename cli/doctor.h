/* ctshim doctor: what the library can do for one program, and what is found on the way. */
#ifndef CT_DOCTOR_H
#define CT_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "elf_image.h"
#include "io_calls.h"

enum doctor_level {
	DOCTOR_NOTE,    /* good to know */
	DOCTOR_WARNING, /* may go wrong, or may not: a heuristic said so */
	DOCTOR_PROBLEM, /* it cannot be served, or not as things are */
};

struct doctor_finding {
	enum doctor_level level;
	const char *id; /* a word for programs; static */
	char *subject;  /* the file, process or variable that it is about */
	char *text;     /* what is wrong: what to do */
};

/* One of the files that make up the program. */
struct doctor_object {
	char *path;
	const struct io_call **calls; /* what it imports */
	size_t count;
};

enum doctor_kind { DOCTOR_NOTHING, DOCTOR_PROGRAM, DOCTOR_SCRIPT, DOCTOR_LIBRARY, DOCTOR_PROCESS };

struct doctor_report {
	const char *name; /* as it was given */
	enum doctor_kind kind;
	char *path;   /* of the program that runs in the end: for a script, its interpreter */
	char *loader; /* its dynamic loader; NULL when none */
	pid_t pid;    /* of a process, else 0 */
	const char *library; /* our own; NULL when there is none to be had */
	struct doctor_finding *findings;
	size_t finding_count;
	struct doctor_object *objects;
	size_t object_count;
	bool bypass;     /* something reads past libc, and mode memfd helps */
	bool failed;     /* out of memory on the way */
};

void doctor_report_init(struct doctor_report *report, const char *name, const char *library);
void doctor_report_clear(struct doctor_report *report);

/* Add a finding; `format` makes its text. */
void doctor_find(struct doctor_report *report, enum doctor_level level, const char *id, const char *subject,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Is there one of this level? */
bool doctor_has(const struct doctor_report *report, enum doctor_level level);

/* Could it not be looked at, so that nothing is known? */
bool doctor_unknown(const struct doctor_report *report);

/* The serving mode for this program, a word of CTSHIM_SERVE, and why. The one place that decides. */
const char *doctor_recommend(const struct doctor_report *report, const char **reason);

/* Look at what `name` is: a process's number, a file, a command on PATH. */
void doctor_examine(struct doctor_report *report, const char *name);

/* Look at a command with its arguments, NULL-terminated: through `env` to what runs in the end. */
void doctor_examine_command(struct doctor_report *report, char **argv);

/* Parts of these: */

/* The running process `pid`. */
void doctor_process(struct doctor_report *report, pid_t pid);

/* The file `path`: a program, a script or a library. */
void doctor_file(struct doctor_report *report, const char *path);

/* Behind "env": its own options and the command that it runs. */
void doctor_env(struct doctor_report *report, const char *env, char **argv, int depth);

/* A look at a shell script's text, for what makes it lose LD_PRELOAD. */
void doctor_script_text(struct doctor_report *report, const char *path);

/* One ELF file of the program: `shown` is its name for people, `path` where it can be opened. `main`: it is the program
 * itself. Adds it to the report's objects. */
void doctor_object(struct doctor_report *report, const char *shown, const char *path, bool main);

/* Ask the program's dynamic loader which libraries it loads, and look at each. Nothing of the program runs. */
void doctor_libraries(struct doctor_report *report, const char *path);

/* What is preloaded beside the library, by `preload` (LD_PRELOAD's value; NULL: unset); files are below `root`. */
void doctor_preloads(struct doctor_report *report, const char *preload, const char *root);

/* Can our own library be loaded here? Sets report->library. `path` has room for it. */
void doctor_own_library(struct doctor_report *report, char *path);

/* Is this the file of our library, or of libc and its loader? */
bool doctor_is_ours(const char *path);
bool doctor_is_libc(const char *path);

/* Is it a sanitizer's run-time library? These define what we do, must come first, and hand calls on. */
bool doctor_is_sanitizer(const char *path);

#endif
