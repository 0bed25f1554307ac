#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../preload/config.h"
#include "command.h"
#include "exchange.h"
#include "keyfile.h"
#include "model_file.h"
#include "options.h"
#include "policy_file.h"
#include "progress.h"
#include "recopy.h"
#include "rewrap.h"
#include "rewrap_list.h"
#include "say.h"
#include "stop.h"
#include "tree.h"

static const char help[] =
	"Usage: ctshim rewrap PATH... --keys OLD --new-keys NEW [OPTION]...\n"
	"\n"
	"Exchange the keys of encrypted models without touching tensor data: the keys of tensors are wrapped\n"
	"anew, with the new key ids, and the header is signed anew. A PATH is a file, or a directory: then\n"
	"every *.safetensors below it. All files are checked before any is changed.\n"
	"\n"
	"The header is overwritten in place when the new one fits, whatever the size of the file; headers\n"
	"that ctshim wrote leave room. Else, and for files with several names (hard links), a new file takes\n"
	"the place of the old one. Programs that have a file open go on undisturbed. Interrupted at any point, a\n"
	"file opens with the old keys or with the new ones, if need be through FILE.rewrap beside it, which the\n"
	"library understands and the next rewrap clears away: run the same command again.\n"
	"\n"
	"  -k, --keys FILE      key file with the present keys (default: CRYPTOTENSOR_KEYS,\n"
	"                       CRYPTOTENSOR_KEY_JKU, CTSHIM_KEY_PATH)\n"
	"      --new-keys FILE  key file with a master key for the same cipher, and a signing key\n"
	"      --policy FILE    also replace the Rego module that decides who may load\n"
	"      --unchecked-policy  take it even if it does not compile here\n"
	"  -n, --dry-run        say what would change, and change nothing\n"
	"      --json           an array of objects: file, action (in-place, copy, current, plain, failed),\n"
	"                       done, unfinished, master, signer, policy, header, spare, message\n"
	"\n"
	"The policy is not asked: rewrapping is the owner's way to replace it.\n"
	"\n"
	"Exit status: 0 done; 1 failed; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  ctshim keygen -o keys-2027.jwk\n"
	"  ctshim rewrap model-encrypted/ --keys keys.jwk --new-keys keys-2027.jwk\n";

struct request {
	struct ct_rewrap_options options;
	const char *key_file; /* of `old`; NULL: the environment */
	struct ct_keyset old, new;
	struct rewrap_list list;
	struct progress progress;
};

/* Can the header be overwritten? Another name of a file would not find the journal. */
static bool overwrites(const struct ct_rewrap *rewrap, const struct stat *st)
{
	return rewrap->in_place && st->st_nlink == 1;
}

/* From a model that was read to the new header; `item` gets what is to be said of it. The caller clears
 * `rewrap` in each case. */
static int prepare(struct request *request, struct rewrap_item *item, struct ct_model *model,
		   const struct stat *st, struct ct_rewrap *rewrap, struct ct_error *err)
{
	bool done;
	struct ct_keyset all = {0};
	*rewrap = (struct ct_rewrap){0};
	int status = ct_rewrap_unlock(model, &request->old, &request->options, &done, err);
	if (status < 0 && keys_more(&all, request->key_file, model, err))
		status = ct_rewrap_unlock(model, &all, &request->options, &done, err);
	ct_keyset_clear(&all);
	if (status < 0)
		return -1;
	item->action = REWRAP_CURRENT;
	if (done)
		return 0;
	if (ct_rewrap_make(rewrap, model, &request->options, err) < 0
	    || rewrap_item_note(item, model, rewrap, err) < 0)
		return -1;
	item->action = overwrites(rewrap, st) ? REWRAP_IN_PLACE : REWRAP_COPY;
	return 0;
}

/* What will be done with one file; nothing is written. */
static int plan(struct request *request, struct rewrap_item *item, bool single, struct ct_error *err)
{
	struct model_file file;
	struct ct_rewrap rewrap = {0};
	int status = 0;
	if (model_file_open(&file, item->path, err) < 0)
		return -1;
	item->unfinished = file.journal != NULL;
	if (!file.model->encrypted && !single)
		item->action = REWRAP_PLAIN;
	else
		status = prepare(request, item, file.model, &file.file.st, &rewrap, err);
	if (status == 0 && item->action == REWRAP_IN_PLACE && access(item->path, W_OK) < 0)
		status = ct_fail_sys(err, errno, "cannot be written: make it writable first");
	ct_rewrap_clear(&rewrap);
	model_file_close(&file);
	return status;
}

static int carry_out(struct request *request, struct rewrap_item *item, struct exchange *exchange,
		     struct ct_error *err)
{
	struct ct_model *model = NULL;
	struct ct_rewrap rewrap = {0};
	int status = -1;
	if (ct_model_read(&model, &exchange->file.source, err) < 0
	    || prepare(request, item, model, &exchange->file.st, &rewrap, err) < 0)
		goto out;
	item->unfinished = exchange->finished_other;
	status = 0;
	if (item->action == REWRAP_IN_PLACE)
		status = exchange_header(exchange, &rewrap.head, err);
	else if (item->action == REWRAP_COPY)
		status = recopy(exchange->path, &exchange->file, model->data_offset, &rewrap.head,
				&request->progress.advance, err);
	item->written = status == 0 && item->action != REWRAP_CURRENT;
out:
	ct_rewrap_clear(&rewrap);
	ct_model_free(model);
	return status;
}

static int perform(struct request *request, struct rewrap_item *item, struct ct_error *err)
{
	struct exchange exchange;
	if (item->action == REWRAP_PLAIN)
		return 0;
	if (exchange_begin(&exchange, item->path, request->options.crypto, err) < 0)
		return -1;
	if (item->action == REWRAP_COPY)
		progress_file(&request->progress, item->path, item->size);
	int status = carry_out(request, item, &exchange, err);
	progress_hide(&request->progress);
	exchange_end(&exchange);
	return status;
}

static int fail(struct rewrap_item *item, const struct ct_error *err)
{
	item->action = REWRAP_FAILED;
	item->why = *err;
	return complain(item->path, err);
}

/* Add the models at `path` to the list, with what will be done with them. */
static int plan_path(struct request *request, const char *path)
{
	struct tree tree;
	struct ct_error err;
	int status = tree_scan(&tree, path) == 0 ? EXIT_OK : EXIT_FAILED;
	size_t encrypted = 0;
	for (size_t i = 0; status == EXIT_OK && i < tree.count && !stop_requested(); i++) {
		const struct tree_entry *entry = &tree.entries[i];
		if (!entry->model)
			continue;
		encrypted++;
		if (rewrap_list_has(&request->list, entry->device, entry->inode))
			continue;
		char *name = tree_path(tree.root, entry);
		struct rewrap_item *item =
			name != NULL ? rewrap_list_add(&request->list, name, entry->device, entry->inode) : NULL;
		free(name);
		if (item == NULL)
			status = EXIT_FAILED;
		else if (plan(request, item, tree.single, &err) < 0)
			fail(item, &err);
		else if (item->action == REWRAP_PLAIN)
			encrypted--;
	}
	if (status == EXIT_OK && encrypted == 0 && !stop_requested())
		status = complainf("%s: no *.safetensors file in it is encrypted", path);
	tree_free(&tree);
	return status;
}

static bool any_failed(const struct rewrap_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].action == REWRAP_FAILED)
			return true;
	return false;
}

static int perform_all(struct request *request, bool json)
{
	struct ct_error err;
	uint64_t bytes = 0;
	for (size_t i = 0; i < request->list.count; i++)
		bytes += request->list.items[i].action == REWRAP_COPY ? request->list.items[i].size : 0;
	progress_init(&request->progress, bytes);
	for (size_t i = 0; i < request->list.count && !stop_requested(); i++) {
		struct rewrap_item *item = &request->list.items[i];
		if (perform(request, item, &err) < 0)
			return fail(item, &err);
		if (!json)
			rewrap_list_say(&request->list, item);
	}
	return EXIT_OK;
}

static int rewrap(struct request *request, char **paths, bool dry_run, bool json)
{
	int status = EXIT_OK;
	for (; *paths != NULL && !stop_requested(); paths++)
		if (plan_path(request, *paths) != EXIT_OK)
			status = EXIT_FAILED;
	if (any_failed(&request->list))
		status = EXIT_FAILED;
	if (status != EXIT_OK && !dry_run)
		complainf("nothing was changed");
	if (status == EXIT_OK && !dry_run)
		status = perform_all(request, json);
	if (json)
		rewrap_list_json(&request->list);
	for (size_t i = 0; dry_run && !json && i < request->list.count; i++)
		if (request->list.items[i].action != REWRAP_FAILED) /* those have been told */
			rewrap_list_say(&request->list, &request->list.items[i]);
	return finish_stdout(stop_requested() ? EXIT_FAILED : status);
}

static int run(const struct command *command, int argc, char **argv)
{
	int rest;
	bool dry_run = false, json = false, unchecked = false;
	const char *keys = NULL, *new_keys = NULL, *policy = NULL;
	char *text = NULL;
	struct ct_error err;
	struct ct_crypto *crypto = NULL;
	struct request request = {0};
	const struct option_spec specs[] = {
		{"keys", 'k', OPTION_TEXT, &keys},
		{"new-keys", 0, OPTION_TEXT, &new_keys},
		{"policy", 0, OPTION_TEXT, &policy},
		{"unchecked-policy", 0, OPTION_FLAG, &unchecked},
		{"dry-run", 'n', OPTION_FLAG, &dry_run},
		{"json", 0, OPTION_FLAG, &json},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int status = parse_options(command, argc, argv, specs, false, &rest);
	if (status != OPTIONS_OK)
		return status;
	if (rest == argc)
		return usage_error(command->name, "give a PATH");
	if (new_keys == NULL)
		return usage_error(command->name, "--new-keys FILE is missing");
	status = EXIT_FAILED;
	request.key_file = keys;
	if (keys_load(&request.old, keys) < 0 || keys_load(&request.new, new_keys) < 0
	    || (policy != NULL && (text = policy_file_read(policy, unchecked)) == NULL))
		goto out;
	if (shim_config_crypto(&crypto, &err) < 0) {
		complain(NULL, &err);
		goto out;
	}
	stop_watch();
	request.options = (struct ct_rewrap_options){
		.crypto = crypto, .keys = &request.new, .policy_local = text};
	request.list.policy = text != NULL;
	status = rewrap(&request, argv + rest, dry_run, json);
out:
	rewrap_list_free(&request.list);
	ct_keyset_clear(&request.old);
	ct_keyset_clear(&request.new);
	ct_crypto_free(crypto);
	free(text);
	return status;
}

const struct command command_rewrap = {"rewrap", "exchange keys, signer or policy", help, run};
