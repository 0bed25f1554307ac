/* Modules, imports, and what else can stand alone: queries and terms. */
#include <stdio.h>
#include <string.h>

#include "parser.h"

#define LATER_KEYWORDS (1u << REGO_K_IN | 1u << REGO_K_EVERY | 1u << REGO_K_IF | 1u << REGO_K_CONTAINS)

static bool is_string(const struct rego_term *term)
{
	return term->kind == REGO_T_VALUE && term->value->type == REGO_STRING;
}

/* A name or a reference of strings, as its parts. */
static bool parse_path(struct rego_parser *parser, struct rego_terms *path, const char *what)
{
	struct rego_place place = parser->token.place;
	if (!rego_at(parser, REGO_WORD))
		return rego_unexpected(parser, what) != NULL;
	struct rego_term *name = rego_parse_name(parser);
	struct rego_term *term = name != NULL ? rego_parse_ref_rest(parser, name) : NULL;
	if (term == NULL)
		return false;
	if (term->kind == REGO_T_VAR)
		return rego_terms_add(parser, path, term);
	if (term->kind != REGO_T_REF)
		return rego_parse_error(parser, place, "unexpected call: %s", what) != NULL;
	for (size_t i = 0; i < term->list.count; i++) {
		if (i == 0 ? term->list.items[0]->kind != REGO_T_VAR : !is_string(term->list.items[i]))
			return rego_parse_error(parser, place, "unexpected value: expecting string in %s", what) != NULL;
		if (!rego_terms_add(parser, path, term->list.items[i]))
			return false;
	}
	return true;
}

static bool parse_package(struct rego_parser *parser)
{
	struct rego_terms path = {0};
	struct rego_module *module = parser->module;
	if (!rego_at_keyword(parser, REGO_K_PACKAGE))
		return rego_at(parser, REGO_END) ? rego_parse_error(parser, parser->token.place, "empty module") != NULL
						 : rego_parse_error(parser, parser->token.place, "package expected") != NULL;
	rego_scan(parser);
	struct rego_term *data = rego_new_term(parser, REGO_T_VAR, parser->token.place);
	if (data == NULL || !rego_terms_add(parser, &path, data) || !parse_path(parser, &path, "package name"))
		return false;
	data->name = (struct rego_name){"data", 4};
	struct rego_term *first = path.items[1];
	if (first->kind == REGO_T_VAR)
		path.items[1] = rego_new_value(parser, rego_string_take(parser->work, first->name.bytes, first->name.len),
					       first->place);
	module->package = path.items;
	module->package_count = path.count;
	return path.items[1] != NULL;
}

/* rego.v1: the word `if` and its kin, and v1's rules. */
static bool import_rego(struct rego_parser *parser, struct rego_place place, const struct rego_terms *path)
{
	if (path->count != 2 || !rego_is_text(path->items[1]->value, "v1"))
		return rego_parse_error(parser, place, "invalid import, must be `rego.v1`") != NULL;
	if (parser->future_imported)
		return rego_parse_error(parser, place, "the `rego.v1` import implies `future.keywords`, these are therefore "
						       "mutually exclusive") != NULL;
	if (parser->v1_imported)
		return rego_parse_error(parser, place, "import must not shadow import rego.v1") != NULL;
	parser->v1_imported = parser->v1 = parser->module->v1 = true;
	parser->keywords |= LATER_KEYWORDS;
	return true;
}

static bool import_future(struct rego_parser *parser, struct rego_place place, const struct rego_terms *path,
			  bool has_alias)
{
	if (path->count < 2 || path->count > 3 || !rego_is_text(path->items[1]->value, "keywords"))
		return rego_parse_error(parser, place, "invalid import, must be `future.keywords`") != NULL;
	if (has_alias)
		return rego_parse_error(parser, place, "`future` imports cannot be aliased") != NULL;
	if (parser->v1_imported)
		return rego_parse_error(parser, place, "the `rego.v1` import implies `future.keywords`, these are therefore "
						       "mutually exclusive") != NULL;
	parser->future_imported = true;
	if (path->count == 2) {
		parser->keywords |= LATER_KEYWORDS;
		return true;
	}
	static const struct {
		const char *name;
		enum rego_keyword keyword;
	} names[] = {{"in", REGO_K_IN}, {"every", REGO_K_EVERY}, {"if", REGO_K_IF}, {"contains", REGO_K_CONTAINS}};
	const struct rego_value *name = path->items[2]->value;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (rego_is_text(name, names[i].name)) {
			parser->keywords |= 1u << names[i].keyword;
			if (names[i].keyword == REGO_K_EVERY) /* which needs it */
				parser->keywords |= 1u << REGO_K_IN;
			return true;
		}
	}
	if (rego_is_text(name, "not")) {
		parser->module->not_body = true;
		return true;
	}
	return rego_parse_error(parser, place, "unexpected keyword, must be one of [contains every if in not]") != NULL;
}

static bool add_import(struct rego_parser *parser, struct rego_place place, const struct rego_terms *path,
		       const struct rego_term *alias)
{
	struct rego_import *import = rego_alloc(parser->work, sizeof *import);
	if (import == NULL)
		return false;
	const struct rego_term *last = path->items[path->count - 1];
	import->place = place;
	import->path = path->items;
	import->count = path->count;
	import->alias = alias != NULL || last->kind == REGO_T_VAR
				? (alias != NULL ? alias : last)->name
				: (struct rego_name){last->value->string.bytes, last->value->string.len};
	struct rego_import **end = &parser->module->imports;
	while (*end != NULL && rego_spend(parser->work, 1))
		end = &(*end)->next;
	*end = import;
	return !rego_failed(parser->work);
}

static bool parse_import(struct rego_parser *parser)
{
	struct rego_terms path = {0};
	struct rego_term *alias = NULL;
	rego_scan(parser);
	struct rego_place place = parser->token.place;
	if (!parse_path(parser, &path, "import path"))
		return false;
	if (rego_at_keyword(parser, REGO_K_AS)) {
		rego_scan(parser);
		if (!rego_at(parser, REGO_WORD) || rego_at_any_keyword(parser))
			return rego_unexpected(parser, "expected var") != NULL;
		alias = rego_parse_name(parser);
		if (alias == NULL)
			return false;
		rego_scan(parser);
	}
	struct rego_term *root = path.items[0];
	if (rego_is_var(root, "rego"))
		return import_rego(parser, place, &path);
	if (rego_is_var(root, "future"))
		return import_future(parser, place, &path, alias != NULL);
	if (!rego_is_var(root, "data") && !rego_is_var(root, "input"))
		return rego_parse_error(parser, place, "unexpected import path, must begin with one of: {data, future, input, "
						       "rego}, got: %.*s",
					(int)(root->name.len < 64 ? root->name.len : 64), root->name.bytes) != NULL;
	return add_import(parser, place, &path, alias);
}

/* The parser's error becomes the work's. Returns NULL. */
static void *report(struct rego_parser *parser, const char *file)
{
	struct rego_work *work = parser->work;
	if (!rego_failed(work)) {
		rego_fail(work, REGO_PARSE, "%s", parser->failed ? parser->message : "unexpected text");
		work->error->line = parser->failed ? parser->error_place.line : parser->token.place.line;
		work->error->column = parser->failed ? parser->error_place.column : parser->token.place.column;
	} else if (work->error->line == 0) {
		work->error->line = parser->token.place.line;
		work->error->column = parser->token.place.column;
	}
	snprintf(work->error->file, sizeof work->error->file, "%s", file);
	return NULL;
}

struct rego_module *rego_parse_module(struct rego_work *work, const char *file, const char *text, size_t len,
				      enum rego_version version)
{
	struct rego_parser parser;
	rego_parser_start(&parser, work, text, len, version);
	struct rego_module *module = rego_alloc(work, sizeof *module);
	if (module == NULL)
		return report(&parser, file);
	module->file = file;
	module->v1 = parser.v1;
	module->last_rule = &module->rules;
	parser.module = module;
	bool good = parse_package(&parser);
	while (good && !rego_failed(work) && !rego_at(&parser, REGO_END)) {
		if (rego_at_keyword(&parser, REGO_K_IMPORT))
			good = parse_import(&parser);
		else
			good = rego_parse_rule(&parser);
	}
	if (good && !rego_failed(work))
		return module;
	if (version != REGO_V1_OR_V0 || rego_failed(work))
		return report(&parser, file);
	/* Where it reads neither way, the error is that of v1. */
	struct rego_parser first = parser;
	module = rego_parse_module(work, file, text, len, REGO_V0);
	if (module == NULL && work->error->code == REGO_PARSE) {
		memset(work->error, 0, sizeof *work->error);
		report(&first, file);
	}
	return module;
}

struct rego_body *rego_parse_query(struct rego_work *work, const char *text, size_t len)
{
	struct rego_parser parser;
	rego_parser_start(&parser, work, text, len, REGO_V1);
	struct rego_body *body = rego_parse_body(&parser, REGO_END);
	return body != NULL && !parser.failed && !rego_failed(work) ? body : report(&parser, "");
}

struct rego_term *rego_parse_one_term(struct rego_work *work, const char *text, size_t len)
{
	struct rego_parser parser;
	rego_parser_start(&parser, work, text, len, REGO_V1);
	struct rego_term *term = rego_parse_infix(&parser);
	if (term != NULL && !rego_at(&parser, REGO_END))
		term = rego_unexpected(&parser, "");
	return term != NULL && !rego_failed(work) ? term : report(&parser, "");
}
