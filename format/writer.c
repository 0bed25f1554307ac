#include "writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "nonce.h"
#include "policy.h"
#include "sealed_header.h"
#include "stream.h"

/* Make field and JSON a file's beginning, `length` its N. */
static int write_header(const struct ct_sink *sink, struct ct_buffer *text, uint64_t length,
			struct ct_error *err)
{
	if (ct_sealed_header_pad(text, length, err) < 0)
		return -1;
	return sink->write_at(sink->context, text->data, text->len, 0, err);
}

/* A fresh data key for one tensor, wrapped; its nonces; room for its tags. */
static int seal_tensor(struct ct_model *model, size_t tensor, const struct ct_crypto *crypto,
		       const struct ct_keyset_entry *master, struct ct_error *err)
{
	struct ct_manifest *manifest = &model->manifest;
	struct ct_sealed *sealed = &manifest->tensors[tensor];
	const struct ct_tensor *t = &model->header.tensors[tensor];
	struct ct_key *key = &model->data_keys[tensor];
	uint64_t len = t->end - t->begin;
	key->len = ct_cipher_key_len(manifest->cipher);
	if (ct_random(crypto, key->bytes, key->len, err) < 0
	    || ct_sealed_header_wrap(crypto, manifest->cipher, master, key, sealed, err) < 0)
		return -1;
	sealed->sealed = true;
	manifest->sealed_count++;
	if (manifest->chunk_size == 0 && len == 0)
		return 0;
	uint64_t message = manifest->chunk_size != 0 && manifest->chunk_size < len
				   ? manifest->chunk_size : len;
	if (message > ct_aead_message_max(manifest->cipher))
		return ct_fail(err, CT_E_ARGUMENT, "tensor '%.200s': a message of %" PRIu64
			       " bytes is more than the cipher allows: use version 2 with smaller chunks",
			       t->name, message);
	sealed->messages = ct_manifest_messages(manifest, len);
	if (sealed->messages > CT_HEADER_MAX / CT_TAG_LEN)
		return ct_fail(err, CT_E_ARGUMENT, "tensor '%.200s': %" PRIu64
			       " chunks do not fit a header: use larger chunks", t->name, sealed->messages);
	sealed->tags = calloc((size_t)sealed->messages, CT_TAG_LEN);
	if (sealed->tags == NULL)
		return ct_fail_nomem(err);
	return ct_nonce_draw_base(crypto, sealed->messages, sealed->nonce, err);
}

/* The model that is to be written: the plain one's header with a manifest and data keys of its own.
 * Its header's parts are borrowed from `plain`. */
static int make_target(struct ct_model *target, const struct ct_model *plain,
		       const struct ct_encrypt_options *options, const struct ct_keyset_entry **signer,
		       struct ct_error *err)
{
	struct ct_manifest *manifest = &target->manifest;
	*target = *plain;
	target->encrypted = true;
	target->data_keys = calloc(plain->header.count + 1, sizeof *target->data_keys);
	*manifest = (struct ct_manifest){
		.version = options->version,
		.cipher = options->cipher,
		.chunk_size = options->version == 2 ? options->chunk_size : 0,
		.count = plain->header.count,
		.tensors = calloc(plain->header.count + 1, sizeof *manifest->tensors),
		.policy_local = strdup(options->policy_local != NULL ? options->policy_local
								     : CT_POLICY_DEFAULT),
		.policy_remote = strdup(options->policy_remote != NULL ? options->policy_remote
								       : CT_POLICY_DEFAULT),
	};
	if (target->data_keys == NULL || manifest->tensors == NULL || manifest->policy_local == NULL
	    || manifest->policy_remote == NULL)
		return ct_fail_nomem(err);
	const struct ct_keyset_entry *master;
	if (ct_sealed_header_keys(options->keys, options->cipher, &master, signer, err) < 0
	    || ct_sealed_header_name(&manifest->master, master, err) < 0
	    || ct_sealed_header_name(&manifest->signer, *signer, err) < 0)
		return -1;
	for (size_t i = 0; i < plain->header.count; i++) {
		if (options->select != NULL
		    && !options->select(options->select_context, plain->header.tensors[i].name))
			continue;
		if (seal_tensor(target, i, options->crypto, master, err) < 0)
			return -1;
	}
	return 0;
}

static void clear_target(struct ct_model *target)
{
	if (target->data_keys != NULL)
		ct_wipe(target->data_keys, target->header.count * sizeof *target->data_keys);
	free(target->data_keys);
	ct_manifest_clear(&target->manifest);
}

int ct_encrypt(const struct ct_model *model, const struct ct_source *source,
	       const struct ct_sink *sink, const struct ct_encrypt_options *options,
	       struct ct_encrypt_result *result, struct ct_error *err)
{
	int status = -1;
	struct ct_model target = {0};
	struct ct_buffer text = {0};
	const struct ct_keyset_entry *signer;
	if (model->encrypted)
		return ct_fail(err, CT_E_ARGUMENT, "it is encrypted already: decrypt it first");
	if (options->version != 1 && (options->version != 2 || options->chunk_size == 0))
		return ct_fail(err, CT_E_ARGUMENT, "version must be 1, or 2 with a chunk size");
	if (make_target(&target, model, options, &signer, err) < 0
	    || ct_sealed_header_make(&target.header, &target.manifest, options->crypto, signer, &text, err) < 0)
		goto out;
	uint64_t length = ct_sealed_header_length(text.len), size = text.len;
	ct_buffer_free(&text);
	if (length > CT_HEADER_MAX) {
		ct_fail(err, CT_E_ARGUMENT,
			"the header would have %" PRIu64 " bytes, the format allows %" PRIu64
			": use larger chunks",
			length, CT_HEADER_MAX);
		goto out;
	}

	struct ct_stream stream = {
		.crypto = options->crypto,
		.model = &target,
		.direction = CT_SEAL,
		.source = source,
		.source_data = model->data_offset,
		.sink = sink,
		.sink_data = CT_LENGTH_FIELD + length,
		.threads = options->threads,
		.progress = options->progress,
	};
	if (ct_stream(&stream, err) < 0)
		goto out;

	if (ct_sealed_header_make(&target.header, &target.manifest, options->crypto, signer, &text, err) < 0)
		goto out;
	if (text.len != size) {
		ct_fail(err, CT_E_CRYPTO, "the header changed its length: a fault in this program");
		goto out;
	}
	if (write_header(sink, &text, length, err) < 0)
		goto out;
	if (result != NULL)
		*result = (struct ct_encrypt_result){
			.tensors = model->header.count,
			.sealed = target.manifest.sealed_count,
			.file_size = CT_LENGTH_FIELD + length + (model->file_size - model->data_offset),
		};
	status = 0;
out:
	ct_buffer_free(&text);
	clear_target(&target);
	return status;
}

int ct_decrypt(const struct ct_model *model, const struct ct_crypto *crypto,
	       const struct ct_source *source, const struct ct_sink *sink, unsigned threads,
	       const struct ct_progress *progress, struct ct_error *err)
{
	int status = -1;
	struct ct_buffer text = {0};
	ct_buffer_fill(&text, 0, CT_LENGTH_FIELD);
	ct_header_put_plain(&model->header, &text);
	if (ct_buffer_check(&text, err) < 0)
		goto out;
	uint64_t length = (text.len + 7) / 8 * 8 - CT_LENGTH_FIELD;
	struct ct_stream stream = {
		.crypto = crypto,
		.model = model,
		.direction = CT_OPEN,
		.source = source,
		.source_data = model->data_offset,
		.sink = sink,
		.sink_data = CT_LENGTH_FIELD + length,
		.threads = threads,
		.progress = progress,
	};
	if (ct_stream(&stream, err) == 0)
		status = write_header(sink, &text, length, err);
out:
	ct_buffer_free(&text);
	return status;
}
