#include "view.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cache.h"
#include "parallel.h"
#include "run.h"
#include "stream.h"

enum {
	BLOCK = 2 * 1024 * 1024,      /* bytes of a read that one task takes */
	PER_THREAD = 4 * 1024 * 1024, /* bytes that are worth a thread of their own */
	LONG = 16 * 1024 * 1024,      /* of a message */
	CACHE_MIN = 64 * 1024 * 1024,
	RESTS_PER_THREAD = 2, /* messages that were taken in part: two are under way, or just were */
	RESTS_MIN = 2 * 1024 * 1024,
	RESTS_MAX = 36 * 1024 * 1024,
	CACHE_MESSAGES = 8, /* so many of the largest message fit the cache */
};

struct ct_view {
	struct ct_model *model;
	struct ct_view_options options;
	char *image; /* length field and plain header: the first data_offset bytes */
	struct ct_cache *cache;
	struct ct_expect_runs runs;
};

static int make_image(struct ct_view *view, struct ct_error *err)
{
	const struct ct_header *header = &view->model->header;
	struct ct_buffer image = {0};
	for (unsigned i = 0; i < 8; i++) {
		uint8_t byte = (uint8_t)(header->length >> (8 * i));
		ct_buffer_put(&image, &byte, 1);
	}
	ct_header_put_plain(header, &image);
	if (image.len > view->model->data_offset) {
		ct_buffer_free(&image);
		return ct_fail(err, CT_E_FORMAT, "the plain header is longer than the encrypted one");
	}
	ct_buffer_fill(&image, ' ', (size_t)view->model->data_offset - image.len);
	if (ct_buffer_check(&image, err) < 0) {
		ct_buffer_free(&image);
		return -1;
	}
	view->image = image.data;
	return 0;
}

static uint64_t largest_message(const struct ct_model *model)
{
	uint64_t largest = 0;
	for (size_t i = 0; i < model->span_count; i++) {
		const struct ct_tensor *tensor = &model->header.tensors[model->spans[i]];
		uint64_t len = tensor->end - tensor->begin, chunk = model->manifest.chunk_size;
		if (chunk != 0 && len > chunk)
			len = chunk;
		if (model->manifest.tensors[model->spans[i]].sealed && len > largest)
			largest = len;
	}
	return largest;
}

static uint64_t rests_budget(uint64_t largest, unsigned threads)
{
	uint64_t wanted = largest > RESTS_MAX ? RESTS_MAX : largest * RESTS_PER_THREAD * threads;
	uint64_t budget = wanted < RESTS_MIN ? RESTS_MIN : wanted > RESTS_MAX ? RESTS_MAX : wanted;
	return largest * 2 > budget ? largest * 2 : budget;
}

int ct_view_new(struct ct_view **out, struct ct_model *model,
		const struct ct_view_options *options, struct ct_error *err)
{
	struct ct_view *view = calloc(1, sizeof *view);
	if (view == NULL) {
		ct_model_free(model);
		return ct_fail_nomem(err);
	}
	view->model = model;
	view->options = *options;
	if (model->encrypted && model->data_keys == NULL) {
		ct_fail(err, CT_E_ARGUMENT, "the model is not unlocked");
		goto out;
	}
	uint64_t largest = model->encrypted ? largest_message(model) : 0, budget = largest * CACHE_MESSAGES;
	if (budget < CACHE_MIN)
		budget = CACHE_MIN;
	if (options->cache != 0 && options->cache < budget)
		budget = options->cache;
	uint64_t rests = rests_budget(largest, options->threads);
	if (ct_cache_new(&view->cache, budget, rests < budget ? rests : budget, options->memory, err) < 0
	    || make_image(view, err) < 0)
		goto out;
	ct_header_forget_reserved(&model->header); /* verified, unwrapped: never asked for again */
	*out = view;
	return 0;
out:
	ct_view_free(view);
	return -1;
}

void ct_view_free(struct ct_view *view)
{
	if (view == NULL)
		return;
	ct_cache_free(view->cache);
	ct_model_free(view->model);
	free(view->image);
	free(view);
}

const struct ct_model *ct_view_model(const struct ct_view *view)
{
	return view->model;
}

void ct_view_after_fork(struct ct_view *view)
{
	atomic_flag_clear(&view->runs.busy);
	atomic_flag_clear(&view->runs.asking);
	ct_cache_after_fork(view->cache);
}

/* One read, split into blocks. */
struct request {
	struct ct_view *view;
	const struct ct_source *source;
	uint8_t *bytes;
	uint64_t start, end; /* file offsets */
	bool own;            /* nobody sees the bytes before the read is done */
	struct ct_expect expect;
};

/* A thread's cipher context, kept while it stays with one tensor. */
struct opener {
	struct ct_aead *aead;
	size_t tensor;
};

static uint64_t clock_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static int run_observed(const struct ct_run *run, struct ct_aead *aead, bool whole, struct ct_error *err)
{
	const struct ct_observer *observer = run->source->observer;
	if (observer == NULL)
		return ct_run(run, aead, CT_OPEN, err);
	uint64_t start, end, unused, began = clock_now();
	if (ct_run(run, aead, CT_OPEN, err) < 0)
		return -1;
	ct_model_message(run->model, run->tensor, run->first, &start, &unused);
	ct_model_message(run->model, run->tensor, run->first + run->count - 1, &unused, &end);
	const struct ct_opened what = {run->tensor, run->first, run->count, end - start, whole, clock_now() - began};
	observer->opened(observer->context, &what);
	return 0;
}

static int prepare(const struct request *request, struct opener *opener, size_t tensor, struct ct_error *err)
{
	const struct ct_model *model = request->view->model;
	if (opener->aead == NULL || opener->tensor != tensor) {
		ct_aead_free(opener->aead);
		opener->aead = NULL;
		if (ct_aead_new(&opener->aead, request->view->options.crypto, model->manifest.cipher,
				&model->data_keys[tensor], CT_OPEN, err)
		    < 0)
			return -1;
		opener->tensor = tensor;
	}
	return 0;
}

/* `expect`: see ct_run. */
static struct ct_run run_of(const struct request *request, size_t tensor, uint64_t first, uint64_t count, uint8_t *to,
			    struct ct_expect *expect)
{
	const struct ct_model *model = request->view->model;
	return (struct ct_run){
		.model = model,
		.tensor = tensor,
		.first = first,
		.count = count,
		.tags = model->manifest.tensors[tensor].tags,
		.source = request->source,
		.source_data = model->data_offset,
		.memory = to,
		.keep = true,
		.expect = expect,
	};
}

static int open_run(const struct request *request, struct opener *opener, size_t tensor, uint64_t first,
		    uint64_t count, uint8_t *to, struct ct_expect *expect, bool whole, struct ct_error *err)
{
	struct ct_run run = run_of(request, tensor, first, count, to, expect);
	return prepare(request, opener, tensor, err) < 0 ? -1 : run_observed(&run, opener->aead, whole, err);
}

/* Who reads a message: of a long one it is one thread, while others are at other places. */
static struct ct_expect *expect_message(struct request *request, const struct ct_piece *piece, struct ct_expect *apart)
{
	if (request->expect.how != CT_NEAR_TURN || piece->end - piece->start <= LONG)
		return &request->expect;
	ct_expect_init(apart, request->source, CT_NEAR_BEHIND, piece->start, piece->end);
	return apart;
}

struct partial {
	struct request *request;
	struct opener *opener;
	const struct ct_piece *piece;
	uint8_t *to; /* for the part from `at` to `end`, file offsets */
	uint64_t at, end;
};

static int fill_message(void *context, uint8_t *bytes, struct ct_error *err)
{
	struct partial *partial = context;
	struct ct_expect apart, *expect = expect_message(partial->request, partial->piece, &apart);
	return open_run(partial->request, partial->opener, partial->piece->tensor,
			partial->piece->message, 1, bytes, expect, false, err);
}

static int split_message(void *context, uint8_t *rest, struct ct_error *err)
{
	struct partial *partial = context;
	const struct ct_piece *piece = partial->piece;
	struct ct_expect apart, *expect = expect_message(partial->request, piece, &apart);
	struct ct_run run = run_of(partial->request, piece->tensor, piece->message, 1, rest, expect);
	run.apart = partial->to;
	run.apart_from = partial->at - piece->start;
	run.apart_to = partial->end - piece->start;
	return prepare(partial->request, partial->opener, piece->tensor, err) < 0
		       ? -1 : run_observed(&run, partial->opener->aead, false, err);
}

/* Whole messages from `piece` on that begin before `limit` and end inside the request. */
static uint64_t count_whole(struct request *request, const struct ct_piece *piece,
			    uint64_t limit, uint64_t *end)
{
	const struct ct_model *model = request->view->model;
	uint64_t messages = model->manifest.tensors[piece->tensor].messages, count = 1;
	*end = piece->end;
	while (piece->message + count < messages && *end < limit) {
		uint64_t start, next;
		ct_model_message(model, piece->tensor, piece->message + count, &start, &next);
		if (next > request->end)
			break;
		*end = next;
		count++;
	}
	return count;
}

static int check_writable(struct request *request, void *bytes, size_t len, struct ct_error *err)
{
	const struct ct_source *source = request->source;
	return source->check_writable != NULL ? source->check_writable(source->context, bytes, len, err) : 0;
}

/* Serve what begins at `at`; *next is where it ended. */
static int serve(struct request *request, struct opener *opener, uint64_t at, uint64_t limit,
		 uint64_t *next, struct ct_error *err)
{
	struct ct_view *view = request->view;
	struct ct_piece piece = ct_model_piece(view->model, at);
	uint8_t *to = request->bytes + (at - request->start);
	uint64_t end = piece.end < request->end ? piece.end : request->end;
	if (piece.kind != CT_PIECE_SEALED)
		*next = end < limit ? end : limit;
	if (piece.kind == CT_PIECE_CLEAR) {
		ct_expect_reach(&request->expect, at);
		return request->source->read_at(request->source->context, to, (size_t)(*next - at), at, err);
	}
	if (piece.kind == CT_PIECE_HEADER) {
		if (!request->own && check_writable(request, to, (size_t)(*next - at), err) < 0)
			return -1;
		memcpy(to, view->image + at, (size_t)(*next - at));
		return 0;
	}
	if (at == piece.start && end == piece.end) {
		uint64_t count = count_whole(request, &piece, limit, next);
		struct ct_expect apart, *expect = expect_message(request, &piece, &apart);
		return open_run(request, opener, piece.tensor, piece.message, count, to, expect, true, err);
	}
	*next = end;
	struct partial partial = {request, opener, &piece, to, at, end};
	if (request->own)
		return ct_cache_take(view->cache, piece.start, (size_t)(piece.end - piece.start),
				     (size_t)(at - piece.start), (size_t)(end - at), to, split_message, &partial, err);
	if (check_writable(request, to, (size_t)(end - at), err) < 0)
		return -1;
	return ct_cache_read(view->cache, piece.start, (size_t)(piece.end - piece.start),
			     (size_t)(at - piece.start), (size_t)(end - at), to, fill_message, &partial,
			     err);
}

/* A block serves every message part that begins in it, wherever that ends. */
static int serve_block(void *context, uint64_t block, struct ct_error *err)
{
	struct request *request = context;
	struct opener opener = {0};
	uint64_t at = request->start + block * BLOCK, limit = at + BLOCK;
	if (limit > request->end)
		limit = request->end;
	if (block > 0) {
		struct ct_piece piece = ct_model_piece(request->view->model, at);
		if (piece.kind == CT_PIECE_SEALED && piece.start < at)
			at = piece.end;
	}
	int status = 0;
	while (status == 0 && at < limit)
		status = serve(request, &opener, at, limit, &at, err);
	ct_aead_free(opener.aead);
	return status;
}

int ct_view_read(struct ct_view *view, const struct ct_source *source, void *bytes, size_t len,
		 uint64_t offset, struct ct_error *err)
{
	return ct_view_read_on(view, source, bytes, len, offset, view->options.threads, err);
}

static int read_on(struct ct_view *view, const struct ct_source *source, void *bytes, size_t len,
		   uint64_t offset, unsigned threads, bool own, struct ct_error *err)
{
	uint64_t size = view->model->file_size;
	if (offset > size || len > size - offset)
		return ct_fail(err, CT_E_ARGUMENT, "a read past the end of the file");
	if (len == 0)
		return 0;
	struct request request = {.view = view, .source = source, .bytes = bytes, .start = offset, .end = offset + len,
				  .own = own};
	uint64_t blocks = (len - 1) / BLOCK + 1, worth = len / PER_THREAD;
	if (threads > view->options.threads)
		threads = view->options.threads;
	if (threads > worth)
		threads = (unsigned)worth;
	uint64_t from = offset, to = offset + len;
	ct_model_whole_messages(view->model, &from, &to);
	uint64_t told = ct_expect_run(&view->runs, source, offset, offset + len, from, to);
	enum ct_nearing how = threads > 1 ? CT_NEAR_TURN : told == 0 && to - from <= LONG ? CT_NEAR_ALONE : CT_NEAR_BEHIND;
	ct_expect_init(&request.expect, source, how, told > from ? told : from, to);
	int status = ct_parallel(threads, blocks, serve_block, &request, err);
	if (status < 0 && err->sys != EFAULT)
		ct_wipe(bytes, len);
	return status;
}

int ct_view_read_on(struct ct_view *view, const struct ct_source *source, void *bytes, size_t len,
		    uint64_t offset, unsigned threads, struct ct_error *err)
{
	return read_on(view, source, bytes, len, offset, threads, false, err);
}

int ct_view_fill(struct ct_view *view, const struct ct_source *source, void *bytes, size_t len,
		 uint64_t offset, unsigned threads, struct ct_error *err)
{
	return read_on(view, source, bytes, len, offset, threads, true, err);
}

static int stream_all(const struct ct_view *view, const struct ct_source *source, const struct ct_sink *sink,
		      struct ct_error *err)
{
	const struct ct_stream stream = {
		.crypto = view->options.crypto,
		.model = view->model,
		.direction = CT_OPEN,
		.source = source,
		.source_data = view->model->data_offset,
		.sink = sink,
		.sink_data = view->model->data_offset,
		.threads = view->options.threads,
	};
	return ct_stream(&stream, err);
}

int ct_view_verify(const struct ct_view *view, const struct ct_source *source, struct ct_error *err)
{
	return stream_all(view, source, NULL, err);
}

/* All that is sealed was opened. */
static void tell_all(const struct ct_view *view, const struct ct_observer *observer, uint64_t nanoseconds)
{
	const struct ct_model *model = view->model;
	for (size_t i = 0; model->encrypted && i < model->header.count; i++) {
		const struct ct_tensor *tensor = &model->header.tensors[i];
		if (!model->manifest.tensors[i].sealed || tensor->begin == tensor->end)
			continue;
		const struct ct_opened what = {i, 0, model->manifest.tensors[i].messages, tensor->end - tensor->begin, true,
					       nanoseconds};
		observer->opened(observer->context, &what);
		nanoseconds = 0;
	}
}

int ct_view_copy(const struct ct_view *view, const struct ct_source *source, const struct ct_sink *sink,
		 struct ct_error *err)
{
	uint64_t began = source->observer != NULL ? clock_now() : 0;
	if (sink->write_at(sink->context, view->image, (size_t)view->model->data_offset, 0, err) < 0
	    || stream_all(view, source, sink, err) < 0)
		return -1;
	if (source->observer != NULL)
		tell_all(view, source->observer, (clock_now() - began) * view->options.threads);
	return 0;
}
