#include "manifest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "aead.h"
#include "base64.h"
#include "json.h"
#include "nonce.h"

uint64_t ct_manifest_messages(const struct ct_manifest *manifest, uint64_t len)
{
	if (manifest->chunk_size == 0 || len == 0)
		return 1;
	return (len - 1) / manifest->chunk_size + 1;
}

bool ct_manifest_present(const struct ct_header *header)
{
	for (size_t i = 0; i < header->metadata_count; i++)
		if (ct_header_reserved(header->metadata[i].key))
			return true;
	return false;
}

/* All four stand together in an encrypted file. */
static int missing(const struct ct_header *header, const char *key, struct ct_error *err)
{
	size_t i = 0;
	while (!ct_header_reserved(header->metadata[i].key)) /* one at least is there */
		i++;
	return ct_fail(err, CT_E_FORMAT,
		       "its metadata has %s, which only encrypted files have, but no %s: it was damaged, "
		       "get it again",
		       header->metadata[i].key, key);
}

/* The JSON object that metadata `key` holds as a string. */
static cJSON *parse_member(const struct ct_header *header, const char *key, struct ct_error *err)
{
	const char *text = ct_header_get(header, key);
	if (text == NULL) {
		missing(header, key, err);
		return NULL;
	}
	cJSON *tree = ct_json_parse(text, strlen(text), CT_JSON_EXACT_NUMBERS, key, err);
	if (tree != NULL && !cJSON_IsObject(tree)) {
		cJSON_Delete(tree);
		ct_fail(err, CT_E_FORMAT, "%s: not a JSON object", key);
		return NULL;
	}
	return tree;
}

/* An optional string member, copied; *copy is NULL when it is absent or null. */
static int copy_string(const cJSON *object, const char *key, char **copy, struct ct_error *err)
{
	const cJSON *item = ct_json_get(object, key);
	if (item == NULL)
		return 0;
	if (!cJSON_IsString(item))
		return ct_fail(err, CT_E_FORMAT, "__crypto_keys__: '%s' is not a string", key);
	*copy = strdup(item->valuestring);
	return *copy != NULL ? 0 : ct_fail_nomem(err);
}

/* `enc` or `sign`: check the kind of key, keep its names, give its algorithm. */
static int parse_key(const cJSON *keys, const char *which, const char *kty,
		     struct ct_key_name *name, const char **alg, struct ct_error *err)
{
	const cJSON *key = ct_json_get(keys, which);
	if (!cJSON_IsObject(key))
		return ct_fail(err, CT_E_FORMAT, "__crypto_keys__: no '%s' key", which);
	const cJSON *item = ct_json_get(key, "kty");
	if (!cJSON_IsString(item) || strcasecmp(item->valuestring, kty) != 0)
		return ct_fail(err, CT_E_FORMAT, "__crypto_keys__: the '%s' key is not of kty '%s'",
			       which, kty);
	item = ct_json_get(key, "alg");
	if (!cJSON_IsString(item))
		return ct_fail(err, CT_E_FORMAT, "__crypto_keys__: the '%s' key has no alg", which);
	*alg = item->valuestring;
	if (copy_string(key, "kid", &name->kid, err) < 0)
		return -1;
	return copy_string(key, "jku", &name->jku, err);
}

static int parse_keys(struct ct_manifest *manifest, const cJSON *keys, struct ct_error *err)
{
	const cJSON *version = ct_json_get(keys, "version");
	if (!cJSON_IsString(version)
	    || (strcmp(version->valuestring, "1") != 0 && strcmp(version->valuestring, "2") != 0))
		return ct_fail(err, CT_E_FORMAT,
			       "__crypto_keys__: version '%.40s' is unknown (1 and 2 are known): a newer "
			       "ctshim may know it",
			       cJSON_IsString(version) ? version->valuestring : "none");
	manifest->version = version->valuestring[0] - '0';

	/* A version 1 file with a chunk size is chunked, as the format's own library reads it. */
	const cJSON *chunk = ct_json_get(keys, "chunk_size");
	manifest->chunk_size = manifest->version == 2 ? CT_CHUNK_DEFAULT : 0;
	if (chunk != NULL
	    && (ct_json_u64(chunk, &manifest->chunk_size) < 0 || manifest->chunk_size == 0))
		return ct_fail(err, CT_E_FORMAT, "__crypto_keys__: chunk_size is not a number above 0");

	const char *alg = NULL;
	if (parse_key(keys, "enc", "oct", &manifest->master, &alg, err) < 0)
		return -1;
	if (ct_cipher_parse(alg, &manifest->cipher) < 0)
		return ct_fail(err, CT_E_FORMAT,
			       "__crypto_keys__: cipher '%.40s' is unknown: a newer ctshim may know it", alg);
	if (parse_key(keys, "sign", "okp", &manifest->signer, &alg, err) < 0)
		return -1;
	if (strcasecmp(alg, "ed25519") != 0 && strcasecmp(alg, "eddsa") != 0)
		return ct_fail(err, CT_E_FORMAT,
			       "__crypto_keys__: signature algorithm '%.40s' is unknown: a newer ctshim may "
			       "know it", alg);
	return 0;
}

/* What an entry of __encryption__ says: each field a tree's or the text's. */
enum { WRAPPED_KEY, KEY_IV, KEY_TAG, NONCE, TAGS, FIELDS };

struct entry {
	const char *names[FIELDS]; /* the two last depend on the version */
	struct field {
		bool there; /* and not null */
		struct ct_json_span string; /* no text: it is none */
	} fields[FIELDS];
};

static struct entry entry_of(const struct ct_manifest *manifest)
{
	bool chunked = manifest->chunk_size != 0;
	return (struct entry){.names = {"wrapped_key", "key_iv", "key_tag", chunked ? "base_iv" : "iv",
					chunked ? "tags" : "tag"}};
}

/* A base64 field of exactly `len` bytes. */
static int parse_field(const struct ct_tensor *tensor, const struct entry *entry, int which, uint8_t *bytes, size_t len,
		       struct ct_error *err)
{
	const struct ct_json_span *string = &entry->fields[which].string;
	size_t size = 0;
	if (string->text == NULL)
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': no %s", tensor->name, entry->names[which]);
	if (ct_base64_decode(string->text, string->len, CT_BASE64_STANDARD, bytes, len, &size) < 0 || size != len)
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': %s is not base64 of %zu bytes",
			       tensor->name, entry->names[which], len);
	return 0;
}

static bool is_empty(const struct field *field)
{
	return !field->there || (field->string.text != NULL && field->string.len == 0);
}

static int parse_sealed(struct ct_manifest *manifest, const struct ct_tensor *tensor,
			struct ct_sealed *sealed, const struct entry *entry, struct ct_error *err)
{
	bool chunked = manifest->chunk_size != 0;
	uint64_t len = tensor->end - tensor->begin;
	const struct field *tags = &entry->fields[TAGS];
	if (parse_field(tensor, entry, WRAPPED_KEY, sealed->wrapped_key, ct_cipher_key_len(manifest->cipher), err) < 0
	    || parse_field(tensor, entry, KEY_IV, sealed->key_iv, CT_NONCE_LEN, err) < 0
	    || parse_field(tensor, entry, KEY_TAG, sealed->key_tag, CT_TAG_LEN, err) < 0)
		return -1;
	sealed->sealed = true;
	if (!chunked && len == 0 && is_empty(&entry->fields[NONCE]) && is_empty(tags))
		return 0; /* an empty tensor of version 1 has no message */

	sealed->messages = ct_manifest_messages(manifest, len);
	uint64_t message = chunked && manifest->chunk_size < len ? manifest->chunk_size : len;
	if (message > ct_aead_message_max(manifest->cipher))
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': a message of %" PRIu64
			       " bytes is more than the cipher allows", tensor->name, message);
	/* The text bounds the number of tags before anything is allocated for them. */
	size_t text = tags->string.text != NULL ? tags->string.len : 0;
	if (sealed->messages > text / CT_TAG_LEN)
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': %s %s %" PRIu64 " messages",
			       tensor->name, entry->names[TAGS], !tags->there ? "missing for" : "too short for",
			       sealed->messages);
	sealed->tags = calloc((size_t)sealed->messages, CT_TAG_LEN);
	if (sealed->tags == NULL)
		return ct_fail_nomem(err);
	if (parse_field(tensor, entry, TAGS, sealed->tags, (size_t)sealed->messages * CT_TAG_LEN, err) < 0
	    || parse_field(tensor, entry, NONCE, sealed->nonce, CT_NONCE_LEN, err) < 0)
		return -1;
	uint8_t last[CT_NONCE_LEN];
	if (chunked && ct_nonce_chunk(sealed->nonce, sealed->messages - 1, last, err) < 0)
		return ct_fail(err, CT_E_FORMAT, "tensor '%.200s': the nonces of its chunks overflow",
			       tensor->name);
	return 0;
}

struct parse {
	struct ct_manifest *manifest;
	const struct ct_header *header;
	size_t next; /* tensor: entries stand in the header's order mostly */
};

/* One tensor's entry in __encryption__. */
static int parse_entry(void *context, cJSON *item, struct ct_error *err)
{
	struct parse *parse = context;
	const struct ct_tensor *tensor = ct_header_find(parse->header, item->string);
	if (tensor == NULL)
		return ct_fail(err, CT_E_FORMAT, "__encryption__: there is no tensor '%.200s'",
			       item->string);
	if (!cJSON_IsObject(item))
		return ct_fail(err, CT_E_FORMAT, "__encryption__: '%.200s' is not an object",
			       item->string);
	size_t index = (size_t)(tensor - parse->header->tensors);
	struct ct_sealed *sealed = &parse->manifest->tensors[index];
	if (sealed->sealed)
		return ct_json_twice("__encryption__", item->string, err);
	struct entry entry = entry_of(parse->manifest);
	for (int i = 0; i < FIELDS; i++) {
		const cJSON *value = ct_json_get(item, entry.names[i]);
		entry.fields[i].there = value != NULL;
		if (cJSON_IsString(value))
			entry.fields[i].string = (struct ct_json_span){value->valuestring, strlen(value->valuestring)};
	}
	parse->manifest->sealed_count++;
	parse->next = index + 1;
	return parse_sealed(parse->manifest, tensor, sealed, &entry, err);
}

/* The same for an entry as nearly all are written. */
static bool read_entry(void *context, const struct ct_json_span *key, struct ct_json_reader *value)
{
	struct parse *parse = context;
	const struct ct_header *header = parse->header;
	struct ct_manifest *manifest = parse->manifest;
	struct entry entry = entry_of(manifest);
	struct ct_json_span name;
	struct ct_error unused;
	size_t count = 0;
	const struct ct_tensor *tensor = &header->tensors[parse->next];
	if (parse->next >= header->count || !ct_json_span_is(key, tensor->name))
		tensor = ct_header_find_span(header, key);
	if (tensor == NULL || !ct_json_read_open(value, '{'))
		return false;
	for (; ct_json_read_next(value, count == 0, '}'); count++) {
		size_t i = count, tries = 0; /* mostly they stand in this order */
		if (count == FIELDS || !ct_json_read_key(value, &name))
			return false;
		while (tries < FIELDS && !ct_json_span_is(&name, entry.names[i])) {
			i = (i + 1) % FIELDS;
			tries++;
		}
		if (tries == FIELDS || entry.fields[i].there || !ct_json_read_string(value, &entry.fields[i].string))
			return false;
		entry.fields[i].there = true;
	}
	size_t index = (size_t)(tensor - header->tensors);
	struct ct_sealed *sealed = &manifest->tensors[index];
	if (sealed->sealed)
		return false;
	if (parse_sealed(manifest, tensor, sealed, &entry, &unused) < 0) {
		free(sealed->tags);
		*sealed = (struct ct_sealed){0};
		return false;
	}
	manifest->sealed_count++;
	parse->next = index + 1;
	return true;
}

static int parse_policy(struct ct_manifest *manifest, const cJSON *policy, struct ct_error *err)
{
	const cJSON *local = ct_json_get(policy, "local"), *remote = ct_json_get(policy, "remote");
	if (!cJSON_IsString(local))
		return ct_fail(err, CT_E_FORMAT, "__policy__: no local policy");
	if (remote != NULL && !cJSON_IsString(remote))
		return ct_fail(err, CT_E_FORMAT, "__policy__: the remote policy is not a string");
	manifest->policy_local = strdup(local->valuestring);
	manifest->policy_remote = remote != NULL ? strdup(remote->valuestring) : NULL;
	if (manifest->policy_local == NULL || (remote != NULL && manifest->policy_remote == NULL))
		return ct_fail_nomem(err);
	return 0;
}

static int parse_signature(struct ct_manifest *manifest, const struct ct_header *header,
			   struct ct_error *err)
{
	const char *text = ct_header_get(header, "__signature__");
	size_t size = 0;
	if (text == NULL)
		return missing(header, "__signature__", err);
	if (ct_base64_decode(text, strlen(text), CT_BASE64_STANDARD, manifest->signature,
			     sizeof manifest->signature, &size)
		    < 0
	    || size != sizeof manifest->signature)
		return ct_fail(err, CT_E_FORMAT,
			       "__signature__ is not base64 of 64 bytes: it was damaged, get it again");
	return 0;
}

int ct_manifest_parse(struct ct_manifest *manifest, const struct ct_header *header,
		      struct ct_error *err)
{
	int status = -1;
	*manifest = (struct ct_manifest){.count = header->count};
	manifest->tensors = calloc(header->count + 1, sizeof *manifest->tensors);
	if (manifest->tensors == NULL)
		return ct_fail_nomem(err);
	struct parse parse = {manifest, header, 0};
	const char *encryption = ct_header_get(header, "__encryption__");
	if (encryption == NULL)
		return missing(header, "__encryption__", err);
	cJSON *keys = NULL, *policy = NULL;
	if ((keys = parse_member(header, "__crypto_keys__", err)) == NULL
	    || (policy = parse_member(header, "__policy__", err)) == NULL)
		goto out;
	if (parse_keys(manifest, keys, err) < 0
	    || ct_json_each(encryption, strlen(encryption), CT_JSON_EXACT_NUMBERS, "__encryption__",
			    read_entry, parse_entry, &parse, err)
		       < 0
	    || parse_policy(manifest, policy, err) < 0
	    || parse_signature(manifest, header, err) < 0)
		goto out;
	status = 0;
out:
	cJSON_Delete(keys);
	cJSON_Delete(policy);
	return status;
}

void ct_manifest_clear(struct ct_manifest *manifest)
{
	for (size_t i = 0; manifest->tensors != NULL && i < manifest->count; i++)
		free(manifest->tensors[i].tags);
	free(manifest->tensors);
	free(manifest->master.kid);
	free(manifest->master.jku);
	free(manifest->signer.kid);
	free(manifest->signer.jku);
	free(manifest->policy_local);
	free(manifest->policy_remote);
	*manifest = (struct ct_manifest){0};
}
