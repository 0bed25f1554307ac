/* uri.parse and uri.is_valid: RFC 3986 as Go's net/url reads it. */
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "operand.h"

struct text {
	const char *bytes;
	size_t len;
};

enum part { PATH, HOST, ZONE, USER, FRAGMENT };

struct uri {
	struct text scheme, host, path, raw_path, query, fragment;
};

struct parse {
	struct rego_work *work;
	struct text whole; /* for the message */
	char message[400]; /* why not; empty while there is no reason */
};

static struct text text(const char *bytes, size_t len)
{
	return (struct text){bytes, len};
}

static bool fail(struct parse *parse, const char *format, int len, const char *bytes)
{
	snprintf(parse->message, sizeof parse->message, format, len < 120 ? len : 120, bytes);
	return false;
}

static bool has(const char *set, char c)
{
	return c && strchr(set, c);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Does this part of a URI write the byte as %XX by default? */
static bool escapes(char c, enum part part)
{
	if (is_word(c) || has("-_.~", c))
		return false;
	if ((part == HOST || part == ZONE) && has("!$&'()*+,;=:[]<>\"", c))
		return false;
	if (has("$&+,/:;=?@", c)) {
		if (part == PATH)
			return c == '?';
		if (part == USER)
			return has("@/?:", c);
		if (part == FRAGMENT)
			return false;
	}
	return !(part == FRAGMENT && has("!()*", c));
}

static bool check(struct parse *parse, struct text raw, enum part part)
{
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.bytes[i];
		if (c != '%') {
			if ((part == HOST || part == ZONE) && (signed char)c >= 0 && escapes(c, part))
				return fail(parse, "invalid character \"%.*s\" in host name", 1, &raw.bytes[i]);
			continue;
		}
		size_t left = raw.len - i < 3 ? raw.len - i : 3;
		if (left < 3 || hex(raw.bytes[i + 1]) < 0 || hex(raw.bytes[i + 2]) < 0)
			return fail(parse, "invalid URL escape \"%.*s\"", (int)left, raw.bytes + i);
		char byte = (char)(hex(raw.bytes[i + 1]) << 4 | hex(raw.bytes[i + 2]));
		/* In a host only what is not ASCII may be escaped, but for a zone's percent sign. */
		bool percent = byte == '%';
		if ((part == HOST && hex(raw.bytes[i + 1]) < 8 && !percent)
		    || (part == ZONE && !percent && byte != ' ' && escapes(byte, HOST)))
			return fail(parse, "invalid URL escape \"%.*s\"", 3, raw.bytes + i);
		i += 2;
	}
	return true;
}

static bool unescape(struct parse *parse, struct text raw, enum part part, struct rego_buffer *plain)
{
	if (!check(parse, raw, part))
		return false;
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.bytes[i];
		if (c == '%') {
			c = (char)(hex(raw.bytes[i + 1]) << 4 | hex(raw.bytes[i + 2]));
			i += 2;
		}
		rego_buffer_add(plain, &c, 1);
	}
	return !rego_failed(parse->work);
}

/* Is `raw` what escaping `plain` gives? */
static bool is_default(struct text raw, struct text plain, enum part part)
{
	size_t at = 0;
	for (size_t i = 0; i < plain.len; i++) {
		char c = plain.bytes[i];
		size_t need = escapes(c, part) ? 3 : 1;
		char escaped[4];
		snprintf(escaped, sizeof escaped, "%%%02X", (unsigned char)c);
		if (raw.len - at < need || memcmp(raw.bytes + at, need == 3 ? escaped : &c, need) != 0)
			return false;
		at += need;
	}
	return at == raw.len;
}

static struct text cut(struct text *from, char mark, bool *found)
{
	const char *at = from->len ? memchr(from->bytes, mark, from->len) : NULL;
	*found = at;
	if (!at)
		return text("", 0);
	struct text rest = text(at + 1, from->len - (size_t)(at + 1 - from->bytes));
	from->len = (size_t)(at - from->bytes);
	return rest;
}

static bool take_scheme(struct parse *parse, struct uri *uri, struct text *rest)
{
	for (size_t i = 0; i < rest->len; i++) {
		char c = rest->bytes[i];
		if (c == ':') {
			if (i == 0)
				return fail(parse, "missing protocol scheme%.*s", 0, "");
			struct rego_buffer lower = {.work = parse->work};
			for (size_t j = 0; j < i; j++) {
				char l = rest->bytes[j];
				if (l >= 'A' && l <= 'Z')
					l = (char)(l | 0x20);
				rego_buffer_add(&lower, &l, 1);
			}
			uri->scheme = text(lower.bytes, lower.len);
			*rest = text(rest->bytes + i + 1, rest->len - i - 1);
			return !rego_failed(parse->work);
		}
		bool letter = is_word(c) && !(c >= '0' && c <= '9');
		if (!letter && (i == 0 || (!is_word(c) && !has("+-.", c))))
			return true;
	}
	return true;
}

static size_t last_of(struct text in, char c)
{
	for (size_t i = in.len; i-- > 0;) {
		if (in.bytes[i] == c)
			return i;
	}
	return SIZE_MAX;
}

static bool check_port(struct parse *parse, struct text port)
{
	bool good = port.len == 0 || port.bytes[0] == ':';
	for (size_t i = 1; good && i < port.len; i++)
		good = port.bytes[i] >= '0' && port.bytes[i] <= '9';
	return good || fail(parse, "invalid port \"%.*s\" after host", (int)port.len, port.bytes);
}

static bool take_host(struct parse *parse, struct uri *uri, struct text host)
{
	struct rego_buffer plain = {.work = parse->work};
	size_t zone = SIZE_MAX, end = host.len;
	if (host.len && host.bytes[0] == '[') {
		end = last_of(host, ']');
		if (end == SIZE_MAX)
			return fail(parse, "missing ']' in host%.*s", 0, "");
		if (!check_port(parse, text(host.bytes + end + 1, host.len - end - 1)))
			return false;
		const char *percent = memmem(host.bytes, end, "%25", 3);
		if (percent)
			zone = (size_t)(percent - host.bytes);
	} else {
		size_t colon = last_of(host, ':');
		if (colon != SIZE_MAX && !check_port(parse, text(host.bytes + colon, host.len - colon)))
			return false;
	}
	if (zone != SIZE_MAX) {
		if (!unescape(parse, text(host.bytes, zone), HOST, &plain)
		    || !unescape(parse, text(host.bytes + zone, end - zone), ZONE, &plain)
		    || !unescape(parse, text(host.bytes + end, host.len - end), HOST, &plain))
			return false;
	} else if (!unescape(parse, host, HOST, &plain)) {
		return false;
	}
	uri->host = text(plain.bytes, plain.len);
	return true;
}

static bool take_authority(struct parse *parse, struct uri *uri, struct text authority)
{
	size_t at = last_of(authority, '@');
	if (at == SIZE_MAX)
		return take_host(parse, uri, authority);
	if (!take_host(parse, uri, text(authority.bytes + at + 1, authority.len - at - 1)))
		return false;
	for (size_t i = 0; i < at; i++) {
		char c = authority.bytes[i];
		if (!is_word(c) && !has("-._:~!$&'()*+,;=%@", c))
			return fail(parse, "net/url: invalid userinfo%.*s", 0, "");
	}
	return check(parse, text(authority.bytes, at), USER);
}

static bool take_path(struct parse *parse, struct uri *uri, struct text raw)
{
	struct rego_buffer plain = {.work = parse->work};
	if (!unescape(parse, raw, PATH, &plain))
		return false;
	uri->path = text(plain.bytes, plain.len);
	uri->raw_path = is_default(raw, uri->path, PATH) ? uri->path : raw;
	return true;
}

/* All but the fragment. */
static bool take(struct parse *parse, struct uri *uri, struct text rest)
{
	bool found;
	for (size_t i = 0; i < rest.len; i++) {
		if ((unsigned char)rest.bytes[i] < ' ' || rest.bytes[i] == 0x7f)
			return fail(parse, "net/url: invalid control character in URL%.*s", 0, "");
	}
	if (!take_scheme(parse, uri, &rest))
		return false;
	uri->query = cut(&rest, '?', &found);
	bool rooted = rest.len && rest.bytes[0] == '/';
	if (!rooted) {
		/* mailto:user@example.com has no path. */
		if (uri->scheme.len)
			return true;
		struct text segment = rest;
		cut(&segment, '/', &found);
		cut(&segment, ':', &found);
		if (found)
			return fail(parse, "first path segment in URL cannot contain colon%.*s", 0, "");
	}
	bool authority = rest.len >= 2 && memcmp(rest.bytes, "//", 2) == 0;
	if (authority && !uri->scheme.len && rest.len >= 3 && rest.bytes[2] == '/')
		authority = false;
	if (authority) {
		struct text host = text(rest.bytes + 2, rest.len - 2);
		const char *slash = host.len ? memchr(host.bytes, '/', host.len) : NULL;
		rest = slash ? text(slash, host.len - (size_t)(slash - host.bytes)) : text("", 0);
		host.len -= rest.len;
		if (!take_authority(parse, uri, host))
			return false;
	}
	return take_path(parse, uri, rest);
}

static bool take_all(struct parse *parse, struct uri *uri, const struct rego_value *string)
{
	bool found;
	struct text rest = text(string->string.bytes, string->string.len);
	if (!rego_spend(parse->work, 4 * rest.len))
		return false;
	struct text raw = cut(&rest, '#', &found);
	parse->whole = rest;
	if (!take(parse, uri, rest))
		return false;
	struct rego_buffer plain = {.work = parse->work};
	parse->whole = text(string->string.bytes, string->string.len);
	if (!unescape(parse, raw, FRAGMENT, &plain))
		return false;
	uri->fragment = text(plain.bytes, plain.len);
	return true;
}

static void add(struct rego_work *work, struct rego_member *members, size_t *count, const char *key, struct text value)
{
	if (value.len)
		members[(*count)++] =
			(struct rego_member){rego_text(work, key), rego_string(work, value.bytes, value.len)};
}

/* "[::1]:80" is "::1" and "80". */
static void split_port(struct text *host, struct text *port)
{
	size_t colon = last_of(*host, ':');
	bool good = colon != SIZE_MAX;
	for (size_t i = colon + 1; good && i < host->len; i++)
		good = host->bytes[i] >= '0' && host->bytes[i] <= '9';
	*port = text("", 0);
	if (good) {
		*port = text(host->bytes + colon + 1, host->len - colon - 1);
		host->len = colon;
	}
	if (host->len >= 2 && host->bytes[0] == '[' && host->bytes[host->len - 1] == ']')
		*host = text(host->bytes + 1, host->len - 2);
}

static const struct rego_value *uri_parse(struct rego_call *call, const struct rego_value *const *args)
{
	struct rego_work *work = call->work;
	struct parse parse = {.work = work};
	struct uri uri = {0};
	struct text port;
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	if (!take_all(&parse, &uri, args[0])) {
		if (rego_failed(work))
			return NULL;
		return rego_builtin_failed(call, "parse \"%.*s\": %s",
					   (int)(parse.whole.len < 120 ? parse.whole.len : 120), parse.whole.bytes,
					   parse.message);
	}
	split_port(&uri.host, &port);
	struct rego_member *members = rego_alloc_array(work, 8, sizeof *members);
	size_t count = 0;
	if (!members)
		return NULL;
	add(work, members, &count, "scheme", uri.scheme);
	add(work, members, &count, "hostname", uri.host);
	add(work, members, &count, "port", port);
	add(work, members, &count, "path", uri.path);
	add(work, members, &count, "raw_path", uri.path.len ? uri.raw_path : uri.path);
	add(work, members, &count, "raw_query", uri.query);
	add(work, members, &count, "fragment", uri.fragment);
	return rego_failed(work) ? NULL : rego_object(work, members, count);
}

static const struct rego_value *uri_is_valid(struct rego_call *call, const struct rego_value *const *args)
{
	struct parse parse = {.work = call->work};
	struct uri uri = {0};
	if (args[0]->type != REGO_STRING || args[0]->string.len == 0)
		return &rego_false;
	bool good = take_all(&parse, &uri, args[0]);
	return rego_failed(call->work) ? NULL : rego_boolean(good);
}

static const struct rego_builtin rows[] = {
	{"uri.is_valid", 1, 0, uri_is_valid},
	{"uri.parse", 1, 0, uri_parse},
};

REGO_FAMILY(uri, rows);
