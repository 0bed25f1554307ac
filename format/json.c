#include "json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "json_word.h"

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

/* Past the string that begins at `p`. */
static const char *skip_string(const char *p)
{
	const char *quote = strchr(p + 1, '"');
	for (;;) {
		/* An odd number of backslashes before it makes the quote a part of the string. */
		const char *before = quote;
		while (before[-1] == '\\')
			before--;
		if ((quote - before) % 2 == 0)
			return quote + 1;
		quote = strchr(quote + 1, '"');
	}
}

/* Past one string or, if that is what stands there, one number or word, array or object; the text is
 * known to be valid. */
static const char *skip_value(const char *p)
{
	int depth = 0;
	do {
		if (depth > 0)
			p += strcspn(p, "\"{}[]");
		if (*p == '"') {
			p = skip_string(p);
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (*p == '}' || *p == ']') {
			depth--;
			p++;
		} else {
			p += strcspn(p, ",}] \t\r\n");
		}
	} while (depth > 0);
	return p;
}

static const char *skip_space(const char *p)
{
	while (ct_json_is_space(*p))
		p++;
	return p;
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

/* The member that begins at *p, by `ordinary`; *p is then behind it. */
static bool take_ordinary(const char **p, const char *end, ct_json_ordinary *ordinary, void *context)
{
	struct ct_json_span key;
	struct ct_json_reader reader = {*p, end};
	if (ordinary == NULL || !ct_json_read_key(&reader, &key) || !ordinary(context, &key, &reader))
		return false;
	*p = reader.at;
	return true;
}

int ct_json_each(const char *text, size_t len, int flags, const char *what, ct_json_ordinary *ordinary,
		 ct_json_member *member, void *context, struct ct_error *err)
{
	if (ct_json_check(text, len, flags, what, err) < 0)
		return -1;
	if ((flags & CT_JSON_EXACT_NUMBERS) == 0)
		ordinary = NULL;
	/* Valid text of known length: every search below ends before `len`. */
	const char *p = skip_space(text);
	if (*p != '{')
		return ct_fail(err, CT_E_FORMAT, "%s: not a JSON object", what);
	for (p = skip_space(p + 1); *p != '}'; p = skip_space(p + (*p == ','))) {
		if (take_ordinary(&p, text + len, ordinary, context)) {
			p = skip_space(p);
			continue;
		}
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

/* The escape of `c`, at `at`; its end. */
static char *put_escape(char *at, unsigned char c)
{
	static const char named[0x20] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	static const char digits[] = "0123456789abcdef";
	*at++ = '\\';
	if (c >= 0x20 || named[c] != '\0') {
		*at++ = c >= 0x20 ? (char)c : named[c];
		return at;
	}
	memcpy(at, "u00", 3);
	at[3] = digits[c >> 4];
	at[4] = digits[c & 15];
	return at + 5;
}

void ct_json_put_string(struct ct_buffer *buffer, const char *text)
{
	/* What is signed has a quote every few bytes: it is put together here, not piece by piece in the buffer. */
	enum { PIECE = 1024, LONGEST = CT_JSON_WORD };
	char piece[PIECE + LONGEST];
	const char *end = text + strlen(text);
	char *at = piece;
	*at++ = '"';
	while (text < end) {
		size_t count = 0;
		if (end - text >= CT_JSON_WORD) {
			uint64_t word = ct_json_load(text);
			count = ct_json_word(word);
			memcpy(at, text, CT_JSON_WORD); /* the bytes that do not count are written over */
			at += count;
			text += count;
		}
		if (count < CT_JSON_WORD) {
			unsigned char c = (unsigned char)*text++;
			if (c >= 0x20 && c != '"' && c != '\\')
				*at++ = (char)c;
			else
				at = put_escape(at, c);
		}
		if (at >= piece + PIECE - CT_JSON_WORD) {
			ct_buffer_put(buffer, piece, (size_t)(at - piece));
			at = piece;
		}
	}
	*at++ = '"';
	ct_buffer_put(buffer, piece, (size_t)(at - piece));
}
