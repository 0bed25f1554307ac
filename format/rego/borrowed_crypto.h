/* The evaluation's cryptographic library, or one for a single call where it has none. */
#ifndef REGO_BORROWED_CRYPTO_H
#define REGO_BORROWED_CRYPTO_H

#include "../../crypto/crypto.h"
#include "builtin.h"

struct rego_borrowed_crypto {
	const struct ct_crypto *use;
	struct ct_crypto *own;
};

static inline bool rego_borrow_crypto(struct rego_call *call, struct rego_borrowed_crypto *crypto)
{
	struct ct_error error;
	crypto->own = NULL;
	crypto->use = call->environment != NULL ? call->environment->crypto : NULL;
	if (crypto->use == NULL && ct_crypto_new(&crypto->own, CT_BACKEND_AUTO, &error) < 0)
		return rego_fail(call->work, REGO_NO_MEMORY, "%s", error.message);
	if (crypto->use == NULL)
		crypto->use = crypto->own;
	return true;
}

static inline void rego_return_crypto(struct rego_borrowed_crypto *crypto)
{
	ct_crypto_free(crypto->own);
}

#endif
