/* The environment variables that steer the shim, read when an encrypted model is met and never
 * before, so that a program may set its own environment at start. */
#ifndef SHIM_CONFIG_H
#define SHIM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto.h"
#include "error.h"

enum shim_mode { SHIM_EAGER, SHIM_LAZY, SHIM_MEMFD };

enum shim_level { SHIM_OFF, SHIM_ERROR, SHIM_WARN, SHIM_INFO, SHIM_DEBUG };

struct shim_config {
	enum shim_mode mode;   /* CTSHIM_SERVE */
	uint64_t lazy_from;    /* CTSHIM_LAZY_FROM: shorter mappings are decrypted at once; bytes */
	uint64_t resident;     /* CTSHIM_RESIDENT: bytes of plaintext that lazy mappings may hold at once; 0: no bound */
	unsigned threads;      /* CTSHIM_THREADS, at least 1 */
	const char *match;     /* CTSHIM_MATCH: globs separated by ':'; NULL: every file */
	bool disabled;         /* CTSHIM_DISABLE */
	bool require_encrypted; /* CTSHIM_REQUIRE */
	bool verify_open;      /* CTSHIM_VERIFY: every tag is checked before open() returns */
	bool stats;            /* CTSHIM_STATS: a line when a model is let go of */
	const char *stats_dir; /* CTSHIM_STATS_DIR: absolute; NULL: no figures are kept */
};

/* CT_E_ARGUMENT names the variable that is not understood. Strings belong to the environment. */
int shim_config_read(struct shim_config *config, struct ct_error *err);

/* The cryptographic library, with the backend that CTSHIM_CIPHER names; as ct_crypto_new(). CT_E_ARGUMENT names the
 * variable when that backend is unknown or cannot be used here. */
int shim_config_crypto(struct ct_crypto **crypto, struct ct_error *err);

/* What CTSHIM_SERVE calls it. */
const char *shim_config_mode_name(enum shim_mode mode);

/* Does CTSHIM_MATCH select this resolved path? */
bool shim_config_matches(const struct shim_config *config, const char *path);

/* CTSHIM_LOG; a value that is not understood counts as SHIM_ERROR here, shim_config_read() tells. */
enum shim_level shim_config_level(void);

#endif
