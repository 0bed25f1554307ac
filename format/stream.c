#include "stream.h"

#include <stdlib.h>

#include "parallel.h"
#include "run.h"

enum { LONG = 16 * 1024 * 1024 };

/* The work, counted in tasks: a tensor's tasks are numbered from first_task[i]. */
enum { PER_THREAD = 4 * 1024 * 1024 /* bytes that are worth a thread of their own */ };

struct plan {
	const struct ct_stream *stream;
	struct ct_expect expect;
	bool gaps; /* bytes that nobody reads lie between those of tasks */
	uint64_t *first_task; /* one more than there are tensors */
	uint64_t per_task;    /* messages of a sealed tensor that one task takes */
};

static bool is_sealed(const struct ct_model *model, size_t tensor)
{
	return model->encrypted && model->manifest.tensors[tensor].sealed;
}

static uint64_t tensor_tasks(const struct plan *plan, size_t tensor)
{
	const struct ct_model *model = plan->stream->model;
	const struct ct_tensor *t = &model->header.tensors[tensor];
	if (is_sealed(model, tensor)) {
		uint64_t messages = model->manifest.tensors[tensor].messages;
		return (messages + plan->per_task - 1) / plan->per_task;
	}
	if (plan->stream->sink == NULL)
		return 0; /* nothing to check in the clear */
	return (t->end - t->begin + CT_RUN_BYTES - 1) / CT_RUN_BYTES;
}

static int copy_clear(struct plan *plan, size_t tensor, uint64_t part, uint8_t *memory, struct ct_error *err)
{
	const struct ct_stream *stream = plan->stream;
	const struct ct_tensor *t = &stream->model->header.tensors[tensor];
	uint64_t at = t->begin + part * CT_RUN_BYTES, end = t->end;
	if (end - at > CT_RUN_BYTES)
		end = at + CT_RUN_BYTES;
	while (at < end) {
		uint64_t len = end - at < CT_RUN_GULP ? end - at : CT_RUN_GULP;
		ct_expect_reach(&plan->expect, stream->source_data + at);
		if (stream->source->read_at(stream->source->context, memory, (size_t)len,
					    stream->source_data + at, err)
			    < 0
		    || stream->sink->write_at(stream->sink->context, memory, (size_t)len,
					      stream->sink_data + at, err)
			       < 0)
			return -1;
		at += len;
		if (stream->progress != NULL
		    && stream->progress->advance(stream->progress->context, len) != 0)
			return ct_fail(err, CT_E_STOPPED, "stopped");
	}
	return 0;
}

static int run_sealed(struct plan *plan, size_t tensor, uint64_t part, uint8_t *memory,
		      struct ct_error *err)
{
	const struct ct_stream *stream = plan->stream;
	const struct ct_model *model = stream->model;
	const struct ct_sealed *sealed = &model->manifest.tensors[tensor];
	struct ct_run run = {
		.model = model,
		.tensor = tensor,
		.first = part * plan->per_task,
		.tags = sealed->tags,
		.source = stream->source,
		.source_data = stream->source_data,
		.sink = stream->sink,
		.sink_data = stream->sink_data,
		.memory = memory,
		.progress = stream->progress,
	};
	run.count = sealed->messages - run.first;
	if (run.count > plan->per_task)
		run.count = plan->per_task;
	uint64_t start, end, unused;
	ct_model_message(model, tensor, run.first, &start, &unused);
	ct_model_message(model, tensor, run.first + run.count - 1, &unused, &end);
	struct ct_expect apart;
	run.expect = &plan->expect;
	if (plan->gaps || end - start > LONG) { /* one thread reads it, while others are at other places */
		uint64_t from = start - model->data_offset + stream->source_data;
		ct_expect_init(&apart, stream->source, CT_NEAR_BEHIND, from, from + (end - start));
		run.expect = &apart;
	}
	struct ct_aead *aead = NULL;
	if (ct_aead_new(&aead, stream->crypto, model->manifest.cipher, &model->data_keys[tensor],
			stream->direction, err)
	    < 0)
		return -1;
	int status = ct_run(&run, aead, stream->direction, err);
	ct_aead_free(aead);
	return status;
}

/* The tensor that task `task` belongs to. */
static size_t find_tensor(const struct plan *plan, uint64_t task)
{
	size_t low = 0, high = plan->stream->model->header.count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (plan->first_task[middle] <= task)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int run_task(void *context, uint64_t task, struct ct_error *err)
{
	struct plan *plan = context;
	size_t place = find_tensor(plan, task);
	size_t tensor = plan->stream->model->header.data_order[place];
	uint64_t part = task - plan->first_task[place];
	uint8_t *memory = malloc(CT_RUN_GULP);
	if (memory == NULL)
		return ct_fail_nomem(err);
	int status = is_sealed(plan->stream->model, tensor)
			     ? run_sealed(plan, tensor, part, memory, err)
			     : copy_clear(plan, tensor, part, memory, err);
	if (plan->stream->direction == CT_OPEN)
		ct_wipe(memory, CT_RUN_GULP);
	free(memory);
	return status;
}

int ct_stream(const struct ct_stream *stream, struct ct_error *err)
{
	const struct ct_header *header = &stream->model->header;
	uint64_t chunk = stream->model->encrypted ? stream->model->manifest.chunk_size : 0;
	struct plan plan = {.stream = stream, .per_task = 1};
	if (chunk != 0 && chunk < CT_RUN_BYTES)
		plan.per_task = CT_RUN_BYTES / chunk;
	plan.first_task = calloc(header->count + 1, sizeof *plan.first_task);
	if (plan.first_task == NULL)
		return ct_fail_nomem(err);
	plan.gaps = stream->sink == NULL && stream->model->encrypted
		    && stream->model->manifest.sealed_count < header->count;
	ct_expect_init(&plan.expect, stream->source, stream->threads > 1 ? CT_NEAR_TURN : CT_NEAR_BEHIND,
		       stream->source_data,
		       stream->source_data + stream->model->file_size - stream->model->data_offset);
	uint64_t tasks = 0;
	for (size_t i = 0; i < header->count; i++) {
		plan.first_task[i] = tasks;
		tasks += tensor_tasks(&plan, header->data_order[i]);
	}
	plan.first_task[header->count] = tasks;
	uint64_t worth = (stream->model->file_size - stream->model->data_offset) / PER_THREAD;
	int status = ct_parallel(stream->threads < worth ? stream->threads : (unsigned)worth, tasks, run_task, &plan, err);
	free(plan.first_task);
	return status;
}
