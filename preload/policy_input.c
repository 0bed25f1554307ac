#include "policy_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json_put.h"

unsigned shim_policy_wants(const char *text, size_t len)
{
	static const struct {
		const char *word;
		enum shim_wanted field;
	} words[] = {{"sha256", SHIM_WANT_HASH},        {"framework", SHIM_WANT_FRAMEWORK},
		     {"addresses", SHIM_WANT_ADDRESSES}, {"metadata", SHIM_WANT_METADATA},
		     {"container", SHIM_WANT_CONTAINER}, {"cgroup", SHIM_WANT_CONTAINER},
		     {"user", SHIM_WANT_USER}};
	unsigned wanted = 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (memmem(text, len, words[i].word, strlen(words[i].word)) != NULL)
			wanted |= words[i].field;
	return wanted;
}

int64_t shim_policy_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* gmtime_r() takes a lock. Years begin in March here, so that the odd day is their last. */
void shim_policy_time(char text[static SHIM_TIME_MAX], int64_t now)
{
	int64_t seconds = now / 1000000000, days = seconds / 86400 + 719468, rest = seconds % 86400;
	int64_t era = days / 146097, day_of_era = days % 146097;
	int64_t year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day = day_of_era - (365 * year + year / 4 - year / 100), month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	month += month < 10 ? 3 : -9;
	year += era * 400 + (month <= 2);
	snprintf(text, SHIM_TIME_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month, (int)day + 1,
		 (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}

static void put_model(struct ct_buffer *json, const struct shim_policy_open *open, const struct ct_model *model,
		      unsigned wanted)
{
	const struct ct_manifest *manifest = &model->manifest;
	const char *slash = strrchr(open->path, '/');
	shim_json_begin(json, "model", '{');
	shim_json_text(json, "path", open->path);
	shim_json_text(json, "name", slash != NULL ? slash + 1 : open->path);
	shim_json_u64(json, "size", model->file_size);
	shim_json_text(json, "enc_kid", manifest->master.kid);
	shim_json_text(json, "sign_kid", manifest->signer.kid);
	shim_json_u64(json, "version", (uint64_t)manifest->version);
	shim_json_text(json, "cipher", ct_cipher_name(manifest->cipher));
	shim_json_u64(json, "tensors", model->header.count);
	shim_json_u64(json, "encrypted_tensors", manifest->sealed_count);
	if ((wanted & SHIM_WANT_METADATA) != 0) {
		shim_json_begin(json, "metadata", '{');
		for (size_t i = 0; i < model->header.metadata_count; i++)
			if (!ct_header_reserved(model->header.metadata[i].key))
				shim_json_text(json, model->header.metadata[i].key, model->header.metadata[i].value);
		shim_json_end(json, '}');
	}
	shim_json_end(json, '}');
}

static void put_time(struct ct_buffer *json, int64_t now)
{
	char text[SHIM_TIME_MAX];
	shim_policy_time(text, now);
	shim_json_begin(json, "time", '{');
	shim_json_text(json, "rfc3339", text);
	shim_json_u64(json, "ns", (uint64_t)now);
	shim_json_end(json, '}');
	shim_json_text(json, "timestamp", text);
}

/* Only what the operator names: variables hold secrets. */
static void put_variables(struct ct_buffer *json, const char *names)
{
	static const char between[] = ", :\t\n";
	char name[256];
	shim_json_begin(json, "env", '{');
	for (names += strspn(names, between); *names != '\0'; names += strspn(names, between)) {
		size_t len = strcspn(names, between);
		if (len < sizeof name) {
			memcpy(name, names, len);
			name[len] = '\0';
			shim_json_text(json, name, getenv(name));
		}
		names += len;
	}
	shim_json_end(json, '}');
}

int shim_policy_input(struct ct_buffer *json, const struct shim_policy_open *open, const struct ct_model *model,
		      const struct shim_policy_config *config, const struct ct_buffer *custom, unsigned wanted,
		      int64_t now, struct ct_error *err)
{
	if (config->hash)
		wanted |= SHIM_WANT_HASH;
	shim_json_begin(json, NULL, '{');
	put_model(json, open, model, wanted);
	shim_put_process(json, wanted, open->crypto);
	shim_put_host(json, wanted);
	put_time(json, now);
	shim_json_text(json, "environment", config->environment);
	if ((wanted & SHIM_WANT_FRAMEWORK) != 0)
		shim_put_framework(json);
	put_variables(json, config->env != NULL ? config->env : "");
	if (custom->len > 0)
		shim_json_value(json, "custom", custom->data, custom->len);
	shim_json_end(json, '}');
	return ct_buffer_check(json, err);
}
