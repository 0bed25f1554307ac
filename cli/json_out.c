#include "json_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

cJSON *json_put(cJSON *to, const char *key, cJSON *item)
{
	if (key != NULL)
		cJSON_AddItemToObject(to, key, item);
	else
		cJSON_AddItemToArray(to, item);
	return item;
}

void json_put_text(cJSON *to, const char *key, const char *text)
{
	static const char mark[] = "\xef\xbf\xbd";
	if (text == NULL) {
		json_put(to, key, cJSON_CreateNull());
		return;
	}
	char *clean = malloc(3 * strlen(text) + 1), *at = clean;
	if (clean == NULL)
		return;
	while (*text != '\0') {
		size_t len = utf8_len(text);
		memcpy(at, len > 0 ? text : mark, len > 0 ? len : 3);
		at += len > 0 ? len : 3;
		text += len > 0 ? len : 1;
	}
	*at = '\0';
	json_put(to, key, cJSON_CreateString(clean));
	free(clean);
}

void json_put_number(cJSON *to, const char *key, uint64_t value)
{
	char digits[24];
	snprintf(digits, sizeof digits, "%" PRIu64, value);
	json_put(to, key, cJSON_CreateRaw(digits));
}

void json_put_bool(cJSON *to, const char *key, bool value)
{
	json_put(to, key, cJSON_CreateBool(value));
}

int json_print(const cJSON *tree, bool pretty)
{
	char *text = cJSON_PrintBuffered(tree, 4096, pretty);
	if (text == NULL) {
		complainf("out of memory");
		return -1;
	}
	fputs(text, stdout);
	cJSON_free(text);
	return 0;
}
