/* The module that nearly every file carries is known by its tokens: it costs no engine. */
#include <string.h>

#include "policy.h"

/* Past white space and comments; *line tells whether a line ended on the way. */
static const char *skip(const char *p, bool *line)
{
	*line = false;
	for (;;) {
		if (*p == '#') {
			p += strcspn(p, "\n"); /* a carriage return alone ends no line */
		} else if (*p == '\n') {
			*line = true;
			p++;
		} else if (*p == ' ' || *p == '\t' || *p == '\r') {
			p++;
		} else {
			return p;
		}
	}
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool ct_policy_is_default(const char *module)
{
	static const struct {
		const char *token;
		bool on_new_line; /* a rule begins on a line of its own */
	} expected[] = {{"package", false}, {"model", false}, {"allow", true}, {"=", false}, {"true", false}};
	const char *p = module;
	bool line;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		const char *token = expected[i].token;
		size_t len = strlen(token);
		p = skip(p, &line);
		if (i > 0 && line != expected[i].on_new_line)
			return false;
		if (strncmp(p, token, len) != 0)
			return false;
		p += len;
		if (is_word(token[0]) && is_word(*p))
			return false;
	}
	return *skip(p, &line) == '\0';
}
