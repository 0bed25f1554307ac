#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../preload/config.h"
#include "cipher.h"
#include "command.h"
#include "ed25519.h"
#include "jwk.h"
#include "keyfile.h"
#include "options.h"
#include "output.h"
#include "places.h"
#include "say.h"

static const char help[] =
	"Usage: ctshim keygen -o FILE [--alg ALG] [--enc-kid ID] [--sign-kid ID] [--force]\n"
	"       ctshim keygen --public -o FILE --keys KEYS [--force]\n"
	"\n"
	"Make a key file: one master key, under which models are encrypted, and one Ed25519 signing\n"
	"key. The file is a JWK Set that only its owner can read. Whoever has it can read and write\n"
	"models; keep a copy, without it no model can be read again.\n"
	"\n"
	"With --public, write what a reader of models needs: the keys of KEYS without the signing\n"
	"seed. It still holds the master key: it is a secret.\n"
	"\n"
	"  -o, --output FILE   the file to write; must not exist\n"
	"      --alg ALG       aes256gcm (default), aes128gcm or chacha20poly1305\n"
	"      --enc-kid ID    name of the master key (default: enc- and 8 random digits)\n"
	"      --sign-kid ID   name of the signing key (default: sign- and 8 random digits)\n"
	"      --public        write the readers' key file of KEYS\n"
	"  -k, --keys KEYS     the key file to take it from\n"
	"  -f, --force         replace FILE\n"
	"\n"
	"Exit status: 0 done; 1 failed; 2 wrong usage.\n"
	"\n"
	"Example:\n"
	"  ctshim keygen -o keys.jwk\n"
	"  ctshim keygen --public --keys keys.jwk -o readers.jwk\n";

struct request {
	const char *output, *keys, *enc_kid, *sign_kid;
	int cipher;
	bool for_readers, force;
};

/* Fresh `entry`, named `kid` or at random. */
static int add_key(struct ct_keyset *set, struct ct_keyset_entry *entry, const char *kid,
		   const char *prefix, const struct ct_crypto *crypto, struct ct_error *err)
{
	uint32_t random = 0;
	int status = -1;
	if (kid == NULL && ct_random(crypto, &random, sizeof random, err) < 0)
		return -1;
	if (kid != NULL)
		entry->kid = strdup(kid);
	else if (asprintf(&entry->kid, "%s%08x", prefix, random) < 0)
		entry->kid = NULL;
	if (entry->kid == NULL)
		ct_fail_nomem(err);
	else
		status = ct_keyset_add(set, entry, err);
	if (status < 0)
		free(entry->kid);
	ct_wipe(entry, sizeof *entry);
	return status;
}

static int make_keys(struct ct_keyset *set, const struct request *request,
		     const struct ct_crypto *crypto, struct ct_error *err)
{
	struct ct_keyset_entry master = {
		.kind = CT_MASTER_KEY,
		.has_cipher = true,
		.cipher = (enum ct_cipher)request->cipher,
		.master.len = ct_cipher_key_len((enum ct_cipher)request->cipher),
	};
	if (ct_random(crypto, master.master.bytes, master.master.len, err) < 0
	    || add_key(set, &master, request->enc_kid, "enc-", crypto, err) < 0)
		return -1;
	struct ct_keyset_entry signer = {
		.kind = CT_SIGNING_KEY,
		.has_public = true,
		.has_seed = true,
		.seed.len = CT_ED25519_KEY_LEN,
	};
	if (ct_random(crypto, signer.seed.bytes, signer.seed.len, err) < 0
	    || ct_ed25519_public(crypto, signer.seed.bytes, signer.public_key, err) < 0)
		return -1;
	return add_key(set, &signer, request->sign_kid, "sign-", crypto, err);
}

/* Readers verify with the public key, which a key file may have left to be derived. */
static int add_publics(struct ct_keyset *set, const struct ct_crypto *crypto, struct ct_error *err)
{
	bool signer = false;
	for (size_t i = 0; i < set->count; i++) {
		struct ct_keyset_entry *entry = &set->entries[i];
		if (entry->kind != CT_SIGNING_KEY)
			continue;
		signer = true;
		if (!entry->has_public
		    && ct_ed25519_public(crypto, entry->seed.bytes, entry->public_key, err) < 0)
			return -1;
		entry->has_public = true;
	}
	if (!signer || ct_keyset_find(set, CT_MASTER_KEY, NULL, -1) == NULL)
		return ct_fail(err, CT_E_KEY, "has no %s key: a reader needs both",
			       signer ? "master" : "signing");
	return 0;
}

static int write_keys(const struct ct_keyset *set, const struct request *request, struct ct_error *err)
{
	struct output output;
	struct ct_buffer text = {.secret = true};
	struct ct_keyset again = {0};
	int status = -1;
	ct_jwk_put(set, request->for_readers, &text);
	/* A key id out of the arguments can be text that no JSON file may hold. */
	if (ct_buffer_check(&text, err) == 0
	    && ct_jwk_parse(&again, text.data, text.len, "the key file would not be valid", err) == 0
	    && output_open(&output, request->output, request->force, err) == 0) {
		if (output.sink.write_at(&output, text.data, text.len, 0, err) < 0)
			output_discard(&output);
		else
			status = output_finish(&output, 0600, err);
	}
	ct_keyset_clear(&again);
	ct_buffer_wipe(&text);
	return status;
}


static int keygen(const struct request *request)
{
	struct ct_error err;
	struct ct_keyset set = {0};
	struct ct_crypto *crypto = NULL;
	int status = EXIT_FAILED;
	if (shim_config_crypto(&crypto, &err) < 0)
		return complain(NULL, &err);
	if (request->for_readers) {
		if (same_file(request->keys, request->output)) {
			complainf("%s: is the key file itself, its signing seed would be lost: name another file",
				  request->output);
			goto out;
		}
		if (keys_load(&set, request->keys) < 0)
			goto out;
		if (add_publics(&set, crypto, &err) < 0) {
			complain(request->keys, &err);
			goto out;
		}
	} else if (make_keys(&set, request, crypto, &err) < 0) {
		complain(NULL, &err);
		goto out;
	}
	if (write_keys(&set, request, &err) < 0)
		complain(request->output, &err);
	else
		status = EXIT_OK;
out:
	ct_keyset_clear(&set);
	ct_crypto_free(crypto);
	return status;
}

static int run(const struct command *command, int argc, char **argv)
{
	int rest;
	struct request request = {.cipher = -1};
	const struct option_spec specs[] = {
		{"output", 'o', OPTION_TEXT, &request.output},
		{"alg", 0, OPTION_CIPHER, &request.cipher},
		{"enc-kid", 0, OPTION_TEXT, &request.enc_kid},
		{"sign-kid", 0, OPTION_TEXT, &request.sign_kid},
		{"public", 0, OPTION_FLAG, &request.for_readers},
		{"keys", 'k', OPTION_TEXT, &request.keys},
		{"force", 'f', OPTION_FLAG, &request.force},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int status = parse_options(command, argc, argv, specs, false, &rest);
	if (status != OPTIONS_OK)
		return status;
	if (rest != argc)
		return usage_error(command->name, "%s: unexpected", argv[rest]);
	if (request.output == NULL)
		return usage_error(command->name, "-o FILE is missing");
	if (request.for_readers && request.keys == NULL)
		return usage_error(command->name, "--public wants --keys KEYS");
	if (!request.for_readers && request.keys != NULL)
		return usage_error(command->name, "--keys goes with --public");
	if (request.for_readers && (request.cipher >= 0 || request.enc_kid != NULL || request.sign_kid != NULL))
		return usage_error(command->name, "--public takes algorithm and key ids from KEYS");
	if (request.cipher < 0)
		request.cipher = CT_AES_256_GCM;
	return keygen(&request);
}

const struct command command_keygen = {"keygen", "make a key file", help, run};
