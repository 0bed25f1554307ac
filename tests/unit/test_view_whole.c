/* All of a file at once: its tags, its image; and what is asked for on the way. */
#include <stdio.h>
#include <stdlib.h>

#include "view_support.h"

static const struct large_way ways[] = {
	{{CT_AES_256_GCM, 1, 0, NULL, NULL, 2}, 1},
	{{CT_AES_256_GCM, 1, 0, NULL, NULL, 2}, 4},
	{{CT_CHACHA20_POLY1305, 2, 65536, NULL, NULL, 2}, 4},
	{{CT_AES_128_GCM, 2, 2 * MIB, NULL, NULL, 2}, 2},
};

static void copy_fails(struct fixture *f, const char *part)
{
	struct memory out;
	struct ct_error err = {0};
	memory_init(&out);
	struct ct_sink sink = memory_sink(&out);
	assert_error(ct_view_copy(f->view, &f->source, &sink, &err), &err, CT_E_AUTH, part);
	memory_free(&out);
}

static void copy_is_right(struct fixture *f)
{
	struct memory out;
	struct ct_error err;
	memory_init(&out);
	struct ct_sink sink = memory_sink(&out);
	ck_assert_msg(ct_view_copy(f->view, &f->source, &sink, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(out.size, f->file.size);
	ck_assert(memcmp(out.bytes, f->image, out.size) == 0);
	memory_free(&out);
}

START_TEST(every_message)
{
	struct fixture f;
	struct ct_error err = {0};
	fixture_new(&f, large, COUNT(large), ways[_i].how, ways[_i].threads);
	ck_assert_msg(ct_view_verify(f.view, &f.source, &err) == 0, "%s", err.message);
	copy_is_right(&f);
	for (uint64_t at = f.model->data_offset; at < f.file.size;) {
		struct ct_piece piece = ct_model_piece(f.model, at);
		const char *name = f.model->header.tensors[piece.tensor].name;
		uint64_t bad = at % 2 == 0 ? piece.start : piece.end - 1;
		char part[200];
		snprintf(part, sizeof part, "tensor '%s'", name);
		f.file.bytes[bad] ^= 4;
		if (piece.kind == CT_PIECE_CLEAR) {
			ck_assert_int_eq(ct_view_verify(f.view, &f.source, &err), 0);
		} else {
			assert_error(ct_view_verify(f.view, &f.source, &err), &err, CT_E_AUTH, part);
			copy_fails(&f, part);
		}
		f.file.bytes[bad] ^= 4;
		at = piece.end + 3 * MIB / 2 < f.file.size && piece.end - piece.start < MIB / 2 ? piece.end + MIB / 2
											      : piece.end;
	}
	copy_is_right(&f);
	fixture_free(&f);
}
END_TEST

START_TEST(a_source_that_fails)
{
	struct fixture f;
	struct ct_error err = {0};
	fixture_new(&f, large, COUNT(large), ways[_i].how, ways[_i].threads);
	f.file.fault_start = f.file.size - 1;
	f.file.fault_end = f.file.size;
	f.file.fault_errno = 5;
	assert_error(ct_view_verify(f.view, &f.source, &err), &err, CT_E_IO, "");
	fixture_free(&f);
}
END_TEST

/* A source that notes what it is told. */
struct listener {
	uint64_t low, high, total;
	unsigned counts[3];
	pthread_mutex_t lock;
};

static struct listener listener;

static void hear(void *context, enum ct_nearing how, uint64_t offset, uint64_t len)
{
	(void)context;
	pthread_mutex_lock(&listener.lock);
	if (offset < listener.low)
		listener.low = offset;
	if (offset + len > listener.high)
		listener.high = offset + len;
	listener.total += len;
	listener.counts[how]++;
	pthread_mutex_unlock(&listener.lock);
}

static void listen(struct fixture *f)
{
	listener = (struct listener){.low = UINT64_MAX, .lock = PTHREAD_MUTEX_INITIALIZER};
	f->source.near = hear;
}

static const struct tensor_spec tall[] = {{"w", "U8", "[67108864]", 64 * MIB}, {"clear.0", "U8", "[9]", 9}};

/* All of it, each byte once; nothing else. */
START_TEST(asked_for_by_a_read)
{
	struct fixture f;
	fixture_new(&f, tall, COUNT(tall), (struct sealing){CT_AES_256_GCM, 2, 2 * MIB, NULL, NULL, 2}, 4);
	listen(&f);
	check_read(&f, 0, f.file.size);
	ck_assert_uint_gt(listener.counts[CT_NEAR_TURN], 0);
	ck_assert_uint_eq(listener.counts[CT_NEAR_ALONE] + listener.counts[CT_NEAR_BEHIND], 0);
	ck_assert_uint_eq(listener.high, f.file.size);
	ck_assert_uint_le(listener.low, f.model->data_offset);
	ck_assert_uint_le(listener.total, f.file.size);
	/* A part alone: its messages, and no more. */
	listen(&f);
	check_read(&f, f.model->data_offset + 21 * MIB, 2 * MIB);
	ck_assert_uint_gt(listener.counts[CT_NEAR_ALONE], 0);
	ck_assert_uint_eq(listener.counts[CT_NEAR_TURN] + listener.counts[CT_NEAR_BEHIND], 0);
	ck_assert_uint_eq(listener.low, f.model->data_offset + 20 * MIB);
	ck_assert_uint_eq(listener.high, f.model->data_offset + 24 * MIB);
	/* A sequence: what is behind it. */
	listen(&f);
	for (int i = 0; i < 4; i++)
		check_read(&f, f.model->data_offset + (uint64_t)(32 + 2 * i) * MIB, 2 * MIB);
	ck_assert_uint_eq(listener.counts[CT_NEAR_TURN], 0);
	ck_assert_uint_eq(listener.low, f.model->data_offset + 32 * MIB);
	ck_assert_uint_gt(listener.high, f.model->data_offset + 42 * MIB);
	ck_assert_uint_le(listener.high, f.model->data_offset + 48 * MIB);
	ck_assert_uint_eq(listener.total, listener.high - listener.low); /* each byte once */
	/* Parts of messages: all of those, and no more, in one call. */
	listen(&f);
	check_read(&f, f.model->data_offset + 9 * MIB, 4 * MIB);
	ck_assert_uint_eq(listener.low, f.model->data_offset + 8 * MIB);
	ck_assert_uint_eq(listener.high, f.model->data_offset + 14 * MIB);
	ck_assert_uint_eq(listener.counts[CT_NEAR_ALONE], 1);
	ck_assert_uint_eq(listener.total, 6 * MIB);
	/* The whole file again, in order to check it. */
	struct ct_error err;
	listen(&f);
	ck_assert_int_eq(ct_view_verify(f.view, &f.source, &err), 0);
	ck_assert_uint_eq(listener.low, f.model->data_offset);
	ck_assert_uint_eq(listener.high, f.file.size - 9); /* nobody asks for what lies in the clear */
	fixture_free(&f);
}
END_TEST

/* A long message of version 1 is read by one thread; it is asked for piece by piece too. */
START_TEST(asked_for_in_a_long_message)
{
	struct fixture f;
	fixture_new(&f, tall, COUNT(tall), (struct sealing){CT_AES_256_GCM, 1, 0, NULL, NULL, 2}, 4);
	listen(&f);
	check_read(&f, 0, f.file.size);
	ck_assert_uint_gt(listener.counts[CT_NEAR_BEHIND], 1);
	ck_assert_uint_ge(listener.high, f.file.size - 9);
	fixture_free(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("view, whole files");
	TCase *tcase = add_case(suite, "whole");
	tcase_add_loop_test(tcase, every_message, 0, COUNT(ways));
	tcase_add_loop_test(tcase, a_source_that_fails, 0, COUNT(ways));
	tcase_add_test(tcase, asked_for_by_a_read);
	tcase_add_test(tcase, asked_for_in_a_long_message);
	return run_suite(suite);
}
