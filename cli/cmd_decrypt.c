#include <stdio.h>

#include "../preload/config.h"
#include "command.h"
#include "convert.h"
#include "keyfile.h"
#include "options.h"
#include "parallel.h"
#include "say.h"
#include "writer.h"

static const char help[] =
	"Usage: ctshim decrypt IN OUT [--keys FILE] [--threads N] [--force]\n"
	"\n"
	"The inverse of encrypt: a file, or a model directory, in which every encrypted *.safetensors\n"
	"is decrypted and everything else is copied. What was encrypted from a file that the usual tools\n"
	"wrote comes back byte for byte. OUT must not exist; it appears when it is complete and every\n"
	"byte of it was authenticated.\n"
	"\n"
	"The policy in the file and the operator's (CTSHIM_POLICY) are asked, as when a program loads it; the\n"
	"owner of a signing key exchanges a policy that denies by ctshim rewrap --policy.\n"
	"\n"
	"  -k, --keys FILE   key file (default: CRYPTOTENSOR_KEYS, CRYPTOTENSOR_KEY_JKU, CTSHIM_KEY_PATH)\n"
	"      --threads N   default: the CPUs this process may use, at most 16\n"
	"  -f, --force       replace OUT; in a directory, file by file\n"
	"\n"
	"Exit status: 0 done; 1 failed, no file is left incomplete; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  ctshim decrypt model-encrypted/ model/ --keys keys.jwk\n";

struct request {
	struct ct_crypto *crypto;
	const char *key_file; /* NULL: the environment */
	struct ct_keyset keys;
	unsigned threads;
	size_t tensors;
	const struct conversion *conversion;
};

/* The decision is recorded once for each file, when they are checked. */
static int unlock(const struct request *request, struct ct_model *model, bool audit, struct ct_error *err)
{
	struct asking asking = {.path = request->conversion->current, .crypto = request->crypto, .audit = audit};
	return keys_unlock(&request->keys, request->key_file, model, request->crypto, &asking, err);
}

static int check(void *context, struct ct_model *model, bool single, bool *take, struct ct_error *err)
{
	const struct request *request = context;
	*take = model->encrypted;
	if (!model->encrypted)
		return single ? ct_fail(err, CT_E_ARGUMENT, "it is not encrypted") : 0;
	/* A wrong key or a denying policy shows before anything is written. */
	return unlock(request, model, true, err);
}

static int checked(void *context, size_t conversions, struct ct_error *err)
{
	(void)context;
	return conversions > 0 ? 0 : ct_fail(err, CT_E_ARGUMENT, "no *.safetensors file in it is encrypted");
}

static int decrypt_one(void *context, struct ct_model *model, const struct ct_source *source,
		       const struct ct_sink *sink, const struct ct_progress *progress,
		       struct ct_error *err)
{
	struct request *request = context;
	if (!model->encrypted)
		return ct_fail(err, CT_E_IO, "it was changed while it was read");
	if (unlock(request, model, false, err) < 0
	    || ct_decrypt(model, request->crypto, source, sink, request->threads, progress, err) < 0)
		return -1;
	request->tensors += model->manifest.sealed_count;
	return 0;
}

static int say_done(const struct conversion *conversion, const struct request *request)
{
	char size[SIZE_TEXT];
	put_safe(stdout, conversion->out);
	printf(": decrypted %zu tensor%s", request->tensors, request->tensors == 1 ? "" : "s");
	if (conversion->directory)
		printf(" in %zu file%s", conversion->converted, conversion->converted == 1 ? "" : "s");
	printf(", %s", size_text(conversion->bytes, size));
	if (conversion->copied > 0)
		printf("; %zu other file%s copied", conversion->copied, conversion->copied == 1 ? "" : "s");
	putchar('\n');
	return finish_stdout(EXIT_OK);
}

static int decrypt(struct request *request, struct conversion *conversion, const char *keys)
{
	struct ct_error err;
	int status = EXIT_FAILED;
	request->key_file = keys;
	request->conversion = conversion;
	conversion->context = request;
	conversion->check = check;
	conversion->checked = checked;
	conversion->convert = decrypt_one;
	conversion->others = &keys;
	conversion->other_count = 1;
	if (shim_config_crypto(&request->crypto, &err) < 0)
		return complain(NULL, &err);
	if (keys_load(&request->keys, keys) == 0 && convert(conversion) == 0)
		status = say_done(conversion, request);
	ct_keyset_clear(&request->keys);
	ct_crypto_free(request->crypto);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	int rest;
	const char *keys = NULL;
	struct request request = {.threads = ct_parallel_default()};
	struct conversion conversion = {0};
	const struct option_spec specs[] = {
		{"keys", 'k', OPTION_TEXT, &keys},
		{"threads", 0, OPTION_COUNT, &request.threads},
		{"force", 'f', OPTION_FLAG, &conversion.force},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int status = parse_options(command, argc, argv, specs, false, &rest);
	if (status != OPTIONS_OK)
		return status;
	if (argc - rest != 2)
		return usage_error(command->name, "give IN and OUT");
	conversion.in = argv[rest];
	conversion.out = argv[rest + 1];
	return decrypt(&request, &conversion, keys);
}

const struct command command_decrypt = {"decrypt", "decrypt a model file or directory", help, run};
