/* What regex_parse.c and regex_escape.c share. */
#ifndef REGO_REGEX_PARSE_H
#define REGO_REGEX_PARSE_H

#include "regex_node.h"

enum rego_regex_flag {
	FLAG_FOLD = 1,  /* i */
	FLAG_LINES = 2, /* m: ^ and $ at lines */
	FLAG_DOT = 4,   /* s: . is any character */
	FLAG_LAZY = 8,  /* U */
};

struct rego_regex_parser {
	struct rego_work *work;
	struct rego_regex_problem *problem;
	const char *whole, *at, *end;
	unsigned flags, groups, nesting;
	struct rego_regex_names *names;
	size_t name_capacity;
};

/* Returns false: "what: `text`". */
bool rego_regex_wrong(struct rego_regex_parser *p, const char *what, const char *from, const char *to);

/* The next code point; there is one. */
uint32_t rego_regex_take(struct rego_regex_parser *p);

/* At a backslash: \n, \x{41}, \., ... one code point. */
bool rego_regex_take_point(struct rego_regex_parser *p, uint32_t *point);

/* At a backslash: \d, \pL, ...: is added. *found false: it is none, and p->at stays. */
bool rego_regex_take_set(struct rego_regex_parser *p, struct rego_class *class, bool *found);

/* At a "[". */
bool rego_regex_take_class(struct rego_regex_parser *p, struct rego_class *class);

#endif
