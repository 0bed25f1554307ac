/* What the files of the regular expression engine share: the tree that parsing makes, sets of code points, programs. */
#ifndef REGO_REGEX_NODE_H
#define REGO_REGEX_NODE_H

#include "regex.h"

enum { REGO_LAST_POINT = 0x10ffff, REGO_REPEAT_MOST = 1000 };

struct rego_range {
	uint32_t low, high;
};

/* Sorted ranges with gaps between them, once rego_class_tidy() was called. */
struct rego_class {
	struct rego_range *ranges;
	size_t count, capacity;
};

bool rego_class_add(struct rego_work *work, struct rego_class *class, uint32_t low, uint32_t high);
bool rego_class_tidy(struct rego_work *work, struct rego_class *class);
/* Both want a tidy one and leave one. */
bool rego_class_negate(struct rego_work *work, struct rego_class *class);
bool rego_class_fold(struct rego_work *work, struct rego_class *class); /* add what differs only in case */
bool rego_class_has(const struct rego_class *class, uint32_t point);

/* Adds a general category ("Lu", "L"), a script ("Greek") or "Any"; *known: is there such a one? */
bool rego_class_add_unicode(struct rego_work *work, struct rego_class *class, const char *name, size_t len,
			    bool *known);

/* The next code point in the circle of those that differ only in case. */
uint32_t rego_fold_next(uint32_t point);

enum rego_regex_kind {
	REGEX_EMPTY,
	REGEX_POINT,   /* one code point */
	REGEX_CLASS,   /* one of a set */
	REGEX_ANY,     /* any one */
	REGEX_NOT_NL,  /* any but a newline */
	REGEX_BEGIN_LINE,
	REGEX_END_LINE,
	REGEX_BEGIN_TEXT,
	REGEX_END_TEXT,
	REGEX_WORD,     /* at the edge of a word */
	REGEX_NOT_WORD, /* not there */
	REGEX_GROUP,
	REGEX_CONCAT,
	REGEX_ALTERNATE,
	REGEX_REPEAT,
};

struct rego_regex_node {
	enum rego_regex_kind kind;
	bool lazy, nullable;
	unsigned group;     /* number from 1 on */
	int min, max;       /* of a repetition; max -1: any */
	unsigned product;   /* of the counts of nested repetitions */
	uint32_t point;
	struct rego_class *class;
	const struct rego_regex_node **children; /* one of groups and repetitions */
	size_t count;
};

struct rego_regex_names {
	const char *bytes; /* NULL: none */
	size_t len;
};

struct rego_regex_tree {
	const struct rego_regex_node *root;
	unsigned groups;                /* without the whole */
	struct rego_regex_names *names; /* of group i at [i] */
};

bool rego_regex_parse(struct rego_work *work, const char *pattern, size_t len, struct rego_regex_tree *tree,
		      struct rego_regex_problem *problem);
const struct rego_regex *rego_regex_from_tree(struct rego_work *work, const struct rego_regex_tree *tree);

/* Nodes. NULL: no memory. */
struct rego_regex_node *rego_regex_new(struct rego_work *work, enum rego_regex_kind kind);

struct rego_regex_list {
	const struct rego_regex_node **nodes;
	size_t count, capacity;
};
bool rego_regex_list_add(struct rego_work *work, struct rego_regex_list *list, const struct rego_regex_node *node);
/* A list as one node: itself when it is alone. */
const struct rego_regex_node *rego_regex_join(struct rego_work *work, enum rego_regex_kind kind,
					      const struct rego_regex_list *list);

enum rego_regex_op {
	OP_POINT,  /* argument: the code point */
	OP_CLASS,  /* argument: number of the class */
	OP_ANY,
	OP_NOT_NL,
	OP_ASSERT, /* argument: its kind */
	OP_SPLIT,  /* first `next`, then `argument` */
	OP_SAVE,   /* argument: which end */
	OP_MATCH,
};

struct rego_regex_inst {
	uint32_t op, next, argument;
};

struct rego_regex {
	struct rego_regex_inst *program;
	size_t count, capacity;
	uint32_t start;
	bool at_begin; /* matches nowhere but at the beginning of the text */
	const struct rego_class **classes;
	size_t class_count, class_capacity;
	size_t groups; /* with the whole */
	const struct rego_regex_names *names;
};

#endif
