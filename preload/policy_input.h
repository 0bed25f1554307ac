/* The document `input` of policies: docs/policy.md describes it field by field. */
#ifndef SHIM_POLICY_INPUT_H
#define SHIM_POLICY_INPUT_H

#include <stdint.h>

#include "buffer.h"
#include "model.h"
#include "policy_config.h"
#include "policy_fields.h"

/* The shim_wanted fields that a text speaks of. */
unsigned shim_policy_wants(const char *text, size_t len);

enum { SHIM_TIME_MAX = 40 };

/* Seconds of `now` (ns since 1970) as RFC 3339 has it, in UTC. */
void shim_policy_time(char text[static SHIM_TIME_MAX], int64_t now);

/* The clock: ns since 1970. */
int64_t shim_policy_now(void);

struct shim_policy_open {
	const char *path; /* of the model, resolved */
	const struct ct_crypto *crypto;
	bool audit; /* decisions are recorded where CTSHIM_AUDIT says */
	void (*complain)(const char *path, const char *message); /* of a record that could not be made; may be NULL */
};

/* Append the document. `custom` is JSON, len 0: none. CT_E_NOMEM. */
int shim_policy_input(struct ct_buffer *json, const struct shim_policy_open *open, const struct ct_model *model,
		      const struct shim_policy_config *config, const struct ct_buffer *custom, unsigned wanted,
		      int64_t now, struct ct_error *err);

#endif
