#include "run.h"

#include <inttypes.h>
#include <string.h>

#include "nonce.h"

struct cursor {
	uint64_t read;  /* bytes of the run that are in memory */
	uint64_t total; /* bytes of the run */
	uint64_t base;  /* offset of the run in the model's data */
};

static uint8_t *place(const struct ct_run *run, uint64_t at)
{
	if (run->apart != NULL && at >= run->apart_from)
		return at < run->apart_to ? run->apart + (at - run->apart_from)
					  : run->memory + (at - (run->apart_to - run->apart_from));
	return run->keep ? run->memory + at : run->memory + at % CT_RUN_GULP;
}

/* So many of `len` bytes from `at` on lie in one place. */
static uint64_t until_place_changes(const struct ct_run *run, uint64_t at, uint64_t len)
{
	if (run->apart == NULL || at >= run->apart_to)
		return len;
	uint64_t left = (at < run->apart_from ? run->apart_from : run->apart_to) - at;
	return left < len ? left : len;
}

/* The transformed gulp that ends at `end` goes out. */
static int flush(const struct ct_run *run, const struct cursor *cursor, uint64_t end,
		 struct ct_error *err)
{
	if (run->sink == NULL || end == 0)
		return 0;
	uint64_t start = (end - 1) / CT_RUN_GULP * CT_RUN_GULP;
	return run->sink->write_at(run->sink->context, place(run, start), (size_t)(end - start),
				   run->sink_data + cursor->base + start, err);
}

static int gulp(const struct ct_run *run, struct cursor *cursor, struct ct_error *err)
{
	if (flush(run, cursor, cursor->read, err) < 0)
		return -1;
	uint64_t len = cursor->total - cursor->read;
	if (len > CT_RUN_GULP)
		len = CT_RUN_GULP;
	len = until_place_changes(run, cursor->read, len);
	uint64_t at = run->source_data + cursor->base + cursor->read;
	if (run->expect != NULL)
		ct_expect_reach(run->expect, at);
	if (run->source->read_at(run->source->context, place(run, cursor->read), (size_t)len, at, err) < 0)
		return -1;
	cursor->read += len;
	if (run->progress != NULL && run->progress->advance(run->progress->context, len) != 0)
		return ct_fail(err, CT_E_STOPPED, "stopped");
	return 0;
}

static int describe(const struct ct_run *run, uint64_t message, struct ct_error *err)
{
	const char *name = run->model->header.tensors[run->tensor].name;
	uint64_t messages = run->model->manifest.tensors[run->tensor].messages;
	if (err->code != CT_E_AUTH)
		return -1;
	if (run->model->manifest.chunk_size != 0)
		return ct_fail(err, CT_E_AUTH,
			       "tensor '%.200s', chunk %" PRIu64 " of %" PRIu64
			       ": authentication failed: the file was changed or damaged, get it again",
			       name, message + 1, messages);
	return ct_fail(err, CT_E_AUTH,
		       "tensor '%.200s': authentication failed: the file was changed or damaged, get it again",
		       name);
}

static int transform(const struct ct_run *run, struct cursor *cursor, struct ct_aead *aead,
		     enum ct_direction direction, struct ct_error *err)
{
	const struct ct_model *model = run->model;
	const uint8_t *base_nonce = model->manifest.tensors[run->tensor].nonce;
	uint64_t run_start = model->data_offset + cursor->base, at = 0;
	for (uint64_t i = run->first; i < run->first + run->count; i++) {
		uint64_t start, end;
		uint8_t nonce[CT_NONCE_LEN];
		uint8_t *tag = run->tags + i * CT_TAG_LEN;
		ct_model_message(model, run->tensor, i, &start, &end);
		if (ct_nonce_chunk(base_nonce, i, nonce, err) < 0 || ct_aead_begin(aead, nonce, err) < 0)
			return -1;
		end -= run_start;
		while (at < end) {
			if (at == cursor->read && gulp(run, cursor, err) < 0)
				return -1;
			uint64_t len = (cursor->read < end ? cursor->read : end) - at;
			uint8_t *bytes = place(run, at);
			if (ct_aead_update(aead, bytes, bytes, (size_t)len, err) < 0)
				return -1;
			at += len;
		}
		int ended = direction == CT_SEAL ? ct_aead_seal_end(aead, tag, err)
						 : ct_aead_open_end(aead, tag, err);
		if (ended < 0)
			return describe(run, i, err);
	}
	return flush(run, cursor, cursor->read, err);
}

/* What was written so far. */
static void wipe(const struct ct_run *run, const struct cursor *cursor)
{
	uint64_t in_memory = run->keep || cursor->read < CT_RUN_GULP ? cursor->read : CT_RUN_GULP;
	if (run->apart != NULL && cursor->read > run->apart_from) {
		uint64_t to = cursor->read < run->apart_to ? cursor->read : run->apart_to;
		ct_wipe(run->apart, (size_t)(to - run->apart_from));
		in_memory -= to - run->apart_from;
	}
	ct_wipe(run->memory, (size_t)in_memory);
}

int ct_run(const struct ct_run *run, struct ct_aead *aead, enum ct_direction direction,
	   struct ct_error *err)
{
	uint64_t start, end, unused;
	struct cursor cursor = {0};
	ct_model_message(run->model, run->tensor, run->first, &start, &unused);
	ct_model_message(run->model, run->tensor, run->first + run->count - 1, &unused, &end);
	cursor.base = start - run->model->data_offset;
	cursor.total = end - start;
	int status = transform(run, &cursor, aead, direction, err);
	if (status < 0 && direction == CT_OPEN)
		wipe(run, &cursor);
	return status;
}
