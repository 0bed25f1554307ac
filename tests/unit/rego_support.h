/* What the tests of the policy engine's parts share: a piece of work with limits of its own. */
#ifndef CT_TEST_REGO_SUPPORT_H
#define CT_TEST_REGO_SUPPORT_H

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "rego/json.h"
#include "rego/value.h"
#include "support.h"

static const struct rego_limits test_limits = {
	.memory = 16 << 20,
	.steps = 50000000,
	.stack = 96 << 10,
	.string = 1 << 20,
	.collection = 100000,
	.nesting = 100,
	.bits = 4096,
};

static inline const struct rego_value *read_json(struct rego_work *work, const char *json)
{
	const struct rego_value *value = rego_json_read(work, json, strlen(json));
	ck_assert_msg(value != NULL, "%s: %s", json, work->error->message);
	return value;
}

static inline const char *as_text(struct rego_work *work, const struct rego_value *string)
{
	ck_assert_msg(string != NULL, "%s", work->error->message);
	ck_assert_int_eq(string->type, REGO_STRING);
	char *text = rego_alloc(work, string->string.len + 1);
	ck_assert_ptr_nonnull(text);
	memcpy(text, string->string.bytes, string->string.len);
	return text;
}

static inline const char *as_json(struct rego_work *work, const struct rego_value *value)
{
	ck_assert_msg(value != NULL, "%s", work->error->message);
	return as_text(work, rego_json_write(work, value));
}

#endif
