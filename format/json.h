/* Strict JSON (RFC 8259): cJSON builds the tree; what it lets pass is checked beside it.
 * Thread-safe: no state. */
#ifndef CT_JSON_H
#define CT_JSON_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "error.h"
#include "json_read.h"

enum {
	CT_JSON_DEPTH = 16,        /* deepest nesting of arrays and objects */
	CT_JSON_EXACT_NUMBERS = 1, /* flag: every number is a plain integer from 0 to 2^53 */
};

/* Parse `len` bytes, which need no NUL behind them. Errors (CT_E_FORMAT, naming `what` and the byte
 * offset): anything that RFC 8259 does not allow, invalid UTF-8, \u0000, a lone surrogate, a
 * repeated key, nesting past CT_JSON_DEPTH, and what `flags` forbid. The caller frees the tree with
 * cJSON_Delete(). */
cJSON *ct_json_parse(const char *text, size_t len, int flags, const char *what,
		     struct ct_error *err);

/* Called for each member of an object; item->string is its key. The item is the callee's for the time of
 * the call only. 0, or -1 with *err. */
typedef int ct_json_member(void *context, cJSON *item, struct ct_error *err);

/* Called first for each member with CT_JSON_EXACT_NUMBERS and without escapes in its key: true when the member was of the
 * ordinary form and is dealt with; `value` is then behind it. Whatever else, and whatever is wrong, is false, leaves
 * nothing behind, and goes to ct_json_member, which knows everything. */
typedef bool ct_json_ordinary(void *context, const struct ct_json_span *key, struct ct_json_reader *value);

/* The same checks for a text that must be an object, whose members are built, handed over and released
 * one at a time: headers list hundreds of thousands, and a tree of all of them takes several times the
 * text. `ordinary` may be NULL. A key that is repeated in this outermost object is the caller's to find; so is one in a
 * member that `ordinary` takes. -1 with *err. */
int ct_json_each(const char *text, size_t len, int flags, const char *what, ct_json_ordinary *ordinary,
		 ct_json_member *member, void *context, struct ct_error *err);

/* CT_E_FORMAT: `key` is there twice in `what`. Returns -1. */
int ct_json_twice(const char *what, const char *key, struct ct_error *err);

/* Member `key` of an object, NULL when it is absent or null. Case matters. */
const cJSON *ct_json_get(const cJSON *object, const char *key);

/* Take a string out of the tree instead of copying it: headers can be 100 MB. It is cJSON's memory, which
 * need not be malloc()'s: cJSON_free() releases it. */
char *ct_json_take(cJSON *string);

/* A number that CT_JSON_EXACT_NUMBERS let through. -1 when `item` is NULL or no number. */
int ct_json_u64(const cJSON *item, uint64_t *value);

/* Append `text` as a JSON string in the canonical form that signatures cover: escapes for '"', '\\'
 * and what is below 0x20 (\b \t \n \f \r, else \u00xx in lower case), all else as it is. */
void ct_json_put_string(struct ct_buffer *buffer, const char *text);

/* The checks alone, without building a tree or looking for repeated keys. */
int ct_json_check(const char *text, size_t len, int flags, const char *what, struct ct_error *err);

#endif
