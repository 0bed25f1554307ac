/* Arrays, sets, objects and comprehensions. `[x | ...` is a comprehension where what follows reads as a body, and
 * otherwise the operator `|`. */
#include "parser.h"

struct rego_dead_end {
	struct rego_dead_end *next;
	const char *at;
};

static bool is_dead_end(struct rego_parser *parser, const char *at)
{
	for (struct rego_dead_end *end = parser->dead_ends; end != NULL && rego_spend(parser->work, 1); end = end->next)
		if (end->at == at)
			return true;
	return false;
}

static void remember_dead_end(struct rego_parser *parser, const char *at)
{
	struct rego_dead_end *end = rego_alloc(parser->work, sizeof *end);
	if (end == NULL)
		return;
	*end = (struct rego_dead_end){parser->dead_ends, at};
	parser->dead_ends = end;
}

/* At `|`: the body of a comprehension up to `end`. NULL without an error: it is an operator, which is at hand again. */
static struct rego_body *try_body(struct rego_parser *parser, enum rego_token_kind end)
{
	struct rego_parser_state state = rego_parser_save(parser);
	if (is_dead_end(parser, state.token.bytes))
		return NULL;
	rego_scan(parser);
	struct rego_body *body = rego_parse_body(parser, end);
	if (body != NULL || rego_failed(parser->work) || !rego_at(parser, REGO_COMMA))
		return body;
	rego_parser_restore(parser, &state);
	remember_dead_end(parser, state.token.bytes);
	return NULL;
}

static struct rego_term *comprehension(struct rego_parser *parser, enum rego_term_kind kind, struct rego_place place,
				       struct rego_term *key, struct rego_term *value, struct rego_body *body)
{
	struct rego_term *term = rego_new_term(parser, kind, place);
	if (term == NULL)
		return NULL;
	term->of.key = key;
	term->of.value = value;
	term->of.body = body;
	return term;
}

static struct rego_term *list_term(struct rego_parser *parser, enum rego_term_kind kind, struct rego_place place,
				   const struct rego_terms *terms)
{
	struct rego_term *term = rego_new_term(parser, kind, place);
	if (term == NULL)
		return NULL;
	term->list.items = terms->items;
	term->list.count = terms->count;
	return term;
}

/* Behind the first term of an array or set. */
static struct rego_term *parse_rest(struct rego_parser *parser, enum rego_term_kind kind, enum rego_token_kind end,
				    struct rego_place place, struct rego_term *first)
{
	struct rego_terms terms = {0};
	if (!rego_terms_add(parser, &terms, first))
		return NULL;
	if (rego_at(parser, REGO_COMMA)) {
		rego_scan(parser);
		if (!rego_parse_term_list(parser, end, &terms))
			return NULL;
	} else if (!rego_at(parser, end)) {
		return rego_unexpected(parser, end == REGO_RBRACK ? "expected \",\" or \"]\"" : "expected \",\" or \"}\"");
	}
	return list_term(parser, kind, place, &terms);
}

/* The first member behind a bracket, and perhaps a comma; *whole: it was a comprehension, and that is all. */
static struct rego_term *parse_first(struct rego_parser *parser, enum rego_term_kind comprehended, enum rego_token_kind end,
				     struct rego_place place, bool *leading_comma, bool *whole)
{
	*whole = false;
	*leading_comma = rego_at(parser, REGO_COMMA);
	if (*leading_comma)
		rego_scan(parser);
	struct rego_term *first = rego_parse_term(parser);
	if (first == NULL)
		return NULL;
	if (rego_at(parser, REGO_PIPE) && !*leading_comma) {
		struct rego_body *body = try_body(parser, end);
		*whole = body != NULL;
		if (body != NULL)
			return comprehension(parser, comprehended, place, NULL, first, body);
		if (parser->failed)
			return NULL;
	}
	return rego_parse_infix_from(parser, first);
}

struct rego_term *rego_parse_array(struct rego_parser *parser)
{
	struct rego_place place = parser->token.place;
	rego_scan(parser);
	if (rego_at(parser, REGO_RBRACK))
		return rego_new_value(parser, &rego_empty_array, place);
	bool leading_comma, whole;
	struct rego_term *first = parse_first(parser, REGO_T_ARRAY_OF, REGO_RBRACK, place, &leading_comma, &whole);
	return first == NULL || whole ? first : parse_rest(parser, REGO_T_ARRAY, REGO_RBRACK, place, first);
}

/* Behind `key:` of the first member. */
static struct rego_term *parse_object(struct rego_parser *parser, struct rego_place place, struct rego_term *key,
				      bool leading_comma)
{
	struct rego_terms terms = {0};
	rego_scan(parser);
	struct rego_term *value = rego_parse_term(parser);
	if (value == NULL)
		return NULL;
	if (rego_at(parser, REGO_PIPE) && !leading_comma) {
		struct rego_body *body = try_body(parser, REGO_RBRACE);
		if (body != NULL)
			return comprehension(parser, REGO_T_OBJECT_OF, place, key, value, body);
		if (parser->failed)
			return NULL;
	}
	value = rego_parse_infix_from(parser, value);
	while (value != NULL && rego_terms_add(parser, &terms, key) && rego_terms_add(parser, &terms, value)) {
		if (rego_at(parser, REGO_COMMA))
			rego_scan(parser);
		else if (!rego_at(parser, REGO_RBRACE))
			return rego_unexpected(parser, "non-terminated object");
		if (rego_at(parser, REGO_RBRACE))
			return list_term(parser, REGO_T_OBJECT, place, &terms);
		key = rego_parse_infix_in_list(parser);
		if (key == NULL)
			return NULL;
		if (!rego_at(parser, REGO_COLON))
			return rego_unexpected(parser, "expected :");
		rego_scan(parser);
		value = rego_parse_infix_in_list(parser);
	}
	return NULL;
}

struct rego_term *rego_parse_braces(struct rego_parser *parser)
{
	struct rego_place place = parser->token.place;
	rego_scan(parser);
	if (rego_at(parser, REGO_RBRACE))
		return rego_new_value(parser, &rego_empty_object, place);
	bool leading_comma, whole;
	struct rego_term *first = parse_first(parser, REGO_T_SET_OF, REGO_RBRACE, place, &leading_comma, &whole);
	if (first == NULL || whole)
		return first;
	if (rego_at(parser, REGO_COLON))
		return parse_object(parser, place, first, leading_comma);
	return parse_rest(parser, REGO_T_SET, REGO_RBRACE, place, first);
}
