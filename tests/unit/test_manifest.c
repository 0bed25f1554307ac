/* The four reserved metadata values: every rule, each broken alone. */
#include <stdlib.h>

#include "json.h"
#include "manifest.h"
#include "support.h"

/* Two encrypted tensors under AES-128-GCM: "a" of 10 bytes, "b" of none; "c" is in the clear.
 * Values are base64 of a repeated letter: 'a', 'b', … */
#define WRAPPED_A "YWFhYWFhYWFhYWFhYWFhYQ=="
#define KEY_IV_A  "YmJiYmJiYmJiYmJi"
#define KEY_TAG_A "Y2NjY2NjY2NjY2NjY2NjYw=="
#define IV_A      "ZGRkZGRkZGRkZGRk"
#define TAGS_A    "ZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVl"
#define WRAPPED_B "ZmZmZmZmZmZmZmZmZmZmZg=="
#define KEY_IV_B  "Z2dnZ2dnZ2dnZ2dn"
#define KEY_TAG_B "aGhoaGhoaGhoaGhoaGhoaA=="
#define IV_B      "aWlpaWlpaWlpaWlp"
#define TAGS_B    "ampqampqampqampqampqag=="
#define TAG_A     "a2tra2tra2tra2tra2traw=="

#define POLICY  "{\"local\":\"package model\\nallow = true\",\"remote\":\"package model\\nallow = true\"}"
#define SIGNATURE                                                                                      \
	"c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzcw=="
#define TENSORS                                                                                        \
	"\"a\":{\"dtype\":\"U8\",\"shape\":[10],\"data_offsets\":[0,10]},"                             \
	"\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[10,10]},"                             \
	"\"c\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[10,13]}"
enum { DATA = 13 };

#define ENC  "\"enc\":{\"kty\":\"oct\",\"alg\":\"aes128gcm\",\"kid\":\"m\"}"
#define SIGN "\"sign\":{\"kty\":\"okp\",\"alg\":\"ed25519\",\"kid\":\"s\",\"jku\":\"file:///s\"}"

#define WRAP_A                                                                                         \
	"\"a\":{\"wrapped_key\":\"" WRAPPED_A "\",\"key_iv\":\"" KEY_IV_A "\",\"key_tag\":\"" KEY_TAG_A "\""
#define WRAP_B                                                                                         \
	"\"b\":{\"wrapped_key\":\"" WRAPPED_B "\",\"key_iv\":\"" KEY_IV_B "\",\"key_tag\":\"" KEY_TAG_B "\""

enum part { KEYS, ENCRYPTION, POLICIES, SIGN_TEXT, TENSOR_TEXT, PARTS };
static const char *const part_keys[] = {"__crypto_keys__", "__encryption__", "__policy__", "__signature__"};

static const char *const base[3][PARTS] = {
	/* 0: version 2, chunks of 4 bytes: 4 + 4 + 2 */
	{"{\"version\":\"2\",\"chunk_size\":4," ENC "," SIGN "}",
	 "{" WRAP_A ",\"base_iv\":\"" IV_A "\",\"tags\":\"" TAGS_A "\"},"
	 WRAP_B ",\"base_iv\":\"" IV_B "\",\"tags\":\"" TAGS_B "\"}}",
	 POLICY, SIGNATURE, TENSORS},
	/* 1: version 1 */
	{"{\"version\":\"1\"," ENC "," SIGN "}",
	 "{" WRAP_A ",\"iv\":\"" IV_A "\",\"tag\":\"" TAG_A "\"}," WRAP_B ",\"iv\":\"\",\"tag\":\"\"}}",
	 POLICY, SIGNATURE, TENSORS},
	/* 2: version 1 with a chunk size, read as chunked */
	{"{\"version\":\"1\",\"chunk_size\":4," ENC "," SIGN "}",
	 "{" WRAP_A ",\"base_iv\":\"" IV_A "\",\"tags\":\"" TAGS_A "\"},"
	 WRAP_B ",\"base_iv\":\"" IV_B "\",\"tags\":\"" TAGS_B "\"}}",
	 POLICY, SIGNATURE, TENSORS},
};

/* A header of the parts; one that is NULL is left out. `data`: bytes of data that its file has. */
static int parse_parts(const char *const parts[PARTS], uint64_t data, struct ct_header *header,
		       struct ct_manifest *manifest, struct ct_error *err)
{
	struct ct_buffer text = {0};
	bool first = true;
	ct_buffer_puts(&text, "{\"__metadata__\":{");
	for (int i = 0; i < TENSOR_TEXT; i++) {
		if (parts[i] == NULL)
			continue;
		ct_buffer_puts(&text, first ? "" : ",");
		first = false;
		ct_json_put_string(&text, part_keys[i]);
		ct_buffer_puts(&text, ":");
		ct_json_put_string(&text, parts[i]);
	}
	ct_buffer_puts(&text, "},");
	ct_buffer_puts(&text, parts[TENSOR_TEXT]);
	ct_buffer_puts(&text, "}");
	ck_assert_int_eq(ct_buffer_check(&text, err), 0);
	*err = (struct ct_error){0};
	ck_assert_msg(ct_header_parse(header, text.data, text.len, 8 + text.len + data, err) == 0,
		      "the test's header is bad: %s", err->message);
	int status = ct_manifest_parse(manifest, header, err);
	ct_buffer_free(&text);
	return status;
}

/* base[number] with one part changed; NULL for `to`: that part left out. */
static int parse_changed(int number, enum part part, const char *from, const char *to,
			 struct ct_header *header, struct ct_manifest *manifest, struct ct_error *err)
{
	const char *parts[PARTS];
	memcpy(parts, base[number], sizeof parts);
	char *changed = to != NULL ? replace(parts[part], from, to) : NULL;
	parts[part] = changed;
	int status = parse_parts(parts, DATA, header, manifest, err);
	free(changed);
	return status;
}

static void check_bytes(const uint8_t *bytes, char value, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(bytes[i], value);
}

START_TEST(bases)
{
	struct ct_header header;
	struct ct_manifest manifest;
	struct ct_error err;
	ck_assert_msg(parse_parts(base[_i], DATA, &header, &manifest, &err) == 0, "%s", err.message);
	ck_assert(ct_manifest_present(&header));
	ck_assert_int_eq(manifest.version, _i == 0 ? 2 : 1);
	ck_assert_uint_eq(manifest.chunk_size, _i == 1 ? 0 : 4);
	ck_assert_int_eq((int)manifest.cipher, CT_AES_128_GCM);
	ck_assert_str_eq(manifest.master.kid, "m");
	ck_assert_ptr_null(manifest.master.jku);
	ck_assert_str_eq(manifest.signer.kid, "s");
	ck_assert_str_eq(manifest.signer.jku, "file:///s");
	ck_assert_uint_eq(manifest.count, 3);
	ck_assert_uint_eq(manifest.sealed_count, 2);
	const struct ct_sealed *a = &manifest.tensors[0], *b = &manifest.tensors[1];
	ck_assert(a->sealed && b->sealed && !manifest.tensors[2].sealed);
	check_bytes(a->wrapped_key, 'a', 16);
	check_bytes(a->key_iv, 'b', 12);
	check_bytes(a->key_tag, 'c', 16);
	check_bytes(a->nonce, 'd', 12);
	ck_assert_uint_eq(a->messages, _i == 1 ? 1 : 3);
	check_bytes(a->tags, _i == 1 ? 'k' : 'e', _i == 1 ? 16 : 48);
	check_bytes(b->wrapped_key, 'f', 16);
	ck_assert_uint_eq(b->messages, _i == 1 ? 0 : 1);
	if (_i != 1) {
		check_bytes(b->nonce, 'i', 12);
		check_bytes(b->tags, 'j', 16);
	}
	ck_assert_str_eq(manifest.policy_local, "package model\nallow = true");
	ck_assert_str_eq(manifest.policy_remote, "package model\nallow = true");
	check_bytes(manifest.signature, 's', 64);
	ct_manifest_clear(&manifest);
	ct_manifest_clear(&manifest);
	ct_header_clear(&header);
}
END_TEST

static const struct {
	int base;
	enum part part;
	const char *from, *to;
} accepted[] = {
	/* null is absent */
	{0, ENCRYPTION, "\"base_iv\":\"" IV_A "\"", "\"iv\":null,\"tag\":null,\"base_iv\":\"" IV_A "\""},
	{1, ENCRYPTION, "\"iv\":\"" IV_A "\"", "\"base_iv\":null,\"tags\":null,\"iv\":\"" IV_A "\""},
	{1, ENCRYPTION, "\"iv\":\"\",\"tag\":\"\"", "\"iv\":null,\"tag\":null"},
	{1, ENCRYPTION, ",\"iv\":\"\",\"tag\":\"\"", ""},
	{1, ENCRYPTION, "\"iv\":\"\",\"tag\":\"\"", "\"iv\":\"\""},
	{1, KEYS, "\"version\":\"1\"", "\"version\":\"1\",\"chunk_size\":null"},
	{0, KEYS, "\"kid\":\"m\"", "\"kid\":null,\"jku\":null"},
	{0, KEYS, ",\"kid\":\"m\"", ""},
	{0, POLICIES, ",\"remote\":\"package model\\nallow = true\"", ""},
	{0, POLICIES, "\"remote\":\"package model\\nallow = true\"", "\"remote\":null"},
	/* an empty tensor of version 1 that has a message of its own */
	{1, ENCRYPTION, "\"iv\":\"\",\"tag\":\"\"", "\"iv\":\"" IV_B "\",\"tag\":\"" TAGS_B "\""},
	/* ignored */
	{0, ENCRYPTION, "\"base_iv\":\"" IV_A "\"", "\"enc_algo\":\"aes256gcm\",\"base_iv\":\"" IV_A "\""},
	{0, ENCRYPTION, "\"base_iv\":\"" IV_A "\"", "\"enc_algo\":null,\"base_iv\":\"" IV_A "\""},
	{0, KEYS, "\"kid\":\"m\"", "\"kid\":\"m\",\"k\":\"AAAA\""},
	{0, KEYS, "\"kid\":\"s\"", "\"kid\":\"s\",\"x\":\"not even base64\",\"d\":7"},
	/* spellings */
	{0, KEYS, "aes128gcm", "AES-128-GCM"},
	{0, KEYS, "\"okp\"", "\"OKP\""},
	{0, KEYS, "\"ed25519\"", "\"EdDSA\""},
	{0, KEYS, "\"ed25519\"", "\"Ed25519\""},
	{0, KEYS, "{\"version\":\"2\"", " {\n\t\"version\" : \"2\" "},
	/* values at their bounds */
	{0, ENCRYPTION, IV_A, "ZGRkZGRkZGT////9"}, /* three chunks: …fffffffd, …fe, …ff */
	{1, ENCRYPTION, IV_A, "ZGRkZGRkZGT/////"},
	{0, ENCRYPTION, TAGS_A, "+/+//7//v/+//7//v/+//7//v/+//7//v/+//7//v/+//7//v/+//7//v/+//7//"},
	/* nothing encrypted */
	{0, ENCRYPTION, NULL, NULL},
};

START_TEST(acceptance)
{
	struct ct_header header;
	struct ct_manifest manifest;
	struct ct_error err;
	int status;
	if (accepted[_i].from == NULL) {
		const char *parts[PARTS];
		memcpy(parts, base[accepted[_i].base], sizeof parts);
		parts[ENCRYPTION] = "{}";
		status = parse_parts(parts, DATA, &header, &manifest, &err);
		ck_assert_uint_eq(manifest.sealed_count, 0);
	} else {
		status = parse_changed(accepted[_i].base, accepted[_i].part, accepted[_i].from,
				       accepted[_i].to, &header, &manifest, &err);
		ck_assert_uint_eq(manifest.sealed_count, 2);
	}
	ck_assert_msg(status == 0, "%s", err.message);
	ct_manifest_clear(&manifest);
	ct_header_clear(&header);
}
END_TEST

START_TEST(default_chunk_size)
{
	struct ct_header header;
	struct ct_manifest manifest;
	struct ct_error err;
	const char *parts[PARTS];
	static const struct {
		const char *keys;
		uint64_t chunk_size;
	} rows[] = {
		{"{\"version\":\"2\"," ENC "," SIGN "}", 2097152},
		{"{\"version\":\"2\",\"chunk_size\":null," ENC "," SIGN "}", 2097152},
		{"{\"version\":\"2\",\"chunk_size\":9007199254740992," ENC "," SIGN "}", UINT64_C(1) << 53},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		memcpy(parts, base[0], sizeof parts);
		char *changed = replace(parts[ENCRYPTION], TAGS_A, TAG_A);
		parts[ENCRYPTION] = changed;
		parts[KEYS] = rows[i].keys;
		ck_assert_msg(parse_parts(parts, DATA, &header, &manifest, &err) == 0, "%s", err.message);
		ck_assert_uint_eq(manifest.chunk_size, rows[i].chunk_size);
		ck_assert_uint_eq(manifest.tensors[0].messages, 1);
		ct_manifest_clear(&manifest);
		ct_header_clear(&header);
		free(changed);
	}
}
END_TEST

static const struct {
	int base;
	enum part part;
	const char *from, *to, *part_of_message;
} refused[] = {
	/* a reserved key is missing, or holds something else */
	{0, KEYS, NULL, NULL, "but no __crypto_keys__"},
	{0, POLICIES, NULL, NULL, "but no __policy__"},
	{0, SIGN_TEXT, NULL, NULL, "but no __signature__"},
	{0, KEYS, "{\"version\"", "x{\"version\"", "__crypto_keys__: something that is not JSON"},
	{0, KEYS, "file:///s\"}}", "file:///s\"}", "__crypto_keys__: ',' or an end"},
	{0, KEYS, "file:///s\"}}", "file:///s\"}}}", "__crypto_keys__: text behind the end"},
	{0, KEYS, "\"version\":\"2\"", "\"version\":\"2\",\"version\":\"2\"",
	 "__crypto_keys__: the key 'version' is there twice"},
	{0, KEYS, "\"kid\":\"m\"", "\"kid\":\"m\",\"kid\":\"n\"", "__crypto_keys__: the key 'kid' is there twice"},
	{0, KEYS, "\"kid\":\"m\"", "\"kid\":\"m\\u0000\"", "__crypto_keys__: \\u0000"},
	{0, ENCRYPTION, "\"b\":", "\"a\":", "__encryption__: the key 'a' is there twice"},
	{0, ENCRYPTION, "\"b\":", "\"b\\u0000\":", "__encryption__: \\u0000"},
	{0, ENCRYPTION, "\"b\":{", "\"b\":{\"tags\":null,", "__encryption__: the key 'tags' is there twice"},
	{0, POLICIES, "{\"local\"", "{\"local\":\"x\",\"local\"", "__policy__: the key 'local' is there twice"},
	{0, POLICIES, "{\"local\"", "[\"local\"", "__policy__: ',' or an end"},
	/* version and chunk size */
	{0, KEYS, "\"version\":\"2\",", "", "version 'none' is unknown"},
	{0, KEYS, "\"version\":\"2\"", "\"version\":2", "version 'none' is unknown"},
	{0, KEYS, "\"version\":\"2\"", "\"version\":null", "version 'none' is unknown"},
	{0, KEYS, "\"version\":\"2\"", "\"version\":\"3\"", "version '3' is unknown"},
	{0, KEYS, "\"version\":\"2\"", "\"version\":\"0\"", "version '0' is unknown"},
	{0, KEYS, "\"version\":\"2\"", "\"version\":\"\"", "version '' is unknown"},
	{0, KEYS, "\"version\":\"2\"", "\"version\":\"2.0\"", "version '2.0' is unknown"},
	{0, KEYS, "\"version\":\"2\"", "\"version\":\" 2\"", "version ' 2' is unknown"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":0", "chunk_size is not a number above 0"},
	{2, KEYS, "\"chunk_size\":4", "\"chunk_size\":0", "chunk_size is not a number above 0"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":\"4\"", "chunk_size is not a number above 0"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":[4]", "chunk_size is not a number above 0"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":true", "chunk_size is not a number above 0"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":4.0", "__crypto_keys__: a number that is not an exact"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":-4", "__crypto_keys__: a number that is not an exact"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":4e0", "__crypto_keys__: a number that is not an exact"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":04", "__crypto_keys__: a number with a leading zero"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":9007199254740993", "a number that is not an exact"},
	/* chunk size that makes another number of chunks */
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":5", "tensor 'a': tags is not base64 of 32 bytes"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":3", "tensor 'a': tags"},
	{0, KEYS, "\"chunk_size\":4", "\"chunk_size\":1", "tensor 'a': tags too short for 10 messages"},
	/* keys */
	{0, KEYS, ENC ",", "", "no 'enc' key"},
	{0, KEYS, ENC, "\"enc\":null", "no 'enc' key"},
	{0, KEYS, ENC, "\"enc\":\"m\"", "no 'enc' key"},
	{0, KEYS, "," SIGN, "", "no 'sign' key"},
	{0, KEYS, SIGN, "\"sign\":[]", "no 'sign' key"},
	{0, KEYS, "\"kty\":\"oct\",", "", "'enc' key is not of kty 'oct'"},
	{0, KEYS, "\"oct\"", "\"okp\"", "'enc' key is not of kty 'oct'"},
	{0, KEYS, "\"oct\"", "7", "'enc' key is not of kty 'oct'"},
	{0, KEYS, "\"okp\"", "\"oct\"", "'sign' key is not of kty 'okp'"},
	{0, KEYS, "\"kty\":\"okp\",", "", "'sign' key is not of kty 'okp'"},
	{0, KEYS, "\"alg\":\"aes128gcm\",", "", "'enc' key has no alg"},
	{0, KEYS, "\"aes128gcm\"", "null", "'enc' key has no alg"},
	{0, KEYS, "\"aes128gcm\"", "\"aes192gcm\"", "cipher 'aes192gcm' is unknown"},
	{0, KEYS, "\"aes128gcm\"", "\"\"", "cipher '' is unknown"},
	{0, KEYS, "\"alg\":\"ed25519\",", "", "'sign' key has no alg"},
	{0, KEYS, "\"ed25519\"", "\"ed448\"", "signature algorithm 'ed448' is unknown"},
	{0, KEYS, "\"m\"", "7", "'kid' is not a string"},
	{0, KEYS, "\"s\"", "{}", "'kid' is not a string"},
	{0, KEYS, "\"file:///s\"", "true", "'jku' is not a string"},
	/* a cipher whose keys have another length */
	{0, KEYS, "aes128gcm", "aes256gcm", "tensor 'a': wrapped_key is not base64 of 32 bytes"},
	/* names */
	{0, ENCRYPTION, "\"b\":", "\"d\":", "__encryption__: there is no tensor 'd'"},
	{0, ENCRYPTION, "\"b\":", "\"B\":", "__encryption__: there is no tensor 'B'"},
	{0, ENCRYPTION, "\"b\":", "\"__metadata__\":", "__encryption__: there is no tensor '__metadata__'"},
	{0, ENCRYPTION, "\"b\":", "\"\":", "__encryption__: there is no tensor ''"},
	{1, ENCRYPTION, "{" WRAP_A, "{\"c\":[]," WRAP_A, "__encryption__: 'c' is not an object"},
	{1, ENCRYPTION, "{" WRAP_A, "{\"c\":null," WRAP_A, "__encryption__: 'c' is not an object"},
	{1, ENCRYPTION, "{" WRAP_A, "{\"c\":{}," WRAP_A, "tensor 'c': no wrapped_key"},
	/* fields that are missing, or something else */
	{0, ENCRYPTION, "\"wrapped_key\":\"" WRAPPED_A "\",", "", "tensor 'a': no wrapped_key"},
	{0, ENCRYPTION, "\"" WRAPPED_A "\"", "null", "tensor 'a': no wrapped_key"},
	{0, ENCRYPTION, "\"" WRAPPED_A "\"", "[]", "tensor 'a': no wrapped_key"},
	{0, ENCRYPTION, "\"key_iv\":\"" KEY_IV_B "\",", "", "tensor 'b': no key_iv"},
	{0, ENCRYPTION, ",\"key_tag\":\"" KEY_TAG_A "\"", "", "tensor 'a': no key_tag"},
	{0, ENCRYPTION, "\"base_iv\":\"" IV_A "\",", "", "tensor 'a': no base_iv"},
	{0, ENCRYPTION, "\"base_iv\":\"" IV_A "\"", "\"iv\":\"" IV_A "\"", "tensor 'a': no base_iv"},
	{0, ENCRYPTION, ",\"tags\":\"" TAGS_A "\"", "", "tensor 'a': tags missing for 3 messages"},
	{0, ENCRYPTION, "\"" TAGS_A "\"", "null", "tensor 'a': tags missing for 3 messages"},
	{0, ENCRYPTION, "\"" TAGS_A "\"", "[]", "tensor 'a': tags too short for 3 messages"},
	{0, ENCRYPTION, "\"tags\":\"" TAGS_A "\"", "\"tag\":\"" TAG_A "\"", "tensor 'a': tags missing"},
	{0, ENCRYPTION, ",\"tags\":\"" TAGS_B "\"", "", "tensor 'b': tags missing for 1 messages"},
	{0, ENCRYPTION, "\"" TAGS_B "\"", "\"\"", "tensor 'b': tags too short for 1 messages"},
	{1, ENCRYPTION, "\"iv\":\"" IV_A "\",", "", "tensor 'a': no iv"},
	{1, ENCRYPTION, ",\"tag\":\"" TAG_A "\"", "", "tensor 'a': tag missing for 1 messages"},
	{1, ENCRYPTION, "\"" IV_A "\"", "\"\"", "tensor 'a': iv is not base64 of 12 bytes"},
	{1, ENCRYPTION, "\"" TAG_A "\"", "\"\"", "tensor 'a': tag too short for 1 messages"},
	{1, ENCRYPTION, "\"iv\":\"\"", "\"iv\":\"" IV_B "\"", "tensor 'b': tag too short for 1 messages"},
	{1, ENCRYPTION, "\"tag\":\"\"", "\"tag\":\"" TAGS_B "\"", "tensor 'b': iv is not base64 of 12 bytes"},
	/* of wrong length */
	{0, ENCRYPTION, WRAPPED_A, "YWFhYWFhYWFhYWFhYWFh", "tensor 'a': wrapped_key is not base64 of 16 bytes"},
	{0, ENCRYPTION, WRAPPED_A, "YWFhYWFhYWFhYWFhYWFhYWE=", "tensor 'a': wrapped_key is not base64 of 16"},
	{0, ENCRYPTION, WRAPPED_A, "", "tensor 'a': wrapped_key is not base64 of 16 bytes"},
	{0, ENCRYPTION, KEY_IV_A, "YmJiYmJiYmJiYmI=", "tensor 'a': key_iv is not base64 of 12 bytes"},
	{0, ENCRYPTION, KEY_TAG_A, "Y2NjY2NjY2NjY2NjY2Nj", "tensor 'a': key_tag is not base64 of 16 bytes"},
	{0, ENCRYPTION, IV_A, "ZGRkZGRkZGRkZGQ=", "tensor 'a': base_iv is not base64 of 12 bytes"},
	{0, ENCRYPTION, IV_A, "ZGRkZGRkZGRkZGRkZA==", "tensor 'a': base_iv is not base64 of 12 bytes"},
	{0, ENCRYPTION, TAGS_A, "ZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWU=", "tensor 'a': tags"},
	{0, ENCRYPTION, TAGS_A, "ZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWVlZWU=",
	 "tensor 'a': tags is not base64 of 48 bytes"},
	{0, ENCRYPTION, TAGS_A, TAGS_A "ZQ==", "tensor 'a': tags is not base64 of 48 bytes"},
	{0, ENCRYPTION, TAGS_A, TAGS_A "ZWVlZWVlZWVlZWVlZWVlZQ==", "tensor 'a': tags is not base64 of 48 bytes"},
	{0, ENCRYPTION, TAGS_B, "ampqampqampqampqampqampqampqampqampqampqamo=", "tensor 'b': tags is not base64 of 16"},
	{1, ENCRYPTION, TAG_A, "a2tra2tra2tra2tra2tr", "tensor 'a': tag is not base64 of 16 bytes"},
	{1, ENCRYPTION, TAG_A, "a2tra2tra2tra2tra2tra2s=", "tensor 'a': tag is not base64 of 16 bytes"},
	/* bad base64 */
	{0, ENCRYPTION, KEY_TAG_A, "Y2NjY2NjY2NjY2NjY2NjYw", "tensor 'a': key_tag is not base64"},
	{0, ENCRYPTION, KEY_TAG_A, "Y2NjY2NjY2NjY2NjY2NjYw=", "tensor 'a': key_tag is not base64"},
	{0, ENCRYPTION, KEY_TAG_A, "Y2NjY2NjY2NjY2NjY2NjYx==", "tensor 'a': key_tag is not base64"},
	{0, ENCRYPTION, KEY_TAG_A, " Y2NjY2NjY2NjY2NjY2NjYw==", "tensor 'a': key_tag is not base64"},
	{0, ENCRYPTION, KEY_TAG_A, "Y2NjY2NjY2NjY2NjY2NjYw==\\n", "tensor 'a': key_tag is not base64"},
	{0, ENCRYPTION, KEY_TAG_A, "Y2NjY2NjY2Nj Y2NjY2NjYw==", "tensor 'a': key_tag is not base64"},
	{0, ENCRYPTION, KEY_TAG_A, "Y2Nj!2NjY2NjY2NjY2NjYw==", "tensor 'a': key_tag is not base64"},
	{0, ENCRYPTION, TAGS_A, "-_-__7__v_-__7__v_-__7__v_-__7__v_-__7__v_-__7__v_-__7__v_-__7__", "tensor 'a': tags is not base64"},
	{0, ENCRYPTION, WRAPPED_A, "YWFhYWFhYWFhYWFhYWFhYQ", "tensor 'a': wrapped_key is not base64"},
	{0, ENCRYPTION, IV_A, "ZGRkZGRkZGRkZGR-", "tensor 'a': base_iv is not base64"},
	/* nonces */
	{0, ENCRYPTION, IV_A, "ZGRkZGRkZGT////+", "tensor 'a': the nonces of its chunks overflow"},
	{0, ENCRYPTION, IV_A, "ZGRkZGRkZGT/////", "tensor 'a': the nonces of its chunks overflow"},
	{2, ENCRYPTION, IV_A, "ZGRkZGRkZGT/////", "tensor 'a': the nonces of its chunks overflow"},
	/* policy */
	{0, POLICIES, "\"local\":\"package model\\nallow = true\",", "", "__policy__: no local policy"},
	{0, POLICIES, "\"local\":\"package model\\nallow = true\"", "\"local\":null", "__policy__: no local policy"},
	{0, POLICIES, "\"local\":\"package model\\nallow = true\"", "\"local\":true", "__policy__: no local policy"},
	{0, POLICIES, "\"remote\":\"package model\\nallow = true\"", "\"remote\":1",
	 "__policy__: the remote policy is not a string"},
	/* signature */
	{0, SIGN_TEXT, SIGNATURE, "", "__signature__ is not base64 of 64 bytes"},
	{0, SIGN_TEXT, "c3Nzcw==", "c3Nz", "__signature__ is not base64 of 64 bytes"},
	{0, SIGN_TEXT, "c3Nzcw==", "c3Nzc3M=", "__signature__ is not base64 of 64 bytes"},
	{0, SIGN_TEXT, "c3Nzcw==", "c3Nzcw", "__signature__ is not base64 of 64 bytes"},
	{0, SIGN_TEXT, "c3Nzcw==", "c3Nzcx==", "__signature__ is not base64 of 64 bytes"},
	{0, SIGN_TEXT, "c3Nzcw==", "c3Nzcw== ", "__signature__ is not base64 of 64 bytes"},
	{0, SIGN_TEXT, "c3Nzcw==", "c3N-cw==", "__signature__ is not base64 of 64 bytes"},
};

START_TEST(refusal)
{
	struct ct_header header;
	struct ct_manifest manifest;
	struct ct_error err;
	int status = parse_changed(refused[_i].base, refused[_i].part, refused[_i].from, refused[_i].to,
				   &header, &manifest, &err);
	assert_error(status, &err, CT_E_FORMAT, refused[_i].part_of_message);
	ct_manifest_clear(&manifest);
	ct_header_clear(&header);
}
END_TEST

/* A value that is an array, a string or nothing where an object is wanted. */
START_TEST(not_objects)
{
	static const char *const others[] = {"[]", "\"x\"", "null", "1", "", "{"};
	for (int part = KEYS; part <= POLICIES; part++) {
		for (size_t i = 0; i < COUNT(others); i++) {
			struct ct_header header;
			struct ct_manifest manifest;
			struct ct_error err;
			const char *parts[PARTS];
			memcpy(parts, base[0], sizeof parts);
			parts[part] = others[i];
			assert_error(parse_parts(parts, DATA, &header, &manifest, &err), &err, CT_E_FORMAT,
				     part_keys[part]);
			ct_manifest_clear(&manifest);
			ct_header_clear(&header);
		}
	}
}
END_TEST

/* A tensor may bear any name; metadata may not. */
START_TEST(not_encrypted)
{
	struct memory file;
	memory_file(&file, "{\"__metadata__\":{\"__policy\":\"x\"},\"__policy__\":"
			   "{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0);
	struct ct_model *model = read_model(&file);
	ck_assert(!model->encrypted);
	ct_model_free(model);
	memory_free(&file);
}
END_TEST

/* Through a whole file the same faults come out; damage to a key that says "encrypted" is one. */
START_TEST(model_refuses)
{
	struct memory file;
	struct ct_model *model = NULL;
	struct ct_error err = {0};
	memory_file(&file, "{\"__metadata__\":{\"__crypto_keys__\":\"x\",\"__encryptiom__\":\"{}\"}}", 0);
	struct ct_source damaged = memory_source(&file);
	assert_error(ct_model_read(&model, &damaged, &err), &err, CT_E_FORMAT, "no __encryption__");
	ck_assert_ptr_null(model);
	memory_free(&file);
	memory_file(&file, "{\"__metadata__\":{\"a\":\"b\",\"__signature__\":\"x\"}}", 0);
	damaged = memory_source(&file);
	assert_error(ct_model_read(&model, &damaged, &err), &err, CT_E_FORMAT, "has __signature__");
	ck_assert_ptr_null(model);
	memory_free(&file);
	memory_file(&file, "{\"__metadata__\":{\"__encryption__\":\"{}\"}}", 0);
	struct ct_source source = memory_source(&file);
	assert_error(ct_model_read(&model, &source, &err), &err, CT_E_FORMAT, "no __crypto_keys__");
	ck_assert_ptr_null(model);
	memory_free(&file);
}
END_TEST

/* Claims of many chunks, or of huge messages, cost nothing to refuse. */
START_TEST(huge_claims)
{
	static const struct {
		const char *keys, *part;
		int base;
	} rows[] = {
		{"{\"version\":\"2\",\"chunk_size\":1," ENC "," SIGN "}", "too short for 1099511627776 messages", 0},
		{"{\"version\":\"2\",\"chunk_size\":1099511627776," ENC "," SIGN "}",
		 "a message of 1099511627776 bytes is more than the cipher allows", 0},
		{"{\"version\":\"1\"," ENC "," SIGN "}", "more than the cipher allows", 1},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ct_header header;
		struct ct_manifest manifest;
		struct ct_error err;
		const char *parts[PARTS];
		memcpy(parts, base[rows[i].base], sizeof parts);
		parts[KEYS] = rows[i].keys;
		parts[TENSOR_TEXT] = "\"a\":{\"dtype\":\"U8\",\"shape\":[1099511627776],\"data_offsets\":[0,1099511627776]},"
				     "\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[1099511627776,1099511627776]}";
		assert_error(parse_parts(parts, UINT64_C(1) << 40, &header, &manifest, &err), &err, CT_E_FORMAT,
			     rows[i].part);
		ct_manifest_clear(&manifest);
		ct_header_clear(&header);
	}
}
END_TEST

static const struct {
	uint64_t chunk, len, messages;
} counts[] = {
	{0, 0, 1}, {0, 1, 1}, {0, UINT64_MAX, 1}, {4, 0, 1}, {4, 1, 1}, {4, 3, 1}, {4, 4, 1}, {4, 5, 2},
	{4, 8, 2}, {4, 9, 3}, {1, 5, 5}, {UINT64_MAX, UINT64_MAX, 1}, {1, UINT64_MAX, UINT64_MAX},
	{2, UINT64_MAX, UINT64_C(1) << 63}, {UINT64_MAX - 1, UINT64_MAX, 2},
};

START_TEST(message_count)
{
	struct ct_manifest manifest = {.chunk_size = counts[_i].chunk};
	ck_assert_uint_eq(ct_manifest_messages(&manifest, counts[_i].len), counts[_i].messages);
}
END_TEST

/* Written back, a manifest reads as it was; no key material can be in it. */
START_TEST(written)
{
	struct ct_header header;
	struct ct_manifest manifest, again;
	struct ct_error err;
	struct ct_buffer texts[3] = {{0}};
	ck_assert_int_eq(parse_parts(base[_i], DATA, &header, &manifest, &err), 0);
	ct_manifest_put_keys(&manifest, &texts[KEYS]);
	ct_manifest_put_encryption(&manifest, &header, &texts[ENCRYPTION]);
	ct_manifest_put_policy(&manifest, &texts[POLICIES]);
	ck_assert_str_eq(texts[KEYS].data,
			 _i == 0 ? "{\"chunk_size\":4,\"enc\":{\"alg\":\"aes128gcm\",\"kid\":\"m\",\"kty\":\"oct\"},"
				   "\"sign\":{\"alg\":\"ed25519\",\"jku\":\"file:///s\",\"kid\":\"s\",\"kty\":\"okp\"},"
				   "\"version\":\"2\"}"
				 : "{\"enc\":{\"alg\":\"aes128gcm\",\"kid\":\"m\",\"kty\":\"oct\"},"
				   "\"sign\":{\"alg\":\"ed25519\",\"jku\":\"file:///s\",\"kid\":\"s\",\"kty\":\"okp\"},"
				   "\"version\":\"1\"}");
	ck_assert_str_eq(texts[ENCRYPTION].data, base[_i][ENCRYPTION]);
	ck_assert_str_eq(texts[POLICIES].data, POLICY);
	ct_header_clear(&header);

	const char *parts[PARTS] = {texts[0].data, texts[1].data, texts[2].data, SIGNATURE, TENSORS};
	ck_assert_int_eq(parse_parts(parts, DATA, &header, &again, &err), 0);
	ck_assert_uint_eq(again.chunk_size, manifest.chunk_size);
	ck_assert_mem_eq(again.tensors[0].tags, manifest.tensors[0].tags,
			 manifest.tensors[0].messages * CT_TAG_LEN);
	for (int i = 0; i < 3; i++)
		ct_buffer_free(&texts[i]);
	ct_manifest_clear(&manifest);
	ct_manifest_clear(&again);
	ct_header_clear(&header);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("manifest");
	TCase *tcase = add_case(suite, "manifest");
	tcase_add_loop_test(tcase, bases, 0, 3);
	tcase_add_loop_test(tcase, acceptance, 0, COUNT(accepted));
	tcase_add_test(tcase, default_chunk_size);
	tcase_add_loop_test(tcase, refusal, 0, COUNT(refused));
	tcase_add_test(tcase, not_objects);
	tcase_add_test(tcase, not_encrypted);
	tcase_add_test(tcase, model_refuses);
	tcase_add_test(tcase, huge_claims);
	tcase_add_loop_test(tcase, message_count, 0, COUNT(counts));
	tcase_add_loop_test(tcase, written, 0, 2);
	return run_suite(suite);
}
