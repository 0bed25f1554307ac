/* Terms: scalars, variables, references, calls, and infix operators by precedence. */
#include <string.h>

#include "parser.h"

struct rego_term *rego_parse_name(struct rego_parser *parser)
{
	struct rego_term *term = rego_new_term(parser, REGO_T_VAR, parser->token.place);
	if (term == NULL)
		return NULL;
	term->name = (struct rego_name){parser->token.bytes, parser->token.len};
	return term;
}

/* A sign, which may stand apart, and a number. The last token of it stays at hand. */
struct rego_term *rego_parse_number(struct rego_parser *parser)
{
	struct rego_place place = parser->token.place;
	bool negative = rego_at(parser, REGO_MINUS);
	if (negative)
		rego_scan(parser);
	bool fraction = rego_at(parser, REGO_DOT);
	if (fraction)
		rego_scan(parser);
	if (!rego_at(parser, REGO_DIGITS) || (fraction && parser->token.after_space))
		return rego_unexpected(parser, "expected number");
	const char *bytes = parser->token.bytes;
	size_t len = parser->token.len;
	if (len > 1 && bytes[0] == '0' && bytes[1] >= '0' && bytes[1] <= '9' && !fraction)
		return rego_parse_error(parser, place, "expected number without leading zeros");
	char *text = rego_alloc(parser->work, len + 3);
	if (text == NULL)
		return NULL;
	size_t at = 0;
	if (negative)
		text[at++] = '-';
	if (fraction) {
		text[at++] = '0';
		text[at++] = '.';
	}
	memcpy(text + at, bytes, len);
	struct rego_number number;
	if (!rego_number_parse(parser->work, text, at + len, &number)) {
		if (rego_failed(parser->work))
			return NULL;
		return rego_parse_error(parser, place, "illegal number format: %.*s", (int)(len < 40 ? len : 40), bytes);
	}
	return rego_new_value(parser, rego_number_value(parser->work, number), place);
}

static struct rego_term *parse_call(struct rego_parser *parser, struct rego_term *operator)
{
	struct rego_terms terms = {0};
	struct rego_place place = operator->place;
	if (!rego_terms_add(parser, &terms, operator))
		return NULL;
	rego_scan(parser);
	if (!rego_parse_term_list(parser, REGO_RPAREN, &terms))
		return NULL;
	if (terms.count == 1 && rego_is_var(operator, "set"))
		return rego_new_value(parser, &rego_empty_set, place);
	struct rego_term *call = rego_new_term(parser, REGO_T_CALL, place);
	if (call == NULL)
		return NULL;
	call->list.items = terms.items;
	call->list.count = terms.count;
	return call;
}

static struct rego_term *make_ref(struct rego_parser *parser, struct rego_terms *terms)
{
	if (terms->count == 1)
		return terms->items[0];
	struct rego_term *ref = rego_new_term(parser, REGO_T_REF, terms->items[0]->place);
	if (ref == NULL)
		return NULL;
	ref->list.items = terms->items;
	ref->list.count = terms->count;
	return ref;
}

static bool parse_dot(struct rego_parser *parser, struct rego_terms *terms)
{
	rego_scan(parser);
	if (!rego_at(parser, REGO_WORD) || parser->token.after_space) {
		rego_unexpected(parser, "expected identifier");
		return false;
	}
	const struct rego_value *name = rego_string_take(parser->work, parser->token.bytes, parser->token.len);
	struct rego_term *term = rego_new_value(parser, name, parser->token.place);
	return term != NULL && rego_terms_add(parser, terms, term);
}

/* What follows a term without a space in between: .name, [term] and (operands). The last token of the head is at hand;
 * the one behind it all is at the end. */
static struct rego_term *parse_ref(struct rego_parser *parser, struct rego_term *head, bool loose)
{
	struct rego_terms terms = {0};
	if (!rego_terms_add(parser, &terms, head))
		return NULL;
	bool called = false;
	for (rego_scan(parser); loose || !parser->token.after_space; rego_scan(parser), loose = false) {
		if (rego_at(parser, REGO_DOT)) {
			if (!parse_dot(parser, &terms))
				return NULL;
		} else if (rego_at(parser, REGO_LBRACK)) {
			rego_scan(parser);
			struct rego_term *term = rego_parse_infix(parser);
			if (term == NULL)
				return NULL;
			if (!rego_at(parser, REGO_RBRACK))
				return rego_unexpected(parser, "expected ]");
			if (!rego_terms_add(parser, &terms, term))
				return NULL;
		} else if (rego_at(parser, REGO_LPAREN) && !called && (head->kind == REGO_T_VAR)) {
			struct rego_term *operator= make_ref(parser, &terms);
			struct rego_term *call = operator!= NULL ? parse_call(parser, operator) : NULL;
			if (call == NULL)
				return NULL;
			called = true;
			terms = (struct rego_terms){0};
			if (!rego_terms_add(parser, &terms, call))
				return NULL;
		} else {
			break;
		}
	}
	return make_ref(parser, &terms);
}

struct rego_term *rego_parse_ref_rest(struct rego_parser *parser, struct rego_term *head)
{
	return parse_ref(parser, head, false);
}

/* Behind the name of a rule there may be space: f (x) := x. */
struct rego_term *rego_parse_head_ref(struct rego_parser *parser, struct rego_term *name)
{
	return parse_ref(parser, name, true);
}

/* Terms with commas between them up to `end`, which stays at hand. */
bool rego_parse_term_list(struct rego_parser *parser, enum rego_token_kind end, struct rego_terms *terms)
{
	while (!rego_at(parser, end)) {
		struct rego_term *term = rego_parse_infix_in_list(parser);
		if (term == NULL || !rego_terms_add(parser, terms, term))
			return false;
		if (rego_at(parser, REGO_COMMA)) {
			rego_scan(parser);
		} else if (!rego_at(parser, end)) {
			rego_unexpected(parser, end == REGO_RPAREN ? "expected \",\" or \")\""
						: end == REGO_RBRACK ? "expected \",\" or \"]\"" : "expected \",\" or \"}\"");
			return false;
		}
	}
	return true;
}

static struct rego_term *parse_parentheses(struct rego_parser *parser)
{
	struct rego_place place = parser->token.place;
	rego_scan(parser);
	struct rego_term *term = rego_parse_infix(parser);
	if (term == NULL)
		return NULL;
	if (!rego_at(parser, REGO_RPAREN))
		return rego_parse_error(parser, place, "non-terminated expression");
	term->in_parentheses = true;
	return term;
}

static struct rego_term *parse_word(struct rego_parser *parser)
{
	struct rego_place place = parser->token.place;
	if (rego_at_keyword(parser, REGO_K_NULL))
		return rego_new_value(parser, &rego_null, place);
	if (rego_at_keyword(parser, REGO_K_TRUE))
		return rego_new_value(parser, &rego_true, place);
	if (rego_at_keyword(parser, REGO_K_FALSE))
		return rego_new_value(parser, &rego_false, place);
	if (rego_at_any_keyword(parser) && !rego_at_keyword(parser, REGO_K_CONTAINS))
		return rego_unexpected(parser, "");
	return rego_parse_name(parser);
}

static struct rego_term *parse_start(struct rego_parser *parser)
{
	switch (parser->token.kind) {
	case REGO_WORD:
		return parse_word(parser);
	case REGO_MINUS:
	case REGO_DOT:
	case REGO_DIGITS:
		return rego_parse_number(parser);
	case REGO_QUOTED:
	case REGO_RAW:
		return rego_parse_string(parser);
	case REGO_TEMPLATE:
		return rego_parse_template(parser);
	case REGO_LBRACK:
		return rego_parse_array(parser);
	case REGO_LBRACE:
		return rego_parse_braces(parser);
	case REGO_LPAREN:
		return parse_parentheses(parser);
	default:
		return rego_unexpected(parser, "");
	}
}

struct rego_term *rego_parse_term(struct rego_parser *parser)
{
	if (!rego_enter(parser))
		return NULL;
	struct rego_term *term = parse_start(parser);
	if (term != NULL && !rego_failed(parser->work))
		term = rego_parse_ref_rest(parser, term);
	rego_leave(parser);
	return rego_failed(parser->work) ? NULL : term;
}

/* The operator at hand, if it is of that precedence: 0 comparisons, 1 |, 2 &, 3 + -, 4 * / %. */
static const char *infix_operator(const struct rego_parser *parser, unsigned precedence)
{
	static const struct {
		enum rego_token_kind kind;
		unsigned precedence;
		const char *name;
	} operators[] = {
		{REGO_EQ, 0, "equal"}, {REGO_NE, 0, "neq"}, {REGO_LT, 0, "lt"}, {REGO_LE, 0, "lte"}, {REGO_GT, 0, "gt"},
		{REGO_GE, 0, "gte"}, {REGO_PIPE, 1, "or"}, {REGO_AMPERSAND, 2, "and"}, {REGO_PLUS, 3, "plus"},
		{REGO_MINUS, 3, "minus"}, {REGO_TIMES, 4, "mul"}, {REGO_SLASH, 4, "div"}, {REGO_PERCENT, 4, "rem"},
	};
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (operators[i].kind == parser->token.kind && operators[i].precedence == precedence)
			return operators[i].name;
	return NULL;
}

#define TIGHTEST 5

/* Left-associative. `left`: the first operand, where it has been read already. Chains are loops: the tree's depth
 * is bounded by counting each link as a level. */
static struct rego_term *parse_binary(struct rego_parser *parser, unsigned precedence, struct rego_term *left)
{
	if (precedence == TIGHTEST)
		return left != NULL ? left : rego_parse_term(parser);
	left = parse_binary(parser, precedence + 1, left);
	unsigned links = 0;
	const char *name;
	while (left != NULL && (name = infix_operator(parser, precedence)) != NULL) {
		if (!rego_enter(parser))
			return NULL;
		links++;
		struct rego_place place = parser->token.place;
		rego_scan(parser);
		struct rego_term *operands[2] = {left, parse_binary(parser, precedence + 1, NULL)};
		if (operands[1] == NULL) {
			left = NULL;
			break;
		}
		left = rego_new_call(parser, name, place, operands, 2);
	}
	parser->depth -= links;
	return left;
}

/* `in`, which binds loosest. `pairs`: may `a, b in c` be meant? */
static struct rego_term *parse_membership(struct rego_parser *parser, struct rego_term *left, bool pairs)
{
	left = parse_binary(parser, 0, left);
	unsigned links = 0;
	while (left != NULL) {
		struct rego_term *operands[3] = {left};
		size_t count = 1;
		struct rego_parser_state state = rego_parser_save(parser);
		bool had_failed = parser->failed;
		if (pairs && rego_at(parser, REGO_COMMA)) {
			rego_scan(parser);
			operands[count++] = parse_binary(parser, 0, NULL);
			if (operands[1] == NULL || !rego_at_keyword(parser, REGO_K_IN)) {
				if (!had_failed)
					rego_parser_restore(parser, &state);
				break;
			}
		}
		if (!rego_at_keyword(parser, REGO_K_IN))
			break;
		if (!rego_enter(parser))
			return NULL;
		links++;
		struct rego_place place = parser->token.place;
		rego_scan(parser);
		operands[count] = parse_binary(parser, 0, NULL);
		if (operands[count] == NULL) {
			left = NULL;
			break;
		}
		count++;
		left = rego_new_call(parser, count == 3 ? "internal.member_3" : "internal.member_2", place, operands, count);
	}
	parser->depth -= links;
	return rego_failed(parser->work) ? NULL : left;
}

struct rego_term *rego_parse_infix(struct rego_parser *parser)
{
	return parse_membership(parser, NULL, true);
}

struct rego_term *rego_parse_infix_in_list(struct rego_parser *parser)
{
	return parse_membership(parser, NULL, false);
}

struct rego_term *rego_parse_infix_from(struct rego_parser *parser, struct rego_term *left)
{
	return parse_membership(parser, left, false);
}
