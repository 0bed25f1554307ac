/* Base64: what decodes in the strict form encodes to the same text; nothing is written outside. */
#include <stdlib.h>
#include <string.h>

#include "base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	size_t room = size / 4 * 3 + 3, len = 0, again = 0;
	uint8_t *decoded = malloc(room), *loose = malloc(room);
	const char *text = (const char *)bytes;
	int strict = ct_base64_decode(text, size, CT_BASE64_STANDARD, decoded, room, &len);
	int any = ct_base64_decode(text, size, CT_BASE64_ANY, loose, room, &again);
	if (strict == 0) {
		char *encoded = malloc(ct_base64_len(len) + 1);
		ct_base64_encode(decoded, len, encoded);
		if (ct_base64_len(len) != size || memcmp(encoded, text, size) != 0)
			abort();
		if (any < 0 || again != len || memcmp(decoded, loose, len) != 0)
			abort();
		if (len > 0 && ct_base64_decode(text, size, CT_BASE64_STANDARD, decoded, len - 1, &again) == 0)
			abort();
		free(encoded);
	}
	free(decoded);
	free(loose);
	return 0;
}
