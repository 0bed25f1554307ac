/* What encrypting and decrypting have in common: one model file, or a directory in which every
 * *.safetensors is converted and everything else is copied. */
#ifndef CT_CONVERT_H
#define CT_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"
#include "source.h"

struct conversion {
	const char *in, *out;
	bool force;
	const char *current; /* set by convert(): the file that the functions below are called for */
	bool encrypts; /* then the person is told of weights that are copied */
	const char *const *others; /* further files that are read; entries can be NULL */
	size_t other_count;
	void *context;
	/* Asked for every model before anything is written; *convert false: copy it. `single`: it is
	 * the file that was named. */
	int (*check)(void *context, struct ct_model *model, bool single, bool *convert,
		     struct ct_error *err);
	/* All were checked; `conversions` are to be done. */
	int (*checked)(void *context, size_t conversions, struct ct_error *err);
	/* The work itself, on a model that was read anew. */
	int (*convert)(void *context, struct ct_model *model, const struct ct_source *source,
		       const struct ct_sink *sink, const struct ct_progress *progress,
		       struct ct_error *err);
	/* set on success: */
	bool directory;
	size_t converted, copied; /* files */
	uint64_t bytes;           /* of the models that were converted */
};

/* Do it. Tells the person what is wrong and returns -1; nothing is left behind then but, with `force` in
 * a directory that existed, whole files. */
int convert(struct conversion *conversion);

#endif
