/* What the engine makes of module after module: data.t of each. A request is a line "STRICT MODULE INPUT DATA", 0 or 1 and the
 * lengths of three texts, which follow it. The answer is a line: "value JSON", "undefined", "error CODE LINE MESSAGE". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rego/rego.h"

static char *text(size_t len)
{
	char *bytes = malloc(len + 1);
	if (bytes == NULL || fread(bytes, 1, len, stdin) != len)
		exit(1);
	bytes[len] = '\0';
	return bytes;
}

static void answer(bool strict, const char *module, const char *input, const char *data)
{
	static const char query[] = "x = data.t";
	struct rego_error error;
	const char *json;
	struct rego *rego = rego_new(NULL);
	if (rego == NULL)
		exit(1);
	rego_set_strict(rego, strict);
	rego_set_now(rego, 1800000000000000000);
	if (rego_add_module(rego, "m.rego", module, strlen(module), REGO_V1, &error) < 0
	    || rego_set_input(rego, input, strlen(input), &error) < 0 || rego_set_data(rego, data, strlen(data), &error) < 0
	    || rego_compile(rego, &error) < 0 || rego_eval_query(rego, query, sizeof query - 1, &json, &error) < 0) {
		for (char *at = error.message; *at != '\0'; at++)
			*at = *at == '\n' ? ' ' : *at;
		printf("error %s %u %s\n", rego_code_name(error.code), error.line, error.message);
	} else {
		printf(strcmp(json, "[]") == 0 ? "undefined\n" : "value %s\n", json);
	}
	rego_free(rego);
}

int main(void)
{
	int strict;
	size_t module, input, data;
	while (scanf("%d %zu %zu %zu", &strict, &module, &input, &data) == 4 && getchar() == '\n') {
		char *texts[] = {text(module), text(input), text(data)};
		answer(strict != 0, texts[0], texts[1], texts[2]);
		fflush(stdout);
		for (int i = 0; i < 3; i++)
			free(texts[i]);
	}
	return 0;
}
