/* Memory for a while: a second arena that counts against the first one's limits and goes back at once. */
#ifndef REGO_SCRATCH_H
#define REGO_SCRATCH_H

#include "work.h"

static inline struct rego_work rego_scratch_begin(const struct rego_work *work)
{
	struct rego_work scratch = *work;
	scratch.blocks = NULL;
	scratch.used = 0;
	scratch.limits.memory = work->used < work->limits.memory ? work->limits.memory - work->used : 0;
	return scratch;
}

/* What lay in it is gone; its steps are spent and its failure is the work's. */
static inline void rego_scratch_end(struct rego_work *work, struct rego_work *scratch)
{
	work->steps = scratch->steps;
	rego_work_end(scratch);
}

#endif
