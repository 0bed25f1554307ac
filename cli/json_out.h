/* JSON for programs, on top of cJSON. Lack of memory shows in json_print(). */
#ifndef CT_JSON_OUT_H
#define CT_JSON_OUT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

/* A member or, with `key` NULL, an array's item. Bytes that are no UTF-8 (in file names) become
 * U+FFFD; `text` NULL is null. */
void json_put_text(cJSON *to, const char *key, const char *text);

/* The same for a number, which stays exact. */
void json_put_number(cJSON *to, const char *key, uint64_t value);

void json_put_bool(cJSON *to, const char *key, bool value);

/* The same for a tree, which `to` takes over. Returns `item`. */
cJSON *json_put(cJSON *to, const char *key, cJSON *item);

/* Write `tree` to stdout, without a line end. 0, or -1 when memory ran out, which has been told. */
int json_print(const cJSON *tree, bool pretty);

#endif
