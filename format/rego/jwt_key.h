/* Keys for JSON Web Tokens: from PEM, from JSON Web Keys and sets of them, or a secret. */
#ifndef REGO_JWT_KEY_H
#define REGO_JWT_KEY_H

#include "../../crypto/verify.h"
#include "builtin.h"

struct rego_jwt_key {
	struct ct_public_key *public; /* NULL: it is a secret */
	const char *secret;
	size_t secret_len;
	const struct rego_value *algorithm, *id; /* strings, or NULL */
};

struct rego_jwt_keys {
	struct rego_jwt_key *keys;
	size_t count;
};

enum rego_jwt_kind { JWT_HMAC, JWT_RSA, JWT_PSS, JWT_ECDSA, JWT_EDDSA };

struct rego_jwt_algorithm {
	const char *name; /* "RS256" */
	enum rego_jwt_kind kind;
	enum ct_hash hash;
};

/* NULL: there is no such one. */
const struct rego_jwt_algorithm *rego_jwt_algorithm(const struct rego_value *name);

/* False: the call or the work has failed. Either way rego_jwt_free_keys(). */
bool rego_jwt_read_keys(struct rego_call *call, const struct ct_crypto *crypto, const struct rego_value *text,
			struct rego_jwt_keys *keys);
void rego_jwt_free_keys(struct rego_jwt_keys *keys);

/* Is it the signature of `message`? */
bool rego_jwt_check(const struct ct_crypto *crypto, const struct rego_jwt_key *key,
		    const struct rego_jwt_algorithm *algorithm, const char *message, size_t len, const char *signature,
		    size_t signature_len);

#endif
