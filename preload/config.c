#include "config.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parallel.h"

enum { THREADS_MAX = 64, LAZY_FROM = 64 * 1024, RESIDENT_MIN = 1024 * 1024 };

static const char *get(const char *name)
{
	const char *value = getenv(name);
	return value != NULL && *value != '\0' ? value : NULL;
}

static int read_level(const char *value, enum shim_level *level)
{
	static const char *const names[] = {"off", "error", "warn", "info", "debug"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(value, names[i]) == 0) {
			*level = (enum shim_level)i;
			return 0;
		}
	}
	return -1;
}

/* Bytes, or with K, M, G that many KiB, MiB, GiB. */
static int read_size(const char *value, uint64_t *size)
{
	static const char units[] = "KMG";
	char *end;
	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	const char *unit = *end != '\0' ? strchr(units, *end) : NULL;
	unsigned shift = unit != NULL ? 10 * (unsigned)(unit - units + 1) : 0;
	if (value[0] < '0' || value[0] > '9' || errno != 0 || end[unit != NULL] != '\0' || number > UINT64_MAX >> shift)
		return -1;
	*size = number << shift;
	return 0;
}

enum shim_level shim_config_level(void)
{
	enum shim_level level = SHIM_ERROR;
	const char *value = get("CTSHIM_LOG");
	if (value != NULL)
		read_level(value, &level);
	return level;
}

static const char *const modes[] = {[SHIM_EAGER] = "eager", [SHIM_LAZY] = "lazy", [SHIM_MEMFD] = "memfd"};

const char *shim_config_mode_name(enum shim_mode mode)
{
	return modes[mode];
}

static int read_mode(const char *value, enum shim_mode *mode)
{
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (strcmp(value, modes[i]) == 0) {
			*mode = (enum shim_mode)i;
			return 0;
		}
	}
	return -1;
}

static int read_backend(enum ct_backend *backend, struct ct_error *err)
{
	const char *value = get("CTSHIM_CIPHER");
	*backend = CT_BACKEND_AUTO;
	if (value != NULL && ct_backend_parse(value, backend) < 0)
		return ct_fail(err, CT_E_ARGUMENT, "CTSHIM_CIPHER is '%.40s': use auto, openssl or ipsec-mb", value);
	return 0;
}

int shim_config_crypto(struct ct_crypto **crypto, struct ct_error *err)
{
	struct ct_error reason;
	enum ct_backend backend;
	if (read_backend(&backend, err) < 0)
		return -1;
	if (ct_crypto_new(crypto, backend, &reason) == 0)
		return 0;
	*err = reason;
	if (backend == CT_BACKEND_IPSEC_MB && reason.code != CT_E_NOMEM)
		ct_fail(err, CT_E_ARGUMENT, "CTSHIM_CIPHER is '%s', which cannot be used: %s: use auto or openssl",
			ct_backend_name(backend), reason.message);
	return -1;
}

int shim_config_read(struct shim_config *config, struct ct_error *err)
{
	enum shim_level level;
	enum ct_backend backend;
	const char *value;
	*config = (struct shim_config){.mode = SHIM_LAZY};
	if ((value = get("CTSHIM_DISABLE")) != NULL) {
		if (strcmp(value, "1") != 0 && strcmp(value, "0") != 0)
			return ct_fail(err, CT_E_ARGUMENT, "CTSHIM_DISABLE is '%.40s': use 1 or 0", value);
		config->disabled = value[0] == '1';
	}
	if ((value = get("CTSHIM_SERVE")) != NULL) {
		if (read_mode(value, &config->mode) < 0)
			return ct_fail(err, CT_E_ARGUMENT,
				       "CTSHIM_SERVE is '%.40s', which is no serving mode: use eager, lazy or memfd",
				       value);
	}
	config->lazy_from = LAZY_FROM;
	if ((value = get("CTSHIM_LAZY_FROM")) != NULL && read_size(value, &config->lazy_from) < 0)
		return ct_fail(err, CT_E_ARGUMENT, "CTSHIM_LAZY_FROM is '%.40s': use a size such as 65536, 64K or 2M",
			       value);
	if ((value = get("CTSHIM_RESIDENT")) != NULL
	    && (read_size(value, &config->resident) < 0 || config->resident < RESIDENT_MIN))
		return ct_fail(err, CT_E_ARGUMENT, "CTSHIM_RESIDENT is '%.40s': use a size from 1M on, such as 64M or 2G",
			       value);
	if ((value = get("CTSHIM_THREADS")) != NULL) {
		char *end;
		unsigned long threads = strtoul(value, &end, 10);
		if (value[0] < '0' || value[0] > '9' || *end != '\0' || threads < 1
		    || threads > THREADS_MAX)
			return ct_fail(err, CT_E_ARGUMENT, "CTSHIM_THREADS is '%.40s': use a number from 1 to %d",
				       value, THREADS_MAX);
		config->threads = (unsigned)threads;
	} else {
		config->threads = ct_parallel_default();
	}
	if ((value = get("CTSHIM_LOG")) != NULL && read_level(value, &level) < 0)
		return ct_fail(err, CT_E_ARGUMENT,
			       "CTSHIM_LOG is '%.40s': use off, error, warn, info or debug", value);
	if ((value = get("CTSHIM_REQUIRE")) != NULL) {
		if (strcmp(value, "encrypted") != 0)
			return ct_fail(err, CT_E_ARGUMENT, "CTSHIM_REQUIRE is '%.40s': use encrypted, or unset it",
				       value);
		config->require_encrypted = true;
	}
	if ((value = get("CTSHIM_VERIFY")) != NULL) {
		config->verify_open = strcmp(value, "open") == 0;
		if (!config->verify_open && strcmp(value, "use") != 0)
			return ct_fail(err, CT_E_ARGUMENT, "CTSHIM_VERIFY is '%.40s': use open (all of a file is checked "
				       "when it is opened) or use (each part when it is used)", value);
	}
	if ((value = get("CTSHIM_STATS")) != NULL) {
		if (strcmp(value, "1") != 0 && strcmp(value, "0") != 0)
			return ct_fail(err, CT_E_ARGUMENT, "CTSHIM_STATS is '%.40s': use 1 or 0", value);
		config->stats = value[0] == '1';
	}
	config->stats_dir = get("CTSHIM_STATS_DIR");
	if (config->stats_dir != NULL && config->stats_dir[0] != '/')
		return ct_fail(err, CT_E_ARGUMENT, "CTSHIM_STATS_DIR is '%.200s': use a directory's absolute path",
			       config->stats_dir);
	config->match = get("CTSHIM_MATCH");
	return read_backend(&backend, err);
}

bool shim_config_matches(const struct shim_config *config, const char *path)
{
	const char *at = config->match;
	if (at == NULL)
		return true;
	while (*at != '\0') {
		char glob[4096];
		size_t len = strcspn(at, ":");
		if (len > 0 && len < sizeof glob) {
			memcpy(glob, at, len);
			glob[len] = '\0';
			if (fnmatch(glob, path, 0) == 0)
				return true;
		}
		at += len + (at[len] == ':');
	}
	return false;
}
