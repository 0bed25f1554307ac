/* Memory that the kernel is handed: see handover.c. For syscall(2), which names calls by number. */
#ifndef SHIM_HANDOVER_H
#define SHIM_HANDOVER_H

#include <sys/socket.h>
#include <sys/uio.h>

/* Decrypt what of these parts, or of a message's, is not yet, and make it stay. Bad addresses are the kernel's to find. */
void shim_hand_over_parts_to_write(const struct iovec *parts, size_t count);
void shim_hand_over_message_to_stay(const struct msghdr *message);

#endif
