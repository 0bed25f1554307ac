/* The inner loop that everything shares: consecutive messages of one tensor are read, sealed or
 * opened, and handed on, a gulp at a time so that bytes stay in the processor's cache. */
#ifndef CT_RUN_H
#define CT_RUN_H

#include "aead.h"
#include "expect.h"
#include "model.h"

struct ct_run {
	const struct ct_model *model;
	size_t tensor;
	uint64_t first, count;   /* messages */
	uint8_t *tags;           /* of the tensor; written when sealing, compared when opening */
	/* Where input bytes are read from: file offset of the model's data in `source`. */
	const struct ct_source *source;
	uint64_t source_data;
	/* Where output goes. With `sink` NULL it stays in memory: */
	const struct ct_sink *sink;
	uint64_t sink_data;
	uint8_t *memory; /* with a sink: CT_RUN_GULP bytes of room; without: room for the run, in place */
	bool keep;       /* false with `sink` NULL: bytes are dropped, `memory` is one gulp (verifying) */
	/* Bytes [apart_from, apart_to) of the run go here instead of `memory`, which has no room for them; NULL: none. */
	uint8_t *apart;
	uint64_t apart_from, apart_to;
	const struct ct_progress *progress; /* or NULL */
	struct ct_expect *expect; /* the range that it is a part of; or NULL */
};

enum {
	CT_RUN_GULP = 256 * 1024,
	/* Messages shorter than this are best run several at a time. */
	CT_RUN_BYTES = 4 * 1024 * 1024,
};

/* Transform the run with `aead`, which holds the tensor's data key for `direction`. When opening
 * fails, `memory` is wiped as far as it was written, and *err names tensor and chunk. */
int ct_run(const struct ct_run *run, struct ct_aead *aead, enum ct_direction direction,
	   struct ct_error *err);

#endif
