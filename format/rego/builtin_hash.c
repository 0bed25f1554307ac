/* crypto.md5, crypto.sha1, crypto.sha256 and crypto.hmac.*: in hex. */
#include <string.h>

#include "../../crypto/hash.h"
#include "borrowed_crypto.h"
#include "operand.h"

static const struct rego_value *hex(struct rego_work *work, const uint8_t *bytes, size_t len)
{
	char text[2 * CT_HASH_MOST];
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	return rego_string(work, text, 2 * len);
}

static const struct rego_value *hash(REGO_OPERANDS, enum ct_hash which)
{
	struct ct_error error;
	uint8_t digest[CT_HASH_MOST];
	size_t size = 0;
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_spend(call->work, args[0]->string.len / 16))
		return NULL;
	struct rego_borrowed_crypto crypto;
	if (!rego_borrow_crypto(call, &crypto))
		return NULL;
	int failed = ct_hash(crypto.use, which, args[0]->string.bytes, args[0]->string.len, digest, &size, &error);
	rego_return_crypto(&crypto);
	return failed ? rego_builtin_failed(call, "%s", error.message) : hex(call->work, digest, size);
}

static const struct rego_value *hmac(REGO_OPERANDS, enum ct_hash which)
{
	struct ct_error error;
	uint8_t mac[CT_HASH_MOST];
	size_t size = 0;
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_operand(call, args, 2, REGO_STRING)
	    || !rego_spend(call->work, (args[0]->string.len + args[1]->string.len) / 16))
		return NULL;
	struct rego_borrowed_crypto crypto;
	if (!rego_borrow_crypto(call, &crypto))
		return NULL;
	int failed = ct_hmac(crypto.use, which, args[1]->string.bytes, args[1]->string.len, args[0]->string.bytes,
			     args[0]->string.len, mac, &size, &error);
	rego_return_crypto(&crypto);
	return failed ? rego_builtin_failed(call, "%s", error.message) : hex(call->work, mac, size);
}

static const struct rego_value *md5(REGO_OPERANDS)
{
	return hash(call, args, CT_MD5);
}

static const struct rego_value *sha1(REGO_OPERANDS)
{
	return hash(call, args, CT_SHA1);
}

static const struct rego_value *sha256(REGO_OPERANDS)
{
	return hash(call, args, CT_SHA256);
}

static const struct rego_value *hmac_md5(REGO_OPERANDS)
{
	return hmac(call, args, CT_MD5);
}

static const struct rego_value *hmac_sha1(REGO_OPERANDS)
{
	return hmac(call, args, CT_SHA1);
}

static const struct rego_value *hmac_sha256(REGO_OPERANDS)
{
	return hmac(call, args, CT_SHA256);
}

static const struct rego_value *hmac_sha512(REGO_OPERANDS)
{
	return hmac(call, args, CT_SHA512);
}

static const struct rego_value *hmac_equal(REGO_OPERANDS)
{
	if (!rego_operand(call, args, 1, REGO_STRING) || !rego_operand(call, args, 2, REGO_STRING))
		return NULL;
	size_t len = args[0]->string.len;
	return rego_boolean(len == args[1]->string.len
			    && (len == 0 || ct_equal(args[0]->string.bytes, args[1]->string.bytes, len)));
}

static const struct rego_builtin rows[] = {
	{"crypto.hmac.equal", 2, 0, hmac_equal},
	{"crypto.hmac.md5", 2, 0, hmac_md5},
	{"crypto.hmac.sha1", 2, 0, hmac_sha1},
	{"crypto.hmac.sha256", 2, 0, hmac_sha256},
	{"crypto.hmac.sha512", 2, 0, hmac_sha512},
	{"crypto.md5", 1, 0, md5},
	{"crypto.sha1", 1, 0, sha1},
	{"crypto.sha256", 1, 0, sha256},
};

REGO_FAMILY(hash, rows);
