/* semver.is_valid and semver.compare (Semantic Versioning 2.0). */
#include <string.h>

#include "operand.h"

struct part {
	const char *bytes;
	size_t len;
};

struct version {
	int64_t numbers[3];
	struct part release;
};

/* Cuts `part` at the first `mark`; what stands behind it. */
static struct part cut(struct part *part, char mark)
{
	const char *at = part->len ? memchr(part->bytes, mark, part->len) : NULL;
	if (!at)
		return (struct part){0};
	struct part rest = {at + 1, part->len - (size_t)(at + 1 - part->bytes)};
	part->len = (size_t)(at - part->bytes);
	return rest;
}

/* Letters, digits and hyphens, with single dots between them. */
static bool identifiers(struct part part)
{
	for (size_t i = 0; i < part.len; i++) {
		char c = part.bytes[i];
		bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
		bool dot = c == '.' && i > 0 && i + 1 < part.len && part.bytes[i - 1] != '.';
		if (!word && !dot)
			return false;
	}
	return true;
}

static bool integer(struct part part, int64_t *number)
{
	size_t i = part.len && (part.bytes[0] == '-' || part.bytes[0] == '+');
	bool negative = i && part.bytes[0] == '-';
	if (i == part.len)
		return false;
	for (*number = 0; i < part.len; i++) {
		int digit = part.bytes[i] - '0';
		if (digit < 0 || digit > 9 || __builtin_mul_overflow(*number, 10, number)
		    || __builtin_add_overflow(*number, negative ? -digit : digit, number))
			return false;
	}
	return true;
}

static bool parse(const struct rego_value *string, struct version *version)
{
	struct part core = {string->string.bytes, string->string.len};
	if (core.len && core.bytes[0] == 'v')
		core.bytes++, core.len--;
	struct part metadata = cut(&core, '+');
	version->release = cut(&core, '-');
	if (!identifiers(metadata) || !identifiers(version->release))
		return false;
	struct part minor = cut(&core, '.'), patch = cut(&minor, '.');
	return integer(core, &version->numbers[0]) && integer(minor, &version->numbers[1])
	       && integer(patch, &version->numbers[2]);
}

static bool all_digits(struct part part)
{
	for (size_t i = 0; i < part.len; i++) {
		if (part.bytes[i] < '0' || part.bytes[i] > '9')
			return false;
	}
	return part.len;
}

static int compare_bytes(struct part a, struct part b)
{
	size_t least = a.len < b.len ? a.len : b.len;
	int order = least ? memcmp(a.bytes, b.bytes, least) : 0;
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_identifiers(struct part a, struct part b)
{
	bool number_a = all_digits(a), number_b = all_digits(b);
	if (number_a != number_b)
		return number_a ? -1 : 1;
	if (number_a) {
		while (a.len && a.bytes[0] == '0')
			a.bytes++, a.len--;
		while (b.len && b.bytes[0] == '0')
			b.bytes++, b.len--;
		if (a.len != b.len)
			return a.len < b.len ? -1 : 1;
	}
	return compare_bytes(a, b);
}

static int compare(struct version *a, struct version *b)
{
	for (int i = 0; i < 3; i++) {
		if (a->numbers[i] != b->numbers[i])
			return a->numbers[i] < b->numbers[i] ? -1 : 1;
	}
	/* Without a pre-release it is the greater one. */
	if (!a->release.len || !b->release.len)
		return (b->release.len > 0) - (a->release.len > 0);
	struct part x = a->release, y = b->release;
	while (x.len && y.len) {
		struct part rest_x = cut(&x, '.'), rest_y = cut(&y, '.');
		int order = compare_identifiers(x, y);
		if (order)
			return order < 0 ? -1 : 1;
		x = rest_x;
		y = rest_y;
	}
	return (x.len > 0) - (y.len > 0);
}

static const struct rego_value *semver_is_valid(struct rego_call *call, const struct rego_value *const *args)
{
	struct version version;
	if (args[0]->type != REGO_STRING)
		return &rego_false;
	return rego_spend(call->work, args[0]->string.len) ? rego_boolean(parse(args[0], &version)) : NULL;
}

static const struct rego_value *semver_compare(struct rego_call *call, const struct rego_value *const *args)
{
	struct version versions[2];
	for (unsigned i = 0; i < 2; i++) {
		if (!rego_operand(call, args, i + 1, REGO_STRING) || !rego_spend(call->work, args[i]->string.len))
			return NULL;
		if (!parse(args[i], &versions[i]))
			return rego_builtin_failed(call, "operand %u: string \"%.*s\" is not a valid SemVer", i + 1,
						   REGO_SHOWN(args[i]));
	}
	return rego_integer(call->work, compare(&versions[0], &versions[1]));
}

static const struct rego_builtin rows[] = {
	{"semver.compare", 2, 0, semver_compare},
	{"semver.is_valid", 1, 0, semver_is_valid},
};

REGO_FAMILY(semver, rows);
