/* A file's header, exchanged where it stands (journal.h has the steps). */
#ifndef CT_EXCHANGE_H
#define CT_EXCHANGE_H

#include "buffer.h"
#include "file_source.h"
#include "journal.h"

/* What the names of temporary files end with; there is one attempt at a time for each file. */
#define EXCHANGE_TEMPORARY "rewrap"

struct exchange {
	struct file_source file; /* the file, for reading */
	int fd;                  /* the same for writing, or -1 */
	char *path;              /* resolved */
	char *journal;           /* its path */
	const struct ct_crypto *crypto;
	bool finished_other; /* an interrupted exchange was found and brought to its end */
};

/* Take the file at `path`, alone: CT_E_IO when another process is exchanging its header. An exchange that was
 * interrupted is brought to its end. `exchange` must not move. */
int exchange_begin(struct exchange *exchange, const char *path, const struct ct_crypto *crypto,
		   struct ct_error *err);

/* Put `head`, with its length field, in the place of the header, which is as long. Killed at any point, the file
 * has the old header or the new one, or a mark and a journal beside it that has both. */
int exchange_header(struct exchange *exchange, const struct ct_buffer *head, struct ct_error *err);

void exchange_end(struct exchange *exchange);

#endif
