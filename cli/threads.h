/* How many threads to work with. */
#ifndef CT_THREADS_H
#define CT_THREADS_H

/* The CPUs that this process may use, at most 16. */
unsigned default_threads(void);

#endif
