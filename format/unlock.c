/* From a parsed model to its data keys: key look-up, signature, policy, unwrapping, in this order
 * (FORMAT facts, "Reading, in this order"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aead.h"
#include "key_path.h"
#include "model.h"
#include "policy.h"

enum { HINT_MAX = 340 };

/* What to do about a missing key. */
static void advise(char hint[static HINT_MAX], const struct ct_keyset *keys, const char *jku)
{
	struct ct_error unused;
	char path[4096];
	int len = snprintf(hint, HINT_MAX, "%s",
			   keys->count == 0 ? "no key was given: set CRYPTOTENSOR_KEY_JKU to a key file or "
					      "CRYPTOTENSOR_KEYS to its content"
					    : "give the set of keys that it was encrypted with");
	if (jku == NULL)
		return;
	/* The file's maker chose it: it is of use to people, and followed where they say so only. */
	bool local = ct_key_path(jku, NULL, path, sizeof path, &unused) == 0 && path[0] == '/';
	snprintf(hint + len, (size_t)(HINT_MAX - len), "; its header names %s'%.130s', which is %s",
		 local ? "the key file " : "", local ? path : jku,
		 local ? "read only below a directory that CTSHIM_KEY_PATH lists" : "never followed");
}

/* The key that the header names, or CT_E_KEY that tells which one is missing. */
static const struct ct_keyset_entry *find_key(const struct ct_keyset *keys, enum ct_key_kind kind,
					      const struct ct_key_name *name, int cipher,
					      struct ct_error *err)
{
	const struct ct_keyset_entry *entry = ct_keyset_find(keys, kind, name->kid, cipher);
	if (entry != NULL)
		return entry;
	const char *what = kind == CT_MASTER_KEY ? "master key" : "verification key";
	char hint[HINT_MAX];
	advise(hint, keys, name->jku);
	if (name->kid == NULL)
		ct_fail(err, CT_E_KEY, "no %s for it among the keys: %s", what, hint);
	else if (ct_keyset_find(keys, kind, name->kid, -1) != NULL)
		ct_fail(err, CT_E_KEY, "the %s '%.100s' is for another cipher than %s: %s", what,
			name->kid, ct_cipher_name((enum ct_cipher)cipher), hint);
	else
		ct_fail(err, CT_E_KEY, "it needs the %s '%.100s': %s", what, name->kid, hint);
	return NULL;
}

static int verify(const struct ct_model *model, const struct ct_crypto *crypto,
		  const struct ct_keyset_entry *signer, struct ct_error *err)
{
	struct ct_buffer text = {0};
	uint8_t derived[CT_ED25519_KEY_LEN];
	const uint8_t *public_key = signer->public_key;
	int status = -1;
	if (!signer->has_public) {
		if (ct_ed25519_public(crypto, signer->seed.bytes, derived, err) < 0)
			return -1;
		public_key = derived;
	}
	if (ct_header_put_canonical(&model->header, NULL, 0, &text, err) < 0)
		goto out;
	status = ct_ed25519_verify(crypto, public_key, text.data, text.len,
				   model->manifest.signature, err);
	if (status < 0 && err->code == CT_E_SIGNATURE)
		ct_fail(err, CT_E_SIGNATURE,
			"bad signature: the header was changed, or it was signed by another key than '%.100s'",
			signer->kid != NULL ? signer->kid : "(no kid)");
out:
	ct_buffer_free(&text);
	return status;
}

static int unwrap(struct ct_model *model, const struct ct_crypto *crypto,
		  const struct ct_keyset_entry *master, struct ct_error *err)
{
	const struct ct_manifest *manifest = &model->manifest;
	size_t len = ct_cipher_key_len(manifest->cipher);
	const char *kid = master->kid != NULL ? master->kid : "(no kid)";
	struct ct_aead *aead = NULL;
	int status = -1;
	struct ct_key *data_keys = calloc(model->header.count + 1, sizeof *data_keys);
	if (data_keys == NULL)
		return ct_fail_nomem(err);
	if (master->master.len != len) {
		ct_fail(err, CT_E_KEY, "the master key '%.100s' has %zu bytes, %s needs %zu", kid,
			master->master.len, ct_cipher_name(manifest->cipher), len);
		goto out;
	}
	if (ct_aead_new(&aead, crypto, manifest->cipher, &master->master, CT_OPEN, err) < 0)
		goto out;
	for (size_t i = 0; i < model->header.count; i++) {
		const struct ct_sealed *sealed = &manifest->tensors[i];
		if (!sealed->sealed)
			continue;
		data_keys[i].len = len;
		if (ct_aead_begin(aead, sealed->key_iv, err) < 0
		    || ct_aead_update(aead, sealed->wrapped_key, data_keys[i].bytes, len, err) < 0)
			goto out;
		if (ct_aead_open_end(aead, sealed->key_tag, err) < 0) {
			/* The signature holds, so the wrapped key is what the signer wrote. */
			if (err->code == CT_E_AUTH)
				ct_fail(err, CT_E_KEY,
					"wrong master key: '%.100s' does not open the key of tensor '%.200s': "
					"give the key that the file was encrypted with",
					kid, model->header.tensors[i].name);
			goto out;
		}
	}
	model->data_keys = data_keys;
	data_keys = NULL;
	status = 0;
out:
	if (data_keys != NULL)
		ct_wipe(data_keys, model->header.count * sizeof *data_keys);
	free(data_keys);
	ct_aead_free(aead);
	return status;
}

int ct_model_unlock_asking(struct ct_model *model, const struct ct_crypto *crypto, const struct ct_keyset *keys,
			   ct_model_ask *ask, void *context, struct ct_error *err)
{
	const struct ct_manifest *manifest = &model->manifest;
	if (!model->encrypted || model->data_keys != NULL)
		return 0;
	const struct ct_keyset_entry *signer =
		find_key(keys, CT_SIGNING_KEY, &manifest->signer, -1, err);
	if (signer == NULL)
		return -1;
	const struct ct_keyset_entry *master =
		find_key(keys, CT_MASTER_KEY, &manifest->master, (int)manifest->cipher, err);
	if (master == NULL)
		return -1;
	if (verify(model, crypto, signer, err) < 0
	    || (ask != NULL && ask(context, model, err) < 0))
		return -1;
	return unwrap(model, crypto, master, err);
}

static int ask_policy(void *context, const struct ct_model *model, struct ct_error *err)
{
	(void)context;
	return ct_policy_check(model->manifest.policy_local, err);
}

int ct_model_unlock(struct ct_model *model, const struct ct_crypto *crypto,
		    const struct ct_keyset *keys, struct ct_error *err)
{
	return ct_model_unlock_asking(model, crypto, keys, ask_policy, NULL, err);
}

int ct_model_unlock_for_owner(struct ct_model *model, const struct ct_crypto *crypto,
			      const struct ct_keyset *keys, struct ct_error *err)
{
	return ct_model_unlock_asking(model, crypto, keys, NULL, NULL, err);
}
