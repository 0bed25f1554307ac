/* The encrypted files that this process has met, one entry for each: device, inode, size, mtime and
 * ctime say what one file is. Entries live in a fixed array and are reused, never freed, so that a
 * reference can be taken without a lock. An entry that nothing refers to stays for the next open of
 * the same file, until its place is needed. */
#ifndef SHIM_FILE_H
#define SHIM_FILE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "config.h"
#include "view.h"

struct shim_file {
	atomic_uint references;
	/* Set by whoever builds the entry, read only while anyone has a reference. */
	struct stat identity;
	struct statx_timestamp born; /* zero where the file system does not tell */
	struct ct_view *view;
	char *path; /* resolved, for messages */
	atomic_uint stats; /* where it is counted (stats.h); 0: nowhere */
	struct shim_seen *seen;
	atomic_int place; /* where its bytes lie, as the last reader saw it (ciphertext.h) */
	atomic_int own; /* a descriptor of the shim's own (own.h), while own_users ask for one */
	/* Under the registry's lock. */
	_Atomic enum shim_file_state { SHIM_FILE_FREE, SHIM_FILE_BUILDING, SHIM_FILE_READY } state;
	unsigned long last_use;
	unsigned own_users;
	bool checked, checking; /* every tag: see whole.h */
	struct shim_plain_hint {
		int fd;
		dev_t dev;
		ino_t ino;
	} plain; /* where the process last had this file's plaintext as a memfd, perhaps */
};

/* The entry for the encrypted model that `fd` reads, with a reference for the caller; *file is NULL when
 * the file turns out to be plain. `st` is fstat's word on it, `path` its resolved name. The first
 * opening of a file parses, verifies and unwraps it; others wait for that. The policies are asked each time. -1 with
 * *err. */
int shim_file_open(struct shim_file **file, int fd, const struct stat *st, const char *path,
		   const struct shim_config *config, struct ct_error *err);

/* Lock-free; a reference keeps view and identity as they are. */
void shim_file_get(struct shim_file *file);
void shim_file_put(struct shim_file *file);

/* The same under a lock: shim_stats_tell() is for the caller, without it. */
void shim_file_drop(struct shim_file *file);

/* Does descriptor `fd` still read this file? One system call, and another when the file was touched since. Where the
 * kernel may not be asked (a sandbox), what was known is believed: authentication proves it. */
bool shim_file_is(const struct shim_file *file, int fd);

/* Get or set the hint, under the lock. */
struct shim_plain_hint shim_file_plain_hint(struct shim_file *file);
void shim_file_set_plain_hint(struct shim_file *file, struct shim_plain_hint hint);

/* Read `len` bytes of the plaintext image at `offset`, ciphertext coming from `fd`. Failures are logged;
 * the result is 0 or the errno for the program, which depends on what it is doing; or SHIM_ANOTHER when another thread
 * has given the number to another file meanwhile, which is nobody's fault. */
enum shim_doing { SHIM_OPENING, SHIM_READING, SHIM_MAPPING };
enum { SHIM_ANOTHER = -1 };
int shim_file_read(struct shim_file *file, int fd, void *bytes, size_t len, uint64_t offset,
		   enum shim_doing doing);

/* Log a failure, unless it is the program's own mistake; the errno for the program. */
int shim_file_tell(const struct shim_file *file, const struct ct_error *err, enum shim_doing doing);

/* Is the caller to check every tag of the file? Not if that was done with success before; while another thread is at
 * it, that is waited for. Whoever is told to says how it ended. */
bool shim_file_begin_check(struct shim_file *file);
void shim_file_end_check(struct shim_file *file, bool good);

/* Ciphertext for mappings that outlive the program's descriptor: as long as somebody wants it, the file has one of the
 * shim's own, which comes from `fd`. False: there is no number left. */
bool shim_file_own_get(struct shim_file *file, int fd);
void shim_file_own_put(struct shim_file *file);

/* The own descriptor `from` is `to` now: for shim_own_move(). */
void shim_file_own_moved(int from, int to);

/* Fill memory that nobody else sees yet, from the own descriptor, on at most `threads` threads: see ct_view_fill(). 0 or an
 * errno; failures are logged when `log` says so. Async-signal-safe with one thread, as far as the allocator is. */
int shim_file_fill_own(struct shim_file *file, void *bytes, size_t len, uint64_t offset, unsigned threads, bool log);

/* In a forked child: threads that held locks or were building entries do not exist here. */
void shim_file_after_fork(void);

#endif
