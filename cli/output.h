/* Files that appear whole or not at all: written under a temporary name beside the target, brought to
 * disk, then renamed. */
#ifndef CT_OUTPUT_H
#define CT_OUTPUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "source.h"

struct output {
	char *path, *temp;
	int fd;
	bool replace;
	atomic_uint_fast64_t written; /* bytes */
	struct ct_sink sink; /* messages of its errors name the file */
};

/* May `path` be written? CT_E_ARGUMENT when something is there and `replace` is not given, or when
 * it is no regular file: links and devices are never replaced. */
int output_check(const char *path, bool replace, struct ct_error *err);

/* Begin to write `path`; until it is finished nobody but its owner can read it. `output` must not
 * move. */
int output_open(struct output *output, const char *path, bool replace, struct ct_error *err);

/* The same for a file that takes the place of the one at `path`, under a fixed temporary name, ".NAME.`purpose`":
 * what an earlier attempt left there is removed. The caller sees to it that there is one attempt at a time. */
int output_open_again(struct output *output, const char *path, const char *purpose, struct ct_error *err);

/* Remove what an attempt left there that was killed. */
void output_clear(const char *path, const char *purpose);

/* Give it `mode`, bring it to disk and put it in its place; without `replace` it never takes the
 * place of anything. Ends the output also when it fails. */
int output_finish(struct output *output, mode_t mode, struct ct_error *err);

/* Remove what was written. */
void output_discard(struct output *output);

/* "DIR/.NAME.XXXXXX" for mkstemp() or mkdtemp(), NULL when out of memory. The caller frees it. */
char *temporary_name(const char *path);

/* Rename `temp` to `path`, and see the change to disk. Without `replace` nothing is overwritten. */
int put_in_place(const char *temp, const char *path, bool replace, struct ct_error *err);

/* fsync() of a directory, as far as its file system can. */
int sync_directory(const char *path, struct ct_error *err);

#endif
