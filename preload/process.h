/* Whose memory is this? A hook may run in the process that loaded the shim, in a child that a fork
 * made (of any kind: fork, _Fork, a raw clone), or in a vfork child, which runs in its parent's memory
 * with its own descriptors. */
#ifndef SHIM_PROCESS_H
#define SHIM_PROCESS_H

#include <stdbool.h>

/* True when descriptors of this process are those that the shim's tables describe. False in a vfork
 * child, which must not change them. The first call in a forked child brings the shim's state in order
 * there. One system call; async-signal-safe; errno untouched. */
bool shim_process_owns(void);

#endif
