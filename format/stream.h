/* Whole files, in bounded memory: every encrypted tensor is sealed or opened on its way from a source
 * to a sink. A version 1 tensor, one message of any size, goes through in pieces too, so the sink must
 * not show anything before the call has succeeded. */
#ifndef CT_STREAM_H
#define CT_STREAM_H

#include "aead.h"
#include "model.h"

struct ct_stream {
	const struct ct_crypto *crypto;
	/* What the data is; data_keys are set. `manifest` tags are written when sealing. */
	const struct ct_model *model;
	enum ct_direction direction;
	const struct ct_source *source;
	uint64_t source_data; /* offset of the data in the source */
	const struct ct_sink *sink; /* NULL: only check every tag */
	uint64_t sink_data;         /* offset of the data in the sink */
	unsigned threads;
	const struct ct_progress *progress; /* counts bytes of data; or NULL */
};

/* Memory: about 256 KiB a thread. Errors: CT_E_AUTH names tensor and chunk, CT_E_IO, CT_E_NOMEM,
 * CT_E_STOPPED. */
int ct_stream(const struct ct_stream *stream, struct ct_error *err);

#endif
