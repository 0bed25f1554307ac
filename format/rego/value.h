/* Values. They are immutable once made, live in the arena of a struct rego_work, and share their parts. Arrays are in order;
 * sets and the keys of objects are sorted by rego_compare() and without doubles, so that equal values look equal and
 * nobody can choose keys that collide.
 *
 * Functions that return a value return NULL when memory or another limit ended the work. */
#ifndef REGO_VALUE_H
#define REGO_VALUE_H

#include "number.h"
#include "work.h"

/* In the order in which values of different types are sorted. */
enum rego_type { REGO_NULL, REGO_BOOLEAN, REGO_NUMBER, REGO_STRING, REGO_ARRAY, REGO_OBJECT, REGO_SET };

struct rego_value;

struct rego_member {
	const struct rego_value *key, *value;
};

struct rego_value {
	enum rego_type type;
	unsigned depth; /* of nesting: 0 for a scalar, at most limits.nesting */
	union {
		bool boolean;
		struct rego_number number;
		struct {
			const char *bytes; /* not terminated; UTF-8, but see rego_bytes() */
			size_t len;
		} string;
		struct {
			const struct rego_value *const *items;
			size_t count;
		} list; /* array or set */
		struct {
			const struct rego_member *members;
			size_t count;
		} object;
	};
};

/* Static ones, of no work. */
extern const struct rego_value rego_null, rego_true, rego_false, rego_empty_array, rego_empty_object, rego_empty_set;

static inline const struct rego_value *rego_boolean(bool boolean)
{
	return boolean ? &rego_true : &rego_false;
}

const struct rego_value *rego_number_value(struct rego_work *work, struct rego_number number);
const struct rego_value *rego_integer(struct rego_work *work, int64_t integer);

/* Copies the bytes; what is not UTF-8 becomes U+FFFD. rego_string_take() keeps the caller's bytes, which must be UTF-8 in
 * the same arena. rego_text() is for NUL-terminated ones. */
const struct rego_value *rego_string(struct rego_work *work, const char *bytes, size_t len);
const struct rego_value *rego_string_take(struct rego_work *work, const char *bytes, size_t len);
const struct rego_value *rego_text(struct rego_work *work, const char *text);

/* Copies bytes that need not be UTF-8: what base64.decode and hex.decode give. All that looks at the code points of strings
 * takes each byte that is no UTF-8 for U+FFFD, and JSON has that in its place. */
const struct rego_value *rego_bytes(struct rego_work *work, const char *bytes, size_t len);

/* These take `items` and `members` (in the same arena) over; set and object sort them in place. Doubled members of a set
 * become one. Of doubled keys of an object the last counts, or, with `strict`, different values for one key make
 * *conflict true and the result NULL. */
const struct rego_value *rego_array(struct rego_work *work, const struct rego_value **items, size_t count);
const struct rego_value *rego_set(struct rego_work *work, const struct rego_value **items, size_t count);
const struct rego_value *rego_object(struct rego_work *work, struct rego_member *members, size_t count);
const struct rego_value *rego_object_strict(struct rego_work *work, struct rego_member *members, size_t count,
					    bool *conflict);

/* Growing lists, for what is made one by one. `*items` starts as NULL; capacity doubles. False on a limit. */
struct rego_list {
	const struct rego_value **items;
	size_t count, capacity;
};
bool rego_list_add(struct rego_work *work, struct rego_list *list, const struct rego_value *item);

/* null < bool < number < string (by bytes) < array < object < set. Spends steps, fails on the work's limits (then the
 * result is 0). 1, 1.0 and 1e0 are equal. */
int rego_compare(struct rego_work *work, const struct rego_value *a, const struct rego_value *b);
bool rego_equal(struct rego_work *work, const struct rego_value *a, const struct rego_value *b);

/* What value has under `key`: an array's element, an object's member, a set's member itself; NULL: undefined. */
const struct rego_value *rego_get(struct rego_work *work, const struct rego_value *value, const struct rego_value *key);
const struct rego_value *rego_get_text(struct rego_work *work, const struct rego_value *object, const char *key);

static inline bool rego_is_text(const struct rego_value *value, const char *text)
{
	return value->type == REGO_STRING && value->string.len == __builtin_strlen(text)
	       && __builtin_memcmp(value->string.bytes, text, value->string.len) == 0;
}

/* "null", "boolean", "number", "string", "array", "object", "set". */
const char *rego_type_name(enum rego_type type);

/* How many members; code points for strings; -1 for what cannot be counted. */
int64_t rego_count(const struct rego_value *value);

/* JSON (json.c). Reading: RFC 8259, UTF-8, duplicate keys: the last counts, numbers exact. Writing: compact, keys sorted,
 * sets as arrays, keys that are no strings as their JSON text; `rego_terms` writes Rego instead ({1, 2}, set()), as OPA's
 * messages and sprintf("%v") do. */
const struct rego_value *rego_json_read(struct rego_work *work, const char *bytes, size_t len);
const struct rego_value *rego_json_write(struct rego_work *work, const struct rego_value *value); /* a string */
const struct rego_value *rego_term_write(struct rego_work *work, const struct rego_value *value);

#endif
