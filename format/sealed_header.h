/* The header of an encrypted file as it is written: what encrypting and rewrapping share. */
#ifndef CT_SEALED_HEADER_H
#define CT_SEALED_HEADER_H

#include "crypto.h"
#include "header.h"
#include "keyset.h"
#include "manifest.h"

enum { CT_LENGTH_FIELD = 8 }; /* bytes of N, which stand before the JSON in the same buffer */

/* The keys of a set that a file of `cipher` is wrapped with and signed by: the first master key that fits,
 * and the first signing key with a seed. They belong to the set. CT_E_KEY says which is missing. */
int ct_sealed_header_keys(const struct ct_keyset *keys, enum ct_cipher cipher,
			  const struct ct_keyset_entry **master, const struct ct_keyset_entry **signer,
			  struct ct_error *err);

/* The kid and jku of `key`, copied. The caller owns what `name` got, also after a failure. */
int ct_sealed_header_name(struct ct_key_name *name, const struct ct_keyset_entry *key,
			  struct ct_error *err);

/* Seal `data_key` under `master`, with a fresh nonce: wrapped_key, key_iv and key_tag of `sealed`. */
int ct_sealed_header_wrap(const struct ct_crypto *crypto, enum ct_cipher cipher,
			  const struct ct_keyset_entry *master, const struct ct_key *data_key,
			  struct ct_sealed *sealed, struct ct_error *err);

/* Room for the length field and the JSON of `header` with `manifest`, signed by `signer`; what reserved
 * metadata `header` has itself is left out. `text` starts empty; the caller frees it. Its length depends on the
 * number of tags and on names, not on keys or tags themselves. Also sets manifest->signature. */
int ct_sealed_header_make(const struct ct_header *header, struct ct_manifest *manifest,
			  const struct ct_crypto *crypto, const struct ct_keyset_entry *signer,
			  struct ct_buffer *text, struct ct_error *err);

/* The N that a new file gets whose field and JSON have `size` bytes: data begins at a multiple of
 * CT_WRITER_ALIGN, and at least CT_WRITER_ROOM bytes are spare. */
uint64_t ct_sealed_header_length(size_t size);

/* Make `text` a file's beginning: `length` into the field, spaces behind the JSON up to it. */
int ct_sealed_header_pad(struct ct_buffer *text, uint64_t length, struct ct_error *err);

#endif
