#include "file.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "ciphertext.h"
#include "guard.h"
#include "log.h"
#include "own.h"
#include "raw.h"
#include "stats.h"

enum { FILES_MAX = 4096, IDLE_MAX = 64 };

static struct shim_file files[FILES_MAX];
static unsigned files_used; /* entries from here on were never used */
static unsigned long clock_ticks;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t built = PTHREAD_COND_INITIALIZER;

/* A signal handler may open a file: it must not find the lock held by the thread it interrupts. (All of this runs under a
 * guard that keeps cancellation off, which comes by a signal that sigfillset() leaves out.) */
static void acquire(sigset_t *before)
{
	sigset_t all;
	sigfillset(&all);
	SHIM_RAW(SYS_rt_sigprocmask, SIG_SETMASK, &all, before, 8, 0, 0);
	pthread_mutex_lock(&lock);
}

static void release(const sigset_t *before)
{
	pthread_mutex_unlock(&lock);
	SHIM_RAW(SYS_rt_sigprocmask, SIG_SETMASK, before, 0, 8, 0, 0);
}

void shim_file_get(struct shim_file *file)
{
	atomic_fetch_add(&file->references, 1);
}

void shim_file_drop(struct shim_file *file)
{
	unsigned slot = atomic_load_explicit(&file->stats, memory_order_relaxed);
	if (atomic_fetch_sub(&file->references, 1) == 1 && slot != 0)
		shim_stats_released(slot);
}

void shim_file_put(struct shim_file *file)
{
	shim_file_drop(file);
	shim_stats_tell();
}

static struct statx_timestamp birth_of(int fd)
{
	struct statx more;
	if (SHIM_RAW(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BTIME, &more, 0) != 0
	    || (more.stx_mask & STATX_BTIME) == 0)
		return (struct statx_timestamp){0};
	return more.stx_btime;
}

static bool same_birth(const struct statx_timestamp *a, const struct statx_timestamp *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool shim_file_is(const struct shim_file *file, int fd)
{
	struct stat st;
	int failed = raw_fstat(fd, &st);
	if (failed != 0)
		return failed != -EBADF;
	if (st.st_dev != file->identity.st_dev || st.st_ino != file->identity.st_ino)
		return false;
	if (st.st_ctim.tv_sec == file->identity.st_ctim.tv_sec
	    && st.st_ctim.tv_nsec == file->identity.st_ctim.tv_nsec)
		return true;
	/* Touched since; or it is gone, and its inode's number another file's. */
	struct statx_timestamp born = birth_of(fd);
	return same_birth(&born, &file->born);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size
	       && a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec
	       && a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* With the lock held: an entry changes its state. A child may be forked at any moment, and must not find an entry that
 * says it is ready with a view that is half made or half gone. */
static void set_state(struct shim_file *file, enum shim_file_state state)
{
	atomic_exchange(&file->state, state); /* what is done before and after it stays there */
}

/* With the lock held: make an idle entry free again. */
static void retire(struct shim_file *file)
{
	struct ct_view *view = file->view;
	char *path = file->path;
	shim_stats_leave(file);
	set_state(file, SHIM_FILE_FREE);
	file->view = NULL;
	file->path = NULL;
	ct_view_free(view);
	free(path);
}

/* With the lock held: a free entry; idle ones past IDLE_MAX make room, least recently used first. */
static struct shim_file *find_free(void)
{
	struct shim_file *unused = NULL, *oldest = NULL;
	unsigned idle = 0;
	for (unsigned i = 0; i < files_used; i++) {
		struct shim_file *file = &files[i];
		if (file->state == SHIM_FILE_FREE) {
			unused = file;
		} else if (file->state == SHIM_FILE_READY && atomic_load(&file->references) == 0) {
			idle++;
			if (oldest == NULL || file->last_use < oldest->last_use)
				oldest = file;
		}
	}
	if (oldest != NULL
	    && (idle > IDLE_MAX || (unused == NULL && files_used == FILES_MAX))) {
		retire(oldest);
		return oldest;
	}
	if (unused == NULL && files_used < FILES_MAX)
		unused = &files[files_used++];
	return unused;
}

/* With the lock held: the entry for this very file, if there is one. An idle entry for an earlier
 * state of the same inode is of no more use. */
static struct shim_file *find_same(const struct stat *st)
{
	struct shim_file *found = NULL;
	for (unsigned i = 0; i < files_used; i++) {
		struct shim_file *file = &files[i];
		if (file->state == SHIM_FILE_FREE)
			continue;
		if (same_file(&file->identity, st))
			found = file;
		else if (file->state == SHIM_FILE_READY && file->identity.st_dev == st->st_dev
			 && file->identity.st_ino == st->st_ino && atomic_load(&file->references) == 0)
			retire(file);
	}
	return found;
}

/* With the lock held throughout but for the work itself: fill a fresh entry. */
static int build_entry(struct shim_file *file, int fd, const struct stat *st, const char *path,
		       const struct shim_config *config, sigset_t *before, struct ct_error *err)
{
	set_state(file, SHIM_FILE_BUILDING);
	file->identity = *st;
	file->born = birth_of(fd);
	file->plain = (struct shim_plain_hint){.fd = -1};
	file->checked = file->checking = false;
	release(before);

	struct ct_view *view = NULL;
	int status = shim_build_view(&view, fd, st, path, config, err);
	char *name = view != NULL ? strdup(path) : NULL;

	acquire(before);
	file->view = view;
	file->path = name;
	if (view != NULL)
		shim_stats_enter(file, config);
	set_state(file, view != NULL ? SHIM_FILE_READY : SHIM_FILE_FREE);
	pthread_cond_broadcast(&built);
	if (view != NULL) {
		const struct ct_model *model = ct_view_model(view);
		shim_log(SHIM_INFO, path, "verified: %zu of %zu tensors encrypted, version %d, %s",
			 model->manifest.sealed_count, model->header.count, model->manifest.version,
			 ct_cipher_name(model->manifest.cipher));
	}
	return status;
}

int shim_file_open(struct shim_file **out, int fd, const struct stat *st, const char *path,
		   const struct shim_config *config, struct ct_error *err)
{
	int status = 0;
	sigset_t before;
	struct shim_file *file;
	bool again = true;
	*out = NULL;
	acquire(&before);
	while ((file = find_same(st)) != NULL && file->state == SHIM_FILE_BUILDING)
		pthread_cond_wait(&built, &lock);
	if (file == NULL) {
		again = false;
		file = find_free();
		if (file == NULL)
			status = ct_fail(err, CT_E_NOMEM, "more than %d encrypted files are open: close some",
					 FILES_MAX);
		else
			status = build_entry(file, fd, st, path, config, &before, err);
	}
	if (status == 0 && file->state == SHIM_FILE_READY) {
		file->last_use = ++clock_ticks;
		shim_file_get(file);
		*out = file;
	}
	release(&before);
	if (*out != NULL && again && (status = shim_build_allowed(ct_view_model(file->view), path, err)) < 0) {
		shim_file_put(file);
		*out = NULL;
	}
	return status;
}

struct shim_plain_hint shim_file_plain_hint(struct shim_file *file)
{
	sigset_t before;
	acquire(&before);
	struct shim_plain_hint hint = file->plain;
	release(&before);
	return hint;
}

void shim_file_set_plain_hint(struct shim_file *file, struct shim_plain_hint hint)
{
	sigset_t before;
	acquire(&before);
	file->plain = hint;
	release(&before);
}

typedef int read_function(struct ct_view *view, const struct ct_source *source, void *bytes, size_t len,
			  uint64_t offset, unsigned threads, struct ct_error *err);

static int read_view(struct shim_file *file, read_function *read, int fd, void *bytes, size_t len, uint64_t offset,
		     unsigned threads, enum shim_use use, struct ct_error *err)
{
	struct shim_guard guard;
	struct shim_account account;
	struct shim_ciphertext ciphertext = {.fd = fd, .place = atomic_load(&file->place)};
	struct ct_source source = shim_source(&ciphertext, (uint64_t)file->identity.st_size);
	shim_guard_enter(&guard, len);
	if (shim_stats_observe(&account, file, use))
		source.observer = &account.observer;
	int status = read(file->view, &source, bytes, len, offset, threads, err);
	atomic_store(&file->place, ciphertext.place);
	shim_guard_leave(&guard);
	return status;
}

int shim_file_tell(const struct shim_file *file, const struct ct_error *err, enum shim_doing doing)
{
	if (err->sys != EFAULT)
		shim_stats_add(file, SHIM_STAT_FAILURES, 1);
	if (err->sys != EFAULT) /* the program's own mistake, and it is told by errno */
		shim_log(SHIM_ERROR, file->path != NULL ? file->path : "(unknown)", "%s", err->message);
	return ct_error_errno(err, doing != SHIM_OPENING);
}

int shim_file_read(struct shim_file *file, int fd, void *bytes, size_t len, uint64_t offset,
		   enum shim_doing doing)
{
	static const enum shim_use uses[] = {
		[SHIM_OPENING] = SHIM_USE_MEMORY_FILE, [SHIM_READING] = SHIM_USE_READ, [SHIM_MAPPING] = SHIM_USE_MAPPING};
	struct ct_error err;
	int status = read_view(file, ct_view_read_on, fd, bytes, len, offset, UINT_MAX, uses[doing], &err);
	if (status == 0)
		return 0;
	return shim_file_is(file, fd) ? shim_file_tell(file, &err, doing) : SHIM_ANOTHER;
}

int shim_file_fill_own(struct shim_file *file, void *bytes, size_t len, uint64_t offset, unsigned threads, bool log)
{
	struct ct_error err;
	int fd, status;
	do {
		fd = atomic_load(&file->own);
		status = read_view(file, ct_view_fill, fd, bytes, len, offset, threads, SHIM_USE_WINDOW, &err);
	} while (status != 0 && fd != atomic_load(&file->own)); /* it was moved meanwhile */
	if (status == 0)
		return 0;
	return log ? shim_file_tell(file, &err, SHIM_READING) : ct_error_errno(&err, true);
}

bool shim_file_begin_check(struct shim_file *file)
{
	sigset_t before;
	acquire(&before);
	while (file->checking)
		pthread_cond_wait(&built, &lock);
	file->checking = !file->checked;
	bool begun = file->checking;
	release(&before);
	return begun;
}

void shim_file_end_check(struct shim_file *file, bool good)
{
	sigset_t before;
	acquire(&before);
	file->checking = false;
	file->checked = file->checked || good;
	pthread_cond_broadcast(&built);
	release(&before);
}

bool shim_file_own_get(struct shim_file *file, int fd)
{
	sigset_t before;
	acquire(&before);
	if (file->own_users == 0 || atomic_load(&file->own) < 0)
		atomic_store(&file->own, shim_own_open(fd));
	bool have = atomic_load(&file->own) >= 0;
	file->own_users += have;
	release(&before);
	return have;
}

void shim_file_own_put(struct shim_file *file)
{
	sigset_t before;
	acquire(&before);
	if (--file->own_users == 0)
		shim_own_close(atomic_exchange(&file->own, -1)); /* -1: a child that never had it */
	release(&before);
}

void shim_file_own_moved(int from, int to)
{
	for (unsigned i = 0; i < FILES_MAX; i++) {
		int expected = from;
		atomic_compare_exchange_strong(&files[i].own, &expected, to);
	}
	shim_stats_own_moved(from, to);
}

/* Descriptors are copied to a child before memory is: what another thread opened in between is not there, and its
 * number nobody's or the program's. */
static void after_fork(struct shim_file *file)
{
	file->checking = false; /* by a thread that is not here */
	ct_view_after_fork(file->view);
	int own = file->own_users > 0 ? atomic_load(&file->own) : -1;
	if (own >= 0 && !shim_file_is(file, own)) {
		shim_own_forget(own);
		atomic_store(&file->own, -1);
	}
}

void shim_file_after_fork(void)
{
	pthread_mutex_init(&lock, NULL);
	pthread_cond_init(&built, NULL);
	for (unsigned i = 0; i < files_used; i++) {
		if (files[i].state == SHIM_FILE_READY)
			after_fork(&files[i]);
		else
			files[i].state = SHIM_FILE_FREE; /* what its thread had made is lost */
	}
}
