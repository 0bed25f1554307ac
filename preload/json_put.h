/* JSON objects, written member by member. Commas come by themselves. */
#ifndef SHIM_JSON_PUT_H
#define SHIM_JSON_PUT_H

#include <stdint.h>

#include "buffer.h"

/* `key` names a member of the object that is open; NULL: an item of an array, or the outermost value. */
void shim_json_begin(struct ct_buffer *json, const char *key, char bracket); /* '{' or '[' */
void shim_json_end(struct ct_buffer *json, char bracket);                   /* '}' or ']' */
void shim_json_u64(struct ct_buffer *json, const char *key, uint64_t value);

/* Bytes that are no UTF-8, as names of files may have, become U+FFFD. */
void shim_json_bytes(struct ct_buffer *json, const char *key, const char *bytes, size_t len);

/* The same up to its NUL; a member whose text is NULL is left out. */
void shim_json_text(struct ct_buffer *json, const char *key, const char *text);

/* A value that is JSON already. */
void shim_json_value(struct ct_buffer *json, const char *key, const char *value, size_t len);

#endif
