/* Strings, and templates: $"... {expression} ...". */
#include <string.h>

#include "parser.h"
#include "utf8.h"

struct text {
	char *bytes;
	size_t len;
};

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Four digits at `at`; -1: they are not there. */
static int32_t hex4(const char *at, const char *end)
{
	int32_t value = 0;
	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static void put_code_point(struct text *text, uint32_t point)
{
	text->len += rego_utf8_encode(point, text->bytes + text->len);
}

/* \uXXXX at `at` (on the x); halves of a pair without the other become U+FFFD. */
static const char *unescape_unicode(struct text *text, const char *at, const char *end)
{
	int32_t high = hex4(at, end);
	if (high < 0)
		return NULL;
	at += 4;
	if (high >= 0xd800 && high < 0xdc00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u') {
		int32_t low = hex4(at + 2, end);
		if (low >= 0xdc00 && low < 0xe000) {
			put_code_point(text, 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00));
			return at + 6;
		}
	}
	put_code_point(text, high >= 0xd800 && high < 0xe000 ? 0xfffd : (uint32_t)high);
	return at;
}

/* Escapes as in JSON; in templates \{ too. The result is never longer than the text. NULL with a parse error. */
static const struct rego_value *unescape(struct rego_parser *parser, const char *at, size_t len, bool raw, bool template)
{
	static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	struct text text = {rego_alloc(parser->work, len + 1), 0};
	if (text.bytes == NULL)
		return NULL;
	const char *end = at + len;
	while (at < end) {
		if ((unsigned char)*at < 0x20 && !raw)
			return rego_parse_error(parser, parser->token.place, "illegal string literal: control character");
		if (*at != '\\' || (raw && !(template && end - at > 1 && at[1] == '{'))) {
			text.bytes[text.len++] = *at++;
			continue;
		}
		const char *escape = ++at < end ? strchr(plain, *at) : NULL;
		if (at < end && *at == '{' && template) {
			text.bytes[text.len++] = '{';
			at++;
		} else if (escape != NULL && *escape != '\0') {
			text.bytes[text.len++] = meant[escape - plain];
			at++;
		} else {
			at = at < end && *at == 'u' ? unescape_unicode(&text, at + 1, end) : NULL;
			if (at == NULL)
				return rego_parse_error(parser, parser->token.place, "illegal escape sequence");
		}
	}
	if (!rego_spend(parser->work, len / 16))
		return NULL;
	return rego_string(parser->work, text.bytes, text.len);
}

struct rego_term *rego_parse_string(struct rego_parser *parser)
{
	const struct rego_token *token = &parser->token;
	const struct rego_value *value = unescape(parser, token->bytes + 1, token->len - 2, token->kind == REGO_RAW, false);
	return rego_new_value(parser, value, token->place);
}

/* The expression that the lexer stands before; `}` is at hand afterwards. As {x | x = expression}, which is empty where
 * the expression is undefined. */
static struct rego_term *parse_expression(struct rego_parser *parser)
{
	rego_scan(parser);
	if (rego_at(parser, REGO_RBRACE))
		return rego_parse_error(parser, parser->token.place, "invalid template-string expression: empty");
	struct rego_place place = parser->token.place;
	struct rego_statement *statement = rego_parse_statement(parser);
	if (statement == NULL)
		return NULL;
	if (!rego_at(parser, REGO_RBRACE))
		return rego_unexpected(parser, "expected }");
	if (statement->kind != REGO_S_TERM || statement->negated)
		return rego_parse_error(parser, place, "unexpected expression in template string");
	struct rego_term *expression = statement->a;
	struct rego_term *variable = rego_new_term(parser, REGO_T_VAR, place);
	struct rego_term *set = rego_new_term(parser, REGO_T_SET_OF, place);
	if (variable == NULL || set == NULL)
		return NULL;
	variable->name = (struct rego_name){"$template", 9};
	statement->kind = REGO_S_ASSIGN;
	statement->a = variable;
	statement->b = expression;
	set->of.value = variable;
	set->of.body = rego_body_of(parser, statement);
	return set->of.body != NULL ? set : NULL;
}

/* To the next expression, or behind the end. Returns where the literal text ends. */
static const char *skip_literal(struct rego_parser *parser, char quote)
{
	struct rego_lexer *lexer = &parser->lexer;
	for (; lexer->at < lexer->end; lexer->at++) {
		char c = *lexer->at;
		if (c == quote || c == '{')
			return lexer->at;
		if (c == '\n') {
			if (quote == '"')
				break;
			lexer->line++;
			lexer->line_start = lexer->at + 1;
		} else if (c == '\\' && lexer->at + 1 < lexer->end && (quote == '"' || lexer->at[1] == '{')
			   && lexer->at[1] != '\n') {
			lexer->at++;
		}
	}
	return rego_parse_error(parser, parser->token.place, "non-terminated string");
}

struct rego_term *rego_parse_template(struct rego_parser *parser)
{
	struct rego_place place = parser->token.place;
	char quote = parser->token.bytes[1];
	struct rego_terms terms = {0};
	for (;;) {
		const char *start = parser->lexer.at, *stop = skip_literal(parser, quote);
		if (stop == NULL)
			return NULL;
		const struct rego_value *literal = unescape(parser, start, (size_t)(stop - start), quote == '`', true);
		struct rego_term *term = rego_new_value(parser, literal, place);
		if (term == NULL || !rego_terms_add(parser, &terms, term))
			return NULL;
		parser->lexer.at = stop + 1;
		if (*stop == quote)
			break;
		term = parse_expression(parser);
		if (term == NULL || !rego_terms_add(parser, &terms, term))
			return NULL;
	}
	struct rego_term *template = rego_new_term(parser, REGO_T_TEMPLATE, place);
	if (template == NULL)
		return NULL;
	template->list.items = terms.items;
	template->list.count = terms.count;
	return template;
}
