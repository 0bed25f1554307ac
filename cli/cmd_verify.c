#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/config.h"
#include "command.h"
#include "keyfile.h"
#include "model_file.h"
#include "options.h"
#include "parallel.h"
#include "progress.h"
#include "report.h"
#include "say.h"
#include "stop.h"
#include "stream.h"
#include "tree.h"

static const char help[] =
	"Usage: ctshim verify PATH... [--keys FILE] [--no-policy] [--threads N] [--json]\n"
	"\n"
	"Check encrypted models without writing anything: the signature, the policy and the tag of every\n"
	"encrypted byte. A PATH is a file, or a directory: then every *.safetensors below it. One line\n"
	"for each file, 'FILE: ok: ...' or 'FILE: what is wrong'. A file in a directory that is not\n"
	"encrypted is reported as plain; where nothing at all is encrypted, that is a failure.\n"
	"\n"
	"The policy in the file and the operator's (CTSHIM_POLICY) are asked whether this process could load it\n"
	"here and now; ctshim policy explain shows what they see.\n"
	"\n"
	"  -k, --keys FILE   key file (default: CRYPTOTENSOR_KEYS, CRYPTOTENSOR_KEY_JKU, CTSHIM_KEY_PATH)\n"
	"      --no-policy   ask no policy: is the file whole, wherever it may be loaded?\n"
	"      --threads N   default: the CPUs this process may use, at most 16\n"
	"      --json        an array of objects: file, status (ok, plain, failed), and for a failure\n"
	"                    fault (key, signature, policy, tag, format, io, other) and message\n"
	"\n"
	"Exit status: 0 all is well; 1 something is not; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  ctshim verify model-encrypted/ --keys keys.jwk\n";

struct verification {
	struct ct_crypto *crypto;
	const char *key_file; /* NULL: the environment */
	struct ct_keyset keys;
	unsigned threads;
	bool no_policy;
	struct report report;
	struct progress progress;
};

/* One file: *encrypted tells what it is, also when it is broken behind its header. */
static int verify_file(struct verification *verification, const char *path, struct report_line *line,
		       struct ct_error *err)
{
	struct model_file file;
	if (model_file_open(&file, path, err) < 0)
		return -1;
	struct ct_model *model = file.model;
	progress_file(&verification->progress, path, file.file.source.size);
	int status = 0;
	line->encrypted = model->encrypted;
	if (model->encrypted) {
		line->version = model->manifest.version;
		line->cipher = model->manifest.cipher;
		line->tensors = model->header.count;
		line->sealed = model->manifest.sealed_count;
		line->bytes = model->file_size;
		struct ct_stream stream = {
			.crypto = verification->crypto,
			.model = model,
			.direction = CT_OPEN,
			.source = &file.file.source,
			.source_data = model->data_offset,
			.threads = verification->threads,
			.progress = &verification->progress.advance,
		};
		struct asking asking = {.path = path, .crypto = verification->crypto};
		status = keys_unlock(&verification->keys, verification->key_file, model, verification->crypto,
				     verification->no_policy ? NULL : &asking, err);
		if (status == 0)
			status = ct_stream(&stream, err);
		if (status == 0)
			status = file_source_unchanged(&file.file, err);
	}
	model_file_close(&file);
	return status;
}

static int verify_tree(struct verification *verification, const struct tree *tree)
{
	struct ct_error err;
	bool well = true;
	size_t encrypted = 0;
	for (size_t i = 0; i < tree->count && !stop_requested(); i++) {
		if (!tree->entries[i].model)
			continue;
		char *path = tree_path(tree->root, &tree->entries[i]);
		if (path == NULL)
			return complainf("out of memory");
		struct report_line line = {.file = path};
		int status = verify_file(verification, path, &line, &err);
		progress_hide(&verification->progress);
		if (status == 0 && !line.encrypted && tree->single)
			status = ct_fail(&err, CT_E_FORMAT, "it is not encrypted");
		encrypted += line.encrypted || status < 0;
		if (status < 0)
			line.err = &err;
		if (status == 0 || err.code != CT_E_STOPPED)
			report_put(&verification->report, &line);
		well = well && status == 0;
		free(path);
	}
	if (encrypted == 0 && !stop_requested()) {
		ct_fail(&err, CT_E_FORMAT, "no *.safetensors file in it is encrypted");
		report_put(&verification->report, &(struct report_line){.file = tree->root, .err = &err});
		well = false;
	}
	return well ? EXIT_OK : EXIT_FAILED;
}

static int verify_path(struct verification *verification, const char *path)
{
	struct tree tree;
	struct stat st;
	struct ct_error err;
	int status = EXIT_FAILED;
	if (stat(path, &st) < 0) {
		ct_fail_sys(&err, errno, "cannot open it");
		report_put(&verification->report, &(struct report_line){.file = path, .err = &err});
		return EXIT_FAILED;
	}
	if (tree_scan(&tree, path) == 0) {
		progress_init(&verification->progress, tree.bytes);
		status = verify_tree(verification, &tree);
	}
	tree_free(&tree);
	return status;
}

static int verify(struct verification *verification, const char *keys, char **paths)
{
	struct ct_error err;
	int status = EXIT_FAILED;
	if (shim_config_crypto(&verification->crypto, &err) < 0)
		return complain(NULL, &err);
	verification->key_file = keys;
	if (keys_load(&verification->keys, keys) < 0)
		goto out;
	stop_watch();
	status = EXIT_OK;
	for (; *paths != NULL && !stop_requested(); paths++)
		if (verify_path(verification, *paths) != EXIT_OK)
			status = EXIT_FAILED;
	status = report_end(&verification->report, status);
out:
	ct_keyset_clear(&verification->keys);
	ct_crypto_free(verification->crypto);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	int rest;
	const char *keys = NULL;
	struct verification verification = {.threads = ct_parallel_default()};
	const struct option_spec specs[] = {
		{"keys", 'k', OPTION_TEXT, &keys},
		{"threads", 0, OPTION_COUNT, &verification.threads},
		{"no-policy", 0, OPTION_FLAG, &verification.no_policy},
		{"json", 0, OPTION_FLAG, &verification.report.json},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int status = parse_options(command, argc, argv, specs, false, &rest);
	if (status != OPTIONS_OK)
		return status;
	if (rest == argc)
		return usage_error(command->name, "give a PATH");
	return verify(&verification, keys, argv + rest);
}

const struct command command_verify = {"verify", "check signature, policy and every tag", help, run};
