/* One model, from the environment to its last byte, step by step. */
#ifndef CT_DOCTOR_MODEL_H
#define CT_DOCTOR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "error.h"
#include "model.h"
#include "source.h"

enum step_status { STEP_OK, STEP_WARNING, STEP_FAILED };

struct model_step {
	const char *name; /* a word */
	enum step_status status;
	char text[480];
};

enum { MODEL_STEPS = 16 };

struct model_check {
	const char *path;
	struct model_step steps[MODEL_STEPS];
	size_t count;
	bool failed;
	char *resolved; /* the path when the current directory has changed; NULL: it has not */
	char *disable;  /* CTSHIM_DISABLE as the person set it; NULL: unset */
};

/* CTSHIM_DISABLE goes from the environment, and from now on is 1: with the library preloaded into ourselves, files
 * would look decrypted. */
void model_check_init(struct model_check *check, const char *path);
void model_check_clear(struct model_check *check);

/* Have the settings, keys and relative paths of the process `pid`, as it was started, instead of our own. CT_E_IO. */
int model_check_adopt(struct model_check *check, pid_t pid, struct ct_error *err);

/* Take the steps, up to the first that fails. `keys` (NULL: the environment's) becomes the environment's only source of
 * keys. `library` NULL: ours cannot be loaded, and `why` says why. No key material gets into any text. */
void model_check_run(struct model_check *check, const char *keys, const char *library, const char *why);

/* The last step: have a child read `path` under `library` and compare with what `model`, which is taken over, makes of
 * `source`. -1 with *err says what went wrong. */
int model_check_serve(const struct model_check *check, const char *library, struct ct_model *model,
		      const struct ct_crypto *crypto, const struct ct_source *source, struct ct_error *err);

/* In the environment: CTSHIM_DISABLE as the person set it, or 1. */
void model_check_expose(const struct model_check *check, bool expose);

#endif
