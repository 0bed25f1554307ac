/* Other keys for a header, and the journal of an exchange in place. */
#include <stdlib.h>

#include "journal.h"
#include "rewrap.h"
#include "support.h"

static const struct tensor_spec specs[] = {
	{"a", "U8", "[1000]", 1000}, {"b", "F32", "[25]", 100}, {"none", "U8", "[0]", 0}, {"c", "U8", "[1]", 1}};

static const struct sealing ways[] = {
	{CT_AES_256_GCM, 2, 256, NULL, NULL, 1},
	{CT_AES_128_GCM, 1, 0, NULL, NULL, 1},
	{CT_CHACHA20_POLY1305, 2, 7, NULL, NULL, 1},
};

/* Keys of a second generation, all with other ids and bytes. */
static void new_keys(struct ct_keyset *keys, const char *kid)
{
	struct ct_error err;
	test_keys(keys);
	for (size_t i = 0; i < keys->count; i++) {
		struct ct_keyset_entry *entry = &keys->entries[i];
		free(entry->kid);
		entry->kid = strdup(kid);
		if (entry->kind == CT_MASTER_KEY) {
			entry->master.bytes[0] ^= 0xff;
			continue;
		}
		entry->seed.bytes[0] ^= 0xff;
		ck_assert_int_eq(ct_ed25519_public(test_crypto(), entry->seed.bytes, entry->public_key, &err), 0);
	}
}

struct exchange {
	struct memory plain, file;
	struct ct_keyset old, new;
	struct ct_model *model;
	struct ct_rewrap_options options;
	struct ct_rewrap rewrap;
	bool done;
};

static void exchange_new(struct exchange *x, const struct sealing *how, const char *kid)
{
	*x = (struct exchange){.options = {.crypto = test_crypto()}};
	make_plain(&x->plain, "{\"a\":\"b\"}", specs, COUNT(specs), 1);
	encrypt(&x->plain, &x->file, how);
	test_keys(&x->old);
	new_keys(&x->new, kid);
	x->options.keys = &x->new;
	x->model = read_model(&x->file);
}

static void exchange_free(struct exchange *x)
{
	ct_rewrap_clear(&x->rewrap);
	ct_model_free(x->model);
	ct_keyset_clear(&x->old);
	ct_keyset_clear(&x->new);
	memory_free(&x->plain);
	memory_free(&x->file);
}

static void make(struct exchange *x)
{
	struct ct_error err;
	ck_assert_msg(ct_rewrap_unlock(x->model, &x->old, &x->options, &x->done, &err) == 0, "%s", err.message);
	ck_assert(!x->done);
	ck_assert_msg(ct_rewrap_make(&x->rewrap, x->model, &x->options, &err) == 0, "%s", err.message);
}

/* The file with its new header. */
static void put(struct exchange *x, struct memory *out)
{
	memory_init(out);
	memory_put(out, x->rewrap.head.data, x->rewrap.head.len);
	memory_put(out, x->file.bytes + x->model->data_offset, x->file.size - x->model->data_offset);
}

static void opens_to(struct memory *file, const struct ct_keyset *keys, const struct memory *plain)
{
	struct ct_error err;
	struct ct_view *view;
	struct ct_source source = memory_source(file);
	struct ct_model *model = read_model(file);
	ck_assert_msg(ct_model_unlock(model, test_crypto(), keys, &err) == 0, "%s", err.message);
	struct ct_view_options options = {.crypto = test_crypto(), .threads = 1};
	ck_assert_int_eq(ct_view_new(&view, model, &options, &err), 0);
	uint8_t *got = malloc(file->size), *want = expected_image(plain, file);
	ck_assert_int_eq(ct_view_read(view, &source, got, file->size, 0, &err), 0);
	ck_assert_mem_eq(got, want, file->size);
	free(got);
	free(want);
	ct_view_free(view);
}

START_TEST(keys_change)
{
	struct exchange x;
	struct memory after;
	struct ct_error err;
	exchange_new(&x, &ways[_i], "new");
	make(&x);
	ck_assert(x.rewrap.in_place);
	ck_assert_uint_eq(x.rewrap.head.len, x.model->data_offset);
	put(&x, &after);
	opens_to(&after, &x.new, &x.plain);
	struct ct_model *again = read_model(&after);
	assert_error(ct_model_unlock(again, test_crypto(), &x.old, &err), &err, CT_E_KEY, "needs the");
	/* With the new keys alone it is known to be done; under other names it is not. */
	ck_assert_int_eq(ct_rewrap_unlock(again, &x.old, &x.options, &x.done, &err), 0);
	ck_assert(x.done);
	ct_model_free(again);
	memory_free(&after);
	exchange_free(&x);
}
END_TEST

START_TEST(names_that_do_not_fit)
{
	struct exchange x;
	struct memory after;
	char kid[5000];
	memset(kid, 'k', sizeof kid - 1);
	kid[sizeof kid - 1] = '\0';
	exchange_new(&x, &ways[_i], kid);
	make(&x);
	ck_assert(!x.rewrap.in_place);
	ck_assert_uint_gt(x.rewrap.head.len, x.model->data_offset);
	put(&x, &after);
	opens_to(&after, &x.new, &x.plain);
	memory_free(&after);
	exchange_free(&x);
}
END_TEST

START_TEST(policy)
{
	struct exchange x;
	struct memory after;
	exchange_new(&x, &ways[0], "new");
	x.options.policy_local = "package model\n# anybody\nallow = true\n";
	make(&x);
	put(&x, &after);
	struct ct_model *again = read_model(&after);
	ck_assert_str_eq(again->manifest.policy_local, x.options.policy_local);
	ck_assert_str_eq(again->manifest.policy_remote, x.model->manifest.policy_remote);
	ct_model_free(again);
	memory_free(&after);
	exchange_free(&x);
}
END_TEST

START_TEST(refusals)
{
	struct exchange x;
	struct ct_error err;
	exchange_new(&x, &ways[0], "new");
	assert_error(ct_rewrap_unlock(x.model, &x.new, &x.options, &x.done, &err), &err, CT_E_KEY, "signer");
	for (size_t i = 0; i < x.new.count; i++)
		x.new.entries[i].has_seed = false;
	assert_error(ct_rewrap_unlock(x.model, &x.old, &x.options, &x.done, &err), &err, CT_E_KEY, "sign");
	struct ct_model *plain = read_model(&x.plain);
	assert_error(ct_rewrap_unlock(plain, &x.old, &x.options, &x.done, &err), &err, CT_E_ARGUMENT, "not encrypted");
	ct_model_free(plain);
	exchange_free(&x);
}
END_TEST

/* --- the journal --- */

struct half_done {
	struct exchange x;
	struct ct_buffer text;
	struct memory file, journal; /* the marked file */
	struct ct_source source;
};

static void half_done_new(struct half_done *h)
{
	struct ct_error err;
	char mark[CT_JOURNAL_FIRST];
	*h = (struct half_done){0};
	exchange_new(&h->x, &ways[0], "new");
	make(&h->x);
	const char *before = (const char *)h->x.file.bytes;
	size_t len = h->x.rewrap.head.len;
	ck_assert_int_eq(ct_journal_put(&h->text, h->x.file.size, before, h->x.rewrap.head.data, len, &err), 0);
	ck_assert_int_eq(ct_journal_mark(test_crypto(), &h->text, before, len, mark, &err), 0);
	memory_copy(&h->file, &h->x.file);
	memcpy(h->file.bytes, mark, sizeof mark);
	memset(h->file.bytes + sizeof mark, 'x', len - sizeof mark); /* the rest may be anything */
	memory_init(&h->journal);
	memory_put(&h->journal, h->text.data, h->text.len);
	h->source = memory_source(&h->file);
}

static void half_done_free(struct half_done *h)
{
	ct_buffer_free(&h->text);
	memory_free(&h->file);
	memory_free(&h->journal);
	exchange_free(&h->x);
}

static int read_journal(struct half_done *h, struct ct_journal **journal, struct ct_error *err)
{
	struct ct_source text = memory_source(&h->journal);
	return ct_journal_read(journal, test_crypto(), &h->source, &text, err);
}

static void has(const struct ct_source *source, const struct ct_keyset *keys)
{
	struct ct_error err;
	struct ct_model *model;
	ck_assert_msg(ct_model_read(&model, source, &err) == 0, "%s", err.message);
	ck_assert_msg(ct_model_unlock(model, test_crypto(), keys, &err) == 0, "%s", err.message);
	ct_model_free(model);
}

START_TEST(both_headers_are_in_it)
{
	struct half_done h;
	struct ct_error err;
	struct ct_journal *journal;
	struct ct_model *model;
	half_done_new(&h);
	ck_assert(ct_journal_wanted(&h.source));
	struct ct_source whole = memory_source(&h.x.file), text = memory_source(&h.journal);
	ck_assert(!ct_journal_wanted(&whole));
	ck_assert(ct_journal_is(&text) && !ct_journal_is(&whole));
	/* It passes for no model, plain or whole. */
	ck_assert_int_lt(ct_model_read(&model, &h.source, &err), 0);
	ck_assert_int_eq(read_journal(&h, &journal, &err), 0);
	has(ct_journal_before(journal), &h.x.old);
	has(ct_journal_after(journal), &h.x.new);
	ck_assert_uint_eq(ct_journal_length(journal), h.x.rewrap.head.len);
	ck_assert_mem_eq(ct_journal_new_header(journal), h.x.rewrap.head.data, h.x.rewrap.head.len);
	ct_journal_free(journal);
	half_done_free(&h);
}
END_TEST

/* The mark names one journal, byte for byte, of one file. */
START_TEST(no_other_journal)
{
	struct half_done h;
	struct ct_error err;
	struct ct_journal *journal = NULL;
	half_done_new(&h);
	size_t size = h.journal.size;
	for (size_t len = 0; len < size; len += len < 64 || len + 64 > size ? 1 : 97) {
		h.journal.size = len;
		assert_error(read_journal(&h, &journal, &err), &err, CT_E_FORMAT, "");
	}
	h.journal.size = size;
	for (size_t at = 0; at < size; at += at < 64 ? 1 : 211) {
		h.journal.bytes[at] ^= 4;
		assert_error(read_journal(&h, &journal, &err), &err, CT_E_FORMAT, "");
		h.journal.bytes[at] ^= 4;
	}
	memory_put(&h.file, "x", 1); /* a file of another size */
	h.source = memory_source(&h.file);
	assert_error(read_journal(&h, &journal, &err), &err, CT_E_FORMAT, "");
	half_done_free(&h);
}
END_TEST

START_TEST(a_header_too_short_for_a_mark)
{
	struct ct_error err;
	struct ct_buffer text = {0};
	char mark[CT_JOURNAL_FIRST], head[256] = {0};
	ck_assert_int_eq(ct_journal_put(&text, 1000, head, head, 255, &err), 0);
	assert_error(ct_journal_mark(test_crypto(), &text, head, 255, mark, &err), &err, CT_E_ARGUMENT, "");
	ck_assert_int_eq(ct_journal_mark(test_crypto(), &text, head, 256, mark, &err), 0);
	ct_buffer_free(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rewrap");
	TCase *tcase = add_case(suite, "rewrap");
	tcase_add_loop_test(tcase, keys_change, 0, COUNT(ways));
	tcase_add_loop_test(tcase, names_that_do_not_fit, 0, COUNT(ways));
	tcase_add_test(tcase, policy);
	tcase_add_test(tcase, refusals);
	tcase_add_test(tcase, both_headers_are_in_it);
	tcase_add_test(tcase, no_other_journal);
	tcase_add_test(tcase, a_header_too_short_for_a_mark);
	return run_suite(suite);
}
