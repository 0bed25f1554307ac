/* Writing models: layout of what is written, what is refused, failures half way. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "policy.h"
#include "stream.h"
#include "support.h"

static const struct tensor_spec specs[] = {
	{"a", "U8", "[700000]", 700000}, {"b", "F32", "[10]", 40}, {"empty", "U8", "[0]", 0}, {"c", "U8", "[3]", 3},
};

static const struct sealing version1 = {CT_AES_256_GCM, 1, 0, NULL, NULL, 1};
static const struct sealing version2 = {CT_AES_256_GCM, 2, 1000, NULL, NULL, 2};

/* ct_encrypt() as it is, for calls that fail. */
struct attempt {
	struct memory plain, out;
	struct ct_keyset keys;
	struct ct_encrypt_options options;
	struct ct_encrypt_result result;
	struct ct_error err;
};

static void attempt_new(struct attempt *a)
{
	memset(a, 0, sizeof *a);
	make_plain(&a->plain, NULL, specs, COUNT(specs), 1);
	memory_init(&a->out);
	test_keys(&a->keys);
	a->options = (struct ct_encrypt_options){
		.crypto = test_crypto(), .keys = &a->keys, .cipher = CT_AES_256_GCM, .version = 2,
		.chunk_size = 1000, .threads = 1};
}

static int attempt_run(struct attempt *a)
{
	struct ct_model *model = read_model(&a->plain);
	struct ct_source source = memory_source(&a->plain);
	struct ct_sink sink = memory_sink(&a->out);
	int status = ct_encrypt(model, &source, &sink, &a->options, &a->result, &a->err);
	ct_model_free(model);
	return status;
}

static void attempt_free(struct attempt *a)
{
	memory_free(&a->plain);
	memory_free(&a->out);
	ct_keyset_clear(&a->keys);
}

/* Data begins on a page whatever the header's length; all that is left is spaces, and there is room for
 * other key ids. */
START_TEST(page_boundary)
{
	for (size_t extra = 0; extra < 4200; extra += extra < 100 || extra > 4000 ? 1 : 97) {
		struct memory plain, file;
		char metadata[5000];
		snprintf(metadata, sizeof metadata, "{\"k\":\"%0*d\"}", (int)extra + 1, 0);
		make_plain(&plain, metadata, specs + 1, 1, 1);
		encrypt(&plain, &file, &version2);
		uint64_t length = memory_header_len(&file);
		ck_assert_uint_eq((8 + length) % 4096, 0);
		size_t used = 8 + (size_t)length;
		while (file.bytes[used - 1] == ' ')
			used--;
		ck_assert_int_eq(file.bytes[used - 1], '}');
		ck_assert_uint_ge(8 + length - used, 1024);
		ck_assert_uint_lt(8 + length - used, 1024 + 4096);
		ck_assert_uint_eq(file.size, 8 + length + 40);
		memory_free(&plain);
		memory_free(&file);
	}
}
END_TEST

/* Headers as stock writers make them come back byte for byte. */
static const char *const metadatas[] = {
	NULL,
	"{\"format\":\"pt\"}",
	"{\"z\":\"1\",\"a\":\"2\"}",
	"{\"\":\"\",\"quote\\\"back\\\\slash\":\"\\b\\t\\n\\f\\r\\u0001\\u001f\x7f/\"}",
	"{\"\xc3\xa9\xe2\x82\xac\":\"\xf0\x9f\x98\x80\"}",
	"{\"looks like it\":\"__encryption__\"}",
};

START_TEST(identical)
{
	for (int way = 0; way < 2; way++) {
		struct memory plain, file, back;
		struct ct_error err;
		make_plain(&plain, metadatas[_i], specs, COUNT(specs), 8);
		encrypt(&plain, &file, way == 0 ? &version1 : &version2);
		struct ct_view *view = open_view(&file, 1);
		struct ct_source source = memory_source(&file);
		memory_init(&back);
		struct ct_sink sink = memory_sink(&back);
		ck_assert_msg(ct_decrypt(ct_view_model(view), test_crypto(), &source, &sink, 2, NULL, &err) == 0,
			      "%s", err.message);
		ck_assert_uint_eq(back.size, plain.size);
		ck_assert_mem_eq(back.bytes, plain.bytes, 200);
		ck_assert(memcmp(back.bytes, plain.bytes, plain.size) == 0);
		ct_view_free(view);
		memory_free(&plain);
		memory_free(&file);
		memory_free(&back);
	}
}
END_TEST

/* Other orders and spellings than stock writers': the same tensors and metadata come back. */
START_TEST(equivalent)
{
	struct memory plain, file, back;
	struct ct_error err;
	memory_file(&plain,
		    "{ \"t\":{\"shape\":[ 2 ],\"data_offsets\":[0,2],\"dtype\":\"U8\"},\n"
		    " \"__metadata__\":{\"\\u0061\":\"\\/\"} }  ", 2);
	plain.bytes[plain.size - 1] = 7;
	encrypt(&plain, &file, &version2);
	struct ct_view *view = open_view(&file, 1);
	struct ct_source source = memory_source(&file);
	memory_init(&back);
	struct ct_sink sink = memory_sink(&back);
	ck_assert_int_eq(ct_decrypt(ct_view_model(view), test_crypto(), &source, &sink, 1, NULL, &err), 0);
	static const char expected[] =
		"{\"__metadata__\":{\"a\":\"/\"},\"t\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}} ";
	ck_assert_uint_eq(memory_header_len(&back), (sizeof expected - 1 + 7) / 8 * 8);
	ck_assert_mem_eq(back.bytes + 8, expected, sizeof expected - 1);
	ck_assert_mem_eq(back.bytes + back.size - 2, "\0\7", 2);
	ct_view_free(view);
	memory_free(&plain);
	memory_free(&file);
	memory_free(&back);
}
END_TEST

/* The manifest of what was written. */
START_TEST(manifest)
{
	struct attempt a;
	attempt_new(&a);
	a.keys.entries[CT_AES_256_GCM].jku = strdup("file:///keys/\"m\"");
	ck_assert_msg(attempt_run(&a) == 0, "%s", a.err.message);
	ck_assert_uint_eq(a.result.tensors, 4);
	ck_assert_uint_eq(a.result.sealed, 4);
	ck_assert_uint_eq(a.result.file_size, a.out.size);
	struct ct_model *model = read_model(&a.out);
	const struct ct_manifest *m = &model->manifest;
	ck_assert_str_eq(m->master.kid, "m-aes256gcm");
	ck_assert_str_eq(m->master.jku, "file:///keys/\"m\"");
	ck_assert_str_eq(m->signer.kid, "signer");
	ck_assert_ptr_null(m->signer.jku);
	ck_assert_str_eq(m->policy_local, CT_POLICY_DEFAULT);
	ck_assert_str_eq(m->policy_remote, CT_POLICY_DEFAULT);
	ck_assert_uint_eq(m->tensors[0].messages, 700);
	ck_assert_uint_eq(m->tensors[2].messages, 1); /* an empty tensor has its one tag */

	/* No key of the operator's is in it, raw or as text. */
	for (size_t i = 0; i < a.keys.count; i++) {
		const struct ct_keyset_entry *entry = &a.keys.entries[i];
		const struct ct_key *key = entry->kind == CT_MASTER_KEY ? &entry->master : &entry->seed;
		struct ct_buffer text = {0};
		ct_buffer_put_base64(&text, key->bytes, key->len);
		ck_assert_ptr_null(memmem(a.out.bytes, a.out.size, key->bytes, key->len));
		ck_assert_ptr_null(memmem(a.out.bytes, a.out.size, text.data, 20));
		ct_buffer_wipe(&text);
	}
	/* Nor any data key. */
	ck_assert_int_eq(ct_model_unlock(model, test_crypto(), &a.keys, &a.err), 0);
	for (size_t i = 0; i < model->header.count; i++)
		ck_assert_ptr_null(memmem(a.out.bytes, a.out.size, model->data_keys[i].bytes, 32));
	ct_model_free(model);
	attempt_free(&a);
}
END_TEST

START_TEST(own_policy)
{
	struct attempt a;
	attempt_new(&a);
	a.options.policy_local = "package model\nallow = input.x == \"\xc3\xa9\\n\"";
	a.options.policy_remote = "package model\nallow = false";
	ck_assert_int_eq(attempt_run(&a), 0);
	struct ct_model *model = read_model(&a.out);
	ck_assert_str_eq(model->manifest.policy_local, a.options.policy_local);
	ck_assert_str_eq(model->manifest.policy_remote, a.options.policy_remote);
	assert_error(ct_model_unlock(model, test_crypto(), &a.keys, &a.err), &a.err, CT_E_POLICY, "policy");
	ct_model_free(model);
	attempt_free(&a);
}
END_TEST

/* Data keys and nonces are new for each tensor and each time. */
START_TEST(fresh)
{
	struct memory plain, files[3];
	struct ct_view *views[3];
	make_plain(&plain, NULL, specs, COUNT(specs), 1);
	for (int i = 0; i < 3; i++) {
		encrypt(&plain, &files[i], i < 2 ? &version2 : &version1);
		views[i] = open_view(&files[i], 1);
	}
	for (int i = 0; i < 3; i++) {
		for (int j = 0; j < 3; j++) {
			for (size_t s = 0; s < COUNT(specs); s++) {
				for (size_t t = 0; t < COUNT(specs); t++) {
					if (i == j && s == t)
						continue;
					const struct ct_model *x = ct_view_model(views[i]), *y = ct_view_model(views[j]);
					const struct ct_sealed *p = &x->manifest.tensors[s];
					const struct ct_sealed *q = &y->manifest.tensors[t];
					ck_assert(memcmp(x->data_keys[s].bytes, y->data_keys[t].bytes, 32) != 0);
					ck_assert(memcmp(p->key_iv, q->key_iv, CT_NONCE_LEN) != 0);
					if (p->messages > 0 && q->messages > 0)
						ck_assert(memcmp(p->nonce, q->nonce, CT_NONCE_LEN) != 0);
				}
			}
		}
	}
	ck_assert(memcmp(files[0].bytes + files[0].size - 700043, files[1].bytes + files[1].size - 700043, 64) != 0);
	for (int i = 0; i < 3; i++) {
		ct_view_free(views[i]);
		memory_free(&files[i]);
	}
	memory_free(&plain);
}
END_TEST

/* --- refusals --- */

START_TEST(encrypted_already)
{
	struct attempt a;
	struct memory file;
	attempt_new(&a);
	encrypt(&a.plain, &file, &version2);
	memory_free(&a.plain);
	a.plain = file;
	assert_error(attempt_run(&a), &a.err, CT_E_ARGUMENT, "encrypted already");
	ck_assert_uint_eq(a.out.size, 0);
	attempt_free(&a);
}
END_TEST

static const struct {
	int version;
	uint64_t chunk_size;
} versions[] = {{0, 1000}, {3, 1000}, {-1, 1000}, {2, 0}};

START_TEST(version)
{
	struct attempt a;
	attempt_new(&a);
	a.options.version = versions[_i].version;
	a.options.chunk_size = versions[_i].chunk_size;
	assert_error(attempt_run(&a), &a.err, CT_E_ARGUMENT, "version must be 1, or 2 with a chunk size");
	ck_assert_uint_eq(a.out.size, 0);
	attempt_free(&a);
}
END_TEST

START_TEST(keys)
{
	struct attempt a;
	attempt_new(&a);
	a.keys.entries[CT_CIPHER_COUNT].has_seed = false;
	assert_error(attempt_run(&a), &a.err, CT_E_KEY, "no signing seed");
	a.keys.entries[CT_CIPHER_COUNT].has_seed = true;
	a.keys.entries[CT_AES_256_GCM].cipher = CT_CHACHA20_POLY1305;
	assert_error(attempt_run(&a), &a.err, CT_E_KEY, "no master key for aes256gcm");
	/* One that names no cipher and has another length. */
	a.keys.entries[CT_AES_128_GCM].has_cipher = false;
	assert_error(attempt_run(&a), &a.err, CT_E_KEY, "has 16 bytes, aes256gcm needs 32");
	ck_assert_uint_eq(a.out.size, 0);
	attempt_free(&a);
}
END_TEST

/* A model of a size that no test can have; nothing of it is read but the header. */
static int claim(uint64_t size, int version_number, uint64_t chunk_size, struct ct_error *err)
{
	struct attempt a;
	struct ct_model *model = NULL;
	char header[200];
	attempt_new(&a);
	memory_free(&a.plain);
	snprintf(header, sizeof header, "{\"t\":{\"dtype\":\"U8\",\"shape\":[%llu],\"data_offsets\":[0,%llu]}}",
		 (unsigned long long)size, (unsigned long long)size);
	memory_file(&a.plain, header, 0);
	struct ct_source source = memory_source(&a.plain);
	source.size += size;
	struct ct_sink sink = memory_sink(&a.out);
	ck_assert_int_eq(ct_model_read(&model, &source, err), 0);
	a.options.version = version_number;
	a.options.chunk_size = chunk_size;
	int status = ct_encrypt(model, &source, &sink, &a.options, NULL, err);
	ck_assert_uint_eq(a.out.size, 0);
	ct_model_free(model);
	attempt_free(&a);
	return status;
}

START_TEST(limits)
{
	struct ct_error err = {0};
	assert_error(claim(UINT64_C(1) << 37, 1, 0, &err), &err, CT_E_ARGUMENT, "more than the cipher allows");
	assert_error(claim(UINT64_C(1) << 37, 2, UINT64_C(1) << 37, &err), &err, CT_E_ARGUMENT,
		     "more than the cipher allows");
	assert_error(claim(UINT64_C(1) << 40, 2, 1, &err), &err, CT_E_ARGUMENT, "use larger chunks");
	assert_error(claim(UINT64_C(1) << 50, 2, UINT64_C(1) << 20, &err), &err, CT_E_ARGUMENT,
		     "use larger chunks");
}
END_TEST

/* --- failures half way --- */

START_TEST(faults)
{
	static const struct {
		bool sink;
		uint64_t from_end; /* the byte that fails, counted from the end; 0: the first of the file */
	} rows[] = {{true, 0}, {true, 1}, {true, 700000}, {true, 300000}, {false, 1}, {false, 700043}, {false, 300000}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct attempt a;
		attempt_new(&a);
		ck_assert_int_eq(attempt_run(&a), 0);
		uint64_t out_size = a.out.size;
		memory_free(&a.out);
		memory_init(&a.out);
		struct memory *faulty = rows[i].sink ? &a.out : &a.plain;
		uint64_t size = rows[i].sink ? out_size : a.plain.size;
		faulty->fault_start = rows[i].from_end == 0 ? 0 : size - rows[i].from_end;
		faulty->fault_end = faulty->fault_start + 1;
		faulty->fault_errno = ENOSPC;
		assert_error(attempt_run(&a), &a.err, CT_E_IO, "No space left");
		ck_assert_int_eq(a.err.sys, ENOSPC);
		/* Without its header it is no model. */
		ck_assert(a.out.size < 8 || all_zero(a.out.bytes, 8));
		attempt_free(&a);
	}
}
END_TEST

/* A sink that knows what came when. */
struct witness {
	struct memory *memory;
	uint64_t header_size;
	atomic_uint data_writes, header_writes, late;
};

static int witness_write(void *context, const void *bytes, size_t len, uint64_t offset, struct ct_error *err)
{
	struct witness *w = context;
	struct ct_sink sink = memory_sink(w->memory);
	if (offset < w->header_size) {
		atomic_fetch_add(&w->header_writes, 1);
	} else {
		atomic_fetch_add(&w->data_writes, 1);
		if (w->header_writes > 0)
			atomic_fetch_add(&w->late, 1);
	}
	return sink.write_at(sink.context, bytes, len, offset, err);
}

START_TEST(header_last)
{
	struct attempt a;
	struct witness w = {0};
	attempt_new(&a);
	ck_assert_int_eq(attempt_run(&a), 0);
	w.header_size = 8 + memory_header_len(&a.out);
	memory_free(&a.out);
	memory_init(&a.out);
	w.memory = &a.out;
	struct ct_model *model = read_model(&a.plain);
	struct ct_source source = memory_source(&a.plain);
	struct ct_sink sink = {.write_at = witness_write, .context = &w};
	a.options.threads = 4;
	ck_assert_int_eq(ct_encrypt(model, &source, &sink, &a.options, NULL, &a.err), 0);
	ck_assert_uint_eq(w.header_writes, 1);
	ck_assert_uint_gt(w.data_writes, 2);
	ck_assert_uint_eq(w.late, 0);
	ct_model_free(model);
	attempt_free(&a);
}
END_TEST

struct meter {
	atomic_uint_fast64_t done;
	uint64_t stop_at;
};

static int advance(void *context, uint64_t more)
{
	struct meter *meter = context;
	uint64_t done = atomic_fetch_add(&meter->done, more) + more;
	return meter->stop_at > 0 && done >= meter->stop_at;
}

START_TEST(progress)
{
	struct attempt a;
	struct meter meter = {0};
	struct ct_progress watch = {advance, &meter};
	attempt_new(&a);
	a.options.progress = &watch;
	a.options.version = _i == 0 ? 1 : 2;
	ck_assert_int_eq(attempt_run(&a), 0);
	ck_assert_uint_eq(meter.done, 700043);

	struct ct_view *view = open_view(&a.out, 1);
	struct ct_source source = memory_source(&a.out);
	struct memory back;
	memory_init(&back);
	struct ct_sink sink = memory_sink(&back);
	meter.done = 0;
	ck_assert_int_eq(
		ct_decrypt(ct_view_model(view), test_crypto(), &source, &sink, 1, &watch, &a.err), 0);
	ck_assert_uint_eq(meter.done, 700043);

	/* stopped */
	meter = (struct meter){.stop_at = 300000};
	memory_free(&back);
	memory_init(&back);
	assert_error(ct_decrypt(ct_view_model(view), test_crypto(), &source, &sink, 1, &watch, &a.err), &a.err,
		     CT_E_STOPPED, "stopped");
	ck_assert(back.size < 8 || all_zero(back.bytes, 8));
	ct_view_free(view);
	memory_free(&back);
	memory_free(&a.out);
	memory_init(&a.out);
	meter = (struct meter){.stop_at = 300000};
	assert_error(attempt_run(&a), &a.err, CT_E_STOPPED, "stopped");
	ck_assert(a.out.size < 8 || all_zero(a.out.bytes, 8));
	attempt_free(&a);
}
END_TEST

/* A damaged file is not decrypted into a model. */
START_TEST(damaged)
{
	for (int way = 0; way < 2; way++) {
		struct memory plain, file, back;
		struct ct_error err = {0};
		make_plain(&plain, NULL, specs, COUNT(specs), 8);
		encrypt(&plain, &file, way == 0 ? &version1 : &version2);
		struct ct_view *view = open_view(&file, 1);
		struct ct_source source = memory_source(&file);
		for (size_t from_end = 1; from_end < 700043; from_end += 99999) {
			memory_init(&back);
			struct ct_sink sink = memory_sink(&back);
			file.bytes[file.size - from_end] ^= 0x40;
			assert_error(ct_decrypt(ct_view_model(view), test_crypto(), &source, &sink, 3, NULL, &err),
				     &err, CT_E_AUTH, "authentication failed");
			ck_assert(back.size < 8 || all_zero(back.bytes, 8));
			file.bytes[file.size - from_end] ^= 0x40;
			memory_free(&back);
		}
		ct_view_free(view);
		memory_free(&plain);
		memory_free(&file);
	}
}
END_TEST

/* Tags of empty tensors are checked where everything is checked. */
START_TEST(empty_tag)
{
	struct memory plain, file;
	struct ct_error err = {0};
	make_plain(&plain, NULL, specs, COUNT(specs), 8);
	encrypt(&plain, &file, &version2);
	struct ct_view *view = open_view(&file, 1);
	struct ct_source source = memory_source(&file);
	const struct ct_model *model = ct_view_model(view);
	struct ct_stream verify = {.crypto = test_crypto(), .model = model, .direction = CT_OPEN,
				   .source = &source, .source_data = model->data_offset, .threads = 2};
	ck_assert_int_eq(ct_stream(&verify, &err), 0);
	model->manifest.tensors[2].tags[0] ^= 1;
	assert_error(ct_stream(&verify, &err), &err, CT_E_AUTH, "tensor 'empty', chunk 1 of 1");
	ct_view_free(view);
	memory_free(&plain);
	memory_free(&file);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("writer");
	TCase *tcase = add_case(suite, "writer");
	tcase_add_test(tcase, page_boundary);
	tcase_add_loop_test(tcase, identical, 0, COUNT(metadatas));
	tcase_add_test(tcase, equivalent);
	tcase_add_test(tcase, manifest);
	tcase_add_test(tcase, own_policy);
	tcase_add_test(tcase, fresh);
	tcase_add_test(tcase, encrypted_already);
	tcase_add_loop_test(tcase, version, 0, COUNT(versions));
	tcase_add_test(tcase, keys);
	tcase_add_test(tcase, limits);
	tcase_add_test(tcase, faults);
	tcase_add_test(tcase, header_last);
	tcase_add_loop_test(tcase, progress, 0, 2);
	tcase_add_test(tcase, damaged);
	tcase_add_test(tcase, empty_tag);
	return run_suite(suite);
}
