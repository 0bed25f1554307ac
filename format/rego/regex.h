/* Regular expressions with the syntax of RE2, as Go's regexp has it, on UTF-8. Searching takes time in proportion to the length
 * of the text times that of the expression, whatever they are; it is charged as steps. */
#ifndef REGO_REGEX_H
#define REGO_REGEX_H

#include "work.h"

struct rego_regex;

struct rego_regex_problem {
	char message[200]; /* "missing closing ]: `[a`"; empty: there is none, but the work has failed */
};

/* Everything lies in the arena. NULL: *problem says why, or the work has failed. */
const struct rego_regex *rego_regex_compile(struct rego_work *work, const char *pattern, size_t len,
					    struct rego_regex_problem *problem);

/* Is it one? No, with an empty message: the work has failed. */
bool rego_regex_check(struct rego_work *work, const char *pattern, size_t len, struct rego_regex_problem *problem);

/* A shell pattern as gobwas/glob has it: * and ? stop at separators, ** does not; {a,b}, [abc], [!a-z], \x. It matches whole
 * texts. */
const struct rego_regex *rego_regex_compile_glob(struct rego_work *work, const char *pattern, size_t len,
						 const uint32_t *separators, size_t count,
						 struct rego_regex_problem *problem);

/* How many groups it has, the whole match (number 0) counts; their names, NULL for those without. */
size_t rego_regex_groups(const struct rego_regex *regex);
const char *rego_regex_group_name(const struct rego_regex *regex, size_t group, size_t *len);

/* What a search needs besides, for any number of searches, one at a time. `groups`: how many it reports; 0: only whether there
 * is a match. NULL: the work has failed. */
struct rego_regex_machine;
struct rego_regex_machine *rego_regex_machine(struct rego_work *work, const struct rego_regex *regex, size_t groups);

/* The leftmost match at or behind byte `from` of `text`; of several that begin there, the one that Perl would find. Bytes begin
 * and end of group i become ends[2 * i] and ends[2 * i + 1], SIZE_MAX where it has no part in the match. False: no match, or
 * the work has failed. */
bool rego_regex_search(struct rego_regex_machine *machine, const char *text, size_t len, size_t from, size_t *ends);

#endif
