#include "build.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "cache.h"
#include "ciphertext.h"
#include "journal.h"
#include "keys.h"
#include "late.h"
#include "log.h"
#include "policy_ask.h"
#include "raw.h"
#include "pages.h"
#include "resident.h"

enum { ATTEMPTS = 10 };

static _Atomic(struct ct_crypto *) shared_crypto;

static int get_crypto(const struct ct_crypto **crypto, const char *path, struct ct_error *err)
{
	struct ct_crypto *made = atomic_load(&shared_crypto), *expected = NULL;
	if (made == NULL) {
		shim_late_start();
		if (shim_config_crypto(&made, err) < 0)
			return -1;
		if (!atomic_compare_exchange_strong(&shared_crypto, &expected, made)) {
			ct_crypto_free(made);
			made = expected;
		} else {
			shim_log(SHIM_INFO, path, "AES-GCM runs on %s (CTSHIM_CIPHER)",
				 ct_backend_name(ct_crypto_backend(made)));
		}
	}
	*crypto = made;
	return 0;
}

static void complain(const char *path, const char *message)
{
	shim_log(SHIM_ERROR, path, "%s", message);
}

int shim_build_allowed(const struct ct_model *model, const char *path, struct ct_error *err)
{
	struct shim_policy_open open = {.path = path, .audit = true, .complain = complain};
	if (get_crypto(&open.crypto, path, err) < 0)
		return -1;
	return shim_policy_ask_on_stack(&open, model, err);
}

static int ask(void *path, const struct ct_model *model, struct ct_error *err)
{
	return shim_build_allowed(model, path, err);
}

/* The model that `source` shows, unlocked; NULL when it is plain. */
static int open_model(struct ct_model **out, const struct ct_source *source, const char *path,
		      const struct ct_crypto *crypto, struct ct_error *err)
{
	struct ct_model *model = NULL;
	struct ct_keyset keys = {0};
	int status = -1;
	*out = NULL;
	if (ct_model_read(&model, source, err) < 0)
		goto out;
	if (model->encrypted
	    && (shim_keys_read(&keys, &model->manifest, err) < 0
		|| ct_model_unlock_asking(model, crypto, &keys, ask, (char *)path, err) < 0))
		goto out;
	status = 0;
	if (model->encrypted) {
		*out = model;
		model = NULL;
	}
out:
	ct_keyset_clear(&keys);
	ct_model_free(model);
	return status;
}

static int read_journal(struct ct_journal **journal, const struct ct_source *file, const char *path,
			const struct ct_crypto *crypto, struct ct_error *err)
{
	char name[PATH_MAX + sizeof CT_JOURNAL_SUFFIX];
	struct ct_error reason;
	struct stat st;
	snprintf(name, sizeof name, "%s" CT_JOURNAL_SUFFIX, path);
	int status, fd = raw_openat(AT_FDCWD, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0);
	if (fd < 0) {
		status = ct_fail_sys(&reason, -fd, "cannot be opened");
	} else {
		memset(&st, 0, sizeof st);
		raw_fstat(fd, &st);
		struct shim_ciphertext ciphertext = {.fd = fd};
		struct ct_source text = shim_source(&ciphertext, (uint64_t)st.st_size);
		status = ct_journal_read(journal, crypto, file, &text, &reason);
		raw_close(fd);
	}
	if (status < 0 && (reason.sys == EMFILE || reason.sys == ENFILE))
		return ct_fail_sys(err, reason.sys, "no descriptor is left for %.200s: close some, or raise their limit"
				   " (ulimit -n)", name);
	if (status < 0)
		ct_fail(err, reason.code == CT_E_NOMEM ? CT_E_NOMEM : CT_E_FORMAT,
			"an exchange of its keys was interrupted, and %.200s has its header: %s", name,
			reason.message);
	return status;
}

/* The header that was to come, or the one that was there: whichever the keys open. */
static int open_from_journal(struct ct_model **model, const struct ct_source *file, const char *path,
			     const struct ct_crypto *crypto, struct ct_error *err)
{
	struct ct_journal *journal;
	struct ct_error second;
	if (read_journal(&journal, file, path, crypto, err) < 0)
		return -1;
	int status = open_model(model, ct_journal_after(journal), path, crypto, err);
	if (status < 0 && err->code != CT_E_POLICY) /* what a policy denies, an older one shall not allow */
		status = open_model(model, ct_journal_before(journal), path, crypto, &second);
	ct_journal_free(journal);
	if (status == 0)
		shim_log(SHIM_WARN, path,
			 "an exchange of its keys is under way or was interrupted: ctshim rewrap finishes it");
	return status;
}

/* Was the file written to since `st`? If so, *st is what it is now. */
static bool has_changed(int fd, struct stat *st)
{
	struct stat before = *st;
	return raw_fstat(fd, st) == 0
	       && (st->st_mtim.tv_sec != before.st_mtim.tv_sec || st->st_mtim.tv_nsec != before.st_mtim.tv_nsec
		   || st->st_ctim.tv_sec != before.st_ctim.tv_sec
		   || st->st_ctim.tv_nsec != before.st_ctim.tv_nsec);
}

int shim_build_view(struct ct_view **view, int fd, const struct stat *st, const char *path,
		    const struct shim_config *config, struct ct_error *err)
{
	static const struct ct_cache_memory huge = {shim_pages_take, shim_pages_give};
	struct ct_view_options options = {.threads = config->threads, .memory = &huge,
					  .cache = shim_resident_cache((size_t)config->resident)};
	struct shim_ciphertext ciphertext = {.fd = fd};
	struct ct_source source = shim_source(&ciphertext, (uint64_t)st->st_size);
	struct ct_model *model = NULL;
	struct stat now = *st;
	int status = -1;
	*view = NULL;
	if (get_crypto(&options.crypto, path, err) < 0)
		return -1;
	/* The header may be exchanged while it is read. */
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		status = open_model(&model, &source, path, options.crypto, err);
		if (status < 0 && ct_journal_wanted(&source))
			status = open_from_journal(&model, &source, path, options.crypto, err);
		if (status == 0 || err->code == CT_E_POLICY || !has_changed(fd, &now))
			break;
	}
	if (status == 0 && model != NULL)
		status = ct_view_new(view, model, &options, err);
	return status;
}
