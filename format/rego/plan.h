/* What modules are compiled to. A rule's body is a plan: steps in an order in which every variable is bound before it is
 * used. Variables are slots of the rule's frame, and it is known at compile time which occurrence binds one, so that
 * going on to the next solution undoes nothing. References and calls inside other terms are steps of their own. */
#ifndef REGO_PLAN_H
#define REGO_PLAN_H

#include "ast.h"
#include "builtin.h"

enum rego_operand_kind {
	REGO_O_VALUE,
	REGO_O_SLOT,
	REGO_O_ARRAY,
	REGO_O_SET,
	REGO_O_OBJECT,  /* items: key, value, key, value ... */
	REGO_O_CLOSURE, /* a comprehension */
};

struct rego_operand {
	enum rego_operand_kind kind;
	bool bind;  /* this occurrence gives the slot its value */
	bool binds; /* it, or one inside */
	unsigned slot;
	struct rego_place place;
	union {
		const struct rego_value *value;
		struct {
			struct rego_operand **items;
			size_t count;
		} list;
		struct rego_closure *closure;
	};
};

enum rego_step_kind {
	REGO_STEP_UNIFY,    /* out = base */
	REGO_STEP_TEST,     /* base is neither false nor undefined */
	REGO_STEP_LOOKUP,   /* out = base[items]... */
	REGO_STEP_INPUT,    /* out = input[items]... */
	REGO_STEP_DATA,     /* out = data[items]...; `node` is as far as constant items lead, `known` of them */
	REGO_STEP_BUILTIN,  /* out = builtin(items) */
	REGO_STEP_FUNCTION, /* out = node(items) */
	REGO_STEP_TEMPLATE, /* out = items as one string */
	REGO_STEP_NOT,      /* block has no solution */
	REGO_STEP_EVERY,    /* block has a solution for each key, out in base */
	REGO_STEP_WITH,     /* block, in another world */
};

struct rego_step {
	enum rego_step_kind kind;
	bool iterates; /* it may have several solutions */
	bool core;     /* belongs into the block of `not` */
	bool closed;   /* a reference, or the right side of an assignment, whose variables are bound by others */
	struct rego_place place;
	struct rego_operand *out, *base, *key;
	struct rego_operand **items;
	size_t item_count, known;
	struct rego_node *node;
	const struct rego_builtin *builtin;
	struct rego_plan *block;
	struct rego_replacement *replacements; /* of `with` */
	size_t replacement_count;
	unsigned *needs; /* slots that a block or closure reads but does not own */
	size_t need_count;
};

/* What happens at the end of a plan, for each solution. */
enum rego_end {
	REGO_END_VALUE,  /* of a complete rule or function: value */
	REGO_END_MEMBER, /* of a set, or of an array: value */
	REGO_END_PAIR,   /* of an object: key, value */
	REGO_END_ENTRY,  /* of a rule with a general reference: path, then value or a set's member */
	REGO_END_EXISTS, /* one solution is enough */
	REGO_END_RESUME, /* go on behind the `with` */
	REGO_END_ROW,    /* of a query */
};

struct rego_plan {
	struct rego_step **steps;
	size_t count, capacity;
	enum rego_end end;
	struct rego_operand *key, *value;
	struct rego_operand **path; /* of REGO_END_ENTRY; of REGO_END_ROW: the expressions' values, NULL for true */
	size_t path_count;
	bool constant; /* all solutions are alike: the first is enough */
};

struct rego_closure {
	enum rego_term_kind kind;
	struct rego_plan *plan;
	unsigned *needs;
	size_t need_count;
};

enum rego_target { REGO_WITH_INPUT, REGO_WITH_DATA, REGO_WITH_FUNCTION, REGO_WITH_BUILTIN };

struct rego_replacement {
	enum rego_target target;
	struct rego_operand **path; /* of input and data */
	size_t path_count;
	struct rego_node *node; /* of data: what is there; of a function: itself */
	const struct rego_builtin *builtin;
	struct rego_operand *value;     /* NULL where a function takes its place: */
	struct rego_node *new_node;
	const struct rego_builtin *new_builtin;
};

/* A rule, compiled. */
struct rego_clause {
	const struct rego_rule *rule;
	struct rego_plan *plan;
	struct rego_operand **args;
	size_t arg_count;
	unsigned slots;
	bool ordered;
	struct rego_clause *otherwise, *next;
};

enum rego_rule_kind { REGO_R_NONE, REGO_R_COMPLETE, REGO_R_FUNCTION, REGO_R_SET, REGO_R_OBJECT };

/* The documents below `data` that rules make, as a tree. */
struct rego_node {
	const struct rego_value *key; /* NULL: the root */
	struct rego_node *parent;
	struct rego_node **children; /* sorted by key */
	size_t child_count, child_capacity;
	enum rego_rule_kind kind; /* OBJECT: some rule has a variable in its reference, and what is below belongs to it */
	bool has_rules;           /* a rule or package is here or below */
	bool named;               /* a rule of the package above has this name */
	unsigned ref_len;         /* how far from data */
	size_t arg_count;
	struct rego_clause *clauses, **last_clause, *standard; /* `default` */
	unsigned index;                                        /* in the evaluator's memory */
	unsigned mark;            /* of the search for recursion */
	struct rego_node *below;                               /* there: the one that leads here */
};

/* The child with that key, or NULL. */
struct rego_node *rego_node_child(struct rego_work *work, const struct rego_node *node, const struct rego_value *key);

#endif
