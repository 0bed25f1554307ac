/* The encryption metadata of a file: `__crypto_keys__`, `__encryption__`, `__policy__`,
 * `__signature__` (FORMAT facts, "When a file is encrypted").
 *
 * A parsed manifest is read only and may be shared by threads. It holds no secrets. */
#ifndef CT_MANIFEST_H
#define CT_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "cipher.h"
#include "ed25519.h"
#include "header.h"
#include "key.h"

/* Chunk size of version 2 when the file names none, in bytes. */
#define CT_CHUNK_DEFAULT UINT64_C(2097152)

/* How a header names a key; either part can be NULL. */
struct ct_key_name {
	char *kid, *jku;
};

/* One tensor's parameters. A message is what one tag covers: a chunk, or a whole tensor. */
struct ct_sealed {
	bool sealed; /* false: the tensor is stored in the clear, the rest is unset */
	uint8_t wrapped_key[CT_KEY_MAX];
	uint8_t key_iv[CT_NONCE_LEN], key_tag[CT_TAG_LEN];
	uint8_t nonce[CT_NONCE_LEN]; /* `iv`, or `base_iv` of a chunked tensor */
	uint64_t messages;           /* 0 only for an empty tensor without chunks */
	uint8_t *tags;               /* CT_TAG_LEN bytes for each message */
};

struct ct_manifest {
	int version; /* 1 or 2 */
	enum ct_cipher cipher;
	uint64_t chunk_size; /* bytes; 0: each tensor is one message */
	struct ct_key_name master, signer;
	struct ct_sealed *tensors; /* one for each tensor of the header, in the header's order */
	size_t count, sealed_count;
	char *policy_local, *policy_remote; /* Rego; remote can be NULL */
	uint8_t signature[CT_ED25519_SIGNATURE_LEN];
};

/* Messages that a tensor of `len` bytes has: max(1, ceil(len / chunk_size)), or 1. */
uint64_t ct_manifest_messages(const struct ct_manifest *manifest, uint64_t len);

/* True when the header says that its file is encrypted: it has `__encryption__`, or another of the reserved
 * keys, which no plain file has, so that damage to one cannot pass ciphertext off as plain tensors. */
bool ct_manifest_present(const struct ct_header *header);

/* Parse a header's encryption metadata. CT_E_FORMAT names the first fault. Release it with
 * ct_manifest_clear(), also after a failure. */
int ct_manifest_parse(struct ct_manifest *manifest, const struct ct_header *header,
		      struct ct_error *err);

void ct_manifest_clear(struct ct_manifest *manifest);

/* The JSON texts of a manifest, for a header that is written; `signer` and `master` carry key
 * names only. */
void ct_manifest_put_keys(const struct ct_manifest *manifest, struct ct_buffer *out);
void ct_manifest_put_encryption(const struct ct_manifest *manifest, const struct ct_header *header,
				struct ct_buffer *out);
void ct_manifest_put_policy(const struct ct_manifest *manifest, struct ct_buffer *out);

#endif
