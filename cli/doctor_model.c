#include "doctor_model.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../preload/config.h"
#include "../preload/policy_config.h"
#include "key_path.h"
#include "keyfile.h"
#include "launch.h"
#include "model_file.h"
#include "parallel.h"
#include "progress.h"
#include "say.h"
#include "stream.h"

extern char **environ;

void model_check_init(struct model_check *check, const char *path)
{
	const char *disable = getenv("CTSHIM_DISABLE");
	*check = (struct model_check){.path = path, .disable = disable != NULL ? strdup(disable) : NULL};
	model_check_expose(check, false);
}

void model_check_clear(struct model_check *check)
{
	free(check->disable);
	free(check->resolved);
}

/* Where the model is to be opened. */
static const char *place(const struct model_check *check)
{
	return check->resolved != NULL ? check->resolved : check->path;
}

void model_check_expose(const struct model_check *check, bool expose)
{
	if (!expose)
		setenv("CTSHIM_DISABLE", "1", 1);
	else if (check->disable != NULL)
		setenv("CTSHIM_DISABLE", check->disable, 1);
	else
		unsetenv("CTSHIM_DISABLE");
}

__attribute__((format(printf, 4, 5))) static bool step(struct model_check *check, const char *name,
						       enum step_status status, const char *format, ...)
{
	va_list args;
	if (check->count < MODEL_STEPS) {
		struct model_step *next = &check->steps[check->count++];
		next->name = name;
		next->status = status;
		va_start(args, format);
		vsnprintf(next->text, sizeof next->text, format, args);
		va_end(args);
	}
	check->failed = check->failed || status == STEP_FAILED;
	return status != STEP_FAILED;
}

static const char *setting(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* A misspelt variable is none, and nobody says so. */
static void warn_of_unknown(struct model_check *check)
{
	static const char *const known[] = {"SERVE", "LAZY_FROM", "RESIDENT", "THREADS", "MATCH", "LOG", "LOG_FILE", "DISABLE",
					    "REQUIRE", "VERIFY", "KEY_PATH", "CIPHER", "STATS", "STATS_DIR", "POLICY",
					    "POLICY_DATA", "POLICY_INPUT", "POLICY_ENV", "POLICY_HASH", "ENVIRONMENT",
					    "AUDIT", "AUDIT_REQUIRED"};
	for (char **at = environ; *at != NULL; at++) {
		bool found = strncmp(*at, "CTSHIM_", 7) != 0;
		size_t len = strcspn(*at, "=");
		for (size_t i = 0; !found && i < sizeof known / sizeof *known; i++)
			found = len == 7 + strlen(known[i]) && strncmp(*at + 7, known[i], len - 7) == 0;
		if (!found)
			step(check, "settings", STEP_WARNING,
			     "%.*s: the library knows no such variable: is it misspelt?",
			     (int)len, *at);
	}
}

static bool check_settings(struct model_check *check, struct ct_crypto **crypto)
{
	struct shim_config config;
	struct ct_error err;
	char path[PATH_MAX];
	warn_of_unknown(check);
	model_check_expose(check, true);
	int status = shim_config_read(&config, &err);
	model_check_expose(check, false);
	if (status < 0)
		return step(check, "settings", STEP_FAILED, "%s", err.message);
	struct shim_policy_config policies;
	if (shim_policy_config_read(&policies, &err) < 0)
		return step(check, "settings", STEP_FAILED, "%s", err.message);
	if (config.disabled)
		return step(check, "settings", STEP_FAILED,
			    "CTSHIM_DISABLE is 1: programs get encrypted bytes: unset it");
	if (realpath(place(check), path) != NULL && !shim_config_matches(&config, path))
		return step(check, "settings", STEP_FAILED,
			    "CTSHIM_MATCH does not match %.200s: programs get its encrypted bytes: correct it", path);
	const char *log = setting("CTSHIM_LOG_FILE");
	if (log != NULL && access(log, W_OK) < 0 && errno != ENOENT)
		step(check, "settings", STEP_WARNING, "CTSHIM_LOG_FILE: %.200s: %s", log, strerror(errno));
	if (shim_config_crypto(crypto, &err) < 0)
		return step(check, "settings", STEP_FAILED, "%s", err.message);
	return step(check, "settings", STEP_OK, "mode %s, %u thread%s, AES-GCM by %s", shim_config_mode_name(config.mode),
		    config.threads, config.threads == 1 ? "" : "s", ct_backend_name(ct_crypto_backend(*crypto)));
}

/* Others than the owner should not read a key file. */
static void check_key_file(struct model_check *check)
{
	const char *jku = setting("CRYPTOTENSOR_KEY_JKU");
	char path[PATH_MAX];
	struct ct_error unused;
	struct stat st;
	if (jku != NULL && ct_key_path(jku, getenv("HOME"), path, sizeof path, &unused) == 0 && stat(path, &st) == 0
	    && (st.st_mode & 077) != 0)
		step(check, "key file", STEP_WARNING,
		     "%.300s: others than its owner can read it (mode %03o): chmod 600",
		     path, (unsigned)st.st_mode & 0777);
}

static bool check_keys(struct model_check *check, const char *keys, struct ct_keyset *set)
{
	struct ct_error err;
	unsigned master = 0, signing = 0;
	if (keys != NULL && launch_give_keys(keys, &err) < 0)
		return step(check, "keys", STEP_FAILED, "%s", err.message);
	if (keys_read(set, NULL, &err) < 0)
		return step(check, "keys", STEP_FAILED, "%s", err.message);
	for (size_t i = 0; i < set->count; i++)
		*(set->entries[i].kind == CT_MASTER_KEY ? &master : &signing) += 1;
	check_key_file(check);
	return step(check, "keys", STEP_OK, "%u master key%s, %u for signatures", master, master == 1 ? "" : "s",
		    signing);
}

static bool check_place(struct model_check *check)
{
	struct stat st;
	if (stat(place(check), &st) == 0 && S_ISDIR(st.st_mode))
		return step(check, "model", STEP_FAILED,
			    "a directory: give one of the files in it (ctshim verify checks them all)");
	return true;
}

static bool check_header(struct model_check *check, const struct ct_model *model)
{
	const struct ct_manifest *manifest = &model->manifest;
	if (!model->encrypted)
		return step(check, "model", STEP_FAILED,
			    "it is not encrypted: programs get it as it is: encrypt it (ctshim encrypt), or name "
			    "another");
	return step(check, "model", STEP_OK, "encrypted, version %d, %s, %zu of %zu tensors", manifest->version,
		    ct_cipher_name(manifest->cipher), manifest->sealed_count, model->header.count);
}

/* Signature, policy and data keys come in this order: an error of one says that those before it are well. */
static bool check_unlock(struct model_check *check, struct ct_model *model, const struct ct_keyset *set,
			 const struct ct_crypto *crypto)
{
	struct ct_error err = {.code = CT_OK};
	const struct ct_manifest *manifest = &model->manifest;
	struct asking asking = {.path = place(check), .crypto = crypto};
	int status = keys_unlock(set, NULL, model, crypto, &asking, &err);
	bool named = ct_keyset_find(set, CT_SIGNING_KEY, manifest->signer.kid, -1) != NULL
		     && ct_keyset_find(set, CT_MASTER_KEY, manifest->master.kid, (int)manifest->cipher) != NULL;
	if (status < 0 && err.code == CT_E_KEY && !named)
		return step(check, "key ids", STEP_FAILED, "%s", err.message);
	step(check, "key ids", STEP_OK, "master key '%.100s', signed by '%.100s'",
	     manifest->master.kid != NULL ? manifest->master.kid : "(no id)",
	     manifest->signer.kid != NULL ? manifest->signer.kid : "(no id)");
	if (status < 0 && err.code != CT_E_POLICY && err.code != CT_E_ARGUMENT && err.code != CT_E_KEY)
		return step(check, "signature", STEP_FAILED, "%s", err.message);
	step(check, "signature", STEP_OK, "the header is what its signer wrote");
	if (status < 0 && (err.code == CT_E_POLICY || err.code == CT_E_ARGUMENT))
		return step(check, "policy", STEP_FAILED, "%s", err.message);
	step(check, "policy", STEP_OK, "allows loading");
	if (status < 0)
		return step(check, "data keys", STEP_FAILED, "%s", err.message);
	return step(check, "data keys", STEP_OK, "the master key opens the key of every encrypted tensor");
}

static bool check_tags(struct model_check *check, const struct model_file *file, const struct ct_crypto *crypto)
{
	struct progress progress;
	struct ct_error err;
	struct ct_stream stream = {
		.crypto = crypto,
		.model = file->model,
		.direction = CT_OPEN,
		.source = &file->file.source,
		.source_data = file->model->data_offset,
		.threads = ct_parallel_default(),
		.progress = &progress.advance,
	};
	progress_init(&progress, file->model->file_size);
	progress_file(&progress, check->path, file->model->file_size);
	int status = ct_stream(&stream, &err);
	progress_hide(&progress);
	if (status < 0)
		return step(check, "tags", STEP_FAILED, "%s", err.message);
	return step(check, "tags", STEP_OK, "every encrypted byte is what was encrypted");
}

static void check_service(struct model_check *check, struct model_file *file, const char *library,
			  const char *why, const struct ct_crypto *crypto)
{
	struct ct_error err;
	char size[SIZE_TEXT];
	if (library == NULL) {
		step(check, "served", STEP_FAILED, "not tried without the library: %s", why);
		return;
	}
	struct ct_model *model = file->model;
	uint64_t bytes = model->file_size;
	file->model = NULL;
	if (model_check_serve(check, library, model, crypto, &file->file.source, &err) < 0)
		step(check, "served", STEP_FAILED, "%s", err.message);
	else
		step(check, "served", STEP_OK, "a program under the library read all of it right (%s)",
		     size_text(bytes, size));
}

void model_check_run(struct model_check *check, const char *keys, const char *library, const char *why)
{
	struct ct_keyset set = {0};
	struct ct_crypto *crypto = NULL;
	struct ct_error err;
	struct model_file file = {.file.fd = -1};
	if (!check_keys(check, keys, &set) || !check_settings(check, &crypto) || !check_place(check))
		goto out;
	if (model_file_open(&file, place(check), &err) < 0) {
		step(check, "model", STEP_FAILED, "%s", err.message);
		goto out;
	}
	if (check_header(check, file.model) && check_unlock(check, file.model, &set, crypto)
	    && check_tags(check, &file, crypto))
		check_service(check, &file, library, why, crypto);
out:
	model_file_close(&file);
	ct_keyset_clear(&set);
	ct_crypto_free(crypto);
}
