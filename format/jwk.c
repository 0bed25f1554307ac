#include "jwk.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base64.h"
#include "json.h"

/* A key that is valid and of no use here. */
enum { PASS_OVER = 1 };

/* cJSON keeps key text in nodes of its own; it must not stay behind in freed memory. */
static void wipe_tree(cJSON *item)
{
	for (; item != NULL; item = item->next) {
		if (item->valuestring != NULL)
			ct_wipe(item->valuestring, strlen(item->valuestring));
		wipe_tree(item->child);
	}
}

static const char *member(const cJSON *jwk, const char *key)
{
	const cJSON *item = ct_json_get(jwk, key);
	return cJSON_IsString(item) ? item->valuestring : NULL;
}

static int decode(const cJSON *jwk, const char *field, const char *what, uint8_t *bytes, size_t *len,
		  struct ct_error *err)
{
	const char *text = member(jwk, field), *kid = member(jwk, "kid");
	if (ct_base64_decode(text, strlen(text), CT_BASE64_ANY, bytes, CT_KEY_MAX, len) < 0)
		return ct_fail(err, CT_E_KEY, "%s: '%s' of key '%.100s' is not base64 of at most %d bytes",
			       what, field, kid != NULL ? kid : "(no kid)", CT_KEY_MAX);
	return 0;
}

static int parse_master(struct ct_keyset_entry *entry, const cJSON *jwk, const char *what,
			struct ct_error *err)
{
	const char *alg = member(jwk, "alg"), *kid = entry->kid != NULL ? entry->kid : "(no kid)";
	entry->kind = CT_MASTER_KEY;
	if (member(jwk, "k") == NULL)
		return ct_fail(err, CT_E_KEY, "%s: the oct key '%.100s' has no 'k'", what, kid);
	if (alg != NULL && ct_cipher_parse(alg, &entry->cipher) < 0)
		return PASS_OVER; /* an HMAC key, say (RFC 7517 section 5: ignore what is not understood) */
	if (decode(jwk, "k", what, entry->master.bytes, &entry->master.len, err) < 0)
		return -1;
	if (alg == NULL) {
		if (entry->master.len == 16 || entry->master.len == 32)
			return 0;
		return ct_fail(err, CT_E_KEY, "%s: the oct key '%.100s' has %zu bytes, not 16 or 32", what,
			       kid, entry->master.len);
	}
	entry->has_cipher = true;
	if (entry->master.len != ct_cipher_key_len(entry->cipher))
		return ct_fail(err, CT_E_KEY, "%s: the key '%.100s' has %zu bytes, %s needs %zu", what, kid,
			       entry->master.len, ct_cipher_name(entry->cipher),
			       ct_cipher_key_len(entry->cipher));
	return 0;
}

static int parse_signing(struct ct_keyset_entry *entry, const cJSON *jwk, const char *what,
			 struct ct_error *err)
{
	const char *kid = entry->kid != NULL ? entry->kid : "(no kid)";
	uint8_t bytes[CT_KEY_MAX];
	size_t len = 0;
	entry->kind = CT_SIGNING_KEY;
	if (member(jwk, "x") != NULL) {
		if (decode(jwk, "x", what, bytes, &len, err) < 0)
			return -1;
		if (len != CT_ED25519_KEY_LEN)
			return ct_fail(err, CT_E_KEY, "%s: 'x' of key '%.100s' has %zu bytes, not 32", what,
				       kid, len);
		memcpy(entry->public_key, bytes, len);
		entry->has_public = true;
	}
	if (member(jwk, "d") != NULL) {
		if (decode(jwk, "d", what, entry->seed.bytes, &entry->seed.len, err) < 0)
			return -1;
		if (entry->seed.len != CT_ED25519_KEY_LEN)
			return ct_fail(err, CT_E_KEY, "%s: 'd' of key '%.100s' has %zu bytes, not 32", what,
				       kid, entry->seed.len);
		entry->has_seed = true;
	}
	if (!entry->has_public && !entry->has_seed)
		return ct_fail(err, CT_E_KEY, "%s: the okp key '%.100s' has neither 'x' nor 'd'", what, kid);
	return 0;
}

static bool is_ed25519(const cJSON *jwk)
{
	const char *crv = member(jwk, "crv"), *alg = member(jwk, "alg");
	if (crv != NULL)
		return strcasecmp(crv, "Ed25519") == 0;
	return alg == NULL || strcasecmp(alg, "ed25519") == 0 || strcasecmp(alg, "EdDSA") == 0;
}

static int parse_one(struct ct_keyset *set, const cJSON *jwk, const char *what, struct ct_error *err)
{
	const char *kty = member(jwk, "kty");
	if (kty == NULL)
		return ct_fail(err, CT_E_KEY, "%s: a key without kty", what);
	bool oct = strcasecmp(kty, "oct") == 0;
	if (!oct && (strcasecmp(kty, "okp") != 0 || !is_ed25519(jwk)))
		return 0;

	int status = -1;
	struct ct_keyset_entry entry = {0};
	const char *kid = member(jwk, "kid"), *jku = member(jwk, "jku");
	if ((kid != NULL && (entry.kid = strdup(kid)) == NULL)
	    || (jku != NULL && (entry.jku = strdup(jku)) == NULL)) {
		ct_fail_nomem(err);
		goto out;
	}
	status = (oct ? parse_master : parse_signing)(&entry, jwk, what, err);
	if (status == 0)
		status = ct_keyset_add(set, &entry, err);
out:
	if (status != 0) {
		free(entry.kid);
		free(entry.jku);
	}
	ct_wipe(&entry, sizeof entry);
	return status == PASS_OVER ? 0 : status;
}

int ct_jwk_parse(struct ct_keyset *set, const char *text, size_t len, const char *what,
		 struct ct_error *err)
{
	int status = 0;
	cJSON *tree = ct_json_parse(text, len, 0, what, err);
	if (tree == NULL) {
		if (err->code == CT_E_FORMAT)
			err->code = CT_E_KEY; /* it is the key that is missing, not the model that is bad */
		return -1;
	}
	const cJSON *keys = ct_json_get(tree, "keys"), *jwk;
	if (!cJSON_IsObject(tree) || (keys == NULL && ct_json_get(tree, "kty") == NULL)) {
		status = ct_fail(err, CT_E_KEY, "%s: neither a JWK nor a JWK Set", what);
	} else if (keys == NULL) {
		status = parse_one(set, tree, what, err);
	} else if (!cJSON_IsArray(keys)) {
		status = ct_fail(err, CT_E_KEY, "%s: 'keys' is not an array", what);
	} else {
		cJSON_ArrayForEach(jwk, keys)
		{
			status = parse_one(set, jwk, what, err);
			if (status < 0)
				break;
		}
	}
	wipe_tree(tree);
	cJSON_Delete(tree);
	return status;
}

static void put_member(const char *name, const char *value, struct ct_buffer *out)
{
	if (value == NULL)
		return;
	ct_buffer_puts(out, ",\"");
	ct_buffer_puts(out, name);
	ct_buffer_puts(out, "\":");
	ct_json_put_string(out, value);
}

static void put_bytes(const char *name, const uint8_t *bytes, size_t len, struct ct_buffer *out)
{
	ct_buffer_puts(out, ",\"");
	ct_buffer_puts(out, name);
	ct_buffer_puts(out, "\":\"");
	ct_buffer_put_base64(out, bytes, len);
	ct_buffer_puts(out, "\"");
}

void ct_jwk_put(const struct ct_keyset *set, bool for_readers, struct ct_buffer *out)
{
	ct_buffer_puts(out, "{\"keys\":[");
	for (size_t i = 0; i < set->count; i++) {
		const struct ct_keyset_entry *entry = &set->entries[i];
		bool master = entry->kind == CT_MASTER_KEY;
		ct_buffer_puts(out, i == 0 ? "\n  " : ",\n  ");
		ct_buffer_puts(out, master ? "{\"kty\":\"oct\"" : "{\"kty\":\"okp\"");
		if (!master)
			put_member("alg", "ed25519", out);
		else if (entry->has_cipher)
			put_member("alg", ct_cipher_name(entry->cipher), out);
		put_member("kid", entry->kid, out);
		put_member("jku", entry->jku, out);
		if (master)
			put_bytes("k", entry->master.bytes, entry->master.len, out);
		if (entry->has_public)
			put_bytes("x", entry->public_key, sizeof entry->public_key, out);
		if (entry->has_seed && !for_readers)
			put_bytes("d", entry->seed.bytes, entry->seed.len, out);
		ct_buffer_puts(out, "}");
	}
	ct_buffer_puts(out, "\n]}\n");
}
