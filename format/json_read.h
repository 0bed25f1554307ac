/* Reading JSON that ct_json_check() let pass with CT_JSON_EXACT_NUMBERS, without building a tree. What is not of the
 * ordinary form is left to whoever builds one: "false" says no more than that.
 * Thread-safe: no state. */
#ifndef CT_JSON_READ_H
#define CT_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A part of the text; no NUL behind it. */
struct ct_json_span {
	const char *text;
	size_t len;
};

/* A place in the text. After a "false" it is anywhere. */
struct ct_json_reader {
	const char *at, *end;
};

/* Past the beginning of a container: `open` is '{' or '['. False: something else is there. */
bool ct_json_read_open(struct ct_json_reader *reader, char open);

/* Is there another item? If so, past the comma before it, which all have but the first (`first`). If not, past the
 * end of the container, which is `close`. */
bool ct_json_read_next(struct ct_json_reader *reader, bool first, char close);

/* A string, as it stands between its quotes. ct_json_decode() knows what it says. False: no string. */
bool ct_json_read_text(struct ct_json_reader *reader, struct ct_json_span *text);

/* A string without escapes. */
bool ct_json_read_string(struct ct_json_reader *reader, struct ct_json_span *string);

/* A key without escapes, and past its colon. */
bool ct_json_read_key(struct ct_json_reader *reader, struct ct_json_span *key);

/* A number. */
bool ct_json_read_u64(struct ct_json_reader *reader, uint64_t *value);

/* Is it `string`? */
bool ct_json_span_is(const struct ct_json_span *span, const char *string);

/* What a string says, and a NUL, to `to`, where there is room for text->len + 1 bytes. False where it has an escape of the
 * form \uXXXX. */
bool ct_json_decode(const struct ct_json_span *text, char *to);

#endif
