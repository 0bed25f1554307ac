/* What other builtins than those of encoding decode. */
#ifndef REGO_ENCODING_H
#define REGO_ENCODING_H

#include "buffer.h"
#include "builtin.h"

/* Base64 with the URL alphabet, padded or not: any bytes are put. False: the call or the work has failed. */
bool rego_base64url_bytes(struct rego_call *call, const struct rego_value *text, struct rego_buffer *out);

#endif
