/* io.jwt.decode, io.jwt.verify_* and io.jwt.decode_verify (RFC 7519). Tokens are not signed here. */
#include <string.h>

#include "borrowed_crypto.h"
#include "encoding.h"
#include "json.h"
#include "jwt_key.h"
#include "operand.h"

/* Signatures cost more time than they show. */
enum { VERIFY_STEPS = 10000, MOST_LAYERS = 16 };

struct token {
	struct rego_value parts[3]; /* texts: header, payload, signature */
	size_t signed_len;          /* of header and payload with the dot */
	const struct rego_value *header;
};

static const struct rego_value *prefixed(struct rego_call *call, const char *prefix)
{
	char message[sizeof call->message];
	memcpy(message, call->message, sizeof message);
	return rego_builtin_failed(call, "%s%.400s", prefix, message);
}

static bool split(struct rego_call *call, const struct rego_value *text, struct token *token)
{
	const char *at = text->string.bytes, *end = at + text->string.len;
	size_t sections = 0;
	*token = (struct token){0};
	if (!rego_spend(call->work, text->string.len / 16))
		return false;
	for (;; sections++) {
		const char *dot = at < end ? memchr(at, '.', (size_t)(end - at)) : NULL;
		if (sections < 3) {
			token->parts[sections].type = REGO_STRING;
			token->parts[sections].string.bytes = at;
			token->parts[sections].string.len = (size_t)((dot ? dot : end) - at);
		}
		if (sections == 1)
			token->signed_len = (size_t)((dot ? dot : end) - text->string.bytes);
		if (!dot)
			break;
		at = dot + 1;
	}
	sections++;
	if (sections == 1)
		rego_builtin_failed(call, "encoded JWT had no period separators");
	else if (sections != 3)
		rego_builtin_failed(call, "encoded JWT must have 3 sections, found %zu", sections);
	return sections == 3;
}

static const struct rego_value *read_object(struct rego_call *call, const struct rego_buffer *text)
{
	struct rego_json_problem problem;
	const struct rego_value *value = rego_json_try(call->work, text->len ? text->bytes : "", text->len, &problem);
	if (!value)
		return rego_failed(call->work) ? NULL
					       : rego_builtin_failed(call, "invalid JSON: %s at byte %zu", problem.what,
								     problem.at);
	return value->type == REGO_OBJECT ? value
					  : rego_builtin_failed(call, "decoded JSON type was not an Object");
}

static bool decode_part(struct rego_call *call, const struct token *token, int part, struct rego_buffer *out)
{
	static const char *const failures[] = {"JWT header had invalid encoding: ", "JWT payload had invalid encoding: ",
					       "JWT signature had invalid encoding: "};
	*out = (struct rego_buffer){.work = call->work};
	if (rego_base64url_bytes(call, &token->parts[part], out))
		return true;
	if (!rego_failed(call->work))
		prefixed(call, failures[part]);
	return false;
}

static bool read_header(struct rego_call *call, struct token *token)
{
	struct rego_buffer text;
	if (!decode_part(call, token, 0, &text))
		return false;
	token->header = read_object(call, &text);
	if (!token->header) {
		if (call->failure)
			prefixed(call, "bad JWT header: ");
		return false;
	}
	if (rego_get_text(call->work, token->header, "enc")) {
		rego_builtin_failed(call, "JWT is a JWE object, which is not supported");
		return false;
	}
	return true;
}

/* What is in a token that is in quotes, as some write them. */
static const struct rego_value *unquoted(struct rego_work *work, const struct rego_buffer *text)
{
	size_t from = 0, to = text->len;
	while (from < to && (text->bytes[from] == '"' || text->bytes[from] == '\''))
		from++;
	while (to > from && (text->bytes[to - 1] == '"' || text->bytes[to - 1] == '\''))
		to--;
	return rego_string(work, text->len ? text->bytes + from : "", to - from);
}

static const struct rego_value *triple(struct rego_work *work, const struct rego_value *a, const struct rego_value *b,
				       const struct rego_value *c)
{
	const struct rego_value **items = rego_alloc_array(work, 3, sizeof *items);
	if (!items || !a || !b || !c)
		return NULL;
	items[0] = a;
	items[1] = b;
	items[2] = c;
	return rego_array(work, items, 3);
}

static const struct rego_value *too_deep(struct rego_call *call)
{
	rego_fail(call->work, REGO_LIMIT_NESTING, "tokens nested more than %d deep", MOST_LAYERS);
	return NULL;
}

static const struct rego_value *jwt_decode(REGO_OPERANDS)
{
	struct token token;
	struct rego_buffer payload, signature;
	const struct rego_value *text = args[0];
	if (!rego_operand(call, args, 1, REGO_STRING))
		return NULL;
	for (int layer = 0;; layer++) {
		if (layer == MOST_LAYERS)
			return too_deep(call);
		if (!split(call, text, &token) || !read_header(call, &token) || !decode_part(call, &token, 1, &payload))
			return NULL;
		const struct rego_value *type = rego_get_text(call->work, token.header, "cty");
		if (!type || !rego_is_text(type, "JWT"))
			break;
		if (!(text = unquoted(call->work, &payload)))
			return NULL;
	}
	const struct rego_value *claims = read_object(call, &payload);
	if (!claims || !decode_part(call, &token, 2, &signature))
		return NULL;
	struct rego_buffer hex = {.work = call->work};
	char *to = rego_buffer_extend(&hex, 2 * signature.len);
	for (size_t i = 0; to && i < signature.len; i++) {
		unsigned char byte = (unsigned char)signature.bytes[i];
		to[2 * i] = "0123456789abcdef"[byte >> 4];
		to[2 * i + 1] = "0123456789abcdef"[byte & 15];
	}
	return triple(call->work, token.header, claims, rego_buffer_string(&hex));
}

/* A header's string. False: it is something else. */
static bool header_text(struct rego_call *call, const struct token *token, const char *name,
			const struct rego_value **value)
{
	*value = rego_get_text(call->work, token->header, name);
	if (!*value || (*value)->type == REGO_STRING)
		return true;
	rego_builtin_failed(call, "%s: must be a string", name);
	return false;
}

struct header {
	const struct rego_value *algorithm, *id, *type, *content; /* NULL: not there */
};

static bool check_header(struct rego_call *call, const struct token *token, struct header *header)
{
	if (!header_text(call, token, "alg", &header->algorithm) || !header_text(call, token, "kid", &header->id)
	    || !header_text(call, token, "typ", &header->type) || !header_text(call, token, "cty", &header->content))
		return false;
	const struct rego_value *critical = rego_get_text(call->work, token->header, "crit");
	if (!critical)
		return true;
	bool strings = false;
	if (critical->type != REGO_ARRAY) {
		rego_builtin_failed(call, "crit: must be a list");
		return false;
	}
	for (size_t i = 0; i < critical->list.count; i++)
		strings = strings || critical->list.items[i]->type == REGO_STRING;
	if (!strings)
		rego_builtin_failed(call, "crit: must be a nonempty list");
	return strings;
}

/* Is a header critical that nobody here knows? */
static bool has_unknown_critical(struct rego_work *work, const struct token *token)
{
	static const char *const known[] = {"alg", "kid", "typ", "cty", "crit"};
	const struct rego_value *critical = rego_get_text(work, token->header, "crit");
	for (size_t i = 0; critical && i < critical->list.count; i++) {
		const struct rego_value *name = critical->list.items[i];
		bool is_known = false;
		for (size_t j = 0; j < sizeof known / sizeof *known; j++)
			is_known = is_known || rego_is_text(name, known[j]);
		if (!is_known && rego_get(work, token->header, name))
			return true;
	}
	return false;
}

/* By the key that the header names, or else by any whose algorithm is the header's. `algorithm` NULL: none verifies. */
static bool check_signature(struct rego_call *call, const struct ct_crypto *crypto, const struct rego_jwt_keys *keys,
			    const struct header *header, const struct rego_jwt_algorithm *algorithm,
			    const struct token *token, const struct rego_buffer *signature)
{
	const char *message = token->parts[0].string.bytes, *bytes = signature->len ? signature->bytes : "";
	if (!algorithm)
		return false;
	for (size_t i = 0; header->id && header->id->string.len && i < keys->count; i++) {
		const struct rego_jwt_key *key = &keys->keys[i];
		if (key->id && rego_equal(call->work, key->id, header->id))
			return rego_spend(call->work, VERIFY_STEPS)
			       && rego_jwt_check(crypto, key, algorithm, message, token->signed_len, bytes,
						 signature->len);
	}
	for (size_t i = 0; i < keys->count; i++) {
		const struct rego_jwt_key *key = &keys->keys[i];
		if (key->algorithm && key->algorithm->string.len
		    && !(header->algorithm && rego_equal(call->work, key->algorithm, header->algorithm)))
			continue;
		if (!rego_spend(call->work, VERIFY_STEPS))
			return false;
		if (rego_jwt_check(crypto, key, algorithm, message, token->signed_len, bytes, signature->len))
			return true;
	}
	return false;
}

static const struct rego_value *verify_public(REGO_OPERANDS, const struct rego_jwt_algorithm *algorithm)
{
	struct token token;
	struct header header;
	struct rego_buffer signature = {.work = call->work};
	struct rego_borrowed_crypto crypto;
	struct rego_jwt_keys keys = {0};
	const struct rego_value *result = NULL;
	if (!rego_operand(call, args, 1, REGO_STRING) || !split(call, args[0], &token)
	    || !rego_operand(call, args, 2, REGO_STRING) || !rego_borrow_crypto(call, &crypto))
		return NULL;
	if (rego_jwt_read_keys(call, crypto.use, args[1], &keys) && rego_base64url_bytes(call, &token.parts[2], &signature)
	    && read_header(call, &token) && check_header(call, &token, &header))
		result = rego_boolean(
			check_signature(call, crypto.use, &keys, &header, algorithm, &token, &signature));
	rego_jwt_free_keys(&keys);
	rego_return_crypto(&crypto);
	return rego_failed(call->work) ? NULL : result;
}

static const struct rego_value *verify_secret(REGO_OPERANDS, const struct rego_jwt_algorithm *algorithm)
{
	struct token token;
	struct rego_buffer signature = {.work = call->work};
	struct rego_borrowed_crypto crypto;
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_operand(call, args, 2, REGO_STRING)
	    || !split(call, args[0], &token) || !rego_base64url_bytes(call, &token.parts[2], &signature)
	    || !rego_borrow_crypto(call, &crypto))
		return NULL;
	struct rego_jwt_key key = {.secret = args[1]->string.bytes, .secret_len = args[1]->string.len};
	bool good = rego_jwt_check(crypto.use, &key, algorithm, token.parts[0].string.bytes, token.signed_len,
				   signature.len ? signature.bytes : "", signature.len);
	rego_return_crypto(&crypto);
	return rego_boolean(good);
}

/* The name behind "io.jwt.verify_" says which; "eddsa" stands for "EdDSA". */
static const struct rego_value *jwt_verify(REGO_OPERANDS)
{
	const char *name = strchr(call->builtin->name, '_') + 1;
	char upper[6] = "EdDSA";
	if (strcmp(name, "eddsa") != 0) {
		for (size_t i = 0; i < 5; i++)
			upper[i] = name[i] >= 'a' ? (char)(name[i] - 'a' + 'A') : name[i];
	}
	struct rego_value text = {.type = REGO_STRING, .string = {upper, 5}};
	const struct rego_jwt_algorithm *algorithm = rego_jwt_algorithm(&text);
	return algorithm->kind == JWT_HMAC ? verify_secret(call, args, algorithm) : verify_public(call, args, algorithm);
}

struct constraints {
	const struct rego_value *algorithm, *issuer, *audience, *secret; /* strings, or NULL */
	struct rego_jwt_keys keys;
	bool has_keys;
	double time; /* ns since 1970 */
};

static bool set_text(struct rego_call *call, const char *name, const struct rego_value *value,
		     const struct rego_value **where)
{
	*where = value->type == REGO_STRING && value->string.len ? value : NULL;
	if (value->type != REGO_STRING)
		rego_builtin_failed(call, "%s constraint: must be a string", name);
	return value->type == REGO_STRING;
}

static bool set_time(struct rego_call *call, const struct rego_value *value, double *time)
{
	if (value->type != REGO_NUMBER)
		rego_builtin_failed(call, "token time constraint: must be a number");
	else if ((*time = rego_number_double(&value->number)) < 0)
		rego_builtin_failed(call, "token time constraint: must not be negative");
	return !call->failure;
}

static bool read_constraints(struct rego_call *call, const struct ct_crypto *crypto, const struct rego_value *object,
			     struct constraints *c)
{
	for (size_t i = 0; i < object->object.count; i++) {
		const struct rego_value *key = object->object.members[i].key, *value = object->object.members[i].value;
		bool good;
		if (rego_is_text(key, "cert")) {
			if (value->type != REGO_STRING)
				return rego_builtin_failed(call, "cert constraint: must be a string");
			c->has_keys = true;
			good = rego_jwt_read_keys(call, crypto, value, &c->keys);
		} else if (rego_is_text(key, "secret")) {
			good = set_text(call, "secret", value, &c->secret);
		} else if (rego_is_text(key, "alg")) {
			good = set_text(call, "alg", value, &c->algorithm);
		} else if (rego_is_text(key, "iss")) {
			good = set_text(call, "iss", value, &c->issuer);
		} else if (rego_is_text(key, "aud")) {
			good = set_text(call, "aud", value, &c->audience);
		} else if (rego_is_text(key, "time")) {
			good = set_time(call, value, &c->time);
		} else {
			/* What is not understood cannot be kept. */
			return rego_builtin_failed(call, "unknown token validation constraint: %.*s",
						   key->type == REGO_STRING ? rego_shown_length(key) : 1,
						   key->type == REGO_STRING ? key->string.bytes : "?");
		}
		if (!good)
			return false;
	}
	if (c->has_keys && c->secret)
		return rego_builtin_failed(call, "duplicate key constraints");
	return c->has_keys || c->secret || rego_builtin_failed(call, "no key constraint");
}

static bool is_nested(const struct rego_value *content)
{
	return content && content->string.len == 3 && strncasecmp(content->string.bytes, "JWT", 3) == 0;
}

/* -1: not verified; 0: the call or the work has failed; 1: *header and *claims are those of the innermost token. */
static int open_token(struct rego_call *call, const struct ct_crypto *crypto, const struct constraints *c,
		      const struct rego_value *text, const struct rego_value **header, const struct rego_value **claims)
{
	struct rego_jwt_key secret = {.secret = c->secret ? c->secret->string.bytes : NULL,
				      .secret_len = c->secret ? c->secret->string.len : 0};
	struct rego_jwt_keys of_secret = {&secret, 1};
	for (int layer = 0; layer < MOST_LAYERS; layer++) {
		struct token token;
		struct header parsed;
		struct rego_buffer signature = {.work = call->work}, payload;
		if (!split(call, text, &token) || !read_header(call, &token) || !check_header(call, &token, &parsed))
			return 0;
		if (!parsed.algorithm || !parsed.algorithm->string.len || has_unknown_critical(call->work, &token)
		    || (c->algorithm && !rego_equal(call->work, c->algorithm, parsed.algorithm)))
			return -1;
		if (!rego_base64url_bytes(call, &token.parts[2], &signature))
			return 0;
		if (!check_signature(call, crypto, c->has_keys ? &c->keys : &of_secret, &parsed,
				     rego_jwt_algorithm(parsed.algorithm), &token, &signature))
			return -1;
		if (!decode_part(call, &token, 1, &payload))
			return 0;
		if (!is_nested(parsed.content)) {
			*header = token.header;
			return (*claims = read_object(call, &payload)) != NULL;
		}
		if (!(text = rego_buffer_any_string(&payload)))
			return 0;
	}
	too_deep(call);
	return 0;
}

static bool is_audience(const struct rego_value *claim, const struct rego_value *audience)
{
	static const struct rego_value nobody = {.type = REGO_STRING, .string = {"", 0}};
	if (!audience)
		audience = &nobody;
	const struct rego_value *const *items = claim->type == REGO_ARRAY ? claim->list.items : &claim;
	size_t count = claim->type == REGO_ARRAY ? claim->list.count : 1;
	for (size_t i = 0; i < count; i++) {
		if (items[i]->type == REGO_STRING && items[i]->string.len == audience->string.len
		    && memcmp(items[i]->string.bytes, audience->string.bytes, audience->string.len) == 0)
			return true;
	}
	return false;
}

/* A claim of a time in seconds. -1: it lies before `time` or at it; 1: after it; 0: the call has failed, or it is not there. */
static int compare_time(struct rego_call *call, const struct rego_value *claims, const char *name, double time)
{
	const struct rego_value *claim = rego_get_text(call->work, claims, name);
	if (!claim)
		return 0;
	if (claim->type == REGO_NUMBER)
		return rego_number_double(&claim->number) > time / 1e9 ? 1 : -1;
	rego_builtin_failed(call, "%s value must be a number", name);
	return 0;
}

static bool check_claims(struct rego_call *call, const struct constraints *c, const struct rego_value *claims)
{
	const struct rego_value *issuer = rego_get_text(call->work, claims, "iss"),
				*audience = rego_get_text(call->work, claims, "aud");
	if (c->issuer && !(issuer && issuer->type == REGO_STRING && rego_equal(call->work, issuer, c->issuer)))
		return false;
	if (audience ? !is_audience(audience, c->audience) : c->audience != NULL)
		return false;
	/* It is no more valid at the moment at which it expires, and valid at that from which on it is. */
	if (compare_time(call, claims, "exp", c->time) < 0 || call->failure)
		return false;
	return compare_time(call, claims, "nbf", c->time) <= 0 && !call->failure;
}

static const struct rego_value *jwt_decode_verify(REGO_OPERANDS)
{
	struct rego_borrowed_crypto crypto;
	struct constraints constraints = {.time = (double)call->environment->now};
	const struct rego_value *header = NULL, *claims = NULL, *result = NULL;
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_operand(call, args, 2, REGO_OBJECT)
	    || !rego_borrow_crypto(call, &crypto))
		return NULL;
	if (read_constraints(call, crypto.use, args[1], &constraints)) {
		int opened = open_token(call, crypto.use, &constraints, args[0], &header, &claims);
		bool good = opened > 0 && check_claims(call, &constraints, claims);
		if (good)
			result = triple(call->work, &rego_true, header, claims);
		else if (opened != 0 && !call->failure)
			result = triple(call->work, &rego_false, &rego_empty_object, &rego_empty_object);
	}
	rego_jwt_free_keys(&constraints.keys);
	rego_return_crypto(&crypto);
	return rego_failed(call->work) || call->failure ? NULL : result;
}

static const struct rego_builtin rows[] = {
	{"io.jwt.decode", 1, 0, jwt_decode},
	{"io.jwt.decode_verify", 2, 0, jwt_decode_verify},
	{"io.jwt.verify_eddsa", 2, 0, jwt_verify},
	{"io.jwt.verify_es256", 2, 0, jwt_verify},
	{"io.jwt.verify_es384", 2, 0, jwt_verify},
	{"io.jwt.verify_es512", 2, 0, jwt_verify},
	{"io.jwt.verify_hs256", 2, 0, jwt_verify},
	{"io.jwt.verify_hs384", 2, 0, jwt_verify},
	{"io.jwt.verify_hs512", 2, 0, jwt_verify},
	{"io.jwt.verify_ps256", 2, 0, jwt_verify},
	{"io.jwt.verify_ps384", 2, 0, jwt_verify},
	{"io.jwt.verify_ps512", 2, 0, jwt_verify},
	{"io.jwt.verify_rs256", 2, 0, jwt_verify},
	{"io.jwt.verify_rs384", 2, 0, jwt_verify},
	{"io.jwt.verify_rs512", 2, 0, jwt_verify},
};

REGO_FAMILY(jwt, rows);
