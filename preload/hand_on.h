/* Calls about memory that the shim hands on to the next library in line. Some of those (tcmalloc) answer them with
 * syscall(2), which leads back to the shim: it must see that it has answered already. */
#ifndef SHIM_HAND_ON_H
#define SHIM_HAND_ON_H

#include <stdbool.h>

/* True in a thread while a call is handed on. */
extern _Thread_local bool shim_handing_on __attribute__((tls_model("initial-exec")));

/* Put what sets shim_handing_on in front of the real functions. After each shim_real_resolve(). */
void shim_hand_on_resolve(void);

#endif
