#include "json.h"
#include "manifest.h"

static void put_key(const char *which, const char *kty, const char *alg,
		    const struct ct_key_name *name, struct ct_buffer *out)
{
	ct_json_put_string(out, which);
	ct_buffer_puts(out, ":{\"alg\":");
	ct_json_put_string(out, alg);
	if (name->jku != NULL) {
		ct_buffer_puts(out, ",\"jku\":");
		ct_json_put_string(out, name->jku);
	}
	if (name->kid != NULL) {
		ct_buffer_puts(out, ",\"kid\":");
		ct_json_put_string(out, name->kid);
	}
	ct_buffer_puts(out, ",\"kty\":");
	ct_json_put_string(out, kty);
	ct_buffer_puts(out, "}");
}

void ct_manifest_put_keys(const struct ct_manifest *manifest, struct ct_buffer *out)
{
	ct_buffer_puts(out, "{");
	if (manifest->chunk_size != 0) {
		ct_buffer_puts(out, "\"chunk_size\":");
		ct_buffer_put_u64(out, manifest->chunk_size);
		ct_buffer_puts(out, ",");
	}
	put_key("enc", "oct", ct_cipher_name(manifest->cipher), &manifest->master, out);
	ct_buffer_puts(out, ",");
	put_key("sign", "okp", "ed25519", &manifest->signer, out);
	ct_buffer_puts(out, manifest->version == 1 ? ",\"version\":\"1\"}" : ",\"version\":\"2\"}");
}

static void put_field(const char *name, const uint8_t *bytes, size_t len, struct ct_buffer *out)
{
	ct_json_put_string(out, name);
	ct_buffer_puts(out, ":\"");
	ct_buffer_put_base64(out, bytes, len);
	ct_buffer_puts(out, "\"");
}

static void put_sealed(const struct ct_manifest *manifest, const struct ct_sealed *sealed,
		       struct ct_buffer *out)
{
	bool chunked = manifest->chunk_size != 0;
	bool empty = sealed->messages == 0; /* version 1 writes empty strings */
	ct_buffer_puts(out, "{");
	put_field("wrapped_key", sealed->wrapped_key, ct_cipher_key_len(manifest->cipher), out);
	ct_buffer_puts(out, ",");
	put_field("key_iv", sealed->key_iv, CT_NONCE_LEN, out);
	ct_buffer_puts(out, ",");
	put_field("key_tag", sealed->key_tag, CT_TAG_LEN, out);
	ct_buffer_puts(out, ",");
	put_field(chunked ? "base_iv" : "iv", sealed->nonce, empty ? 0 : CT_NONCE_LEN, out);
	ct_buffer_puts(out, ",");
	put_field(chunked ? "tags" : "tag", sealed->tags, (size_t)sealed->messages * CT_TAG_LEN, out);
	ct_buffer_puts(out, "}");
}

void ct_manifest_put_encryption(const struct ct_manifest *manifest, const struct ct_header *header,
				struct ct_buffer *out)
{
	bool first = true;
	ct_buffer_puts(out, "{");
	for (size_t i = 0; i < manifest->count; i++) {
		if (!manifest->tensors[i].sealed)
			continue;
		if (!first)
			ct_buffer_puts(out, ",");
		first = false;
		ct_json_put_string(out, header->tensors[i].name);
		ct_buffer_puts(out, ":");
		put_sealed(manifest, &manifest->tensors[i], out);
	}
	ct_buffer_puts(out, "}");
}

void ct_manifest_put_policy(const struct ct_manifest *manifest, struct ct_buffer *out)
{
	ct_buffer_puts(out, "{\"local\":");
	ct_json_put_string(out, manifest->policy_local);
	if (manifest->policy_remote != NULL) {
		ct_buffer_puts(out, ",\"remote\":");
		ct_json_put_string(out, manifest->policy_remote);
	}
	ct_buffer_puts(out, "}");
}
