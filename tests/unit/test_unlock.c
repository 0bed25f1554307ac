/* From a file to plaintext: files that strange and other writers make, and each step that refuses,
 * in its order: keys, signature, policy, data keys. */
#include <stdlib.h>

#include "forge.h"
#include "stream.h"

static const struct forge_tensor tensors[] = {
	{"big", 3000, true}, {"clear", 100, false}, {"none", 0, true}, {"one", 1, true},
	{"nothing", 0, false}, {"exact", 128, true}, {"nil", 0, true},
};

#define MODEL .tensors = tensors, .count = COUNT(tensors)
#define M256  "{\"kty\":\"oct\",\"alg\":\"aes256gcm\",\"kid\":\"m-aes256gcm\""
#define SIGN  "{\"kty\":\"okp\",\"alg\":\"ed25519\",\"kid\":\"signer\""

static const struct forge_tensor long_tensor[] = {
	{"long", 2097152 + 5, true}, {"short", 5, true}, {"even", 2097152, true}};

static const struct {
	const char *what;
	struct forge how;
} good[] = {
	{"version 2", {CT_AES_256_GCM, "2", .chunk_size = 64, MODEL}},
	{"version 2, AES-128", {CT_AES_128_GCM, "2", .chunk_size = 1, MODEL}},
	{"version 2, ChaCha20", {CT_CHACHA20_POLY1305, "2", .chunk_size = 7, MODEL}},
	{"version 2, one chunk", {CT_AES_256_GCM, "2", .chunk_size = 1u << 30, MODEL}},
	{"version 2, the largest chunk size", {CT_AES_256_GCM, "2", .chunk_size = UINT64_C(1) << 53, MODEL}},
	{"version 1", {CT_AES_256_GCM, "1", MODEL}},
	{"version 1, AES-128", {CT_AES_128_GCM, "1", MODEL}},
	{"version 1, ChaCha20", {CT_CHACHA20_POLY1305, "1", MODEL}},
	{"version 1 with chunks", {CT_AES_256_GCM, "1", .chunk_size = 64, MODEL}},
	{"version 2 without chunk_size",
	 {CT_AES_256_GCM, "2", .chunk_size = 2097152, .hide_chunk_size = true, .tensors = long_tensor,
	  .count = COUNT(long_tensor)}},
	{"null fields",
	 {CT_AES_256_GCM, "2", .chunk_size = 64, .extra = "\"iv\":null,\"tag\":null,", MODEL}},
	{"null fields, version 1",
	 {CT_AES_256_GCM, "1", .extra = "\"base_iv\":null,\"tags\":null,", MODEL}},
	{"enc_algo", {CT_AES_256_GCM, "2", .chunk_size = 64, .extra = "\"enc_algo\":\"rot13\",", MODEL}},
	{"no kid", {CT_AES_256_GCM, "2", .chunk_size = 64, .enc = "{\"kty\":\"oct\",\"alg\":\"aes256gcm\"}",
		    .sign = "{\"kty\":\"okp\",\"alg\":\"ed25519\"}", MODEL}},
	{"other spellings", {CT_AES_256_GCM, "2", .chunk_size = 64,
			     .enc = "{\"kty\":\"OCT\",\"alg\":\"AES-256-GCM\",\"kid\":\"m-aes256gcm\"}",
			     .sign = "{\"kty\":\"OKP\",\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"kid\":\"signer\"}", MODEL}},
	/* Keys of nobody in the header: those of the operator are used. */
	{"key material in the header",
	 {CT_AES_256_GCM, "2", .chunk_size = 64,
	  .enc = M256 ",\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}",
	  .sign = SIGN ",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
		       "\"d\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}", MODEL}},
	{"a jku that leads nowhere",
	 {CT_AES_256_GCM, "2", .chunk_size = 64, .enc = M256 ",\"jku\":\"file:///nonexistent\"}", MODEL}},
	{"only a local policy",
	 {CT_AES_256_GCM, "2", .chunk_size = 64, .policy = "{\"local\":\"package model\\nallow=true\"}", MODEL}},
	{"a foreign spelling of the header", {CT_AES_256_GCM, "2", .chunk_size = 64, .foreign = true, MODEL}},
	{"a foreign spelling, version 1", {CT_CHACHA20_POLY1305, "1", .foreign = true, MODEL}},
	/* header order other than data order; empty tensors keep theirs among themselves */
	{"tensors listed in another order",
	 {CT_AES_256_GCM, "2", .chunk_size = 64, .listed = (size_t[]){6, 3, 2, 5, 4, 1, 0}, MODEL}},
	{"empty tensors at one place, as they were listed",
	 {CT_AES_256_GCM, "2", .chunk_size = 64, .listed = (size_t[]){2, 1, 3, 0, 4},
	  .tensors = (struct forge_tensor[]){{"x", 3, true}, {"b", 1, false}, {"z", 0, true}, {"a", 0, false},
					     {"m", 0, true}}, .count = 5}},
	{"no tensor with bytes", {CT_AES_256_GCM, "2", .chunk_size = 64, .tensors = tensors + 2, .count = 1}},
};

START_TEST(readable)
{
	struct memory file;
	struct ct_error err;
	uint8_t *plain;
	forge(&good[_i].how, &file, &plain);
	struct ct_view *view = open_view(&file, 2);
	struct ct_source source = memory_source(&file);
	const struct ct_model *model = ct_view_model(view);
	uint8_t *image = malloc(file.size);
	ck_assert_msg(ct_view_read(view, &source, image, file.size, 0, &err) == 0, "%s: %s", good[_i].what,
		      err.message);
	ck_assert_msg(memcmp(image + model->data_offset, plain, file.size - model->data_offset) == 0, "%s",
		      good[_i].what);
	/* The image's header is that of a plain file with the same tensors and metadata. */
	ck_assert_uint_eq(memory_header_len(&file), model->header.length);
	ck_assert_mem_eq(image, file.bytes, 8);
	struct memory seen;
	memory_init(&seen);
	memory_put(&seen, image, file.size);
	struct ct_model *again = read_model(&seen);
	ck_assert(!again->encrypted);
	ck_assert_uint_eq(again->header.metadata_count, 1);
	ck_assert_str_eq(again->header.metadata[0].key, "a");
	ck_assert_uint_eq(again->header.count, good[_i].how.count);
	for (size_t i = 0; i < again->header.count; i++) {
		ck_assert_str_eq(again->header.tensors[i].name, model->header.tensors[i].name);
		ck_assert_uint_eq(again->header.tensors[i].begin, model->header.tensors[i].begin);
		ck_assert_uint_eq(again->header.tensors[i].end, model->header.tensors[i].end);
	}
	/* Every tag, those of empty tensors too. */
	struct ct_stream verify = {.crypto = test_crypto(), .model = model, .direction = CT_OPEN,
				   .source = &source, .source_data = model->data_offset, .threads = 2};
	ck_assert_msg(ct_stream(&verify, &err) == 0, "%s: %s", good[_i].what, err.message);
	ct_model_free(again);
	memory_free(&seen);
	free(image);
	free(plain);
	ct_view_free(view);
	memory_free(&file);
}
END_TEST

/* --- refusals --- */

static const uint8_t other_key[32] = {0x99};

enum change { NONE, NO_KEYS, NO_SIGNER, NO_MASTER, WRONG_SIGNER, WRONG_MASTER, SHORT_MASTER, BAD_SIGNATURE };

static const struct {
	struct forge how;
	enum change keys, file;
	enum ct_code code;
	const char *part;
} bad[] = {
	{{CT_AES_256_GCM, "2", .chunk_size = 64, MODEL}, NO_KEYS, NONE, CT_E_KEY, "no key was given"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, MODEL}, NO_SIGNER, NONE, CT_E_KEY,
	 "it needs the verification key 'signer'"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, MODEL}, NO_MASTER, NONE, CT_E_KEY,
	 "it needs the master key 'm-aes256gcm'"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, MODEL}, WRONG_SIGNER, NONE, CT_E_SIGNATURE, "another key than 'signer'"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, MODEL}, WRONG_MASTER, NONE, CT_E_KEY,
	 "wrong master key: 'm-aes256gcm' does not open the key of tensor 'big'"},
	{{CT_AES_256_GCM, "1", MODEL}, WRONG_MASTER, NONE, CT_E_KEY, "wrong master key"},
	{{CT_CHACHA20_POLY1305, "1", MODEL}, WRONG_MASTER, NONE, CT_E_KEY, "wrong master key"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, MODEL}, SHORT_MASTER, NONE, CT_E_KEY,
	 "the master key 'm-aes256gcm' has 16 bytes, aes256gcm needs 32"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, MODEL}, NONE, BAD_SIGNATURE, CT_E_SIGNATURE, "bad signature"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .seed = other_key, MODEL}, NONE, NONE, CT_E_SIGNATURE,
	 "bad signature"},
	/* a name that no key has; a key for another cipher */
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .enc = "{\"kty\":\"oct\",\"alg\":\"aes256gcm\",\"kid\":\"z\"}", MODEL},
	 NONE, NONE, CT_E_KEY, "it needs the master key 'z'"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .enc = "{\"kty\":\"oct\",\"alg\":\"aes256gcm\",\"kid\":\"m-aes128gcm\"}",
	  MODEL}, NONE, NONE, CT_E_KEY, "'m-aes128gcm' is for another cipher than aes256gcm"},
	/* a kid that is a key of the other kind */
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .enc = "{\"kty\":\"oct\",\"alg\":\"aes256gcm\",\"kid\":\"signer\"}",
	  MODEL}, NONE, NONE, CT_E_KEY, "it needs the master key 'signer'"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .sign = "{\"kty\":\"okp\",\"alg\":\"ed25519\",\"kid\":\"m-aes256gcm\"}",
	  MODEL}, NONE, NONE, CT_E_KEY, "it needs the verification key 'm-aes256gcm'"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .policy = "{\"local\":\"package model\\nallow = false\"}", MODEL},
	 NONE, NONE, CT_E_POLICY, "access policy"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .policy = "{\"local\":\"\"}", MODEL}, NONE, NONE, CT_E_POLICY,
	 "access policy"},
	/* order: a missing key comes before the signature, that before the policy, that before data keys */
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .policy = "{\"local\":\"x\"}", MODEL}, NO_MASTER, BAD_SIGNATURE,
	 CT_E_KEY, "it needs the master key"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .policy = "{\"local\":\"x\"}", MODEL}, WRONG_MASTER, BAD_SIGNATURE,
	 CT_E_SIGNATURE, "bad signature"},
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .policy = "{\"local\":\"x\"}", MODEL}, WRONG_MASTER, NONE,
	 CT_E_POLICY, "access policy"},
	/* The header brings the key that it was signed with: nobody asked for that. x is the public key
	 * of the seed 99 00 00 … */
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .seed = other_key,
	  .sign = SIGN ",\"x\":\"%s\"}", MODEL}, NONE, NONE, CT_E_SIGNATURE, "bad signature"},
	/* empty tensors exchanged in the header: the tie was signed in the other order */
	{{CT_AES_256_GCM, "2", .chunk_size = 64, .listed = (size_t[]){0, 1, 2, 3, 5, 6, 4},
	  .tensors = (struct forge_tensor[]){{"a", 3, true}, {"b", 1, true}, {"c", 0, true}, {"d", 0, true},
					     {"e", 0, true}, {"f", 0, true}, {"g", 0, true}}, .count = 7},
	 NONE, NONE, CT_E_SIGNATURE, "bad signature"},
	/* the master key that wrapped is another one than the name's */
	{{CT_AES_128_GCM, "2", .chunk_size = 64, .master = other_key, MODEL}, NONE, NONE, CT_E_KEY,
	 "wrong master key"},
};

static void remove_entry(struct ct_keyset *keys, enum ct_key_kind kind, const char *kid)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (keys->entries[i].kind != kind || (kid != NULL && strcmp(keys->entries[i].kid, kid) != 0))
			continue;
		free(keys->entries[i].kid);
		keys->entries[i].kid = strdup("somebody else");
	}
}

static void change_keys(struct ct_keyset *keys, enum change change, enum ct_cipher cipher)
{
	struct ct_keyset_entry *master = &keys->entries[cipher];
	struct ct_keyset_entry *signer = &keys->entries[CT_CIPHER_COUNT];
	struct ct_error err;
	switch (change) {
	case NO_KEYS:
		ct_keyset_clear(keys);
		break;
	case NO_SIGNER:
		remove_entry(keys, CT_SIGNING_KEY, NULL);
		break;
	case NO_MASTER:
		remove_entry(keys, CT_MASTER_KEY, NULL);
		break;
	case WRONG_SIGNER:
		signer->seed.bytes[0] ^= 1;
		ck_assert_int_eq(ct_ed25519_public(test_crypto(), signer->seed.bytes, signer->public_key, &err),
				 0);
		break;
	case WRONG_MASTER:
		master->master.bytes[master->master.len - 1] ^= 0x80;
		break;
	case SHORT_MASTER:
		master->master.len = 16;
		break;
	case NONE:
	case BAD_SIGNATURE:
		break;
	}
}

START_TEST(refused)
{
	struct memory file;
	struct ct_error err = {0};
	struct ct_keyset keys;
	uint8_t *plain;
	struct forge how = bad[_i].how;
	char sign[200];
	if (how.sign != NULL && strstr(how.sign, "%s") != NULL) {
		struct ct_buffer text = {0};
		uint8_t public_key[32];
		ck_assert_int_eq(ct_ed25519_public(test_crypto(), how.seed, public_key, &err), 0);
		ct_buffer_put_base64(&text, public_key, sizeof public_key);
		char *whole = replace(how.sign, "%s", text.data);
		strcpy(sign, whole);
		free(whole);
		ct_buffer_free(&text);
		how.sign = sign;
	}
	forge(&how, &file, &plain);
	test_keys(&keys);
	change_keys(&keys, bad[_i].keys, how.cipher);
	struct ct_model *model = read_model(&file);
	if (bad[_i].file == BAD_SIGNATURE)
		model->manifest.signature[20] ^= 4;
	assert_error(ct_model_unlock(model, test_crypto(), &keys, &err), &err, bad[_i].code, bad[_i].part);
	ck_assert_ptr_null(model->data_keys);

	/* Without its keys it is no view. */
	struct ct_view *view = NULL;
	struct ct_view_options options = {.crypto = test_crypto()};
	assert_error(ct_view_new(&view, model, &options, &err), &err, CT_E_ARGUMENT, "not unlocked");
	ck_assert_ptr_null(view);
	ct_keyset_clear(&keys);
	memory_free(&file);
	free(plain);
}
END_TEST

/* Other sets that do open it. */
START_TEST(other_sets)
{
	struct memory file;
	struct ct_error err = {0};
	uint8_t *plain;
	forge(&good[0].how, &file, &plain);
	for (int way = 0; way < 4; way++) {
		struct ct_keyset keys;
		test_keys(&keys);
		struct ct_keyset_entry *signer = &keys.entries[CT_CIPHER_COUNT];
		if (way == 0) { /* what a consumer has */
			signer->has_seed = false;
			ct_key_wipe(&signer->seed);
		} else if (way == 1) { /* the public key follows from the seed */
			signer->has_public = false;
			memset(signer->public_key, 0, sizeof signer->public_key);
		} else if (way == 2) {
			keys.entries[CT_AES_256_GCM].has_cipher = false;
		} else { /* of the same name, for another cipher, and first: passed over */
			free(keys.entries[CT_AES_128_GCM].kid);
			keys.entries[CT_AES_128_GCM].kid = strdup("m-aes256gcm");
		}
		struct ct_model *model = read_model(&file);
		ck_assert_msg(ct_model_unlock(model, test_crypto(), &keys, &err) == 0, "%d: %s", way, err.message);
		ck_assert_int_eq(ct_model_unlock(model, test_crypto(), &keys, &err), 0); /* once more: nothing */
		ct_model_free(model);
		ct_keyset_clear(&keys);
	}
	memory_free(&file);
	free(plain);
}
END_TEST

START_TEST(plain_model)
{
	struct memory file;
	struct ct_error err;
	struct ct_keyset none = {0};
	memory_file(&file, "{}", 0);
	struct ct_model *model = read_model(&file);
	ck_assert_int_eq(ct_model_unlock(model, test_crypto(), &none, &err), 0);
	ct_model_free(model);
	ct_model_free(NULL);
	memory_free(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unlock");
	TCase *tcase = add_case(suite, "unlock");
	tcase_add_loop_test(tcase, readable, 0, COUNT(good));
	tcase_add_loop_test(tcase, refused, 0, COUNT(bad));
	tcase_add_test(tcase, other_sets);
	tcase_add_test(tcase, plain_model);
	return run_suite(suite);
}
