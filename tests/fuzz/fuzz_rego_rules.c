/* Modules made from the input by a grammar: nearly all of them compile, so that evaluation is what is tested. Two engines
 * with one module must agree, and so must one engine with itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rego/rego.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct rego_limits limits = {
	.memory = (size_t)4 << 20,
	.steps = 200000,
	.nanoseconds = 0,
	.stack = (size_t)512 << 10,
	.string = 1 << 16,
	.collection = 10000,
	.nesting = 60,
	.bits = 1024,
};

struct maker {
	const uint8_t *at, *end;
	char text[1 << 15];
	size_t len;
	unsigned depth, rule;
};

static unsigned choose(struct maker *maker, unsigned below)
{
	return maker->at < maker->end ? *maker->at++ % below : 0;
}

static void put(struct maker *maker, const char *text)
{
	size_t len = strlen(text);
	if (maker->len + len >= sizeof maker->text)
		return;
	memcpy(maker->text + maker->len, text, len + 1);
	maker->len += len;
}

static void put_number(struct maker *maker, const char *before, unsigned number)
{
	char text[64];
	snprintf(text, sizeof text, "%s%u", before, number);
	put(maker, text);
}

static void term(struct maker *maker);
static void body(struct maker *maker);

static void scalar(struct maker *maker)
{
	static const char *const scalars[] = {"0", "1", "2", "-1", "1.5", "1e3", "true", "false", "null", "\"\"", "\"a\"", "\"b\"", "[]",
					      "{}", "set()", "{1, 2}", "{\"a\": 1}", "[1, \"a\", null]", "`x`", "1e100"};
	put(maker, scalars[choose(maker, sizeof scalars / sizeof *scalars)]);
}

static const char *a_name(struct maker *maker)
{
	static const char *const names[] = {"x", "y", "z", "w"};
	return names[choose(maker, 4)];
}

static void name(struct maker *maker)
{
	put(maker, a_name(maker));
}

static void reference(struct maker *maker)
{
	static const char *const heads[] = {"input", "data", "data.m", "data.users", "input.a", "input.b", "[1, 2, 3]", "data.base"};
	unsigned which = choose(maker, 12);
	if (which < 8)
		put(maker, heads[which]);
	else if (which < 10 && maker->rule > 0)
		put_number(maker, "r", choose(maker, maker->rule));
	else
		name(maker);
	for (unsigned i = choose(maker, 4); i > 0; i--) {
		static const char *const parts[] = {".a", ".b", "[_]", "[x]", "[y]", "[0]", "[\"a\"]"};
		unsigned part = choose(maker, 8);
		if (part < 7) {
			put(maker, parts[part]);
		} else {
			put(maker, "[");
			term(maker);
			put(maker, "]");
		}
	}
}

static void call(struct maker *maker)
{
	static const char *const ones[] = {"count", "sum", "max", "sort", "lower", "to_number", "is_set", "json.marshal", "object.keys",
					   "abs", "type_name", "base64.encode", "time.clock", "intersection", "json.unmarshal"};
	static const char *const twos[] = {"concat", "split", "array.concat", "object.union", "startswith", "regex.match", "glob.match",
					   "bits.lsh", "numbers.range", "sprintf", "format_int", "object.get", "walk", "trim",
					   "json.remove", "net.cidr_contains", "graph.reachable"};
	unsigned one = choose(maker, 2);
	put(maker, one ? ones[choose(maker, sizeof ones / sizeof *ones)] : twos[choose(maker, sizeof twos / sizeof *twos)]);
	put(maker, "(");
	term(maker);
	if (!one) {
		put(maker, ", ");
		term(maker);
	}
	put(maker, ")");
}

static void composite(struct maker *maker)
{
	unsigned which = choose(maker, 6);
	static const char *const opens[] = {"[", "{", "{\"a\": ", "[", "{", "{"};
	put(maker, opens[which]);
	term(maker);
	if (which == 5) {
		put(maker, ": ");
		term(maker);
	}
	if (which >= 3) {
		put(maker, " | ");
		body(maker);
	} else if (which < 2 && choose(maker, 2)) {
		put(maker, ", ");
		term(maker);
	}
	put(maker, which == 0 || which == 3 ? "]" : "}");
}

static void term(struct maker *maker)
{
	static const char *const operators[] = {" + ", " - ", " * ", " / ", " % ", " | ", " & ", " == ", " < ", " in "};
	if (maker->depth > 4) {
		scalar(maker);
		return;
	}
	maker->depth++;
	switch (choose(maker, 9)) {
	case 0:
	case 1:
		scalar(maker);
		break;
	case 2:
		name(maker);
		break;
	case 3:
	case 4:
		reference(maker);
		break;
	case 5:
		call(maker);
		break;
	case 6:
		composite(maker);
		break;
	case 7:
		put(maker, "(");
		term(maker);
		put(maker, operators[choose(maker, 10)]);
		term(maker);
		put(maker, ")");
		break;
	default:
		put(maker, "$\"<{");
		term(maker);
		put(maker, "}>\"");
	}
	maker->depth--;
}

/* Its variable must be used. */
static void every(struct maker *maker)
{
	const char *variable = a_name(maker);
	put(maker, "every ");
	put(maker, variable);
	put(maker, " in ");
	term(maker);
	put(maker, " { ");
	put(maker, variable);
	put(maker, " != 7; ");
	body(maker);
	put(maker, " }");
}

static void statement(struct maker *maker)
{
	static const char *const joins[] = {" = ", " := ", " == ", " != ", " > "};
	switch (choose(maker, 9)) {
	case 0:
	case 1:
		name(maker);
		put(maker, " = ");
		term(maker);
		break;
	case 2:
		term(maker);
		put(maker, joins[choose(maker, 5)]);
		term(maker);
		break;
	case 3:
		put(maker, "not ");
		term(maker);
		break;
	case 4:
		put(maker, "some ");
		name(maker);
		put(maker, " in ");
		term(maker);
		break;
	case 5:
		every(maker);
		break;
	default:
		term(maker);
	}
	if (choose(maker, 8) == 7) {
		static const char *const targets[] = {" with input as ", " with input.a as ", " with data.users as ", " with data.m as ",
						      " with count as ", " with data.users.a.roles as "};
		put(maker, targets[choose(maker, 6)]);
		term(maker);
	}
}

static void body(struct maker *maker)
{
	if (maker->depth > 4) {
		put(maker, "true");
		return;
	}
	maker->depth++;
	for (unsigned i = choose(maker, 4);; i--) {
		statement(maker);
		if (i == 0)
			break;
		put(maker, "; ");
	}
	maker->depth--;
}

static void rule(struct maker *maker)
{
	unsigned kind = choose(maker, 8);
	if (kind == 7)
		put(maker, "default ");
	put_number(maker, "r", maker->rule);
	static const char *const heads[] = {" := ", " contains ", "[x] := ", "[x][y] contains ", " := ", "(x) := ", ".a[x].b := ", " := "};
	put(maker, heads[kind]);
	if (kind == 7)
		scalar(maker);
	else
		term(maker);
	if (kind != 7) {
		put(maker, " if { ");
		body(maker);
		put(maker, " }");
		if ((kind == 0 || kind == 4) && choose(maker, 2)) {
			put(maker, " else := ");
			term(maker);
		}
	}
	put(maker, "\n");
	maker->rule += choose(maker, 3) != 0;
}

static char *answer(const struct maker *maker)
{
	static const char input[] = "{\"a\":[1,2,3],\"b\":{\"a\":\"d\",\"b\":null},\"x\":1.5}";
	static const char data[] = "{\"base\":{\"a\":[1,{\"b\":2}]},\"users\":{\"a\":{\"roles\":[\"x\",\"y\"]},\"b\":{\"roles\":[]}}}";
	struct rego_error error = {.code = REGO_OK};
	struct rego *rego = rego_new(&limits);
	const char *json = NULL;
	char *copy = NULL;
	if (rego == NULL)
		return NULL;
	rego_set_strict(rego, false);
	rego_set_now(rego, 1800000000000000000);
	if (rego_add_module(rego, "fuzz.rego", maker->text, maker->len, REGO_V1, &error) == 0
	    && rego_compile(rego, &error) == 0 && rego_set_input(rego, input, sizeof input - 1, &error) == 0
	    && rego_set_data(rego, data, sizeof data - 1, &error) == 0
	    && rego_eval_query(rego, "data.m = x", 10, &json, &error) == 0)
		copy = strdup(json);
	if (error.code == REGO_RECURSION && strstr(error.message, "depends on itself") != NULL)
		abort(); /* the compiler should have known */
	if (getenv("FUZZ_SHOW") != NULL)
		fprintf(stderr, "%s--- %s:%u %s %s\n", maker->text, rego_code_name(error.code), error.line, error.message,
			copy != NULL ? copy : "");
	rego_free(rego);
	return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct maker maker;
	maker = (struct maker){.at = bytes, .end = bytes + size};
	put(&maker, "package m\n");
	while (maker.at < maker.end && maker.len < sizeof maker.text / 2)
		rule(&maker);
	char *one = answer(&maker), *other = answer(&maker);
	if ((one == NULL) != (other == NULL) || (one != NULL && strcmp(one, other) != 0))
		abort();
	free(one);
	free(other);
	return 0;
}
