#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/config.h"
#include "command.h"
#include "convert.h"
#include "keyfile.h"
#include "options.h"
#include "parallel.h"
#include "policy_file.h"
#include "say.h"
#include "select.h"
#include "writer.h"

static const char help[] =
	"Usage: ctshim encrypt IN OUT --keys FILE [OPTION]...\n"
	"\n"
	"Encrypt a safetensors file, or a model directory: every *.safetensors below it is encrypted,\n"
	"everything else is copied, and OUT is a model directory like IN. Links are followed. OUT must\n"
	"not exist; it appears when it is complete.\n"
	"\n"
	"  -k, --keys FILE      key file with a master key and a signing key (ctshim keygen)\n"
	"      --alg ALG        aes256gcm, aes128gcm or chacha20poly1305 (default: what the key file\n"
	"                       says, else aes256gcm)\n"
	"      --chunk-size N   bytes of one message of version 2 (default: 512K)\n"
	"      --version N      2 (default), or 1: each tensor is one message\n"
	"      --tensors GLOB   encrypt the tensors whose names match; can be repeated (default: all)\n"
	"      --exclude GLOB   leave these in the clear; can be repeated\n"
	"      --policy FILE    Rego module that decides who may load (default: everyone with the keys)\n"
	"      --unchecked-policy  take it even if it does not compile here\n"
	"      --threads N      default: the CPUs this process may use, at most 16\n"
	"  -f, --force          replace OUT; in a directory, file by file\n"
	"\n"
	"Tensors in the clear are neither secret nor protected against change.\n"
	"\n"
	"Exit status: 0 done; 1 failed, no file is left incomplete; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  ctshim encrypt model/ model-encrypted/ --keys keys.jwk\n"
	"  ctshim encrypt a.safetensors b.safetensors --keys keys.jwk --exclude '*.bias'\n";

struct request {
	struct ct_encrypt_options options;
	struct ct_keyset keys;
	struct selection selection;
	size_t tensors, sealed;
};

static int check(void *context, struct ct_model *model, bool single, bool *take, struct ct_error *err)
{
	struct request *request = context;
	(void)single;
	*take = true;
	if (model->encrypted)
		return ct_fail(err, CT_E_ARGUMENT, "it is encrypted already: decrypt it first");
	return selection_note(&request->selection, &model->header, err);
}

static int checked(void *context, size_t conversions, struct ct_error *err)
{
	const struct request *request = context;
	if (conversions == 0)
		return ct_fail(err, CT_E_ARGUMENT, "there is no *.safetensors file in it");
	return selection_check(&request->selection, err);
}

static int encrypt_one(void *context, struct ct_model *model, const struct ct_source *source,
		       const struct ct_sink *sink, const struct ct_progress *progress,
		       struct ct_error *err)
{
	struct request *request = context;
	struct ct_encrypt_result result;
	request->options.progress = progress;
	if (ct_encrypt(model, source, sink, &request->options, &result, err) < 0)
		return -1;
	request->tensors += result.tensors;
	request->sealed += result.sealed;
	return 0;
}

/* The first master key's own cipher; a key that names none is for the one that its length allows. */
static enum ct_cipher default_cipher(const struct ct_keyset *keys)
{
	const struct ct_keyset_entry *master = ct_keyset_find(keys, CT_MASTER_KEY, NULL, -1);
	if (master != NULL && master->has_cipher)
		return master->cipher;
	if (master != NULL && master->master.len == ct_cipher_key_len(CT_AES_128_GCM))
		return CT_AES_128_GCM;
	return CT_AES_256_GCM;
}

/* A model that nobody can sign or read is not begun. */
static int check_keys(const struct ct_keyset *keys, enum ct_cipher cipher, struct ct_error *err)
{
	if (ct_keyset_signer(keys) == NULL)
		return ct_fail(err, CT_E_KEY,
			       "has no signing seed ('d'): use the file that keygen made, not the public one");
	if (ct_keyset_find(keys, CT_MASTER_KEY, NULL, (int)cipher) == NULL)
		return ct_fail(err, CT_E_KEY, "has no master key for %s: use another --alg, or another file",
			       ct_cipher_name(cipher));
	return 0;
}

static int say_done(const struct conversion *conversion, const struct request *request)
{
	char size[SIZE_TEXT];
	put_safe(stdout, conversion->out);
	printf(": encrypted %zu of %zu tensor%s", request->sealed, request->tensors,
	       request->tensors == 1 ? "" : "s");
	if (conversion->directory)
		printf(" in %zu file%s", conversion->converted, conversion->converted == 1 ? "" : "s");
	printf(", %s, %s", ct_cipher_name(request->options.cipher), size_text(conversion->bytes, size));
	if (conversion->copied > 0)
		printf("; %zu other file%s copied", conversion->copied, conversion->copied == 1 ? "" : "s");
	putchar('\n');
	return finish_stdout(EXIT_OK);
}

static int encrypt(struct request *request, const char *in, const char *out, const char *keys,
		   const char *policy, bool unchecked, int cipher, bool force)
{
	struct ct_error err;
	struct ct_crypto *crypto = NULL;
	char *text = NULL;
	int status = EXIT_FAILED;
	const char *const others[] = {keys, policy};
	struct conversion conversion = {
		.in = in, .out = out, .force = force, .encrypts = true,
		.others = others, .other_count = 2,
		.context = request,
		.check = check, .checked = checked, .convert = encrypt_one,
	};
	if (keys_load(&request->keys, keys) < 0)
		goto out;
	request->options.cipher = cipher >= 0 ? (enum ct_cipher)cipher : default_cipher(&request->keys);
	if (check_keys(&request->keys, request->options.cipher, &err) < 0) {
		complain(keys, &err);
		goto out;
	}
	if (policy != NULL && (text = policy_file_read(policy, unchecked)) == NULL)
		goto out;
	if (shim_config_crypto(&crypto, &err) < 0) {
		complain(NULL, &err);
		goto out;
	}
	request->options.crypto = crypto;
	request->options.keys = &request->keys;
	request->options.policy_local = text;
	request->options.select = selection_takes;
	request->options.select_context = &request->selection;
	if (convert(&conversion) == 0)
		status = say_done(&conversion, request);
out:
	free(text);
	ct_keyset_clear(&request->keys);
	ct_crypto_free(crypto);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	int rest, cipher = -1;
	unsigned version = 2;
	uint64_t chunk_size = 0;
	bool force = false, unchecked = false;
	const char *keys = NULL, *policy = NULL;
	struct request request = {.options.threads = ct_parallel_default()};
	const struct option_spec specs[] = {
		{"keys", 'k', OPTION_TEXT, &keys},
		{"alg", 0, OPTION_CIPHER, &cipher},
		{"chunk-size", 0, OPTION_SIZE, &chunk_size},
		{"version", 0, OPTION_COUNT, &version},
		{"tensors", 0, OPTION_LIST, &request.selection.wanted},
		{"exclude", 0, OPTION_LIST, &request.selection.unwanted},
		{"policy", 0, OPTION_TEXT, &policy},
		{"unchecked-policy", 0, OPTION_FLAG, &unchecked},
		{"threads", 0, OPTION_COUNT, &request.options.threads},
		{"force", 'f', OPTION_FLAG, &force},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int status = parse_options(command, argc, argv, specs, false, &rest);
	if (status != OPTIONS_OK)
		goto out;
	if (argc - rest != 2)
		status = usage_error(command->name, "give IN and OUT");
	else if (keys == NULL)
		status = usage_error(command->name, "--keys FILE is missing");
	else if (version > 2)
		status = usage_error(command->name, "--version: '%u' is neither 1 nor 2", version);
	else if (version == 1 && chunk_size != 0)
		status = usage_error(command->name, "--chunk-size: version 1 has no chunks");
	if (status != OPTIONS_OK)
		goto out;
	request.options.version = (int)version;
	request.options.chunk_size = chunk_size != 0 ? chunk_size : CT_WRITER_CHUNK;
	status = encrypt(&request, argv[rest], argv[rest + 1], keys, policy, unchecked, cipher, force);
out:
	selection_free(&request.selection);
	return status;
}

const struct command command_encrypt = {"encrypt", "encrypt a model file or directory", help, run};
