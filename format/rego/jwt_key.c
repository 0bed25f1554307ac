#include "jwt_key.h"

#include <string.h>

#include "../../crypto/base64.h"
#include "encoding.h"
#include "json.h"

static const struct rego_jwt_algorithm algorithms[] = {
	{"HS256", JWT_HMAC, CT_SHA256}, {"HS384", JWT_HMAC, CT_SHA384}, {"HS512", JWT_HMAC, CT_SHA512},
	{"RS256", JWT_RSA, CT_SHA256}, {"RS384", JWT_RSA, CT_SHA384}, {"RS512", JWT_RSA, CT_SHA512},
	{"PS256", JWT_PSS, CT_SHA256}, {"PS384", JWT_PSS, CT_SHA384}, {"PS512", JWT_PSS, CT_SHA512},
	{"ES256", JWT_ECDSA, CT_SHA256}, {"ES384", JWT_ECDSA, CT_SHA384}, {"ES512", JWT_ECDSA, CT_SHA512},
	{"EdDSA", JWT_EDDSA, CT_SHA512},
};

/* Public keys cost time: nobody has so many. */
enum { MOST_KEYS = 100, KEY_STEPS = 10000 };

const struct rego_jwt_algorithm *rego_jwt_algorithm(const struct rego_value *name)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
		if (rego_is_text(name, algorithms[i].name))
			return &algorithms[i];
	}
	return NULL;
}

struct text {
	const char *bytes;
	size_t len;
};

static const char *find(struct text in, const char *what)
{
	return in.len ? memmem(in.bytes, in.len, what, strlen(what)) : NULL;
}

/* The first PEM block: its type, its bytes, and what follows the line of its end. False: there is none. */
static bool read_pem(struct rego_work *work, struct text text, struct text *type, uint8_t **der, size_t *der_len,
		     struct text *rest)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ", dashes[] = "-----";
	const char *stop = text.bytes + text.len, *at = find(text, begin);
	if (!at)
		return false;
	type->bytes = at + sizeof begin - 1;
	const char *body = find((struct text){type->bytes, (size_t)(stop - type->bytes)}, dashes);
	if (!body)
		return false;
	type->len = (size_t)(body - type->bytes);
	body += sizeof dashes - 1;
	const char *last = find((struct text){body, (size_t)(stop - body)}, end);
	if (!last)
		return false;
	const char *name = last + sizeof end - 1;
	if ((size_t)(stop - name) < type->len + sizeof dashes - 1 || memcmp(name, type->bytes, type->len) != 0
	    || memcmp(name + type->len, dashes, sizeof dashes - 1) != 0)
		return false;
	rest->bytes = name + type->len + sizeof dashes - 1;
	while (rest->bytes < stop && (*rest->bytes == ' ' || *rest->bytes == '\t' || *rest->bytes == '\r'))
		rest->bytes++;
	if (rest->bytes < stop && *rest->bytes == '\n')
		rest->bytes++;
	rest->len = (size_t)(stop - rest->bytes);
	char *plain = rego_alloc(work, (size_t)(last - body) + 1);
	*der = rego_alloc(work, (size_t)(last - body) + 1);
	size_t len = 0;
	if (!plain || !*der)
		return false;
	for (; body < last; body++) {
		if (*body != '\n' && *body != '\r' && *body != ' ' && *body != '\t')
			plain[len++] = *body;
	}
	return ct_base64_decode(plain, len, CT_BASE64_STANDARD, *der, len, der_len) == 0;
}

static bool is_type(struct text type, const char *name)
{
	return type.len == strlen(name) && memcmp(type.bytes, name, type.len) == 0;
}

static bool fail(struct rego_call *call, const char *why)
{
	if (!rego_failed(call->work)) {
		call->failure = REGO_CALL_GOOD;
		rego_builtin_failed(call, "%s", why);
	}
	return false;
}

/* One of the numbers of a JSON Web Key. */
static bool number(struct rego_call *call, const struct rego_value *jwk, const char *name, struct rego_buffer *out)
{
	const struct rego_value *text = rego_get_text(call->work, jwk, name);
	*out = (struct rego_buffer){.work = call->work};
	return text && text->type == REGO_STRING && rego_base64url_bytes(call, text, out) && out->len > 0;
}

static const uint8_t *bytes_of(const struct rego_buffer *buffer)
{
	return (const uint8_t *)buffer->bytes;
}

static bool read_jwk(struct rego_call *call, const struct ct_crypto *crypto, const struct rego_value *jwk,
		     struct rego_jwt_key *key)
{
	struct rego_work *work = call->work;
	struct rego_buffer a, b;
	struct ct_error error;
	const struct rego_value *kty = rego_get_text(work, jwk, "kty"), *curve = rego_get_text(work, jwk, "crv"),
				*alg = rego_get_text(work, jwk, "alg"), *id = rego_get_text(work, jwk, "kid");
	key->algorithm = alg && alg->type == REGO_STRING ? alg : NULL;
	key->id = id && id->type == REGO_STRING ? id : NULL;
	if (!kty || kty->type != REGO_STRING || !rego_spend(work, KEY_STEPS))
		return false;
	if (rego_is_text(kty, "oct")) {
		bool good = number(call, jwk, "k", &a);
		key->secret = a.bytes;
		key->secret_len = a.len;
		return good;
	}
	if (rego_is_text(kty, "RSA"))
		return number(call, jwk, "n", &a) && number(call, jwk, "e", &b)
		       && ct_public_key_rsa(crypto, bytes_of(&a), a.len, bytes_of(&b), b.len, &key->public, &error) == 0;
	if (!curve || curve->type != REGO_STRING || !number(call, jwk, "x", &a))
		return false;
	if (rego_is_text(kty, "OKP"))
		return rego_is_text(curve, "Ed25519")
		       && ct_public_key_ed25519(crypto, bytes_of(&a), a.len, &key->public, &error) == 0;
	char name[8] = "";
	if (!rego_is_text(kty, "EC") || curve->string.len >= sizeof name || !number(call, jwk, "y", &b))
		return false;
	memcpy(name, curve->string.bytes, curve->string.len);
	return ct_public_key_ec(crypto, name, bytes_of(&a), a.len, bytes_of(&b), b.len, &key->public, &error) == 0;
}

static bool read_pem_key(struct rego_call *call, const struct ct_crypto *crypto, struct text type, const uint8_t *der,
			 size_t len, struct rego_jwt_keys *keys)
{
	struct ct_error error;
	if (!rego_spend(call->work, KEY_STEPS))
		return false;
	keys->keys = rego_alloc(call->work, sizeof *keys->keys);
	if (!keys->keys)
		return false;
	if (is_type(type, "CERTIFICATE")) {
		if (ct_public_key_from_certificate(crypto, der, len, &keys->keys->public, &error) < 0)
			return fail(call, "failed to parse a PEM certificate");
	} else if (is_type(type, "PUBLIC KEY")) {
		if (ct_public_key_from_info(crypto, der, len, &keys->keys->public, &error) < 0)
			return fail(call, "failed to parse a PEM public key");
	} else {
		return fail(call, "failed to extract a Key from the PEM certificate");
	}
	keys->count = 1;
	return true;
}

bool rego_jwt_read_keys(struct rego_call *call, const struct ct_crypto *crypto, const struct rego_value *text,
			struct rego_jwt_keys *keys)
{
	static const char no_jwk[] = "failed to parse a JWK key (set)";
	struct rego_work *work = call->work;
	struct text type, rest, whole = {text->string.bytes, text->string.len};
	struct rego_json_problem problem;
	uint8_t *der;
	size_t len;
	*keys = (struct rego_jwt_keys){0};
	if (read_pem(work, whole, &type, &der, &len, &rest))
		return rest.len ? fail(call, "extra data after a PEM certificate block")
				: read_pem_key(call, crypto, type, der, len, keys);
	if (rego_failed(work))
		return false;
	const struct rego_value *json = rego_json_try(work, whole.bytes, whole.len, &problem);
	if (!json || json->type != REGO_OBJECT)
		return fail(call, no_jwk);
	const struct rego_value *set = rego_get_text(work, json, "keys");
	const struct rego_value *const *items = set && set->type == REGO_ARRAY ? set->list.items : &json;
	size_t count = set && set->type == REGO_ARRAY ? set->list.count : 1;
	if (count > MOST_KEYS)
		return fail(call, "too many keys in a JWK set");
	keys->keys = rego_alloc_array(work, count + 1, sizeof *keys->keys);
	for (size_t i = 0; keys->keys && i < count; i++) {
		struct rego_jwt_key *key = &keys->keys[keys->count++];
		if (items[i]->type != REGO_OBJECT || !read_jwk(call, crypto, items[i], key))
			return fail(call, no_jwk);
		/* Those that no token can name are no use. */
		if (key->algorithm && !rego_jwt_algorithm(key->algorithm)) {
			ct_public_key_free(key->public);
			*key = (struct rego_jwt_key){0};
			keys->count--;
		}
	}
	return keys->keys && !rego_failed(work);
}

void rego_jwt_free_keys(struct rego_jwt_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		ct_public_key_free(keys->keys[i].public);
}

bool rego_jwt_check(const struct ct_crypto *crypto, const struct rego_jwt_key *key,
		    const struct rego_jwt_algorithm *algorithm, const char *message, size_t len, const char *signature,
		    size_t signature_len)
{
	static const enum ct_scheme schemes[] = {
		[JWT_RSA] = CT_RSA_PKCS1, [JWT_PSS] = CT_RSA_PSS, [JWT_ECDSA] = CT_ECDSA, [JWT_EDDSA] = CT_EDDSA};
	struct ct_error error;
	if (algorithm->kind != JWT_HMAC)
		return key->public
		       && ct_public_key_verify(crypto, key->public, schemes[algorithm->kind], algorithm->hash, message, len,
					       (const uint8_t *)signature, signature_len, &error) == 0;
	uint8_t mac[CT_HASH_MOST];
	size_t size;
	return !key->public
	       && ct_hmac(crypto, algorithm->hash, key->secret, key->secret_len, message, len, mac, &size, &error) == 0
	       && size == signature_len && ct_equal(mac, signature, size);
}
