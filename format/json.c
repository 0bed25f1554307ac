#include "json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ct_json_twice(const char *what, const char *key, struct ct_error *err)
{
	return ct_fail(err, CT_E_FORMAT, "%s: the key '%.200s' is there twice", what, key);
}

static int compare_keys(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Repeated keys in one object. Small objects are compared pair by pair, without allocating. */
static int check_object(const cJSON *object, const char *what, struct ct_error *err)
{
	enum { SMALL = 8 };
	const char *few[SMALL], **keys = few;
	size_t count = 0, i = 0;
	const cJSON *item;
	cJSON_ArrayForEach(item, object) count++;
	if (count > SMALL) {
		keys = malloc(count * sizeof *keys);
		if (keys == NULL)
			return ct_fail_nomem(err);
	}
	cJSON_ArrayForEach(item, object) keys[i++] = item->string;
	qsort(keys, count, sizeof *keys, compare_keys);
	int status = 0;
	for (i = 1; status == 0 && i < count; i++)
		if (strcmp(keys[i - 1], keys[i]) == 0)
			status = ct_json_twice(what, keys[i], err);
	if (keys != few)
		free(keys);
	return status;
}

/* Recursion is bounded: ct_json_check() has bounded the nesting. */
static int check_keys(const cJSON *value, const char *what, struct ct_error *err)
{
	if (cJSON_IsObject(value) && check_object(value, what, err) < 0)
		return -1;
	const cJSON *item;
	cJSON_ArrayForEach(item, value)
	{
		if ((cJSON_IsObject(item) || cJSON_IsArray(item)) && check_keys(item, what, err) < 0)
			return -1;
	}
	return 0;
}

cJSON *ct_json_parse(const char *text, size_t len, int flags, const char *what,
		     struct ct_error *err)
{
	if (ct_json_check(text, len, flags, what, err) < 0)
		return NULL;
	cJSON *tree = cJSON_ParseWithLength(text, len);
	if (tree == NULL) {
		/* The text is valid, so only memory can be missing. */
		ct_fail_nomem(err);
		return NULL;
	}
	if (check_keys(tree, what, err) < 0) {
		cJSON_Delete(tree);
		return NULL;
	}
	return tree;
}

/* Past one string or, if that is what stands there, one number or word, array or object; the text is
 * known to be valid. */
static const char *skip_value(const char *p)
{
	int depth = 0;
	do {
		if (*p == '"') {
			for (p++; *p != '"'; p++)
				if (*p == '\\')
					p++;
			p++;
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			depth--;
			p++;
		} else if (depth > 0) {
			p++;
		} else {
			p += strcspn(p, ",}] \t\r\n");
		}
	} while (depth > 0);
	return p;
}

static const char *skip_space(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* One member: key and value as a tree of its own; NULL when memory is missing. */
static cJSON *build_member(const char *key, size_t key_len, const char *value, size_t value_len)
{
	cJSON *name = cJSON_ParseWithLength(key, key_len), *item = NULL;
	if (name != NULL)
		item = cJSON_ParseWithLength(value, value_len);
	if (item != NULL)
		item->string = ct_json_take(name);
	cJSON_Delete(name);
	return item;
}

int ct_json_each(const char *text, size_t len, int flags, const char *what, ct_json_member *member,
		 void *context, struct ct_error *err)
{
	if (ct_json_check(text, len, flags, what, err) < 0)
		return -1;
	/* Valid text of known length: every search below ends before `len`. */
	const char *p = skip_space(text);
	if (*p != '{')
		return ct_fail(err, CT_E_FORMAT, "%s: not a JSON object", what);
	for (p = skip_space(p + 1); *p != '}'; p = skip_space(p + (*p == ','))) {
		const char *key = p, *key_end = skip_value(p);
		const char *value = skip_space(skip_space(key_end) + 1);
		p = skip_value(value);
		cJSON *item = build_member(key, (size_t)(key_end - key), value, (size_t)(p - value));
		if (item == NULL)
			return ct_fail_nomem(err);
		int status = check_keys(item, what, err);
		if (status == 0)
			status = member(context, item, err);
		cJSON_Delete(item);
		if (status < 0)
			return -1;
		p = skip_space(p);
	}
	return 0;
}

const cJSON *ct_json_get(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
	return item != NULL && !cJSON_IsNull(item) ? item : NULL;
}

char *ct_json_take(cJSON *string)
{
	char *taken = string->valuestring;
	string->valuestring = NULL;
	return taken;
}

int ct_json_u64(const cJSON *item, uint64_t *value)
{
	if (!cJSON_IsNumber(item))
		return -1;
	*value = (uint64_t)item->valuedouble;
	return 0;
}

void ct_json_put_string(struct ct_buffer *buffer, const char *text)
{
	static const char named[0x20] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	ct_buffer_put(buffer, "\"", 1);
	const char *start = text;
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		ct_buffer_put(buffer, start, (size_t)(text - start));
		start = text + 1;
		char escape[8];
		if (c >= 0x20)
			snprintf(escape, sizeof escape, "\\%c", c);
		else if (named[c] != '\0')
			snprintf(escape, sizeof escape, "\\%c", named[c]);
		else
			snprintf(escape, sizeof escape, "\\u%04x", c);
		ct_buffer_puts(buffer, escape);
	}
	ct_buffer_put(buffer, start, (size_t)(text - start));
	ct_buffer_put(buffer, "\"", 1);
}
