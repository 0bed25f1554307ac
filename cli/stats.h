/* What processes under the library keep of what they serve: preload/stats_layout.h. */
#ifndef CT_STATS_H
#define CT_STATS_H

#include <stdbool.h>
#include <sys/types.h>

#include "../preload/stats_layout.h"
#include "error.h"

struct stats_model {
	bool open; /* false: the library has let go of it */
	uint64_t size, sealed;
	char path[SHIM_STATS_PATH + 1];
	uint64_t counts[SHIM_STATS];
};

struct stats_process {
	pid_t pid;         /* as it is here; 0: in a PID namespace that is not seen from here */
	pid_t own_pid;     /* as it is there */
	char name[64];     /* of its program; empty when that is not known */
	uint64_t began;    /* seconds since 1970 */
	struct stats_model *models;
	size_t count;
};

struct stats_list {
	struct stats_process *processes;
	size_t count;
	size_t unreadable; /* files of living processes that may not be read, or are of another version */
};

/* All living processes that keep figures in `dir`, or only `pid` unless that is 0. Leftovers, and files whose owner is
 * not the process's, are passed over. CT_E_IO: the directory cannot be read; CT_E_NOMEM. Clear it in each case. */
int stats_read(struct stats_list *list, const char *dir, pid_t pid, struct ct_error *err);
void stats_clear(struct stats_list *list);

/* Sums over the ways of decrypting. */
uint64_t stats_decrypted_bytes(const struct stats_model *model);
uint64_t stats_decrypted_messages(const struct stats_model *model);

/* To stdout. */
void stats_text(const struct stats_list *list);
int stats_json(const struct stats_list *list); /* -1 when memory ran out, which has been told */

#endif
