/* What the tests of the view share: models with their plain twins, and reads that are compared. */
#ifndef CT_TEST_VIEW_SUPPORT_H
#define CT_TEST_VIEW_SUPPORT_H

#include "support.h"

enum { MIB = 1 << 20 };

/* A file, its plain twin, what its view must be, its view. */
struct fixture {
	struct memory plain, file;
	uint8_t *image;
	struct ct_view *view;
	struct ct_source source;
	const struct ct_model *model;
};

/* Tensors whose names begin with "clear" are left in the clear. */
void fixture_new(struct fixture *f, const struct tensor_spec *specs, size_t count, struct sealing how,
		 unsigned threads);
void fixture_free(struct fixture *f);

/* Read and compare; bytes around the buffer must stay as they are. */
void check_read(struct fixture *f, uint64_t offset, size_t len);

/* The read fails with `code`, and leaves zeros. */
void check_failure(struct ct_view *view, const struct ct_source *source, uint64_t offset, size_t len,
		   enum ct_code code, const char *part);

/* A model of a few bytes, for every offset and length; ways to encrypt it. */
extern const struct tensor_spec small[9];
extern const struct sealing small_ways[5];

struct large_way {
	struct sealing how;
	unsigned threads; /* of one read */
};

/* A model of several MiB; ways to encrypt and to read it. */
extern const struct tensor_spec large[8];
extern const struct large_way large_ways[7];

#endif
