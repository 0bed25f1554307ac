#include "lexer.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *word;
	enum rego_keyword keyword;
} keywords[] = {
	{"package", REGO_K_PACKAGE}, {"import", REGO_K_IMPORT}, {"default", REGO_K_DEFAULT}, {"as", REGO_K_AS},
	{"else", REGO_K_ELSE}, {"with", REGO_K_WITH}, {"not", REGO_K_NOT}, {"some", REGO_K_SOME},
	{"null", REGO_K_NULL}, {"true", REGO_K_TRUE}, {"false", REGO_K_FALSE},
	{"in", REGO_K_IN}, {"every", REGO_K_EVERY}, {"if", REGO_K_IF}, {"contains", REGO_K_CONTAINS},
};

static const struct {
	char text[3];
	enum rego_token_kind kind;
} marks[] = {
	{":=", REGO_ASSIGN}, {"==", REGO_EQ}, {"!=", REGO_NE}, {"<=", REGO_LE}, {">=", REGO_GE},
	{"(", REGO_LPAREN}, {")", REGO_RPAREN}, {"[", REGO_LBRACK}, {"]", REGO_RBRACK}, {"{", REGO_LBRACE},
	{"}", REGO_RBRACE}, {",", REGO_COMMA}, {";", REGO_SEMICOLON}, {":", REGO_COLON}, {".", REGO_DOT},
	{"=", REGO_UNIFY}, {"<", REGO_LT}, {">", REGO_GT}, {"+", REGO_PLUS}, {"-", REGO_MINUS}, {"*", REGO_TIMES},
	{"/", REGO_SLASH}, {"%", REGO_PERCENT}, {"|", REGO_PIPE}, {"&", REGO_AMPERSAND},
};

void rego_lexer_start(struct rego_lexer *lexer, const char *text, size_t len)
{
	*lexer = (struct rego_lexer){.at = text, .end = text + len, .line_start = text, .line = 1};
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_space(struct rego_lexer *lexer, struct rego_token *token)
{
	while (lexer->at < lexer->end) {
		char c = *lexer->at;
		if (c == '\n') {
			lexer->line++;
			lexer->line_start = lexer->at + 1;
			token->after_newline = true;
		} else if (c == '#') {
			const char *newline = memchr(lexer->at, '\n', (size_t)(lexer->end - lexer->at));
			lexer->at = newline != NULL ? newline : lexer->end;
			token->after_space = true;
			continue;
		} else if (c != ' ' && c != '\t' && c != '\r') {
			return;
		}
		token->after_space = true;
		lexer->at++;
	}
}

static const char *digits(const char *at, const char *end)
{
	while (at < end && is_digit(*at))
		at++;
	return at;
}

/* A letter right behind a number belongs to it, and spoils it. */
static const char *number(const char *at, const char *end)
{
	at = digits(at, end);
	if (end - at >= 2 && at[0] == '.' && is_digit(at[1]))
		at = digits(at + 1, end);
	if (at < end && (*at == 'e' || *at == 'E')) {
		const char *exponent = at + 1;
		if (exponent < end && (*exponent == '+' || *exponent == '-'))
			exponent++;
		if (exponent < end && is_digit(*exponent))
			at = digits(exponent, end);
	}
	while (at < end && (is_letter(*at) || is_digit(*at)))
		at++;
	return at;
}

/* Behind the closing quote, or NULL. */
static const char *quoted(const char *at, const char *end)
{
	for (at++; at < end && *at != '\n'; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\' && at + 1 < end && at[1] != '\n')
			at++;
	}
	return NULL;
}

static const char *raw(struct rego_lexer *lexer)
{
	for (const char *at = lexer->at + 1; at < lexer->end; at++) {
		if (*at == '`')
			return at + 1;
		if (*at == '\n') {
			lexer->line++;
			lexer->line_start = at + 1;
		}
	}
	return NULL;
}

static enum rego_keyword find_keyword(const char *bytes, size_t len)
{
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (strlen(keywords[i].word) == len && memcmp(keywords[i].word, bytes, len) == 0)
			return keywords[i].keyword;
	return REGO_NO_KEYWORD;
}

static const char *mark(const char *at, const char *end, struct rego_token *token)
{
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		size_t len = strlen(marks[i].text);
		if (len <= (size_t)(end - at) && memcmp(at, marks[i].text, len) == 0) {
			token->kind = marks[i].kind;
			return at + len;
		}
	}
	return at + 1;
}

struct rego_token rego_lexer_next(struct rego_lexer *lexer)
{
	struct rego_token token = {.kind = REGO_BAD};
	skip_space(lexer, &token);
	const char *start = lexer->at, *stop = NULL;
	token.bytes = start;
	token.place = (struct rego_place){lexer->line, (uint32_t)(start - lexer->line_start) + 1};
	if (start == lexer->end) {
		token.kind = REGO_END;
		return token;
	}
	if (is_letter(*start)) {
		for (stop = start; stop < lexer->end && (is_letter(*stop) || is_digit(*stop));)
			stop++;
		token.kind = REGO_WORD;
		token.keyword = find_keyword(start, (size_t)(stop - start));
	} else if (is_digit(*start)) {
		stop = number(start, lexer->end);
		token.kind = REGO_DIGITS;
	} else if (*start == '"') {
		stop = quoted(start, lexer->end);
		token.kind = stop != NULL ? REGO_QUOTED : REGO_BAD;
	} else if (*start == '`') {
		stop = raw(lexer);
		token.kind = stop != NULL ? REGO_RAW : REGO_BAD;
	} else if (*start == '$' && lexer->end - start > 1 && (start[1] == '"' || start[1] == '`')) {
		stop = start + 2;
		token.kind = REGO_TEMPLATE;
	} else {
		stop = mark(start, lexer->end, &token);
	}
	lexer->at = stop != NULL ? stop : start + 1;
	token.len = (size_t)(lexer->at - start);
	return token;
}

const char *rego_token_name(const struct rego_token *token, char *buffer, size_t size)
{
	switch (token->kind) {
	case REGO_END:
		return "end of file";
	case REGO_DIGITS:
		return "number";
	case REGO_QUOTED:
	case REGO_RAW:
	case REGO_TEMPLATE:
		return "string";
	default:
		if (token->kind == REGO_BAD && (*token->bytes == '"' || *token->bytes == '`'))
			return "non-terminated string";
		if (token->kind == REGO_BAD && ((unsigned char)*token->bytes < ' ' || (unsigned char)*token->bytes > '~'))
			return "illegal character";
		snprintf(buffer, size, "%.*s", (int)(token->len < 64 ? token->len : 64), token->bytes);
		return buffer;
	}
}
