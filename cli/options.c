#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cipher.h"
#include "say.h"

enum { OPTIONS_MAX = 24, HELP = 1000 };

static int parse_size(const char *text, uint64_t *bytes)
{
	static const char letters[] = "kmgt";
	char *end;
	if (text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (errno != 0 || value == 0)
		return -1;
	unsigned shift = 0;
	if (*end != '\0') {
		const char *letter = strchr(letters, *end | 0x20);
		if (letter == NULL)
			return -1;
		shift = 10 * (unsigned)(letter - letters + 1);
		end++;
		if (*end != '\0' && strcasecmp(end, "b") != 0 && strcasecmp(end, "ib") != 0)
			return -1;
	}
	if (value > UINT64_MAX >> shift)
		return -1;
	*bytes = (uint64_t)value << shift;
	return 0;
}

static int parse_count(const char *text, unsigned *count)
{
	char *end;
	if (text[0] < '0' || text[0] > '9')
		return -1;
	unsigned long value = strtoul(text, &end, 10);
	if (*end != '\0' || value < 1 || value > 64)
		return -1;
	*count = (unsigned)value;
	return 0;
}

static int add_item(struct text_list *list, const char *text)
{
	const char **grown = realloc(list->items, (list->count + 1) * sizeof *grown);
	if (grown == NULL)
		return -1;
	list->items = grown;
	list->items[list->count++] = text;
	return 0;
}

static int set_value(const struct command *command, const struct option_spec *spec, const char *text)
{
	enum ct_cipher cipher;
	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)spec->value = true;
		return OPTIONS_OK;
	case OPTION_TEXT:
		if (text[0] == '\0')
			return usage_error(command->name, "--%s: empty", spec->name);
		*(const char **)spec->value = text;
		return OPTIONS_OK;
	case OPTION_LIST:
		if (text[0] == '\0')
			return usage_error(command->name, "--%s: empty", spec->name);
		if (add_item(spec->value, text) < 0)
			return complainf("out of memory");
		return OPTIONS_OK;
	case OPTION_SIZE:
		if (parse_size(text, spec->value) < 0)
			return usage_error(command->name, "--%s: '%s' is no size such as 65536, 64K or 2M",
					   spec->name, text);
		return OPTIONS_OK;
	case OPTION_COUNT:
		if (parse_count(text, spec->value) < 0)
			return usage_error(command->name, "--%s: '%s' is no number from 1 to 64",
					   spec->name, text);
		return OPTIONS_OK;
	case OPTION_CIPHER:
		if (ct_cipher_parse(text, &cipher) < 0)
			return usage_error(command->name,
					   "--%s: '%s' is not aes128gcm, aes256gcm or chacha20poly1305",
					   spec->name, text);
		*(int *)spec->value = (int)cipher;
		return OPTIONS_OK;
	}
	return EXIT_USAGE;
}

int parse_options(const struct command *command, int argc, char **argv,
		  const struct option_spec *specs, bool stop_at_operand, int *rest)
{
	struct option longs[OPTIONS_MAX + 2] = {{0}};
	char shorts[2 * OPTIONS_MAX + 8];
	size_t count = 0, at = 0;
	if (stop_at_operand)
		shorts[at++] = '+';
	shorts[at++] = ':';
	shorts[at++] = 'h';
	for (; specs[count].name != NULL && count < OPTIONS_MAX; count++) {
		bool argument = specs[count].kind != OPTION_FLAG;
		longs[count] = (struct option){specs[count].name,
					       argument ? required_argument : no_argument, NULL,
					       HELP + 1 + (int)count};
		if (specs[count].letter != 0)
			shorts[at++] = specs[count].letter;
		if (specs[count].letter != 0 && argument)
			shorts[at++] = ':';
	}
	longs[count] = (struct option){"help", no_argument, NULL, HELP};
	shorts[at] = '\0';
	optind = 0;
	opterr = 0;
	for (;;) {
		int found = getopt_long(argc, argv, shorts, longs, NULL);
		if (found == -1)
			break;
		if (found == HELP || found == 'h') {
			fputs(command->help, stdout);
			return finish_stdout(EXIT_OK);
		}
		if (found == ':')
			return usage_error(command->name, "%s: wants a value", argv[optind - 1]);
		if (found == '?' && optopt > 0 && optopt < HELP)
			return usage_error(command->name, "-%c: unknown option", optopt);
		if (found == '?')
			return usage_error(command->name, "%s: %s", argv[optind - 1],
					   optopt == 0 ? "unknown or ambiguous option" : "takes no value");
		const struct option_spec *spec = NULL;
		for (size_t i = 0; i < count; i++)
			if (found == HELP + 1 + (int)i || found == specs[i].letter)
				spec = &specs[i];
		if (spec == NULL)
			return EXIT_USAGE;
		int status = set_value(command, spec, optarg);
		if (status != OPTIONS_OK)
			return status;
	}
	*rest = optind;
	return OPTIONS_OK;
}
