/* A model file's header, as it is and with a letter of some keys as an escape, which no ordinary header has: the quick
 * way through it and the one by a tree say the same, of what is right and of what is wrong. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check(int holds)
{
	if (!holds)
		abort();
}

static char *unusual(const char *text, size_t len, const char *key, const char *written, size_t *out_len)
{
	struct ct_buffer out = {0};
	const char *end = text + len, *at;
	for (; (at = memmem(text, (size_t)(end - text), key, strlen(key))) != NULL; text = at + strlen(key)) {
		ct_buffer_put(&out, text, (size_t)(at - text));
		ct_buffer_puts(&out, written);
	}
	ct_buffer_put(&out, text, (size_t)(end - text));
	*out_len = out.len;
	return out.data;
}

static void same_fault(const struct ct_error *a, const struct ct_error *b)
{
	check(a->code == b->code && strcmp(a->message, b->message) == 0);
}

static void same_encryption(const struct ct_manifest *a, const struct ct_manifest *b, const struct ct_header *header)
{
	struct ct_buffer one = {0}, two = {0};
	check(a->sealed_count == b->sealed_count);
	ct_manifest_put_encryption(a, header, &one);
	ct_manifest_put_encryption(b, header, &two);
	check(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
	ct_buffer_free(&one);
	ct_buffer_free(&two);
}

static void compare_manifests(struct ct_header *header)
{
	struct ct_manifest a, b;
	struct ct_error first = {0}, second = {0}, unused;
	size_t len;
	int one = ct_manifest_parse(&a, header, &first);
	for (size_t i = 0; i < header->metadata_count; i++) {
		struct ct_metadata *pair = &header->metadata[i];
		if (strcmp(pair->key, "__encryption__") != 0)
			continue;
		if (ct_json_check(pair->value, strlen(pair->value), CT_JSON_EXACT_NUMBERS, "", &unused) < 0)
			break; /* told with a place in the text */
		char *other = unusual(pair->value, strlen(pair->value), "\"key_iv\"", "\"key_\\u0069v\"", &len);
		cJSON_free(pair->value);
		pair->value = cJSON_malloc(len + 1);
		memcpy(pair->value, other, len + 1);
		free(other);
	}
	int two = ct_manifest_parse(&b, header, &second);
	check(one == two);
	if (one == 0)
		same_encryption(&a, &b, header);
	else
		same_fault(&first, &second);
	ct_manifest_clear(&a);
	ct_manifest_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ct_header a, b;
	struct ct_error first = {0}, second = {0};
	uint64_t len = 0;
	size_t some, other_len;
	if (size < 8)
		return 0;
	for (int i = 7; i >= 0; i--)
		len = len << 8 | bytes[i];
	if (len > size - 8)
		len = size - 8;
	const char *text = (const char *)bytes + 8;
	if (ct_json_check(text, (size_t)len, CT_JSON_EXACT_NUMBERS, "header", &first) < 0)
		return 0;
	uint64_t data = size - 8 - len;
	char *partly = unusual(text, (size_t)len, "\"dtype\"", "\"dtyp\\u0065\"", &some);
	char *other = unusual(partly, some, "\"__metadata__\"", "\"__metadata_\\u005f\"", &other_len);
	/* An allocation of exactly the text: sanitizers see a read behind it. */
	char *exact = malloc((size_t)len);
	memcpy(exact, text, (size_t)len);
	int one = ct_header_parse(&a, exact, len, 8 + len + data, &first);
	int two = ct_header_parse(&b, other, other_len, 8 + other_len + data, &second);
	check(one == two);
	if (one == 0) {
		struct ct_buffer x = {0}, y = {0};
		check(ct_header_put_canonical(&a, NULL, 0, &x, &first) == 0);
		check(ct_header_put_canonical(&b, NULL, 0, &y, &second) == 0);
		check(x.len == y.len && memcmp(x.data, y.data, x.len) == 0);
		ct_buffer_free(&x);
		ct_buffer_free(&y);
		if (ct_manifest_present(&a))
			compare_manifests(&a);
	} else {
		same_fault(&first, &second);
	}
	ct_header_clear(&a);
	ct_header_clear(&b);
	free(partly);
	free(other);
	free(exact);
	return 0;
}
