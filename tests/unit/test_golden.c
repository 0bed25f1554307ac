/* Files that the format's own library wrote (golden.h, made by make_golden.py) are read right. */
#include <stdlib.h>

#include "golden.h"
#include "stream.h"
#include "support.h"

static const char plain_header[] =
	"{\"__metadata__\":{\"format\":\"np\",\"note\":\"tab\\there/\x7f\"},";

static void golden_keys(struct ct_keyset *keys, size_t key_len)
{
	struct ct_error err;
	struct ct_keyset_entry master = {.kind = CT_MASTER_KEY, .kid = strdup("golden-enc")};
	struct ct_keyset_entry signer = {
		.kind = CT_SIGNING_KEY, .kid = strdup("golden-sign"), .has_public = true};
	*keys = (struct ct_keyset){0};
	master.master.len = key_len;
	for (size_t i = 0; i < key_len; i++)
		master.master.bytes[i] = (uint8_t)(i + 1);
	/* RFC 8032 section 7.1, TEST 1 */
	from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", signer.public_key,
		 sizeof signer.public_key);
	ck_assert_int_eq(ct_keyset_add(keys, &master, &err), 0);
	ck_assert_int_eq(ct_keyset_add(keys, &signer, &err), 0);
}

static void check_tensor(const struct ct_model *model, const uint8_t *image, const char *name,
			 const char *expected, size_t len)
{
	const struct ct_tensor *tensor = ct_header_find(&model->header, name);
	ck_assert_ptr_nonnull(tensor);
	ck_assert_uint_eq(tensor->end - tensor->begin, len);
	if (len > 0)
		ck_assert_mem_eq(image + model->data_offset + tensor->begin, expected, len);
}

START_TEST(read_it)
{
	const struct golden *g = &golden[_i];
	struct ct_error err;
	struct ct_keyset keys;
	struct memory file;
	struct ct_view *view = NULL;
	golden_keys(&keys, g->key_len);
	memory_init(&file);
	memory_put(&file, g->bytes, g->size);
	struct ct_model *model = read_model(&file);
	ck_assert(model->encrypted);
	ck_assert_uint_eq(model->manifest.sealed_count, 3);
	ck_assert_int_eq(model->manifest.version, g->name[1] - '0');
	ck_assert_msg(ct_model_unlock(model, test_crypto(), &keys, &err) == 0, "%s", err.message);

	struct ct_source source = memory_source(&file);
	struct ct_stream verify = {.crypto = test_crypto(), .model = model, .direction = CT_OPEN,
				   .source = &source, .source_data = model->data_offset, .threads = 1};
	ck_assert_msg(ct_stream(&verify, &err) == 0, "%s", err.message);

	struct ct_view_options options = {.crypto = test_crypto(), .threads = 1};
	ck_assert_int_eq(ct_view_new(&view, model, &options, &err), 0);
	uint8_t *image = malloc(file.size);
	ck_assert_msg(ct_view_read(view, &source, image, file.size, 0, &err) == 0, "%s", err.message);
	ck_assert_mem_eq(image, g->bytes, 8);
	ck_assert_mem_eq(image + 8, plain_header, sizeof plain_header - 1);
	char bytes[116];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)i;
	check_tensor(model, image, "w\xc3\xb6rter \"q\"\\", bytes, 10);
	check_tensor(model, image, "w", bytes + 100, 16);
	check_tensor(model, image, "clear", "\1\2\3\4", 4);
	check_tensor(model, image, "empty", "", 0);
	free(image);
	ct_view_free(view);
	memory_free(&file);
	ct_keyset_clear(&keys);
}
END_TEST

/* One letter of what the signature covers. */
START_TEST(changed)
{
	const struct golden *g = &golden[_i];
	static const char *const letters[] = {"golden-enc\\\"", "allow", "np\"", "clear", "F32"};
	for (size_t i = 0; i < COUNT(letters); i++) {
		struct ct_error err = {0};
		struct ct_keyset keys;
		struct memory file;
		golden_keys(&keys, g->key_len);
		free(keys.entries[0].kid);
		keys.entries[0].kid = strdup(i == 0 ? "folden-enc" : "golden-enc");
		memory_init(&file);
		memory_put(&file, g->bytes, g->size);
		char *at = memmem(file.bytes, file.size, letters[i], strlen(letters[i]));
		ck_assert_ptr_nonnull(at);
		if (i == 4)
			memcpy(at, "U32", 3);
		else
			at[0]--;
		struct ct_model *model = read_model(&file);
		assert_error(ct_model_unlock(model, test_crypto(), &keys, &err), &err, CT_E_SIGNATURE,
			     "bad signature");
		ct_model_free(model);
		memory_free(&file);
		ct_keyset_clear(&keys);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("golden");
	TCase *tcase = add_case(suite, "golden");
	tcase_add_loop_test(tcase, read_it, 0, COUNT(golden));
	tcase_add_loop_test(tcase, changed, 0, COUNT(golden));
	return run_suite(suite);
}
