/* Bringing ciphertext near before it is decrypted, as it suits where it lies. */
#ifndef SHIM_NEAR_H
#define SHIM_NEAR_H

#include "ciphertext.h"

/* The function of a ct_source, over a struct shim_ciphertext. */
void shim_near(void *context, enum ct_nearing how, uint64_t offset, uint64_t len);

#endif
