/* The evaluator. A plan's steps run in a loop; only a step that may have several solutions calls the rest of the plan for
 * each of them. eval_*.c share this header. */
#ifndef REGO_EVAL_H
#define REGO_EVAL_H

#include "compiler.h"

#define REGO_INDICES 64

/* What a document that rules make was found to be, in one world. */
struct rego_memo {
	enum { REGO_MEMO_NEW, REGO_MEMO_BUSY, REGO_MEMO_DONE } state;
	const struct rego_value *value; /* NULL: undefined */
};

/* A function that another one or a value takes the place of. */
struct rego_mock {
	const struct rego_replacement *what;
	const struct rego_value *value; /* NULL: what->new_node or what->new_builtin */
};

/* What a plan sees: `with` makes another one. */
struct rego_world {
	const struct rego_value *input, *data; /* NULL: undefined */
	struct rego_memo *memos;               /* by node; made when the first is needed */
	const struct rego_node **hidden;       /* documents that `with` put data over */
	size_t hidden_count;
	struct rego_mock *mocks;
	size_t mock_count;
	struct rego_world *plain; /* the same without mocks; made when needed */
};

struct rego_memo_list {
	struct rego_memo_list *next;
};

struct rego_slots {
	struct rego_slots *below, *above;
	size_t at, size;
	const struct rego_value *slots[];
};

struct rego_eval {
	struct rego_work *work;
	struct rego_program *program;
	struct rego_world *world;
	struct rego_environment environment;
	bool strict;
	unsigned frames; /* how many there were */
	struct rego_memo_list *free_memos;
	struct rego_slots *slots; /* of the frames, a stack */
	const struct rego_value *indices[REGO_INDICES]; /* of arrays: made once */
};

struct rego_frame {
	const struct rego_value **slots;
	const struct rego_clause *clause;
};

/* An entry of an object that rules with general references make. */
struct rego_entry {
	const struct rego_value **path;
	size_t count;
	const struct rego_value *value;
	bool member; /* of a set at the end of the path */
};

/* What becomes of a plan's solutions. */
struct rego_collector {
	const struct rego_value *value; /* of a complete rule */
	bool found;
	struct rego_list list;
	struct rego_member *members;
	size_t count, capacity; /* of members or entries */
	struct rego_entry *entries;
	const struct rego_value **prefix; /* of their paths */
	size_t prefix_count;
	struct rego_row *rows, **last_row;
	/* Behind a `with`: */
	const struct rego_plan *plan;
	size_t at;
	struct rego_collector *outer;
	struct rego_world *world;
};

struct rego_row {
	struct rego_row *next;
	const struct rego_value **slots, **values; /* of the variables, of the expressions */
};

enum rego_flow { REGO_NEXT, REGO_ENOUGH, REGO_FAILED };

/* eval.c */
enum rego_flow rego_run(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan, size_t at,
			struct rego_collector *collector);
/* Notes where a failure happened, if nobody did before. Returns REGO_FAILED. */
enum rego_flow rego_failed_at(struct rego_eval *eval, const struct rego_frame *frame, struct rego_place place);

/* eval_operand.c: NULL means the work has failed. */
const struct rego_value *rego_value_of(struct rego_eval *eval, struct rego_frame *frame, const struct rego_operand *operand);
bool rego_match(struct rego_eval *eval, struct rego_frame *frame, const struct rego_operand *pattern,
		const struct rego_value *value);

/* A number that counts the elements of an array. */
const struct rego_value *rego_index(struct rego_eval *eval, size_t i);

/* eval_lookup.c: for steps that look something up. */
const struct rego_value *rego_look_up(struct rego_eval *eval, struct rego_frame *frame, const struct rego_step *step);
enum rego_flow rego_iterate(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan, size_t at,
			    struct rego_collector *collector);

/* eval_document.c */
bool rego_is_hidden(const struct rego_eval *eval, const struct rego_node *node);
const struct rego_value *rego_base_document(struct rego_eval *eval, const struct rego_node *node);
/* The value under a key of a base document: numbers stand for the names that they spell. */
const struct rego_value *rego_get_base(struct rego_eval *eval, const struct rego_value *base, const struct rego_value *key);
/* All that is at a node: its rules, or what is below, together with the base document. NULL: undefined. */
const struct rego_value *rego_document(struct rego_eval *eval, const struct rego_node *node, const struct rego_value *base);

/* eval_rule.c */
const struct rego_value *rego_rule_value(struct rego_eval *eval, const struct rego_node *node);
const struct rego_value *rego_call_function(struct rego_eval *eval, const struct rego_node *node,
					    const struct rego_value *const *args);
bool rego_run_clause(struct rego_eval *eval, const struct rego_clause *clause, const struct rego_value *const *args,
		     struct rego_collector *collector);

/* eval_entry.c */
bool rego_add_entry(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan,
		    struct rego_collector *collector);
const struct rego_value *rego_entries_of(struct rego_eval *eval, const struct rego_node *node);

/* eval_call.c: NULL: undefined, or failed. */
const struct rego_value *rego_call_step(struct rego_eval *eval, struct rego_frame *frame, const struct rego_step *step);
const struct rego_value *rego_template_step(struct rego_eval *eval, struct rego_frame *frame, const struct rego_step *step);

/* eval_with.c */
enum rego_flow rego_with_step(struct rego_eval *eval, struct rego_frame *frame, const struct rego_plan *plan, size_t at,
			      struct rego_collector *collector);
struct rego_world *rego_plain_world(struct rego_eval *eval);
struct rego_memo *rego_memo_of(struct rego_eval *eval, const struct rego_node *node);

#endif
