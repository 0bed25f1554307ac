/* What ct_json_check() lets pass, cJSON must take: parsing after it can fail for memory only. */
#include <stdlib.h>
#include <string.h>

#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int compare(void *context, cJSON *item, struct ct_error *err)
{
	const cJSON **next = context;
	(void)err;
	if (*next == NULL || strcmp(item->string, (*next)->string) != 0 || !cJSON_Compare(item, *next, 1))
		abort();
	*next = (*next)->next;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct ct_error err;
	const char *text = (const char *)bytes;
	if (ct_json_check(text, size, CT_JSON_EXACT_NUMBERS, "fuzz", &err) == 0
	    && ct_json_check(text, size, 0, "fuzz", &err) < 0)
		abort();
	if (ct_json_check(text, size, 0, "fuzz", &err) < 0)
		return 0;
	cJSON *tree = cJSON_ParseWithLength(text, size);
	if (tree == NULL)
		abort();
	/* Member by member it is the same; repeated keys inside members stop that. Numbers that are
	 * infinite as a double equal nothing. */
	const cJSON *next = tree->child;
	if (ct_json_check(text, size, CT_JSON_EXACT_NUMBERS, "fuzz", &err) == 0 && cJSON_IsObject(tree)
	    && ct_json_each(text, size, 0, "fuzz", NULL, compare, &next, &err) == 0 && next != NULL)
		abort();
	cJSON_Delete(tree);
	tree = ct_json_parse(text, size, 0, "fuzz", &err);
	if (tree == NULL && err.code != CT_E_FORMAT) /* a repeated key is what is left */
		abort();
	cJSON_Delete(tree);
	return 0;
}
