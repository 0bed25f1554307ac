/* Statements of bodies. */
#include <string.h>

#include "parser.h"

static struct rego_statement *new_statement(struct rego_parser *parser, enum rego_statement_kind kind)
{
	struct rego_statement *statement = rego_alloc(parser->work, sizeof *statement);
	if (statement != NULL) {
		statement->kind = kind;
		statement->place = parser->token.place;
	}
	return statement;
}

struct rego_body *rego_body_of(struct rego_parser *parser, struct rego_statement *statement)
{
	struct rego_body *body = rego_alloc(parser->work, sizeof *body);
	struct rego_statement **statements = rego_alloc(parser->work, sizeof(struct rego_statement *));
	if (body == NULL || statements == NULL)
		return NULL;
	statements[0] = statement;
	*body = (struct rego_body){statements, 1};
	return body;
}

struct rego_body *rego_parse_body(struct rego_parser *parser, enum rego_token_kind end)
{
	struct rego_body *body = rego_alloc(parser->work, sizeof *body);
	if (body == NULL || !rego_enter(parser))
		return NULL;
	size_t capacity = 0;
	if (rego_at(parser, end))
		rego_parse_error(parser, parser->token.place, "found empty body");
	while (!parser->failed && !rego_failed(parser->work)) {
		if (body->count == capacity) {
			size_t size = capacity * sizeof(struct rego_statement *);
			capacity = capacity == 0 ? 4 : capacity * 2;
			body->statements = rego_grow(parser->work, body->statements, size,
						     capacity * sizeof(struct rego_statement *));
			if (body->statements == NULL)
				break;
		}
		struct rego_statement *statement = rego_parse_statement(parser);
		if (statement == NULL)
			break;
		body->statements[body->count++] = statement;
		bool separated = rego_at(parser, REGO_SEMICOLON);
		while (rego_at(parser, REGO_SEMICOLON))
			rego_scan(parser);
		if (rego_at(parser, end)) {
			rego_leave(parser);
			return body;
		}
		if (!separated && !parser->token.after_newline)
			rego_unexpected(parser, end == REGO_RBRACE   ? "expected \\n or ; or }"
						: end == REGO_RBRACK ? "expected \\n or ; or ]" : "expected \\n or ;");
	}
	rego_leave(parser);
	return NULL;
}

static bool parse_withs(struct rego_parser *parser, struct rego_statement *statement)
{
	size_t capacity = 0;
	while (rego_at_keyword(parser, REGO_K_WITH)) {
		if (statement->with_count == capacity) {
			size_t size = capacity * sizeof *statement->withs;
			capacity = capacity == 0 ? 2 : capacity * 2;
			statement->withs = rego_grow(parser->work, statement->withs, size,
						     capacity * sizeof *statement->withs);
			if (statement->withs == NULL)
				return false;
		}
		rego_scan(parser);
		struct rego_with *with = &statement->withs[statement->with_count++];
		with->target = rego_parse_term(parser);
		if (with->target == NULL)
			return false;
		if (with->target->kind != REGO_T_VAR && with->target->kind != REGO_T_REF)
			return rego_parse_error(parser, with->target->place, "expected with target path") != NULL;
		if (!rego_at_keyword(parser, REGO_K_AS))
			return rego_unexpected(parser, "expected as keyword") != NULL;
		rego_scan(parser);
		with->value = rego_parse_infix(parser);
		if (with->value == NULL)
			return false;
	}
	return true;
}

/* The operands of `in`: false where the term is something else. */
static bool split_membership(struct rego_term *term, struct rego_statement *statement)
{
	if (term->kind != REGO_T_CALL || !term->infix || term->in_parentheses)
		return false;
	struct rego_term **items = term->list.items;
	if (rego_is_var(items[0], "internal.member_2")) {
		statement->a = items[1];
		statement->domain = items[2];
		return true;
	}
	if (rego_is_var(items[0], "internal.member_3")) {
		statement->key = items[1];
		statement->a = items[2];
		statement->domain = items[3];
		return true;
	}
	return false;
}

static bool parse_variables(struct rego_parser *parser, struct rego_statement *statement)
{
	struct rego_terms terms = {0};
	for (;;) {
		if (!rego_at(parser, REGO_WORD) || rego_at_any_keyword(parser))
			return rego_unexpected(parser, "expected var") != NULL;
		struct rego_term *name = rego_parse_name(parser);
		if (name == NULL || !rego_terms_add(parser, &terms, name))
			return false;
		rego_scan(parser);
		if (!rego_at(parser, REGO_COMMA))
			break;
		rego_scan(parser);
	}
	statement->items = terms.items;
	statement->item_count = terms.count;
	return true;
}

static struct rego_statement *parse_some(struct rego_parser *parser)
{
	struct rego_statement *statement = new_statement(parser, REGO_S_SOME_IN);
	if (statement == NULL)
		return NULL;
	rego_scan(parser);
	struct rego_parser_state state = rego_parser_save(parser);
	struct rego_term *term = rego_parse_infix(parser);
	if (term != NULL && split_membership(term, statement))
		return parse_withs(parser, statement) ? statement : NULL;
	if (rego_failed(parser->work))
		return NULL;
	if (term != NULL && term->kind == REGO_T_CALL)
		return rego_parse_error(parser, term->place, "expected `x in xs` or `x, y in xs` expression");
	rego_parser_restore(parser, &state);
	statement->kind = REGO_S_SOME;
	return parse_variables(parser, statement) ? statement : NULL;
}

static struct rego_statement *parse_every(struct rego_parser *parser)
{
	struct rego_statement *statement = new_statement(parser, REGO_S_EVERY);
	if (statement == NULL)
		return NULL;
	rego_scan(parser);
	struct rego_term *term = rego_parse_infix(parser);
	if (term == NULL)
		return NULL;
	if (!split_membership(term, statement))
		return rego_parse_error(parser, term->place, "expected `x[, y] in xs { ... }` expression");
	if (statement->a->kind != REGO_T_VAR || (statement->key != NULL && statement->key->kind != REGO_T_VAR))
		return rego_parse_error(parser, term->place, "expected every to declare variables");
	if (!rego_at(parser, REGO_LBRACE))
		return rego_unexpected(parser, "missing body");
	rego_scan(parser);
	statement->body = rego_parse_body(parser, REGO_RBRACE);
	if (statement->body == NULL)
		return NULL;
	rego_scan(parser);
	return parse_withs(parser, statement) ? statement : NULL;
}

/* not { body }: NULL without an error where it does not read so. */
static struct rego_statement *parse_not_body(struct rego_parser *parser, struct rego_statement *statement)
{
	struct rego_parser_state state = rego_parser_save(parser);
	rego_scan(parser);
	statement->body = rego_parse_body(parser, REGO_RBRACE);
	if (statement->body != NULL) {
		statement->kind = REGO_S_NOT_BODY;
		rego_scan(parser);
		return parse_withs(parser, statement) ? statement : NULL;
	}
	if (!rego_failed(parser->work))
		rego_parser_restore(parser, &state);
	return NULL;
}

static struct rego_statement *parse_expression(struct rego_parser *parser, struct rego_statement *statement)
{
	statement->a = rego_parse_infix(parser);
	if (statement->a == NULL)
		return NULL;
	if (rego_at(parser, REGO_UNIFY) || rego_at(parser, REGO_ASSIGN)) {
		statement->kind = rego_at(parser, REGO_UNIFY) ? REGO_S_UNIFY : REGO_S_ASSIGN;
		rego_scan(parser);
		statement->b = rego_parse_infix(parser);
		if (statement->b == NULL)
			return NULL;
	}
	return parse_withs(parser, statement) ? statement : NULL;
}

struct rego_statement *rego_parse_statement(struct rego_parser *parser)
{
	struct rego_statement *statement = new_statement(parser, REGO_S_TERM);
	if (statement == NULL)
		return NULL;
	if (rego_at_keyword(parser, REGO_K_NOT)) {
		statement->negated = true;
		rego_scan(parser);
		if (rego_at_keyword(parser, REGO_K_SOME))
			return rego_unexpected(parser, "illegal negation of 'some'");
		if (rego_at_keyword(parser, REGO_K_EVERY))
			return rego_unexpected(parser, "illegal negation of 'every'");
		if (rego_at(parser, REGO_LBRACE) && parser->module != NULL && parser->module->not_body) {
			struct rego_statement *with_body = parse_not_body(parser, statement);
			if (with_body != NULL || parser->failed || rego_failed(parser->work))
				return with_body;
		}
	}
	if (rego_at_keyword(parser, REGO_K_SOME))
		return parse_some(parser);
	if (rego_at_keyword(parser, REGO_K_EVERY))
		return parse_every(parser);
	return parse_expression(parser, statement);
}
