/* Signals that end the program: work stops at the next step, what is unfinished is removed, and then
 * the program dies by the very signal. */
#ifndef CT_STOP_H
#define CT_STOP_H

#include <stdbool.h>

/* From now on SIGINT, SIGTERM, SIGHUP and SIGQUIT only ask to stop, unless they were ignored, and a
 * file size limit is an error of write(), not a signal. */
void stop_watch(void);

/* Has one of them come? Async-signal-safe, thread-safe. */
bool stop_requested(void);

/* Die by the signal that came, if one came. */
void stop_die(void);

#endif
