#include "parser.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KEYWORD(k) (1u << (k))

void rego_parser_start(struct rego_parser *parser, struct rego_work *work, const char *text, size_t len,
		       enum rego_version version)
{
	memset(parser, 0, sizeof *parser);
	parser->work = work;
	parser->v1 = version != REGO_V0;
	parser->keywords = KEYWORD(REGO_K_PACKAGE) | KEYWORD(REGO_K_IMPORT) | KEYWORD(REGO_K_DEFAULT) | KEYWORD(REGO_K_AS)
			   | KEYWORD(REGO_K_ELSE) | KEYWORD(REGO_K_WITH) | KEYWORD(REGO_K_NOT) | KEYWORD(REGO_K_SOME)
			   | KEYWORD(REGO_K_NULL) | KEYWORD(REGO_K_TRUE) | KEYWORD(REGO_K_FALSE);
	if (parser->v1)
		parser->keywords |= KEYWORD(REGO_K_IN) | KEYWORD(REGO_K_EVERY) | KEYWORD(REGO_K_IF) | KEYWORD(REGO_K_CONTAINS);
	rego_lexer_start(&parser->lexer, text, len);
	rego_scan(parser);
}

struct rego_parser_state rego_parser_save(const struct rego_parser *parser)
{
	return (struct rego_parser_state){parser->lexer, parser->token};
}

void rego_parser_restore(struct rego_parser *parser, const struct rego_parser_state *state)
{
	parser->lexer = state->lexer;
	parser->token = state->token;
	parser->failed = false;
}

/* A byte order mark is no token, and a work that has failed sees the end. */
void rego_scan(struct rego_parser *parser)
{
	if (!rego_spend(parser->work, 1)) {
		parser->token.kind = REGO_END;
		return;
	}
	parser->token = rego_lexer_next(&parser->lexer);
}

void *rego_parse_error(struct rego_parser *parser, struct rego_place place, const char *format, ...)
{
	if (parser->failed)
		return NULL;
	parser->failed = true;
	parser->error_place = place;
	va_list args;
	va_start(args, format);
	vsnprintf(parser->message, sizeof parser->message, format, args);
	va_end(args);
	return NULL;
}

void *rego_unexpected(struct rego_parser *parser, const char *expected)
{
	char buffer[80];
	const char *name = rego_token_name(&parser->token, buffer, sizeof buffer);
	const char *kind = parser->token.kind == REGO_BAD || parser->token.kind == REGO_END ? ""
			   : rego_at_any_keyword(parser) ? " keyword" : parser->token.kind == REGO_WORD ? " identifier"
			   : " token";
	return rego_parse_error(parser, parser->token.place, "unexpected %s%s%s%s", name, kind, *expected != '\0' ? ": " : "",
				expected);
}

static bool is_in_force(const struct rego_parser *parser, enum rego_keyword keyword)
{
	return keyword != REGO_NO_KEYWORD && (parser->keywords & KEYWORD(keyword)) != 0;
}

/* `not.foo` and `if.foo` are references. */
static bool is_name_here(const struct rego_parser *parser)
{
	const struct rego_lexer *lexer = &parser->lexer;
	if (lexer->end - lexer->at < 2 || lexer->at[0] != '.')
		return false;
	char c = lexer->at[1];
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool rego_at_any_keyword(const struct rego_parser *parser)
{
	return parser->token.kind == REGO_WORD && is_in_force(parser, parser->token.keyword) && !is_name_here(parser);
}

bool rego_at_keyword(const struct rego_parser *parser, enum rego_keyword keyword)
{
	return parser->token.kind == REGO_WORD && parser->token.keyword == keyword && rego_at_any_keyword(parser);
}

bool rego_enter(struct rego_parser *parser)
{
	if (!rego_descend(parser->work))
		return false;
	if (parser->depth >= parser->work->limits.nesting)
		return rego_fail(parser->work, REGO_LIMIT_NESTING, "nested deeper than %u levels",
				 parser->work->limits.nesting);
	parser->depth++;
	return true;
}

struct rego_term *rego_new_term(struct rego_parser *parser, enum rego_term_kind kind, struct rego_place place)
{
	struct rego_term *term = rego_alloc(parser->work, sizeof *term);
	if (term != NULL) {
		term->kind = kind;
		term->place = place;
	}
	return term;
}

struct rego_term *rego_new_value(struct rego_parser *parser, const struct rego_value *value, struct rego_place place)
{
	struct rego_term *term = value != NULL ? rego_new_term(parser, REGO_T_VALUE, place) : NULL;
	if (term != NULL)
		term->value = value;
	return term;
}

struct rego_term *rego_new_call(struct rego_parser *parser, const char *name, struct rego_place place,
				struct rego_term **operands, size_t count)
{
	struct rego_term *call = rego_new_term(parser, REGO_T_CALL, place);
	struct rego_term *operator= rego_new_term(parser, REGO_T_VAR, place);
	struct rego_term **items = rego_alloc_array(parser->work, count + 1, sizeof(struct rego_term *));
	if (call == NULL || operator== NULL || items == NULL)
		return NULL;
	operator->name = (struct rego_name){name, strlen(name)};
	items[0] = operator;
	memcpy(items + 1, operands, count * sizeof *items);
	call->infix = true;
	call->list.items = items;
	call->list.count = count + 1;
	return call;
}

bool rego_terms_add(struct rego_parser *parser, struct rego_terms *terms, struct rego_term *term)
{
	if (terms->count == terms->capacity) {
		size_t capacity = terms->capacity == 0 ? 4 : terms->capacity * 2;
		struct rego_term **items = rego_grow(parser->work, terms->items, terms->count * sizeof(struct rego_term *),
						     capacity * sizeof(struct rego_term *));
		if (items == NULL)
			return false;
		terms->items = items;
		terms->capacity = capacity;
	}
	terms->items[terms->count++] = term;
	return true;
}
