/* Escapes and classes in regular expressions. */
#include <string.h>

#include "regex_parse.h"
#include "utf8.h"

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool bad_escape(struct rego_regex_parser *p, const char *start)
{
	while (p->at < p->end && (*p->at & 0xc0) == 0x80)
		p->at++;
	return rego_regex_wrong(p, "invalid escape sequence", start, p->at);
}

/* Behind "\x": two digits, or any number of them in braces. */
static bool take_hex(struct rego_regex_parser *p, const char *start, uint32_t *point)
{
	*point = 0;
	if (p->at < p->end && *p->at == '{') {
		size_t digits = 0;
		for (p->at++; p->at < p->end && hex(*p->at) >= 0; p->at++, digits++) {
			*point = *point << 4 | (uint32_t)hex(*p->at);
			if (*point > REGO_LAST_POINT)
				return bad_escape(p, start);
		}
		if (!digits || p->at == p->end || *p->at != '}')
			return bad_escape(p, start);
		p->at++;
		return true;
	}
	for (int i = 0; i < 2; i++, p->at++) {
		if (p->at == p->end || hex(*p->at) < 0)
			return bad_escape(p, start);
		*point = *point << 4 | (uint32_t)hex(*p->at);
	}
	return true;
}

bool rego_regex_take_point(struct rego_regex_parser *p, uint32_t *point)
{
	static const char letters[] = "aftnrv", meant[] = "\a\f\t\n\r\v";
	const char *start = p->at++;
	if (p->at == p->end)
		return rego_regex_wrong(p, "trailing backslash at end of expression", p->at, p->at);
	char c = *p->at;
	const char *letter = strchr(letters, c);
	bool digit = c >= '0' && c <= '7';
	p->at++;
	if (c == 'x')
		return take_hex(p, start, point);
	if (c && letter) {
		*point = (uint32_t)meant[letter - letters];
		return true;
	}
	/* A single digit other than 0 would be a reference to a group, of which there are none. */
	if (digit && (c == '0' || (p->at < p->end && *p->at >= '0' && *p->at <= '7'))) {
		*point = (uint32_t)(c - '0');
		for (int i = 0; i < 2 && p->at < p->end && *p->at >= '0' && *p->at <= '7'; i++)
			*point = *point * 8 + (uint32_t)(*p->at++ - '0');
		return true;
	}
	bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	if ((unsigned char)c >= 0x80 || word)
		return bad_escape(p, start);
	*point = (unsigned char)c;
	return true;
}

static const struct named_class {
	const char *name;
	struct rego_range ranges[4];
	unsigned count;
} named[] = {
	{"d", {{'0', '9'}}, 1},
	{"s", {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}}, 3},
	{"w", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}, 4},
	{"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}, 3},
	{"alpha", {{'A', 'Z'}, {'a', 'z'}}, 2},
	{"ascii", {{0, 0x7f}}, 1},
	{"blank", {{'\t', '\t'}, {' ', ' '}}, 2},
	{"cntrl", {{0, 0x1f}, {0x7f, 0x7f}}, 2},
	{"digit", {{'0', '9'}}, 1},
	{"graph", {{'!', '~'}}, 1},
	{"lower", {{'a', 'z'}}, 1},
	{"print", {{' ', '~'}}, 1},
	{"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}, 4},
	{"space", {{'\t', '\r'}, {' ', ' '}}, 2},
	{"upper", {{'A', 'Z'}}, 1},
	{"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}, 4},
	{"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}, 3},
};

/* Adds a set, as a whole folded and negated. */
static bool add_set(struct rego_regex_parser *p, struct rego_class *class, struct rego_class *set, bool negated)
{
	if (!rego_class_tidy(p->work, set) || ((p->flags & FLAG_FOLD) && !rego_class_fold(p->work, set))
	    || (negated && !rego_class_negate(p->work, set)))
		return false;
	for (size_t i = 0; i < set->count; i++) {
		if (!rego_class_add(p->work, class, set->ranges[i].low, set->ranges[i].high))
			return false;
	}
	return rego_class_tidy(p->work, class);
}

static bool add_named(struct rego_regex_parser *p, struct rego_class *class, const char *name, size_t len, bool negated,
		      bool *found)
{
	struct rego_class set = {0};
	*found = false;
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		if (strlen(named[i].name) != len || memcmp(named[i].name, name, len) != 0)
			continue;
		*found = true;
		for (unsigned j = 0; j < named[i].count; j++) {
			if (!rego_class_add(p->work, &set, named[i].ranges[j].low, named[i].ranges[j].high))
				return false;
		}
		return add_set(p, class, &set, negated);
	}
	return true;
}

/* \pL, \p{Greek}, \P{Greek}, \p{^Greek}. */
static bool take_property(struct rego_regex_parser *p, struct rego_class *class)
{
	const char *start = p->at, *name;
	bool negated = p->at[1] == 'P', known;
	struct rego_class set = {0};
	size_t len;
	p->at += 2;
	if (p->at == p->end)
		return rego_regex_wrong(p, "invalid character class range", start, p->at);
	if (*p->at == '{') {
		name = ++p->at;
		while (p->at < p->end && *p->at != '}')
			p->at++;
		if (p->at == p->end)
			return rego_regex_wrong(p, "invalid character class range", start, p->at);
		len = (size_t)(p->at++ - name);
		if (len && *name == '^') {
			negated = !negated;
			name++;
			len--;
		}
	} else {
		name = p->at;
		rego_regex_take(p);
		len = (size_t)(p->at - name);
	}
	if (!rego_class_add_unicode(p->work, &set, name, len, &known))
		return false;
	return known ? add_set(p, class, &set, negated)
		     : rego_regex_wrong(p, "invalid character class range", start, p->at);
}

bool rego_regex_take_set(struct rego_regex_parser *p, struct rego_class *class, bool *found)
{
	char c = p->at + 1 < p->end ? p->at[1] : 0;
	*found = c == 'p' || c == 'P';
	if (*found)
		return take_property(p, class);
	bool negated = c == 'D' || c == 'S' || c == 'W';
	char name = (char)(c | 0x20);
	if (name != 'd' && name != 's' && name != 'w')
		return true;
	p->at += 2;
	return add_named(p, class, &name, 1, negated, found);
}

/* "[:alpha:]" in a class; *found false: it is none, and p->at stays. */
static bool take_posix(struct rego_regex_parser *p, struct rego_class *class, bool *found)
{
	const char *name = p->at + 2, *end = name;
	*found = false;
	while (end + 1 < p->end && (end[0] != ':' || end[1] != ']'))
		end++;
	if (end + 1 >= p->end)
		return true;
	const char *start = p->at;
	bool negated = *name == '^';
	name += negated;
	/* The letters that are escapes are no names here. */
	size_t len = end > name ? (size_t)(end - name) : 0;
	if (len > 1 && !add_named(p, class, name, len, negated, found))
		return false;
	p->at = end + 2;
	return *found || rego_regex_wrong(p, "invalid character class range", start, p->at);
}

static bool take_class_point(struct rego_regex_parser *p, const char *open, uint32_t *point)
{
	if (p->at == p->end)
		return rego_regex_wrong(p, "missing closing ]", open, p->end);
	if (*p->at == '\\')
		return rego_regex_take_point(p, point);
	*point = rego_regex_take(p);
	return true;
}

static bool take_class_range(struct rego_regex_parser *p, struct rego_class *class, const char *open)
{
	const char *start = p->at;
	struct rego_class set = {0};
	uint32_t low, high;
	if (!take_class_point(p, open, &low))
		return false;
	high = low;
	if (p->end - p->at >= 2 && p->at[0] == '-' && p->at[1] != ']') {
		p->at++;
		if (!take_class_point(p, open, &high))
			return false;
		if (high < low)
			return rego_regex_wrong(p, "invalid character class range", start, p->at);
	}
	if (!(p->flags & FLAG_FOLD))
		return rego_class_add(p->work, class, low, high);
	return rego_class_add(p->work, &set, low, high) && add_set(p, class, &set, false);
}

bool rego_regex_take_class(struct rego_regex_parser *p, struct rego_class *class)
{
	const char *open = p->at++;
	bool negated = p->at < p->end && *p->at == '^', first = true, found;
	p->at += negated;
	for (; p->at == p->end || *p->at != ']' || first; first = false) {
		if (p->at == p->end)
			return rego_regex_wrong(p, "missing closing ]", open, p->end);
		if (!rego_spend(p->work, 1))
			return false;
		if (*p->at == '[' && p->end - p->at > 2 && p->at[1] == ':') {
			if (!take_posix(p, class, &found))
				return false;
			if (found)
				continue;
		}
		if (*p->at == '\\') {
			if (!rego_regex_take_set(p, class, &found))
				return false;
			if (found)
				continue;
		}
		if (!take_class_range(p, class, open))
			return false;
	}
	p->at++;
	return rego_class_tidy(p->work, class) && (!negated || rego_class_negate(p->work, class));
}
