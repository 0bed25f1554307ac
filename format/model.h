/* One model file: its header and, when it is encrypted, its manifest; unlocked, its data keys.
 *
 * A model is built by one thread. Read (and unlocked) it is read only and may be shared by any
 * number of threads, also after a fork. */
#ifndef CT_MODEL_H
#define CT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto.h"
#include "header.h"
#include "keyset.h"
#include "manifest.h"
#include "source.h"

struct ct_model {
	uint64_t file_size;
	uint64_t data_offset; /* file offset of the first data byte: 8 + N */
	struct ct_header header;
	bool encrypted;
	struct ct_manifest manifest; /* set when encrypted */
	struct ct_key *data_keys;    /* one for each tensor once unlocked, else NULL */
	/* Tensors that have bytes, in the order of the data: what a byte's offset is looked up in. */
	size_t *spans;
	size_t span_count;
};

/* Read and check header and manifest; needs no key. Nothing is verified yet. Errors: CT_E_FORMAT,
 * CT_E_IO, CT_E_NOMEM. The caller owns the model. */
int ct_model_read(struct ct_model **model, const struct ct_source *source, struct ct_error *err);

/* The rest of FORMAT facts, "Reading": find the keys that the header names in `keys`, verify the
 * signature, ask the policy, unwrap every data key. Errors: CT_E_KEY, CT_E_SIGNATURE, CT_E_POLICY.
 * A plain model has nothing to unlock and succeeds. */
int ct_model_unlock(struct ct_model *model, const struct ct_crypto *crypto,
		    const struct ct_keyset *keys, struct ct_error *err);

/* May this model be loaded? Called once its signature holds, and before any key is unwrapped. 0, or -1 with *err, which
 * should be CT_E_POLICY. */
typedef int ct_model_ask(void *context, const struct ct_model *model, struct ct_error *err);

/* The same with another answer to that question than the file's own policy without input, which
 * ct_model_unlock() has evaluated. */
int ct_model_unlock_asking(struct ct_model *model, const struct ct_crypto *crypto, const struct ct_keyset *keys,
			   ct_model_ask *ask, void *context, struct ct_error *err);

/* The same without asking, for an owner who exchanges keys or the policy itself. Nothing that it
 * makes readable is to be handed to anyone. */
int ct_model_unlock_for_owner(struct ct_model *model, const struct ct_crypto *crypto,
			      const struct ct_keyset *keys, struct ct_error *err);

/* Wipes the data keys. NULL is allowed. */
void ct_model_free(struct ct_model *model);

/* A stretch of the file that is treated as one. Offsets are file offsets. */
struct ct_piece {
	enum {
		CT_PIECE_HEADER, /* length field and header */
		CT_PIECE_CLEAR,  /* data of a tensor that is not encrypted */
		CT_PIECE_SEALED  /* one message */
	} kind;
	size_t tensor;    /* index into header.tensors, not for the header */
	uint64_t message; /* which message of the tensor, from 0 */
	uint64_t start, end;
};

/* The piece that holds byte `offset` of the file; offset < file_size. */
struct ct_piece ct_model_piece(const struct ct_model *model, uint64_t offset);

/* What is read of the file for [*start, *end), which is not empty: messages are read whole. */
void ct_model_whole_messages(const struct ct_model *model, uint64_t *start, uint64_t *end);

/* Bytes of message `message` of tensor `tensor`, as file offsets. */
void ct_model_message(const struct ct_model *model, size_t tensor, uint64_t message,
		      uint64_t *start, uint64_t *end);

#endif
