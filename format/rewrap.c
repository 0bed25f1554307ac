#include "rewrap.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sealed_header.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Does `name`, which opened the file among `keys`, stand for the very key that would be used? */
static bool is_current(const struct ct_key_name *name, const struct ct_keyset_entry *wanted,
		       const struct ct_keyset *keys, int cipher)
{
	return ct_keyset_find(keys, wanted->kind, name->kid, cipher) == wanted
	       && same_text(name->kid, wanted->kid) && same_text(name->jku, wanted->jku);
}

static bool is_done(const struct ct_model *model, const struct ct_rewrap_options *options,
		    const struct ct_keyset_entry *master, const struct ct_keyset_entry *signer)
{
	const struct ct_manifest *manifest = &model->manifest;
	return is_current(&manifest->master, master, options->keys, (int)manifest->cipher)
	       && is_current(&manifest->signer, signer, options->keys, -1)
	       && (options->policy_local == NULL || same_text(options->policy_local, manifest->policy_local));
}

int ct_rewrap_unlock(struct ct_model *model, const struct ct_keyset *old,
		     const struct ct_rewrap_options *options, bool *done, struct ct_error *err)
{
	const struct ct_keyset_entry *master, *signer;
	struct ct_error unused;
	*done = false;
	if (!model->encrypted)
		return ct_fail(err, CT_E_ARGUMENT, "it is not encrypted: there are no keys to exchange");
	if (ct_sealed_header_keys(options->keys, model->manifest.cipher, &master, &signer, err) < 0)
		return -1;
	if (ct_model_unlock_for_owner(model, options->crypto, options->keys, &unused) == 0) {
		*done = is_done(model, options, master, signer);
		return 0;
	}
	return ct_model_unlock_for_owner(model, options->crypto, old, err);
}

/* `next` is the file's manifest with wrapped keys, names and policy of its own; all else is borrowed. */
static int make_manifest(struct ct_manifest *next, const struct ct_model *model,
			 const struct ct_rewrap_options *options, const struct ct_rewrap *rewrap,
			 const struct ct_keyset_entry *master, struct ct_error *err)
{
	*next = model->manifest;
	next->master = rewrap->master;
	next->signer = rewrap->signer;
	if (options->policy_local != NULL)
		next->policy_local = (char *)options->policy_local; /* read only */
	next->tensors = malloc((model->header.count + 1) * sizeof *next->tensors);
	if (next->tensors == NULL)
		return ct_fail_nomem(err);
	memcpy(next->tensors, model->manifest.tensors, model->header.count * sizeof *next->tensors);
	for (size_t i = 0; i < model->header.count; i++)
		if (next->tensors[i].sealed
		    && ct_sealed_header_wrap(options->crypto, next->cipher, master, &model->data_keys[i],
					     &next->tensors[i], err)
			       < 0)
			return -1;
	return 0;
}

int ct_rewrap_make(struct ct_rewrap *rewrap, const struct ct_model *model,
		   const struct ct_rewrap_options *options, struct ct_error *err)
{
	const struct ct_keyset_entry *master, *signer;
	struct ct_manifest next = {0};
	int status = -1;
	*rewrap = (struct ct_rewrap){0};
	if (ct_sealed_header_keys(options->keys, model->manifest.cipher, &master, &signer, err) < 0
	    || ct_sealed_header_name(&rewrap->master, master, err) < 0
	    || ct_sealed_header_name(&rewrap->signer, signer, err) < 0
	    || make_manifest(&next, model, options, rewrap, master, err) < 0
	    || ct_sealed_header_make(&model->header, &next, options->crypto, signer, &rewrap->head, err) < 0)
		goto out;
	uint64_t length = model->header.length, used = rewrap->head.len;
	rewrap->in_place = used <= model->data_offset;
	if (!rewrap->in_place)
		length = ct_sealed_header_length(rewrap->head.len);
	if (length > CT_HEADER_MAX) {
		ct_fail(err, CT_E_ARGUMENT, "the new header would have %" PRIu64 " bytes, the format allows %" PRIu64
			": use a shorter policy", length, CT_HEADER_MAX);
		goto out;
	}
	rewrap->spare = length + CT_LENGTH_FIELD - used;
	status = ct_sealed_header_pad(&rewrap->head, length, err);
out:
	free(next.tensors);
	return status;
}

void ct_rewrap_clear(struct ct_rewrap *rewrap)
{
	ct_buffer_free(&rewrap->head);
	free(rewrap->master.kid);
	free(rewrap->master.jku);
	free(rewrap->signer.kid);
	free(rewrap->signer.jku);
	*rewrap = (struct ct_rewrap){0};
}
