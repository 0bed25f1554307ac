#include "forge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "aead.h"
#include "base64.h"
#include "ed25519.h"

static void put(struct memory *text, const char *piece)
{
	memory_put(text, piece, strlen(piece));
}

static void put_number(struct memory *text, uint64_t value)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%" PRIu64, value);
	put(text, digits);
}

static void put_base64(struct memory *text, const char *name, const uint8_t *bytes, size_t len)
{
	char *encoded = malloc(ct_base64_len(len) + 1);
	ct_base64_encode(bytes, len, encoded);
	put(text, "\"");
	put(text, name);
	put(text, "\":\"");
	put(text, encoded);
	put(text, "\"");
	free(encoded);
}

/* As a JSON string; the texts here have quotes, backslashes and line ends to escape, no more. */
static void put_string(struct memory *text, const char *value)
{
	put(text, "\"");
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			put(text, "\\");
		if (*value == '\n')
			put(text, "\\n");
		else
			memory_put(text, value, 1);
	}
	put(text, "\"");
}

static void end(struct memory *text)
{
	memory_put(text, "", 1);
}

static void seal(const struct forge *how, const uint8_t *key_bytes, const uint8_t nonce[12], uint8_t *bytes,
		 size_t len, uint8_t tag[16])
{
	struct ct_error err;
	struct ct_key key = {.len = how->cipher == CT_AES_128_GCM ? 16 : 32};
	memcpy(key.bytes, key_bytes, key.len);
	ck_assert_int_eq(ct_seal(test_crypto(), how->cipher, &key, nonce, bytes, bytes, len, tag, &err), 0);
}

static void seal_tensor(const struct forge *how, const uint8_t *master, const struct forge_tensor *tensor,
			struct rng *rng, uint8_t *bytes, struct memory *text)
{
	size_t key_len = how->cipher == CT_AES_128_GCM ? 16 : 32;
	uint8_t key[32], wrapped[32], key_iv[12], key_tag[16], base[12], nonce[12];
	rng_fill(rng, key, sizeof key);
	rng_fill(rng, key_iv, sizeof key_iv);
	rng_fill(rng, base, sizeof base);
	base[8] &= 0x7f;
	memcpy(wrapped, key, sizeof key);
	seal(how, master, key_iv, wrapped, key_len, key_tag);

	put_string(text, tensor->name);
	put(text, ":{");
	if (how->extra != NULL)
		put(text, how->extra);
	put_base64(text, "wrapped_key", wrapped, key_len);
	put(text, ",");
	put_base64(text, "key_iv", key_iv, sizeof key_iv);
	put(text, ",");
	put_base64(text, "key_tag", key_tag, sizeof key_tag);
	put(text, ",");
	if (how->chunk_size == 0 && tensor->bytes == 0) {
		put(text, "\"iv\":\"\",\"tag\":\"\"}");
		return;
	}
	size_t chunk = how->chunk_size == 0 ? tensor->bytes : (size_t)how->chunk_size, at = 0, count = 0;
	uint8_t *tags = malloc((tensor->bytes / (chunk > 0 ? chunk : 1) + 2) * 16);
	do {
		size_t len = tensor->bytes - at < chunk ? tensor->bytes - at : chunk;
		uint32_t counter = (uint32_t)base[8] << 24 | (uint32_t)base[9] << 16 | (uint32_t)base[10] << 8
				   | base[11];
		counter += (uint32_t)count;
		memcpy(nonce, base, 8);
		for (int i = 0; i < 4; i++)
			nonce[8 + i] = (uint8_t)(counter >> (24 - 8 * i));
		seal(how, key, nonce, bytes + at, len, tags + 16 * count);
		at += len;
		count++;
	} while (at < tensor->bytes);
	put_base64(text, how->chunk_size == 0 ? "iv" : "base_iv", base, sizeof base);
	put(text, ",");
	put_base64(text, how->chunk_size == 0 ? "tag" : "tags", tags, 16 * count);
	put(text, "}");
	free(tags);
}

static void put_tensors(const struct forge *how, bool as_listed, struct memory *text)
{
	for (size_t i = 0; i < how->count; i++) {
		size_t number = as_listed && how->listed != NULL ? how->listed[i] : i, at = 0;
		const struct forge_tensor *tensor = &how->tensors[number];
		for (size_t j = 0; j < number; j++)
			at += how->tensors[j].bytes;
		if (i > 0)
			put(text, ",");
		put_string(text, tensor->name);
		bool foreign = as_listed && how->foreign;
		put(text, foreign ? " : {\n \"shape\" : [ " : ":{\"dtype\":\"U8\",\"shape\":[");
		put_number(text, tensor->bytes);
		put(text, "],\"data_offsets\":[");
		put_number(text, at);
		put(text, ",");
		put_number(text, at + tensor->bytes);
		put(text, foreign ? " ] , \"dtype\" : \"\\u0055\\u0038\" }" : "]}");
	}
}

void forge(const struct forge *how, struct memory *file, uint8_t **plain)
{
	struct ct_keyset keys;
	struct ct_error err;
	struct rng rng = rng_fixed(4711);
	struct memory crypto_keys, encryption, text;
	test_keys(&keys);
	const uint8_t *master = how->master != NULL ? how->master : keys.entries[how->cipher].master.bytes;
	const uint8_t *seed = how->seed != NULL ? how->seed : keys.entries[CT_CIPHER_COUNT].seed.bytes;
	char enc[100];
	snprintf(enc, sizeof enc, "{\"kty\":\"oct\",\"alg\":\"%s\",\"kid\":\"m-%s\"}",
		 ct_cipher_name(how->cipher), ct_cipher_name(how->cipher));

	memory_init(&crypto_keys);
	put(&crypto_keys, "{\"version\":\"");
	put(&crypto_keys, how->version);
	put(&crypto_keys, "\",\"enc\":");
	put(&crypto_keys, how->enc != NULL ? how->enc : enc);
	put(&crypto_keys, ",\"sign\":");
	put(&crypto_keys,
	    how->sign != NULL ? how->sign : "{\"kty\":\"okp\",\"alg\":\"ed25519\",\"kid\":\"signer\"}");
	if (how->chunk_size != 0 && !how->hide_chunk_size) {
		put(&crypto_keys, ",\"chunk_size\":");
		put_number(&crypto_keys, how->chunk_size);
	}
	put(&crypto_keys, "}");
	end(&crypto_keys);

	size_t size = 0, at = 0;
	for (size_t i = 0; i < how->count; i++)
		size += how->tensors[i].bytes;
	uint8_t *data = malloc(size + 1);
	*plain = malloc(size + 1);
	rng_fill(&rng, *plain, size);
	memcpy(data, *plain, size);
	memory_init(&encryption);
	put(&encryption, "{");
	for (size_t i = 0; i < how->count; i++) {
		if (how->tensors[i].sealed) {
			if (encryption.size > 1)
				put(&encryption, ",");
			seal_tensor(how, master, &how->tensors[i], &rng, data + at, &encryption);
		}
		at += how->tensors[i].bytes;
	}
	put(&encryption, "}");
	end(&encryption);

	const char *const names[] = {"__crypto_keys__", "__encryption__", "__policy__"};
	const char *const values[] = {
		(char *)crypto_keys.bytes, (char *)encryption.bytes,
		how->policy != NULL ? how->policy
				    : "{\"local\":\"package model\\nallow = true\",\"remote\":\"\"}"};
	memory_init(&text);
	put(&text, "{\"__metadata__\":{");
	for (int i = 0; i < 3; i++) {
		put_string(&text, names[i]);
		put(&text, ":");
		put_string(&text, values[i]);
		put(&text, ",");
	}
	put(&text, "\"a\":\"b\"},");
	put_tensors(how, false, &text);
	put(&text, "}");
	uint8_t signature[64];
	ck_assert_int_eq(
		ct_ed25519_sign(test_crypto(), seed, text.bytes, text.size, signature, &err), 0);
	memory_free(&text);

	memory_init(&text);
	put(&text, how->foreign ? " \n{ " : "{");
	if (how->foreign) {
		put_tensors(how, true, &text);
		put(&text, " ,\t");
	}
	put(&text, "\"__metadata__\":{");
	put(&text, how->foreign ? "\"\\u0061\" : \"\\u0062\"," : "\"a\":\"b\",");
	put_base64(&text, "__signature__", signature, sizeof signature);
	for (int i = 2; i >= 0; i--) {
		put(&text, how->foreign ? "\r\n, " : ",");
		put_string(&text, names[i]);
		put(&text, ":");
		put_string(&text, values[i]);
	}
	put(&text, "}");
	if (!how->foreign) {
		put(&text, ",");
		put_tensors(how, true, &text);
	}
	put(&text, how->foreign ? " }\t\r\n  " : "}");
	end(&text);
	memory_file(file, (char *)text.bytes, 0);
	memory_put(file, data, size);
	free(data);
	memory_free(&text);
	memory_free(&encryption);
	memory_free(&crypto_keys);
	ct_keyset_clear(&keys);
}
