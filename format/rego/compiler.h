/* From modules to plans. tree.c makes the tree of rules, resolve.c knows names, flatten.c makes steps, order.c puts them in
 * order, check.c finds conflicts and recursion, compile.c drives. Only they include this. */
#ifndef REGO_COMPILER_H
#define REGO_COMPILER_H

#include "plan.h"

struct rego_program {
	struct rego_module *modules, **last_module, *newest;
	struct rego_node *root;
	unsigned node_count; /* with rules */
	const char **names;  /* of rules, each once, in order */
	size_t named_count, named_capacity;
};

/* A variable of a frame. */
struct rego_local {
	struct rego_name name; /* empty: made by the compiler */
	struct rego_place place;
};

enum rego_declared { REGO_IMPLICIT, REGO_ARGUMENT, REGO_DECLARED, REGO_ASSIGNED };

struct rego_binding {
	struct rego_name name;
	enum rego_declared how;
	bool owed, used; /* owed: to declare it and not use it is an error */
	struct rego_place place;
	unsigned slot;
	struct rego_binding *next;
};

/* Names that something in this body declares, which therefore mean no rule. */
struct rego_promise {
	struct rego_name name;
	bool kept, referenced;
	struct rego_promise *next;
};

/* A body: of a rule, a comprehension, `every` or `not`. */
struct rego_scope {
	struct rego_scope *outer;
	struct rego_binding *bindings;
	struct rego_promise *promises;
	bool hard; /* closures: what it uses of outer scopes must be bound first */
	unsigned *needs;
	size_t need_count, need_capacity;
};

struct rego_compiler {
	struct rego_work *work;
	struct rego_program *program;
	const struct rego_module *module; /* NULL: a query */
	struct rego_node *package;        /* of the module */
	struct rego_scope *scope;
	struct rego_local *locals; /* by slot */
	unsigned slot_count, slot_capacity;
	struct rego_plan *plan; /* where steps go */
	unsigned negated;       /* how many calls deep references are part of a negated expression itself; 0: none are */
	bool *bound;            /* by slot; of order.c */
	unsigned bound_capacity;
};

/* A failure with its place. Returns false. */
bool rego_compile_error(struct rego_compiler *compiler, enum rego_code code, struct rego_place place, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* tree.c */
bool rego_tree_add_module(struct rego_compiler *compiler, struct rego_module *module);
struct rego_node *rego_tree_find(struct rego_compiler *compiler, struct rego_term *const *path, size_t count);
const char *rego_node_name(struct rego_work *work, const struct rego_node *node); /* "data.a.b" */
size_t rego_ground_prefix(const struct rego_rule *rule);

/* resolve.c */
unsigned rego_new_slot(struct rego_compiler *compiler, struct rego_name name, struct rego_place place);
bool rego_open_scope(struct rego_compiler *compiler, struct rego_scope *scope, bool hard);
/* Back to the outer scope. False: a variable that had to be used was not, or it was no `good` before. */
bool rego_close_scope(struct rego_compiler *compiler, struct rego_scope *scope, bool good);
bool rego_collect_body(struct rego_compiler *compiler, const struct rego_body *body);
bool rego_collect_term(struct rego_compiler *compiler, const struct rego_term *term);
bool rego_declare(struct rego_compiler *compiler, struct rego_name name, struct rego_place place, enum rego_declared how);
/* A variable of `some` or `every`, which must be used. */
bool rego_declare_owed(struct rego_compiler *compiler, const struct rego_term *variable);
/* The slot of a name, or -1: it is no variable, or the work has failed. */
long rego_find_slot(struct rego_compiler *compiler, struct rego_name name);
/* What a name that is no variable stands for: a path from data or input on. */
bool rego_find_global(struct rego_compiler *compiler, struct rego_name name, struct rego_term *const **path, size_t *count);
bool rego_is_promised(struct rego_compiler *compiler, struct rego_name name); /* this body declares it somewhere */
bool rego_is_variable(struct rego_compiler *compiler, struct rego_name name); /* of this scope or an outer one */
bool rego_is_global(struct rego_compiler *compiler, struct rego_name name);

/* flatten.c: `out` (may be NULL) is where the result of a reference or call shall go; what comes back is where the value is. */
struct rego_operand *rego_flatten(struct rego_compiler *compiler, const struct rego_term *term);
struct rego_operand *rego_flatten_into(struct rego_compiler *compiler, const struct rego_term *term,
				       struct rego_operand *out);
/* False: there is a variable in the term that nothing outside it declares. */
bool rego_check_declared(struct rego_compiler *compiler, const struct rego_term *term);
struct rego_operand *rego_slot_operand(struct rego_compiler *compiler, unsigned slot, struct rego_place place);
struct rego_operand *rego_value_operand(struct rego_compiler *compiler, const struct rego_value *value,
					struct rego_place place);
struct rego_operand *rego_temporary(struct rego_compiler *compiler, struct rego_place place);
/* `out`, or a new slot, is where the step's result goes; returns an operand that stands for it. */
struct rego_operand *rego_set_result(struct rego_compiler *compiler, struct rego_step *step, struct rego_operand *out);
struct rego_step *rego_new_step(struct rego_compiler *compiler, enum rego_step_kind kind, struct rego_place place);
struct rego_plan *rego_new_plan(struct rego_compiler *compiler, enum rego_end end);

/* flatten_call.c */
struct rego_operand *rego_flatten_call(struct rego_compiler *compiler, const struct rego_term *term,
				       struct rego_operand *out);
bool rego_calls_print(struct rego_compiler *compiler, const struct rego_term *call);
/* Where the last operand stands for the result, *result is NULL. */
bool rego_flatten_call_statement(struct rego_compiler *compiler, const struct rego_term *term, struct rego_operand **result);
/* The function that a term names: a node or a builtin, neither (no error), or a failure (false). */
bool rego_find_function(struct rego_compiler *compiler, const struct rego_term *term, struct rego_node **node,
			const struct rego_builtin **builtin);

/* flatten_body.c */
bool rego_unify_operands(struct rego_compiler *compiler, struct rego_operand *a, struct rego_operand *b,
			 struct rego_place place);
bool rego_flatten_body(struct rego_compiler *compiler, const struct rego_body *body);
bool rego_flatten_statement(struct rego_compiler *compiler, const struct rego_statement *statement);
/* The same for a query: *value is where the value of the expression is, be it false; NULL: it is true or there is none. */
bool rego_flatten_expression(struct rego_compiler *compiler, const struct rego_statement *statement,
			     struct rego_operand **value);

/* flatten_not.c */
bool rego_flatten_not(struct rego_compiler *compiler, const struct rego_statement *statement);
bool rego_flatten_every(struct rego_compiler *compiler, const struct rego_statement *statement);

/* flatten_with.c: what stands for the statement's `with`, into whose block the statement goes. */
struct rego_step *rego_flatten_with(struct rego_compiler *compiler, const struct rego_statement *statement);
/* The slots with names that a plan uses, or that comprehensions in it need. */
bool rego_plan_needs(struct rego_compiler *compiler, const struct rego_plan *plan, struct rego_step *step);

/* order.c: args are bound from outside, the plan's end uses what it needs. */
bool rego_order_plan(struct rego_compiler *compiler, struct rego_plan *plan, struct rego_operand **args, size_t arg_count);

/* check.c */
bool rego_check_imports(struct rego_compiler *compiler, const struct rego_module *module);
bool rego_check_tree(struct rego_compiler *compiler);
bool rego_check_recursion(struct rego_compiler *compiler);

/* compile.c */
bool rego_compile_program(struct rego_work *work, struct rego_program *program);
struct rego_clause *rego_compile_query(struct rego_work *work, struct rego_program *program, const struct rego_body *body,
				       struct rego_local **locals);

#endif
