/* Headers of the ordinary form are read without a tree. What they say, and what is wrong with them, must be what the
 * tree says: each text here is parsed as it is and, with one letter of a key as an escape, by way of the tree. */
#include <stdlib.h>

#include "json.h"
#include "manifest.h"
#include "support.h"

/* `text` with `key` in all of its places written in a form that is not ordinary. */
static char *unusual(const char *text, const char *key, const char *written)
{
	struct ct_buffer out = {0};
	const char *at;
	for (; (at = strstr(text, key)) != NULL; text = at + strlen(key)) {
		ct_buffer_put(&out, text, (size_t)(at - text));
		ct_buffer_puts(&out, written);
	}
	ct_buffer_puts(&out, text);
	return out.data;
}

static void same_text(const char *a, const char *b)
{
	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_str_eq(a, b);
}

static void same_headers(const struct ct_header *a, const struct ct_header *b)
{
	ck_assert_uint_eq(a->count, b->count);
	ck_assert_uint_eq(a->metadata_count, b->metadata_count);
	for (size_t i = 0; i < a->metadata_count; i++) {
		same_text(a->metadata[i].key, b->metadata[i].key);
		same_text(a->metadata[i].value, b->metadata[i].value);
	}
	for (size_t i = 0; i < a->count; i++) {
		const struct ct_tensor *x = &a->tensors[i], *y = &b->tensors[i];
		same_text(x->name, y->name);
		ck_assert_int_eq(x->dtype, y->dtype);
		ck_assert_uint_eq(x->rank, y->rank);
		ck_assert_mem_eq(x->shape, y->shape, x->rank * sizeof *x->shape);
		ck_assert_uint_eq(x->begin, y->begin);
		ck_assert_uint_eq(x->end, y->end);
		ck_assert_uint_eq(a->data_order[i], b->data_order[i]);
		ck_assert_uint_eq(a->name_order[i], b->name_order[i]);
		ck_assert_ptr_eq(ct_header_find(a, x->name), x);
	}
}

static void same_manifests(const struct ct_manifest *a, const struct ct_manifest *b)
{
	ck_assert_uint_eq(a->sealed_count, b->sealed_count);
	for (size_t i = 0; i < a->count; i++) {
		const struct ct_sealed *x = &a->tensors[i], *y = &b->tensors[i];
		ck_assert_int_eq(x->sealed, y->sealed);
		ck_assert_uint_eq(x->messages, y->messages);
		ck_assert_mem_eq(x->wrapped_key, y->wrapped_key, sizeof x->wrapped_key);
		ck_assert_mem_eq(x->key_iv, y->key_iv, sizeof x->key_iv);
		ck_assert_mem_eq(x->key_tag, y->key_tag, sizeof x->key_tag);
		ck_assert_mem_eq(x->nonce, y->nonce, sizeof x->nonce);
		ck_assert_int_eq(x->tags == NULL, y->tags == NULL);
		if (x->tags != NULL)
			ck_assert_mem_eq(x->tags, y->tags, (size_t)x->messages * CT_TAG_LEN);
	}
}

/* Parse both; do they hold? What is wrong with them is the same. */
static bool both(const char *text, uint64_t data)
{
	struct ct_header a, b;
	struct ct_error first = {0}, second = {0};
	char *without = unusual(text, "\"dtype\"", "\"dtyp\\u0065\"");
	char *other = unusual(without, "\"__metadata__\"", "\"__metadata_\\u005f\"");
	/* Allocations of exactly the texts: sanitizers see a read behind them. */
	size_t len = strlen(text), other_len = strlen(other);
	char *exact = malloc(len + 1), *other_exact = malloc(other_len + 1);
	memcpy(exact, text, len);
	memcpy(other_exact, other, other_len);
	exact = realloc(exact, len > 0 ? len : 1);
	other_exact = realloc(other_exact, other_len > 0 ? other_len : 1);
	int one = ct_header_parse(&a, exact, len, 8 + len + data, &first);
	int two = ct_header_parse(&b, other_exact, other_len, 8 + other_len + data, &second);
	ck_assert_msg(one == two, "%s\n%s / %s", text, first.message, second.message);
	if (one == 0) {
		same_headers(&a, &b);
	} else {
		ck_assert_msg(first.code == second.code && strcmp(first.message, second.message) == 0, "%s\n%s / %s",
			      text, first.message, second.message);
	}
	ct_header_clear(&a);
	ct_header_clear(&b);
	free(without);
	free(other);
	free(exact);
	free(other_exact);
	return one == 0;
}

/* The same for what `header` says of its encryption. */
static bool both_manifests(struct ct_header *header)
{
	struct ct_manifest a, b;
	struct ct_error first = {0}, second = {0};
	int one = ct_manifest_parse(&a, header, &first);
	for (size_t i = 0; i < header->metadata_count; i++) {
		struct ct_metadata *pair = &header->metadata[i];
		if (strcmp(pair->key, "__encryption__") != 0)
			continue;
		char *other = unusual(pair->value, "\"key_iv\"", "\"key_\\u0069v\"");
		cJSON_free(pair->value);
		pair->value = cJSON_malloc(strlen(other) + 1);
		strcpy(pair->value, other);
		free(other);
	}
	int two = ct_manifest_parse(&b, header, &second);
	ck_assert_msg(one == two, "%s / %s", first.message, second.message);
	if (one == 0) {
		same_manifests(&a, &b);
	} else {
		ck_assert_msg(first.code == second.code && strcmp(first.message, second.message) == 0, "%s / %s",
			      first.message, second.message);
	}
	ct_manifest_clear(&a);
	ct_manifest_clear(&b);
	return one == 0;
}

#define TENSOR(name, shape, from, to) \
	"\"" name "\":{\"dtype\":\"U8\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"
#define BASE                                                                                            \
	"{\"__metadata__\":{\"format\":\"pt\",\"say\":\"\\\"a\\\\/\\/\\n\\t\\r\\b\\f \xc3\xa9 and on\",\"\":\"\"}," \
	TENSOR("w.0.weight", "[2,3]", "0", "6") ", " TENSOR("a", "[0]", "6", "6") "," TENSOR("w.10", "[]", "6", "7") " }  "
enum { BASE_DATA = 7 };

static const struct {
	const char *text;
	uint64_t data;
	bool good;
} texts[] = {
	{BASE, BASE_DATA, true},
	{"{}", 0, true},
	{"{" TENSOR("a", "[ 1 , 1,1,1,1,1,1,3 ]", "0", "3") "}", 3, true},
	{"{" TENSOR("a", "[1,1,1,1,1,1,1,1,3]", "0", "3") "}", 3, true}, /* more dimensions than most have */
	{"{" TENSOR("a", "[9007199254740992,0]", "0", "0") "}", 0, true},
	{"{" TENSOR("a", "[9007199254740992,2048]", "0", "0") "}", 0, false},
	{"{" TENSOR("a", "[\"1\"]", "0", "1") "}", 1, false},
	{"{" TENSOR("a", "[[1]]", "0", "1") "}", 1, false},
	{"{" TENSOR("a", "{}", "0", "1") "}", 1, false},
	{"{" TENSOR("a", "null", "0", "1") "}", 1, false},
	{"{" TENSOR("a", "[1]", "1", "0") "}", 1, false},
	{"{" TENSOR("a", "[1]", "0,0", "1") "}", 1, false},
	{"{" TENSOR("a", "[1]", "0", "1") "," TENSOR("a", "[1]", "1", "2") "}", 2, false},
	{"{" TENSOR("a", "[1]", "0", "1") "," TENSOR("\\u0061", "[1]", "1", "2") "}", 2, false},
	{"{" TENSOR("a\\n", "[1]", "0", "1") "}", 1, true},
	{"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, false},
	{"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,1]}}", 1, false},
	{"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":{\"x\":1,\"x\":2}}}", 1, false},
	{"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, false},
	{"{\"a\":{}}", 0, false},
	{"{\"a\":[]}", 0, false},
	{"{\"a\":\"dtype\"}", 0, false},
	{"{\"a\":{\"dtype\":\"U\\u0038\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, true},
	{"{\"a\":{\"dtype\":\"a long name that no type has\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, false},
	{"{\"__metadata__\":{\"a\":\"\\u0041\"}}", 0, true},
	{"{\"__metadata__\":{\"\\u0061\":\"A\"}}", 0, true},
	{"{\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}", 0, false},
	{"{\"__metadata__\":{\"a\":\"1\",\"\\u0061\":\"1\"}}", 0, false},
	{"{\"__metadata__\":{\"a\":1}}", 0, false},
	{"{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, false},
	{"{\"__metadata__\":[]}", 0, false},
	{"{\"__metadata__\":{},\"__metadata__\":{}}", 0, false},
	{"{\"__metadata__\":{\"0\":\"\",\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\",\"6\":\"\",\"7\":\"\",\"8\":\"\","
	 "\"9\":\"\",\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\",\"e\":\"\",\"f\":\"\",\"g\":\"\"}}", 0, true},
};

START_TEST(headers)
{
	ck_assert_int_eq(both(texts[_i].text, texts[_i].data), texts[_i].good);
}
END_TEST

/* Bytes of `text` changed, removed and doubled. */
static void edit(struct rng *rng, char *text, size_t room)
{
	static const char bytes[] = "{}[]\",:\\u0/nte01289-.e \xc3" "am_";
	for (uint64_t edits = 1 + rng_below(rng, 3); edits > 0; edits--) {
		size_t len = strlen(text), at = rng_below(rng, len), more = 1 + rng_below(rng, 12);
		switch (rng_below(rng, 3)) {
		case 0:
			text[at] = bytes[rng_below(rng, sizeof bytes - 1)];
			break;
		case 1:
			more = more > len - at ? len - at : more;
			memmove(text + at, text + at + more, len - at - more + 1);
			break;
		default:
			if (at + more <= len && len + more < room)
				memmove(text + at + more, text + at, len - at + 1);
		}
		if (text[0] == '\0')
			strcpy(text, "{");
	}
}

START_TEST(edited_headers)
{
	struct rng rng = rng_new("ways of headers");
	struct ct_error err;
	unsigned valid = 0, good = 0;
	for (int round = 0; round < 60000; round++) {
		char text[sizeof BASE + 64] = BASE;
		edit(&rng, text, sizeof text);
		/* What is no JSON is told with the place in the text, which differs. */
		if (ct_json_check(text, strlen(text), CT_JSON_EXACT_NUMBERS, "header", &err) < 0)
			continue;
		valid++;
		good += both(text, BASE_DATA);
	}
	ck_assert_uint_gt(valid, 1000);
	ck_assert_uint_gt(good, 200);
}
END_TEST

#define KEYS(version, more)                                                                             \
	"{\"version\":\"" version "\"," more "\"enc\":{\"kty\":\"oct\",\"alg\":\"aes128gcm\",\"kid\":\"m\"},"   \
	"\"sign\":{\"kty\":\"okp\",\"alg\":\"ed25519\"}}"
#define WRAP "\"wrapped_key\":\"YWFhYWFhYWFhYWFhYWFhYQ==\",\"key_iv\":\"YmJiYmJiYmJiYmJi\",\"key_tag\":\"Y2NjY2NjY2NjY2NjY2NjYw==\""
#define ENTRY(name) "\"" name "\":{" WRAP ",\"base_iv\":\"ZGRkZGRkZGRkZGRk\",\"tags\":\"Y2NjY2NjY2NjY2NjY2NjYw==\"}"
#define ENTRY1(name) "\"" name "\":{" WRAP ",\"iv\":\"ZGRkZGRkZGRkZGRk\",\"tag\":\"Y2NjY2NjY2NjY2NjY2NjYw==\"}"

/* A header with the three tensors of BASE, and `encryption`. */
static void header_of(struct ct_header *header, const char *keys, const char *encryption)
{
	static const char policy[] = "{\"local\":\"package model\\nallow = true\"}";
	struct ct_buffer text = {0};
	struct ct_error err;
	ct_buffer_puts(&text, "{\"__metadata__\":{\"__crypto_keys__\":");
	ct_json_put_string(&text, keys);
	ct_buffer_puts(&text, ",\"__encryption__\":");
	ct_json_put_string(&text, encryption);
	ct_buffer_puts(&text, ",\"__policy__\":");
	ct_json_put_string(&text, policy);
	ct_buffer_puts(&text, ",\"__signature__\":\"c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nz"
			      "c3Nzc3Nzc3Nzc3Nzcw==\"}," TENSOR("w.0.weight", "[2,3]", "0", "6") "," TENSOR(
				      "a", "[0]", "6", "6") "," TENSOR("w.10", "[]", "6", "7") "}");
	ck_assert_msg(ct_header_parse(header, text.data, text.len, 8 + text.len + BASE_DATA, &err) == 0, "%s", err.message);
	ct_buffer_free(&text);
}

static bool entries_hold(const char *keys, const char *encryption)
{
	struct ct_header header;
	header_of(&header, keys, encryption);
	bool good = both_manifests(&header);
	ct_header_clear(&header);
	return good;
}

static const struct {
	const char *keys, *encryption;
	bool good;
} entries[] = {
	{KEYS("2", ""), "{" ENTRY("w.0.weight") "," ENTRY("a") "," ENTRY("w.10") "}", true},
	{KEYS("2", ""), "{" ENTRY("w.10") "," ENTRY("a") "," ENTRY("w.0.weight") "}", true},
	{KEYS("2", ""), "{ " ENTRY("w.10") " }", true},
	{KEYS("1", ""), "{" ENTRY1("w.0.weight") "," ENTRY1("a") "," ENTRY1("w.10") "}", true},
	{KEYS("1", ""), "{\"a\":{" WRAP ",\"iv\":\"\",\"tag\":\"\"}}", true},
	{KEYS("1", ""), "{\"a\":{" WRAP ",\"iv\":null,\"tag\":null}}", true},
	{KEYS("1", ""), "{\"a\":{" WRAP "}}", true},
	{KEYS("1", ""), "{\"a\":{" WRAP ",\"iv\":0,\"tag\":\"\"}}", false},
	{KEYS("1", ""), "{\"w.10\":{" WRAP "}}", false},
	{KEYS("2", ""), "{" ENTRY1("w.10") "}", false},
	{KEYS("2", ""), "{" ENTRY("w.10") "," ENTRY("w.10") "}", false},
	{KEYS("2", ""), "{" ENTRY("w.1") "}", false},
	{KEYS("2", ""), "{" ENTRY("w.100") "}", false},
	{KEYS("2", ""), "{" ENTRY("") "}", false},
	{KEYS("2", ""), "{\"w.10\":[]}", false},
	{KEYS("2", ""), "{\"w.10\":{}}", false},
	{KEYS("2", ""), "{\"w.10\":{" WRAP "," WRAP ",\"base_iv\":\"ZGRkZGRkZGRkZGRk\",\"tags\":\"Y2NjY2NjY2NjY2NjY2NjYw==\"}}",
	 false},
	{KEYS("2", ""), "{\"w.10\":{\"more\":[1],\"tags\":\"Y2NjY2NjY2NjY2NjY2NjYw==\",\"base_iv\":\"ZGRkZGRkZGRkZGRk\"," WRAP "}}",
	 true},
	{KEYS("2", ""), "{\"w.10\":{\"tags\":\"Y2NjY2NjY2NjY2NjY2NjYw\\u003d=\",\"base_iv\":\"ZGRkZGRkZGRkZGRk\"," WRAP "}}", true},
	{KEYS("2", "\"chunk_size\":2,"), "{" ENTRY("w.0.weight") "}", false},
	{KEYS("2", "\"chunk_size\":2,"), "{" ENTRY("w.10") "}", true},
	{KEYS("2", ""), "{\"w.10\":{" WRAP ",\"base_iv\":\"ZGRkZGRkZGRk\",\"tags\":\"Y2NjY2NjY2NjY2NjY2NjYw==\"}}", false},
};

START_TEST(manifests)
{
	ck_assert_int_eq(entries_hold(entries[_i].keys, entries[_i].encryption), entries[_i].good);
}
END_TEST

START_TEST(edited_manifests)
{
	static const char base[] = "{" ENTRY("w.0.weight") "," ENTRY("a") ", " ENTRY("w.10") "}";
	struct rng rng = rng_new("ways of manifests");
	struct ct_error err;
	unsigned valid = 0, good = 0;
	for (int round = 0; round < 30000; round++) {
		char text[sizeof base + 64];
		memcpy(text, base, sizeof base);
		edit(&rng, text, sizeof text);
		if (ct_json_check(text, strlen(text), CT_JSON_EXACT_NUMBERS, "header", &err) < 0)
			continue;
		valid++;
		good += entries_hold(KEYS("2", ""), text);
	}
	ck_assert_uint_gt(valid, 1000);
	ck_assert_uint_gt(good, 100);
}
END_TEST

/* Every length and place of what does not stand as it is in a string, on both sides of a word. */
START_TEST(strings)
{
	static const char *const odd[] = {"\"", "\\", "\n", "\x01", "\xc3\xa9", "\x7f", "/", " ", "!", "#", "[", "]"};
	for (size_t len = 0; len < 40; len++) {
		for (size_t at = 0; at <= len; at++) {
			struct ct_buffer written = {0};
			char said[64], read[64];
			const char *middle = odd[(len + at) % COUNT(odd)];
			size_t end = at + strlen(middle) > len ? at + strlen(middle) : len;
			memset(said, 'x', end);
			memcpy(said + at, middle, strlen(middle));
			said[end] = '\0';
			ct_json_put_string(&written, said);
			cJSON *tree = cJSON_ParseWithLength(written.data, written.len);
			ck_assert_str_eq(tree->valuestring, said);
			cJSON_Delete(tree);
			struct ct_json_reader reader = {written.data, written.data + written.len};
			struct ct_json_span span;
			ck_assert(ct_json_read_text(&reader, &span));
			ck_assert_ptr_eq(reader.at, reader.end);
			ck_assert_uint_eq(span.len, written.len - 2);
			if (ct_json_decode(&span, read))
				ck_assert_str_eq(read, said);
			else
				ck_assert_ptr_nonnull(strstr(written.data, "\\u"));
			ct_buffer_free(&written);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ways");
	TCase *tcase = add_case(suite, "ways");
	tcase_add_loop_test(tcase, headers, 0, COUNT(texts));
	tcase_add_test(tcase, edited_headers);
	tcase_add_loop_test(tcase, manifests, 0, COUNT(entries));
	tcase_add_test(tcase, edited_manifests);
	tcase_add_test(tcase, strings);
	return run_suite(suite);
}
