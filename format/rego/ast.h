/* What the parser makes of the text. It lives in the arena of the compiler, and points into the copy of the text there. */
#ifndef REGO_AST_H
#define REGO_AST_H

#include "lexer.h"
#include "value.h"

struct rego_name {
	const char *bytes;
	size_t len;
};

enum rego_term_kind {
	REGO_T_VALUE,
	REGO_T_VAR,
	REGO_T_REF,  /* items: head, then what is looked up in it; a.b has the string "b" */
	REGO_T_CALL, /* items: operator (a var or ref), then operands */
	REGO_T_ARRAY,
	REGO_T_SET,
	REGO_T_OBJECT, /* items: key, value, key, value ... */
	REGO_T_ARRAY_OF, /* comprehensions: [value | body], */
	REGO_T_SET_OF,   /* {value | body}, */
	REGO_T_OBJECT_OF, /* {key: value | body} */
	REGO_T_TEMPLATE, /* items: strings, and expressions as sets of one: {x | x = expression} */
};

struct rego_term {
	enum rego_term_kind kind;
	struct rego_place place;
	bool in_parentheses, infix;
	union {
		const struct rego_value *value;
		struct rego_name name;
		struct {
			struct rego_term **items;
			size_t count;
		} list;
		struct {
			struct rego_term *key, *value;
			struct rego_body *body;
		} of;
	};
};

/* target as value */
struct rego_with {
	struct rego_term *target, *value;
};

enum rego_statement_kind {
	REGO_S_TERM,   /* a */
	REGO_S_UNIFY,  /* a = b */
	REGO_S_ASSIGN, /* a := b */
	REGO_S_SOME,   /* some a, b, c: variables in `items` */
	REGO_S_SOME_IN, /* some a in domain; some key, a in domain */
	REGO_S_EVERY,  /* every a in domain { body }; every key, a in ... */
	REGO_S_NOT_BODY, /* not { body } */
};

struct rego_statement {
	enum rego_statement_kind kind;
	struct rego_place place;
	bool negated;
	struct rego_term *a, *b, *key, *domain;
	struct rego_term **items;
	size_t item_count;
	struct rego_body *body;
	struct rego_with *withs;
	size_t with_count;
};

struct rego_body {
	struct rego_statement **statements;
	size_t count;
};

struct rego_rule {
	struct rego_place place;
	struct rego_module *module;
	struct rego_term **ref; /* of the head, from its name on; the first is a variable */
	size_t ref_count;
	struct rego_term **args; /* of a function */
	size_t arg_count;
	bool function;           /* it may have no arguments */
	bool is_default, contains, has_if, has_body, assigned, generated_value;
	struct rego_term *key;   /* of `contains key` */
	struct rego_term *value; /* NULL for `contains` */
	struct rego_body *body;  /* NULL: always true */
	struct rego_rule *otherwise; /* else */
	struct rego_rule *next;
};

struct rego_import {
	struct rego_place place;
	struct rego_term **path; /* from data or input on */
	size_t count;
	struct rego_name alias;
	struct rego_import *next;
};

struct rego_module {
	const char *file;
	bool v1;     /* v1, or v0 with import rego.v1: the strict rules of v1 hold */
	bool not_body; /* import future.keywords.not */
	struct rego_term **package; /* from data on: all are strings but the first, the variable `data` */
	size_t package_count;
	struct rego_import *imports;
	struct rego_rule *rules, **last_rule;
	size_t rule_count;
	struct rego_module *next;
};

static inline bool rego_name_is(struct rego_name name, const char *text)
{
	return name.len == __builtin_strlen(text) && __builtin_memcmp(name.bytes, text, name.len) == 0;
}

static inline bool rego_same_name(struct rego_name a, struct rego_name b)
{
	return a.len == b.len && __builtin_memcmp(a.bytes, b.bytes, a.len) == 0;
}

static inline bool rego_is_var(const struct rego_term *term, const char *name)
{
	return term->kind == REGO_T_VAR && rego_name_is(term->name, name);
}

static inline bool rego_is_wildcard(const struct rego_term *term)
{
	return rego_is_var(term, "_");
}

#endif
