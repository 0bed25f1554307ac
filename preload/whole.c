#include "whole.h"

#include "ciphertext.h"
#include "guard.h"
#include "process.h"
#include "raw.h"
#include "stats.h"

static int finish(struct shim_file *file, int fd, int status, const struct ct_error *err)
{
	if (status == 0)
		return 0;
	return shim_file_is(file, fd) ? shim_file_tell(file, err, SHIM_OPENING) : SHIM_ANOTHER;
}

int shim_whole_check(struct shim_file *file, int fd)
{
	struct ct_error err;
	struct shim_guard guard;
	struct shim_ciphertext ciphertext = {.fd = fd};
	struct ct_source source = shim_source(&ciphertext, (uint64_t)file->identity.st_size);
	/* A vfork child may end at any point, and its parent would wait for it: it works for itself. */
	bool shared = shim_process_owns();
	int status = 0;
	shim_guard_enter(&guard, (size_t)file->identity.st_size);
	if (!shared || shim_file_begin_check(file)) {
		status = ct_view_verify(file->view, &source, &err);
		if (shared)
			shim_file_end_check(file, status == 0);
	}
	shim_guard_leave(&guard);
	return finish(file, fd, status, &err);
}

static int write_plaintext(void *context, const void *bytes, size_t len, uint64_t offset, struct ct_error *err)
{
	const char *from = bytes;
	while (len > 0) {
		long put = SHIM_RAW(SYS_pwrite64, *(const int *)context, from, len, offset, 0, 0);
		if (put == -EINTR)
			continue;
		if (put <= 0)
			return ct_fail_sys(err, put < 0 ? (int)-put : ENOMEM, "writing its plaintext to memory");
		from += put;
		offset += (uint64_t)put;
		len -= (size_t)put;
	}
	return 0;
}

int shim_whole_copy(struct shim_file *file, int fd, int to)
{
	struct ct_error err;
	struct shim_ciphertext ciphertext = {.fd = fd};
	struct ct_source source = shim_source(&ciphertext, (uint64_t)file->identity.st_size);
	const struct ct_sink sink = {write_plaintext, &to};
	struct shim_account account;
	if (shim_stats_observe(&account, file, SHIM_USE_MEMORY_FILE))
		source.observer = &account.observer;
	return finish(file, fd, ct_view_copy(file->view, &source, &sink, &err), &err);
}
