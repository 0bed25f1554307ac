/* Encrypted files made by hand, from FORMAT's words and without the code that writes them: texts are
 * put together here, in canonical form, messages are sealed one by one, the signature is over the
 * text as it stands. What only a strange writer does can be asked for. */
#ifndef CT_TEST_FORGE_H
#define CT_TEST_FORGE_H

#include "support.h"

struct forge_tensor {
	const char *name;
	size_t bytes; /* of type U8 */
	bool sealed;
};

struct forge {
	enum ct_cipher cipher;
	const char *version;
	uint64_t chunk_size; /* what messages are cut by; 0: one message a tensor */
	bool hide_chunk_size; /* not in __crypto_keys__ */
	const char *enc, *sign; /* JSON of the two keys; NULL: the plain ones of test_keys() */
	const char *extra;      /* text put into each tensor's parameters, ends in a comma; or NULL */
	const char *policy;     /* JSON text; NULL: the default */
	const uint8_t *master, *seed; /* NULL: those of test_keys() */
	const struct forge_tensor *tensors; /* in the order of the data */
	size_t count;
	/* The header that is written: with its members turned round, white space, and escapes. */
	bool foreign;
	/* Tensors are listed in this order instead, after signing; NULL: as given. */
	const size_t *listed;
};

/* The file, and its plain data, which is to be freed. */
void forge(const struct forge *how, struct memory *file, uint8_t **plain);

#endif
