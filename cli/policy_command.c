#include "policy_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyfile.h"
#include "say.h"
#include "tree.h"

enum { MODULE_MAX = 1024 * 1024, JSON_MAX = 16 * 1024 * 1024 };

int policy_complain(const struct rego_error *error, const char *file)
{
	const char *name = error->file[0] != '\0' ? error->file : file;
	if (error->line == 0)
		return complainf("%s: %s: %s", name, rego_code_name(error->code), error->message);
	return complainf("%s:%u:%u: %s: %s", name, error->line, error->column, rego_code_name(error->code), error->message);
}

static char *read_file(const char *path, size_t most, size_t *len)
{
	struct ct_error err;
	char *text = malloc(most + 1);
	if (text == NULL)
		ct_fail_nomem(&err);
	else if (read_text(path, text, most + 1, len, &err) == 0)
		return text;
	complain(path, &err);
	free(text);
	return NULL;
}

static int visit(const char *path, policy_each *each, void *context)
{
	size_t len;
	char *text = read_file(path, MODULE_MAX, &len);
	if (text == NULL)
		return -1;
	int status = each(context, path, text, len);
	free(text);
	return status;
}

static bool is_module(const struct tree *tree, const struct tree_entry *entry)
{
	static const char suffix[] = ".rego";
	size_t len = strlen(entry->name);
	return tree->single
	       || (!entry->directory && len >= sizeof suffix - 1
		   && strcmp(entry->name + len - (sizeof suffix - 1), suffix) == 0);
}

static int walk(const char *root, policy_each *each, void *context)
{
	struct tree tree;
	size_t found = 0;
	int status = tree_scan(&tree, root);
	for (size_t i = 0; status == 0 && i < tree.count; i++) {
		if (!is_module(&tree, &tree.entries[i]))
			continue;
		char *path = tree_path(root, &tree.entries[i]);
		found++;
		status = path != NULL ? visit(path, each, context) : -1;
		free(path);
	}
	if (status == 0 && found == 0) {
		complainf("%s: no *.rego file in it", root);
		status = -1;
	}
	tree_free(&tree);
	return status;
}

int policy_walk(char **paths, int count, policy_each *each, void *context)
{
	for (int i = 0; i < count; i++)
		if (walk(paths[i], each, context) < 0)
			return -1;
	return 0;
}

char *policy_read_json(const char *path, size_t *len)
{
	return read_file(path, JSON_MAX, len);
}

static int set(struct rego *rego, const char *path, int (*set_json)(struct rego *, const char *, size_t, struct rego_error *))
{
	size_t len;
	struct rego_error error;
	char *json = path != NULL ? policy_read_json(path, &len) : NULL;
	if (json == NULL)
		return path != NULL ? -1 : 0;
	int status = set_json(rego, json, len, &error);
	if (status < 0)
		policy_complain(&error, path);
	free(json);
	return status;
}

int policy_set_data(struct rego *rego, const char *path)
{
	return set(rego, path, rego_set_data);
}

int policy_set_input(struct rego *rego, const char *path)
{
	return set(rego, path, rego_set_input);
}

static void new_line(const char *indent, unsigned depth)
{
	printf("\n%s%*s", indent, (int)(2 * depth), "");
}

void policy_print_json(const char *json, const char *indent)
{
	unsigned depth = 0;
	bool text = false;
	fputs(indent, stdout);
	for (const char *p = json; *p != '\0'; p++) {
		if (text) {
			putchar(*p);
			if (*p == '\\' && p[1] != '\0')
				putchar(*++p);
			else if (*p == '"')
				text = false;
		} else if (*p == '"') {
			putchar(*p);
			text = true;
		} else if (strchr(" \t\r\n", *p) != NULL) {
			continue;
		} else if (*p == '{' || *p == '[') {
			const char *next = p + 1 + strspn(p + 1, " \t\r\n");
			putchar(*p);
			if (*next == '}' || *next == ']') {
				putchar(*next);
				p = next;
			} else {
				new_line(indent, ++depth);
			}
		} else if (*p == '}' || *p == ']') {
			new_line(indent, depth > 0 ? --depth : 0);
			putchar(*p);
		} else {
			putchar(*p);
			if (*p == ',')
				new_line(indent, depth);
			else if (*p == ':')
				putchar(' ');
		}
	}
	putchar('\n');
}
