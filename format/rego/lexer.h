/* Tokens of Rego source. A token points into the text; nothing is copied here. */
#ifndef REGO_LEXER_H
#define REGO_LEXER_H

#include "work.h"

enum rego_token_kind {
	REGO_END,
	REGO_BAD, /* a character that starts no token, or an unfinished one: `len` bytes of it */
	REGO_WORD,
	REGO_DIGITS,   /* a number, without its sign */
	REGO_QUOTED,   /* "..." with its quotes */
	REGO_RAW,      /* `...` with its quotes */
	REGO_TEMPLATE, /* $" or $`: only that much; parse_template.c reads on */
	REGO_LPAREN, REGO_RPAREN, REGO_LBRACK, REGO_RBRACK, REGO_LBRACE, REGO_RBRACE,
	REGO_COMMA, REGO_SEMICOLON, REGO_COLON, REGO_DOT,
	REGO_UNIFY,  /* = */
	REGO_ASSIGN, /* := */
	REGO_EQ, REGO_NE, REGO_LT, REGO_LE, REGO_GT, REGO_GE,
	REGO_PLUS, REGO_MINUS, REGO_TIMES, REGO_SLASH, REGO_PERCENT, REGO_PIPE, REGO_AMPERSAND,
};

/* Words that may be keywords; which ones are depends on version and imports. */
enum rego_keyword {
	REGO_NO_KEYWORD,
	REGO_K_PACKAGE, REGO_K_IMPORT, REGO_K_DEFAULT, REGO_K_AS, REGO_K_ELSE, REGO_K_WITH, REGO_K_NOT, REGO_K_SOME,
	REGO_K_NULL, REGO_K_TRUE, REGO_K_FALSE,
	REGO_K_IN, REGO_K_EVERY, REGO_K_IF, REGO_K_CONTAINS, /* these four came later */
};

struct rego_place {
	uint32_t line, column; /* from 1 on */
};

struct rego_token {
	enum rego_token_kind kind;
	enum rego_keyword keyword; /* of a word */
	const char *bytes;
	size_t len;
	struct rego_place place;
	bool after_space, after_newline; /* comments count as space */
};

struct rego_lexer {
	const char *at, *end, *line_start;
	uint32_t line;
};

void rego_lexer_start(struct rego_lexer *lexer, const char *text, size_t len);
struct rego_token rego_lexer_next(struct rego_lexer *lexer);

/* As messages spell it: "}", "if", "string". */
const char *rego_token_name(const struct rego_token *token, char *buffer, size_t size);

#endif
