/* Any text as a module: it parses or not, in each version, compiles or not, and evaluates or not, within its budget. What is
 * allowed is allowed again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rego/rego.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const struct rego_limits limits = {
	.memory = (size_t)4 << 20,
	.steps = 300000,
	.nanoseconds = 0,
	.stack = (size_t)512 << 10, /* a sanitizer's frames are large */
	.string = 1 << 16,
	.collection = 10000,
	.nesting = 60,
	.bits = 1024,
};

static const char input[] = "{\"a\":[1,2,3],\"b\":{\"c\":\"d\",\"e\":null},\"f\":1.5,\"g\":\"2026-01-01T00:00:00Z\"}";
static const char data[] = "{\"m\":{\"base\":[1]},\"users\":{\"a\":{\"roles\":[\"x\",\"y\"]}}}";

static void run(const char *text, size_t size, enum rego_version version)
{
	struct rego_error error;
	struct rego *rego = rego_new(&limits);
	if (rego == NULL)
		return;
	bool first = false, second = false;
	const char *json;
	if (rego_add_module(rego, "fuzz.rego", text, size, version, &error) == 0 && rego_compile(rego, &error) == 0) {
		char name[256];
		const char *package = rego_package(rego);
		int len = package != NULL ? snprintf(name, sizeof name, "%s.allow", package) : -1;
		if (rego_set_input(rego, input, sizeof input - 1, &error) < 0
		    || rego_set_data(rego, data, sizeof data - 1, &error) < 0)
			abort();
		rego_set_now(rego, 1800000000000000000);
		if (len > 0 && len < (int)sizeof name) {
			int a = rego_allows(rego, name, &first, NULL, &error);
			int b = rego_allows(rego, name, &second, NULL, &error);
			if (a != b || first != second)
				abort();
		}
		rego_set_strict(rego, false);
		rego_eval_query(rego, "data = x", 8, &json, &error);
	}
	if (error.code > REGO_NO_MEMORY)
		abort();
	rego_free(rego);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	run((const char *)bytes, size, REGO_V1);
	run((const char *)bytes, size, REGO_V0);
	return 0;
}
