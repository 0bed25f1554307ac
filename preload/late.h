/* What libcrypto would do at load time, and the library puts off until a model is met. */
#ifndef SHIM_LATE_H
#define SHIM_LATE_H

/* Do it now, unless it was done. Before libcrypto is used. Thread-safe. */
void shim_late_start(void);

#endif
