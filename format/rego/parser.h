/* The parser: recursive descent with saved states, where Rego can be told apart only later. parse_*.c share this header;
 * others use the four functions at its end. */
#ifndef REGO_PARSER_H
#define REGO_PARSER_H

#include "ast.h"
#include "rego.h"

struct rego_parser {
	struct rego_work *work;
	struct rego_lexer lexer;
	struct rego_token token;
	struct rego_module *module; /* NULL for a query */
	uint32_t keywords;          /* those in force: 1 << enum rego_keyword */
	bool v1, future_imported, v1_imported;
	unsigned depth;
	/* The first error since a state was saved. */
	bool failed;
	struct rego_place error_place;
	char message[256];
	/* Where `|` turned out not to be a comprehension's, so that it is tried once only. */
	struct rego_dead_end *dead_ends;
	
};

struct rego_parser_state {
	struct rego_lexer lexer;
	struct rego_token token;
};

void rego_parser_start(struct rego_parser *parser, struct rego_work *work, const char *text, size_t len,
		       enum rego_version version);
struct rego_parser_state rego_parser_save(const struct rego_parser *parser);
void rego_parser_restore(struct rego_parser *parser, const struct rego_parser_state *state);

void rego_scan(struct rego_parser *parser);

/* All return NULL or false. */
void *rego_parse_error(struct rego_parser *parser, struct rego_place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void *rego_unexpected(struct rego_parser *parser, const char *expected); /* the token at hand; "" for no hint */

static inline bool rego_at(const struct rego_parser *parser, enum rego_token_kind kind)
{
	return parser->token.kind == kind;
}

/* Is a keyword that is in force at hand? One before a dot is a name: `if.foo`. */
bool rego_at_keyword(const struct rego_parser *parser, enum rego_keyword keyword);
bool rego_at_any_keyword(const struct rego_parser *parser);

/* Nesting: rego_enter() is false when it is too deep. */
bool rego_enter(struct rego_parser *parser);
static inline void rego_leave(struct rego_parser *parser)
{
	parser->depth--;
}

struct rego_term *rego_new_term(struct rego_parser *parser, enum rego_term_kind kind, struct rego_place place);
struct rego_term *rego_new_value(struct rego_parser *parser, const struct rego_value *value, struct rego_place place);
struct rego_term *rego_new_call(struct rego_parser *parser, const char *name, struct rego_place place,
				struct rego_term **operands, size_t count);

/* Lists of pointers that grow in the arena. */
struct rego_terms {
	struct rego_term **items;
	size_t count, capacity;
};
bool rego_terms_add(struct rego_parser *parser, struct rego_terms *terms, struct rego_term *term);

struct rego_term *rego_parse_term(struct rego_parser *parser);              /* without infix operators */
struct rego_term *rego_parse_infix(struct rego_parser *parser);             /* with `a, b in c` */
struct rego_term *rego_parse_infix_in_list(struct rego_parser *parser);     /* without */
struct rego_term *rego_parse_infix_from(struct rego_parser *parser, struct rego_term *left); /* the same, first term read */
bool rego_parse_term_list(struct rego_parser *parser, enum rego_token_kind end, struct rego_terms *terms);
struct rego_term *rego_parse_array(struct rego_parser *parser);
struct rego_term *rego_parse_braces(struct rego_parser *parser);
struct rego_term *rego_parse_ref_rest(struct rego_parser *parser, struct rego_term *head);
struct rego_term *rego_parse_head_ref(struct rego_parser *parser, struct rego_term *name);
struct rego_term *rego_parse_string(struct rego_parser *parser);
struct rego_term *rego_parse_template(struct rego_parser *parser);
struct rego_term *rego_parse_number(struct rego_parser *parser);
struct rego_term *rego_parse_name(struct rego_parser *parser);

/* Statements up to `end`, which stays at hand. */
struct rego_body *rego_parse_body(struct rego_parser *parser, enum rego_token_kind end);
struct rego_statement *rego_parse_statement(struct rego_parser *parser);
struct rego_body *rego_body_of(struct rego_parser *parser, struct rego_statement *statement);
bool rego_parse_rule(struct rego_parser *parser);

/* For the rest of the engine. NULL: the work has failed, with place and `file` in its error. */
struct rego_module *rego_parse_module(struct rego_work *work, const char *file, const char *text, size_t len,
				      enum rego_version version);
struct rego_body *rego_parse_query(struct rego_work *work, const char *text, size_t len);
struct rego_term *rego_parse_one_term(struct rego_work *work, const char *text, size_t len);

#endif
