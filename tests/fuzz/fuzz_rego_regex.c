/* Regular expressions and globs: a pattern, a NUL, a text. Searches that keep ends and those that do not agree, ends lie in the
 * text in order, and no search takes more steps than its program's length times the text's. */
#include <stdlib.h>
#include <string.h>

#include "rego/regex.h"
#include "rego/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct rego_limits limits = {
	.memory = 16 << 20, .steps = 20000000, .stack = 96 << 10, .string = 1 << 20, .collection = 100000, .nesting = 100,
	.bits = 4096};

static void check(bool good)
{
	if (!good)
		abort();
}

static void search(struct rego_work *work, const struct rego_regex *regex, const char *text, size_t len)
{
	size_t groups = rego_regex_groups(regex);
	struct rego_regex_machine *whole = rego_regex_machine(work, regex, groups);
	struct rego_regex_machine *only = rego_regex_machine(work, regex, 0);
	size_t *ends = rego_alloc_array(work, 2 * groups, sizeof *ends);
	if (whole == NULL || only == NULL || ends == NULL)
		return;
	bool found = rego_regex_search(whole, text, len, 0, ends);
	uint64_t steps = work->steps;
	bool found_too = rego_regex_search(only, text, len, 0, NULL);
	if (rego_failed(work))
		return;
	check(found == found_too);
	check(work->steps >= steps);
	for (size_t i = 0; found && i < groups; i++) {
		size_t from = ends[2 * i], to = ends[2 * i + 1];
		check((from == SIZE_MAX) == (to == SIZE_MAX) && (from == SIZE_MAX || (from <= to && to <= len)));
		check(i > 0 || from != SIZE_MAX);
		check(from == SIZE_MAX || (from >= ends[0] && to <= ends[1]));
	}
	/* What matches at a place is the match from there on too. */
	size_t from = found ? ends[0] : 0, to = found ? ends[1] : 0;
	if (found && rego_regex_search(whole, text, len, from, ends))
		check(ends[0] == from && ends[1] == to);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	const char *pattern = (const char *)bytes;
	size_t len = strnlen(pattern, size);
	const char *text = pattern + len + (len < size);
	size_t text_len = size - (size_t)(text - pattern);
	if (!rego_utf8_valid(pattern, len) || !rego_utf8_valid(text, text_len))
		return 0;
	struct rego_regex_problem problem;
	struct rego_error error;
	struct rego_work work;
	static const uint32_t separators[] = {'.', '/'};
	for (int glob = 0; glob < 2; glob++) {
		rego_work_begin(&work, &limits, &error);
		const struct rego_regex *regex =
			glob ? rego_regex_compile_glob(&work, pattern, len, separators, 2, &problem)
			     : rego_regex_compile(&work, pattern, len, &problem);
		check(regex != NULL || rego_failed(&work) || problem.message[0] != '\0');
		if (regex != NULL)
			search(&work, regex, text, text_len);
		rego_work_end(&work);
	}
	return 0;
}
