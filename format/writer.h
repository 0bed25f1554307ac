/* Writing models: a plain one becomes encrypted, an encrypted one plain. Both stream. */
#ifndef CT_WRITER_H
#define CT_WRITER_H

#include "keyset.h"
#include "model.h"
#include "source.h"

/* Headers are padded so that tensor data begins at a multiple of this, in bytes: mappings of tensors
 * then line up with pages. */
#define CT_WRITER_ALIGN UINT64_C(4096)

/* At least so many bytes of a header are padding: room for other key ids or another policy, so that keys
 * can be rotated without moving tensor data. */
#define CT_WRITER_ROOM UINT64_C(1024)

/* Bytes of a chunk, unless somebody wants another size. Who maps a file decrypts all of each chunk that has a part of what he
 * touches: a quarter of each tensor of 32 MiB takes 396 MiB of 1 GiB, and 520 with chunks of 2 MiB. Smaller ones
 * are hardly better, and each costs 21 bytes of the header. */
#define CT_WRITER_CHUNK UINT64_C(524288)

struct ct_encrypt_options {
	const struct ct_crypto *crypto;
	/* The first master key that fits `cipher`, and the first signing key with a seed, are used. */
	const struct ct_keyset *keys;
	enum ct_cipher cipher;
	int version;         /* 1 or 2 */
	uint64_t chunk_size; /* bytes, at least 1; version 2 only */
	const char *policy_local, *policy_remote; /* Rego; NULL: the default module */
	/* Which tensors to encrypt; NULL: all. */
	bool (*select)(void *context, const char *tensor);
	void *select_context;
	unsigned threads;
	const struct ct_progress *progress; /* counts bytes of tensor data; or NULL */
};

struct ct_encrypt_result {
	size_t tensors, sealed;
	uint64_t file_size;
};

/* Encrypt the plain model `model`, whose bytes `source` has, to `sink`; `*result` can be NULL.
 * Memory: 256 KiB a thread and the header's text a few times. The header is written last, so a sink that
 * was not finished is no model. Errors: CT_E_ARGUMENT (already encrypted, a limit), CT_E_KEY (no
 * fitting key), CT_E_IO, CT_E_NOMEM, CT_E_STOPPED. */
int ct_encrypt(const struct ct_model *model, const struct ct_source *source,
	       const struct ct_sink *sink, const struct ct_encrypt_options *options,
	       struct ct_encrypt_result *result, struct ct_error *err);

/* Write the plain file of the unlocked `model`: its header compact, padded with spaces to a multiple
 * of 8 as stock writers do, which gives back byte for byte what they wrote. Nothing that the sink got is
 * to be shown before the call succeeds. Errors as for ct_stream(). */
int ct_decrypt(const struct ct_model *model, const struct ct_crypto *crypto,
	       const struct ct_source *source, const struct ct_sink *sink, unsigned threads,
	       const struct ct_progress *progress, struct ct_error *err);

#endif
