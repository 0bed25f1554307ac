/* Every builtin with arguments that fit none: a JSON array, its name first, {"set": [...]} for a set, as in
 * tests/unit/rego_builtin_rows.h. */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "rego/builtin.h"
#include "rego/json.h"
#include "rego/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct rego_limits limits = {
	.memory = 16 << 20, .steps = 5000000, .stack = 512 << 10, .string = 1 << 20, .collection = 100000, .nesting = 100,
	.bits = 4096};

static const struct rego_value *with_sets(struct rego_work *work, const struct rego_value *value)
{
	const struct rego_value *set = NULL;
	if (value->type == REGO_OBJECT && value->object.count == 1)
		set = rego_get_text(work, value, "set");
	const struct rego_value *list = set != NULL ? set : value;
	if (list->type != REGO_ARRAY)
		return value;
	const struct rego_value **items = rego_alloc_array(work, list->list.count, sizeof *items);
	for (size_t i = 0; items != NULL && i < list->list.count; i++)
		if ((items[i] = with_sets(work, list->list.items[i])) == NULL)
			return NULL;
	if (items == NULL)
		return NULL;
	return set != NULL ? rego_set(work, items, list->list.count) : rego_array(work, items, list->list.count);
}

static void call(struct rego_work *work, const struct ct_crypto *crypto, const struct rego_value *value)
{
	if (value->type != REGO_ARRAY || value->list.count == 0 || value->list.items[0]->type != REGO_STRING)
		return;
	const struct rego_value *name = value->list.items[0];
	const struct rego_builtin *builtin = rego_builtin_find(name->string.bytes, name->string.len);
	if (builtin == NULL || builtin->arity != value->list.count - 1 || builtin->function == NULL)
		return;
	struct rego_environment environment = {.now = 1800000000000000000, .crypto = crypto};
	struct rego_call made = {.work = work, .builtin = builtin, .environment = &environment};
	const struct rego_value **args = rego_alloc_array(work, builtin->arity, sizeof *args);
	for (unsigned i = 0; args != NULL && i < builtin->arity; i++)
		if ((args[i] = with_sets(work, value->list.items[i + 1])) == NULL)
			return;
	const struct rego_value *result = args != NULL ? builtin->function(&made, args) : NULL;
	const struct rego_value *text = result != NULL ? rego_term_write(work, result) : NULL;
	if (text != NULL && !rego_utf8_valid(text->string.bytes, text->string.len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct ct_crypto *crypto;
	struct ct_error failed;
	struct rego_json_problem problem;
	struct rego_error error;
	struct rego_work work;
	if (crypto == NULL && ct_crypto_new(&crypto, CT_BACKEND_AUTO, &failed) < 0)
		abort();
	rego_work_begin(&work, &limits, &error);
	const struct rego_value *value = rego_json_try(&work, (const char *)bytes, size, &problem);
	if (value != NULL)
		call(&work, crypto, value);
	rego_work_end(&work);
	return 0;
}
