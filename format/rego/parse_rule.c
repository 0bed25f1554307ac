/* Rules: head, body, else. */
#include <string.h>

#include "parser.h"

static struct rego_rule *new_rule(struct rego_parser *parser)
{
	struct rego_rule *rule = rego_alloc(parser->work, sizeof *rule);
	if (rule != NULL) {
		rule->place = parser->token.place;
		rule->module = parser->module;
	}
	return rule;
}

static bool set_ref(struct rego_parser *parser, struct rego_rule *rule, struct rego_term *term)
{
	if (term->kind == REGO_T_REF) {
		rule->ref = term->list.items;
		rule->ref_count = term->list.count;
	} else {
		rule->ref = rego_alloc(parser->work, sizeof(struct rego_term *));
		if (rule->ref == NULL)
			return false;
		rule->ref[0] = term;
		rule->ref_count = 1;
	}
	if (rule->ref[0]->kind != REGO_T_VAR)
		return rego_parse_error(parser, term->place, "expected rule head name") != NULL;
	return true;
}

/* Up to what stands behind name, arguments and references. */
static bool parse_name(struct rego_parser *parser, struct rego_rule *rule)
{
	if (!rego_at(parser, REGO_WORD))
		return rego_unexpected(parser, "") != NULL;
	if (rego_at_any_keyword(parser))
		return rego_unexpected(parser, parser->token.keyword == REGO_K_DEFAULT ? "" : "rule name expected") != NULL;
	struct rego_term *name = rego_parse_name(parser);
	struct rego_term *head = name != NULL ? rego_parse_head_ref(parser, name) : NULL;
	if (head == NULL)
		return false;
	if (head->kind != REGO_T_CALL)
		return set_ref(parser, rule, head);
	rule->function = head->list.count > 1; /* f() is a rule as any other */
	rule->args = head->list.items + 1;
	rule->arg_count = head->list.count - 1;
	return set_ref(parser, rule, head->list.items[0]);
}

static bool parse_value(struct rego_parser *parser, struct rego_rule *rule)
{
	if (rego_at_keyword(parser, REGO_K_CONTAINS)) {
		if (rule->function)
			return rego_unexpected(parser, "the contains keyword can only be used with multi-value rule "
						       "definitions (e.g., p contains <VALUE> { ... })") != NULL;
		rego_scan(parser);
		rule->contains = true;
		rule->key = rego_parse_infix(parser);
		return rule->key != NULL;
	}
	if (rego_at(parser, REGO_UNIFY) || rego_at(parser, REGO_ASSIGN)) {
		rule->assigned = rego_at(parser, REGO_ASSIGN);
		rego_scan(parser);
		rule->value = rego_parse_infix(parser);
		return rule->value != NULL;
	}
	return true;
}

/* What default rules may not contain; NULL: it is all right. Comprehensions may contain anything. */
static const char *not_constant(struct rego_parser *parser, const struct rego_term *term)
{
	if (!rego_enter(parser))
		return "too much";
	const char *why = NULL;
	switch (term->kind) {
	case REGO_T_VAR:
		why = "var";
		break;
	case REGO_T_REF:
		why = "ref";
		break;
	case REGO_T_CALL:
		why = "call";
		break;
	case REGO_T_TEMPLATE:
		why = "template string";
		break;
	case REGO_T_ARRAY:
	case REGO_T_SET:
	case REGO_T_OBJECT:
		for (size_t i = 0; i < term->list.count && why == NULL; i++)
			why = not_constant(parser, term->list.items[i]);
		break;
	default:
		break;
	}
	rego_leave(parser);
	return why;
}

static bool check_default(struct rego_parser *parser, struct rego_rule *rule)
{
	if (rule->contains || rule->value == NULL)
		return rego_parse_error(parser, rule->place, "illegal default rule (must have a value)") != NULL;
	for (size_t i = 1; i < rule->ref_count; i++)
		if (not_constant(parser, rule->ref[i]) != NULL)
			return rego_parse_error(parser, rule->place, "illegal default rule (%s cannot be in its name)",
						not_constant(parser, rule->ref[i])) != NULL;
	const char *why = not_constant(parser, rule->value);
	if (why != NULL)
		return rego_parse_error(parser, rule->place, "illegal default rule (value cannot contain %s)", why) != NULL;
	for (size_t i = 0; i < rule->arg_count; i++) {
		if (rule->args[i]->kind != REGO_T_VAR)
			return rego_parse_error(parser, rule->place, "illegal default rule (arguments cannot contain other "
								     "than variables)") != NULL;
		for (size_t k = 0; k < i && rego_spend(parser->work, 1); k++)
			if (!rego_is_wildcard(rule->args[i]) && rego_same_name(rule->args[i]->name, rule->args[k]->name))
				return rego_parse_error(parser, rule->place, "illegal default rule (arguments cannot be "
									     "repeated %.*s)",
							(int)rule->args[i]->name.len, rule->args[i]->name.bytes) != NULL;
	}
	return true;
}

static bool parse_braced_body(struct rego_parser *parser, struct rego_rule *rule)
{
	rego_scan(parser);
	rule->body = rego_parse_body(parser, REGO_RBRACE);
	if (rule->body == NULL)
		return false;
	rego_scan(parser);
	return true;
}

/* Behind `if`: a statement, or a body in braces, which looks like a set at first. */
static bool parse_if_body(struct rego_parser *parser, struct rego_rule *rule)
{
	struct rego_parser_state state = rego_parser_save(parser);
	if (rego_at(parser, REGO_END))
		return rego_unexpected(parser, "rule body expected") != NULL;
	struct rego_statement *statement = rego_parse_statement(parser);
	if (rego_failed(parser->work))
		return false;
	bool is_set = statement != NULL && statement->kind == REGO_S_TERM && !statement->negated
		      && statement->a->kind == REGO_T_SET && statement->with_count == 0 && !statement->a->in_parentheses;
	if (statement != NULL && !is_set) {
		rule->body = rego_body_of(parser, statement);
		return rule->body != NULL;
	}
	if (state.token.kind != REGO_LBRACE)
		return false;
	rego_parser_restore(parser, &state);
	return parse_braced_body(parser, rule);
}

static bool parse_rule_body(struct rego_parser *parser, struct rego_rule *rule)
{
	struct rego_place place = parser->token.place;
	if (rego_at_keyword(parser, REGO_K_IF)) {
		rule->has_if = rule->has_body = true;
		rego_scan(parser);
		return parse_if_body(parser, rule);
	}
	if (!rego_at(parser, REGO_LBRACE))
		return true;
	if (parser->v1)
		return rego_parse_error(parser, place, "`if` keyword is required before rule body") != NULL;
	rule->has_body = true;
	return parse_braced_body(parser, rule);
}

static struct rego_term *true_term(struct rego_parser *parser, struct rego_place place)
{
	return rego_new_value(parser, &rego_true, place);
}

/* What a head without `contains` or value means. */
static bool complete_head(struct rego_parser *parser, struct rego_rule *rule)
{
	if (rule->contains || rule->value != NULL)
		return true;
	bool bare = !rule->has_body;
	if (!rule->function && rule->ref_count == 2 && !rule->has_if) {
		if (parser->v1)
			return rego_parse_error(parser, rule->place,
						"`contains` keyword is required for partial set rules") != NULL;
		rule->contains = true;
		rule->key = rule->ref[--rule->ref_count];
		return true;
	}
	if (bare && rule->ref_count == 1 && !rule->function)
		return rego_parse_error(parser, rule->place, "var cannot be used for rule name") != NULL;
	if (bare && parser->v1)
		return rego_parse_error(parser, rule->place,
					"rule must have value assignment and/or body declaration") != NULL;
	rule->generated_value = true;
	rule->value = true_term(parser, rule->place);
	return rule->value != NULL;
}

static bool parse_else(struct rego_parser *parser, const struct rego_rule *head, struct rego_rule **next)
{
	unsigned links = 0;
	bool good = true;
	while (good && rego_at_keyword(parser, REGO_K_ELSE)) {
		struct rego_rule *rule = new_rule(parser);
		if (rule == NULL)
			return false;
		rule->ref = head->ref;
		rule->ref_count = head->ref_count;
		rule->args = head->args;
		rule->arg_count = head->arg_count;
		rule->function = head->function;
		rego_scan(parser);
		if (!rego_at(parser, REGO_UNIFY) && !rego_at(parser, REGO_ASSIGN) && !rego_at(parser, REGO_LBRACE)
		    && !rego_at_keyword(parser, REGO_K_IF))
			return rego_unexpected(parser, "expected else value term or rule body") != NULL;
		good = parse_value(parser, rule) && parse_rule_body(parser, rule);
		if (good && rule->value == NULL) {
			rule->generated_value = true;
			rule->value = true_term(parser, rule->place);
		}
		*next = rule;
		next = &rule->otherwise;
		if (++links > 1000)
			return rego_parse_error(parser, rule->place, "too many else") != NULL;
	}
	return good;
}

static bool is_ground_ref(const struct rego_rule *rule)
{
	for (size_t i = 1; i < rule->ref_count; i++)
		if (rule->ref[i]->kind != REGO_T_VALUE)
			return false;
	return true;
}

static void add_rule(struct rego_parser *parser, struct rego_rule *rule)
{
	*parser->module->last_rule = rule;
	parser->module->last_rule = &rule->next;
	parser->module->rule_count++;
}

/* v0: p { a } { b } are two rules of one head. */
static bool parse_chained(struct rego_parser *parser, const struct rego_rule *first)
{
	while (rego_at(parser, REGO_LBRACE) && first->has_body && !parser->v1) {
		if (first->otherwise != NULL)
			return rego_unexpected(parser, "expected else keyword") != NULL;
		struct rego_rule *rule = new_rule(parser);
		if (rule == NULL)
			return false;
		struct rego_place place = rule->place;
		*rule = *first;
		rule->next = NULL;
		rule->place = place;
		if (!parse_braced_body(parser, rule))
			return false;
		add_rule(parser, rule);
	}
	return true;
}

bool rego_parse_rule(struct rego_parser *parser)
{
	struct rego_rule *rule = new_rule(parser);
	if (rule == NULL)
		return false;
	if (rego_at_keyword(parser, REGO_K_DEFAULT)) {
		rule->is_default = true;
		rego_scan(parser);
	}
	if (!parse_name(parser, rule) || !parse_value(parser, rule))
		return false;
	if (rule->is_default) {
		if (!check_default(parser, rule))
			return false;
		add_rule(parser, rule);
		return !rego_failed(parser->work);
	}
	if (!parse_rule_body(parser, rule) || !complete_head(parser, rule))
		return false;
	if (rego_at_keyword(parser, REGO_K_ELSE)) {
		if (rule->contains)
			return rego_parse_error(parser, parser->token.place,
						"else keyword cannot be used on multi-value rules") != NULL;
		if (!is_ground_ref(rule))
			return rego_parse_error(parser, parser->token.place,
						"else keyword cannot be used on rules with variables in head") != NULL;
		if (!rule->has_body)
			return rego_unexpected(parser, "") != NULL;
		if (!parse_else(parser, rule, &rule->otherwise))
			return false;
	}
	add_rule(parser, rule);
	return parse_chained(parser, rule);
}
