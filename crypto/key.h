/* Symmetric keys: the one type in which key bytes live. Thread-safe: functions touch only their
 * arguments. */
#ifndef CT_KEY_H
#define CT_KEY_H

#include <stddef.h>
#include <stdint.h>

enum { CT_KEY_MAX = 32 };

/* `len` is 16 or 32 when set, 0 when empty. Whoever holds one wipes it when done. */
struct ct_key {
	uint8_t bytes[CT_KEY_MAX];
	size_t len;
};

/* Overwrite the key so that the compiler cannot leave it out. */
void ct_key_wipe(struct ct_key *key);

/* Overwrite any memory that held secrets (plaintext buffers, decoded key text). `p` may be NULL
 * when `len` is 0. */
void ct_wipe(void *p, size_t len);

#endif
