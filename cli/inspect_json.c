#include <stdio.h>

#include "inspect.h"
#include "json_out.h"

static void put_key(cJSON *to, const char *member, const struct ct_key_name *name)
{
	cJSON *key = json_put(to, member, cJSON_CreateObject());
	json_put_text(key, "kid", name->kid);
	json_put_text(key, "jku", name->jku);
}

static void put_encryption(cJSON *to, const struct ct_manifest *manifest)
{
	cJSON *encryption = json_put(to, "encryption", cJSON_CreateObject());
	json_put_number(encryption, "version", (uint64_t)manifest->version);
	json_put_text(encryption, "cipher", ct_cipher_name(manifest->cipher));
	if (manifest->chunk_size != 0)
		json_put_number(encryption, "chunk_size", manifest->chunk_size);
	else
		json_put_text(encryption, "chunk_size", NULL);
	json_put_number(encryption, "tensors", manifest->sealed_count);
	put_key(encryption, "master_key", &manifest->master);
	put_key(encryption, "signing_key", &manifest->signer);
	cJSON *policy = json_put(encryption, "policy", cJSON_CreateObject());
	json_put_text(policy, "local", manifest->policy_local);
	json_put_text(policy, "remote", manifest->policy_remote);
}

static cJSON *make_tensor(const struct ct_model *model, size_t index)
{
	const struct ct_tensor *tensor = &model->header.tensors[index];
	const struct ct_sealed *sealed = model->encrypted ? &model->manifest.tensors[index] : NULL;
	cJSON *object = cJSON_CreateObject();
	json_put_text(object, "name", tensor->name);
	json_put_text(object, "dtype", ct_dtype_name(tensor->dtype));
	cJSON *shape = json_put(object, "shape", cJSON_CreateArray());
	for (size_t i = 0; i < tensor->rank; i++)
		json_put_number(shape, NULL, tensor->shape[i]);
	cJSON *offsets = json_put(object, "data_offsets", cJSON_CreateArray());
	json_put_number(offsets, NULL, tensor->begin);
	json_put_number(offsets, NULL, tensor->end);
	json_put_bool(object, "encrypted", sealed != NULL && sealed->sealed);
	if (sealed != NULL && sealed->sealed)
		json_put_number(object, "messages", sealed->messages);
	return object;
}

int inspect_json(const char *path, const struct ct_model *model)
{
	const struct ct_header *header = &model->header;
	cJSON *root = cJSON_CreateObject();
	json_put_text(root, "file", path);
	json_put_number(root, "size", model->file_size);
	json_put_number(root, "data_offset", model->data_offset);
	json_put_bool(root, "encrypted", model->encrypted);
	if (model->encrypted)
		put_encryption(root, &model->manifest);
	cJSON *metadata = json_put(root, "metadata", cJSON_CreateObject());
	for (size_t i = 0; i < header->metadata_count; i++)
		if (!ct_header_reserved(header->metadata[i].key))
			json_put_text(metadata, header->metadata[i].key, header->metadata[i].value);
	cJSON *tensors = json_put(root, "tensors", cJSON_CreateArray());
	for (size_t i = 0; i < header->count; i++)
		json_put(tensors, NULL, make_tensor(model, header->data_order[i]));
	int status = json_print(root, true);
	cJSON_Delete(root);
	putchar('\n');
	return status;
}
